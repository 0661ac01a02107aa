//! The lab: nthost with the project's drivers.

use std::{
    env,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::Result;

use crate::{build::Build, command, drivers, place};

/// Asks for drivers and a kernel that are optimized, and do not print for each call.
const RELEASE: &str = "--release";

/// The main scenario.
const DEMO: &str = "lab/scenarios/demo.lab";

/// The picture that the README shows; lab/tests compares it with the demo's.
const PICTURE: &str = "docs/demo.svg";

/// The task `demo`.
///
/// # Errors
///
/// When drivers or lab do not build.
pub fn demo(arguments: &[String]) -> Result<ExitCode> {
    run(arguments, Some(place::ROOT.join(DEMO)))
}

/// The task `picture`: the demo's device tree for the README.
///
/// # Errors
///
/// When drivers or lab do not build.
pub fn picture(_: &[String]) -> Result<ExitCode> {
    let picture = place::ROOT.join(PICTURE).display().to_string();
    demo(&["--svg".to_owned(), picture])
}

/// The task `lab`: everything after it is for nthost, but for `--release`.
///
/// # Errors
///
/// When drivers or lab do not build.
pub fn lab(arguments: &[String]) -> Result<ExitCode> {
    run(arguments, None)
}

/// Builds the lab's kernel and returns the program.
///
/// # Errors
///
/// When it does not build.
pub fn build_nthost(release: bool) -> Result<PathBuf> {
    let mut cargo = command::cargo();
    cargo
        .current_dir(&*place::ROOT)
        .args(["build", "--package", "nthost"]);
    if release {
        cargo.arg("--release");
    }
    command::run(&mut cargo)?;
    Ok(place::TARGET
        .join(if release { "release" } else { "debug" })
        .join("nthost"))
}

/// Runs nthost where the user is, so that relative paths in arguments and scripts are the user's.
fn run(arguments: &[String], script: Option<PathBuf>) -> Result<ExitCode> {
    let release = arguments.iter().any(|argument| argument == RELEASE);
    let build = if release { Build::RELEASE } else { Build::DEBUG };
    drivers::build_all(build)?;
    let mut command = Command::new(build_nthost(release)?);
    command
        .arg("--drivers")
        .arg(build.folder())
        .args(arguments.iter().filter(|argument| *argument != RELEASE))
        .args(script);
    command.current_dir(env::current_dir()?);
    command::exit_code(&mut command)
}
