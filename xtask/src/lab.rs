//! The lab: nthost with the project's drivers.

use std::{
    env,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::Result;

use crate::{command, drivers, place};

/// The main scenario.
const DEMO: &str = "lab/scenarios/demo.lab";

/// The task `demo`.
///
/// # Errors
///
/// When drivers or lab do not build.
pub fn demo(arguments: &[String]) -> Result<ExitCode> {
    let nthost = prepare()?;
    run(nthost, arguments, Some(place::ROOT.join(DEMO)))
}

/// The task `lab`: everything after it is for nthost.
///
/// # Errors
///
/// When drivers or lab do not build.
pub fn lab(arguments: &[String]) -> Result<ExitCode> {
    let nthost = prepare()?;
    run(nthost, arguments, None)
}

fn prepare() -> Result<PathBuf> {
    drivers::build_profile(false, &[])?;
    build_nthost(false)
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
fn run(nthost: PathBuf, arguments: &[String], script: Option<PathBuf>) -> Result<ExitCode> {
    let mut command = Command::new(nthost);
    command
        .arg("--drivers")
        .arg(place::drivers("debug"))
        .args(arguments)
        .args(script);
    command.current_dir(env::current_dir()?);
    command::exit_code(&mut command)
}
