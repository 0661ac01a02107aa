//! The task `miri`: the tests of the crates that run on the host, in an interpreter that finds undefined behaviour.

use std::{
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::Result;

use crate::{command, nightly, place};

/// The crates whose tests run on the host and need neither drivers nor a kernel. Not here: nthost and what tests it, which map memory and run
/// machine code; the drivers, which build for Windows only; lab-inf, which forbids unsafe code and takes minutes.
const PACKAGES: &[&str] = &[
    "direct-call",
    "sample-interface",
    "version-resource",
    "fifo-interface",
];

/// More than ten times what the tests need on an idle machine.
const TIME_LIMIT: Duration = Duration::from_mins(20);

/// Cases of a property test. Miri looks at what a case does, and the plain tests run many of them.
const CASES: &str = "4";

/// The task `miri`. Arguments go to the tests.
///
/// # Errors
///
/// When the interpreter is not there and cannot be installed; when a test fails; when they do not end in time.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    command::stage("running the host crates in Miri");
    let cargo = nightly::cargo()?;
    command::exit_code_within(TIME_LIMIT, tests(cargo).args(arguments))
}

fn tests(mut cargo: Command) -> Command {
    cargo
        .current_dir(&*place::ROOT)
        .args(["miri", "test", "--lib", "--tests", "--no-fail-fast"])
        .args(PACKAGES.iter().flat_map(|package| ["--package", package]))
        // Apart from what the stable compiler has made.
        .arg("--target-dir")
        .arg(place::TARGET.join("miri"))
        .env("PROPTEST_CASES", CASES)
        // A test of what panics would wait minutes for the names in each backtrace.
        .env("RUST_BACKTRACE", "0")
        // Tests read files of the repository.
        .env("MIRIFLAGS", "-Zmiri-disable-isolation");
    cargo
}
