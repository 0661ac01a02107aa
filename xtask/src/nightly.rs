//! The nightly compiler, for what the stable one has not: Miri, and the sanitizers that fuzzing takes.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;

/// Installs the toolchain with what the two tasks need of it.
const INSTALL: &str =
    "rustup toolchain install nightly --profile minimal --component miri --component rust-src";

/// The programs that must start. To ask rustup for its components is not enough: one whose files are gone is still in its list.
const PROGRAMS: &[&str] = &["rustc", "miri"];

/// Nightly's cargo, with that toolchain for everything that it starts.
///
/// # Errors
///
/// When the toolchain is not there and cannot be installed; the text has the line to run.
pub fn cargo() -> Result<Command> {
    if !works() {
        install()?;
    }
    Ok(run("cargo"))
}

fn run(program: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", program]);
    command
}

fn works() -> bool {
    PROGRAMS
        .iter()
        .all(|program| command::output(run(program).arg("--version")).is_ok())
}

fn install() -> Result<()> {
    command::stage("installing the nightly toolchain");
    let mut words = INSTALL.split(' ');
    let program = words.next().context("the command is empty")?;
    let by_hand = format!("Miri and fuzzing need a nightly compiler; run\n  {INSTALL}");
    command::run(Command::new(program).args(words)).with_context(|| by_hand.clone())?;
    if !works() {
        bail!(
            "nightly was installed and one of {} does not start; run\n  rustup toolchain uninstall nightly\n  {INSTALL}",
            PROGRAMS.join(", ")
        );
    }
    Ok(())
}
