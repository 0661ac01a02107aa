//! The task `deny`: what the dependencies may be, by cargo-deny and deny.toml.
//!
//! Licences, bans and sources need what cargo has downloaded and nothing else. Advisories need the database of `RustSec`, which lies on GitHub.

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Result, ensure};
use clap::{Arg, ArgAction};

use crate::{command, place};

/// The version that deny.toml was written for.
const VERSION: &str = "0.20.2";

/// The checks that need no network.
const OFFLINE: [&str; 3] = ["licenses", "bans", "sources"];

/// The task `deny`. Installs cargo-deny below the target folder if it is nowhere.
///
/// # Errors
///
/// When a dependency is not what it may be, or with `--advisories` the database cannot be fetched.
pub fn run(line: &[String]) -> Result<ExitCode> {
    let advisories = Arg::new("advisories")
        .long("advisories")
        .action(ArgAction::SetTrue)
        .help("Fail where RustSec's database cannot be fetched");
    let matches = clap::Command::new("deny")
        .arg(advisories)
        .get_matches_from(command::words("deny", line));
    let program = match installed() {
        Some(program) => program,
        None => install()?,
    };
    check(&program, matches.get_flag("advisories"))?;
    Ok(ExitCode::SUCCESS)
}

/// The same for `ci`, which does not install what takes minutes to compile.
///
/// # Errors
///
/// When a dependency is not what it may be.
pub fn check_if_installed() -> Result<()> {
    if let Some(program) = installed() {
        return check(&program, false);
    }
    not_checked(
        "licences, sources and advisories of the dependencies",
        "cargo-deny is not installed; `cargo xtask deny` installs and runs it",
    );
    Ok(())
}

fn check(program: &PathBuf, advisories: bool) -> Result<()> {
    command::stage("checking licences, bans and sources of the dependencies");
    command::run(deny(program).arg("--offline").arg("check").args(OFFLINE))?;
    command::stage("fetching RustSec's advisories");
    if command::run(deny(program).args(["fetch", "db"])).is_ok() {
        return command::run(deny(program).args(["check", "--disable-fetch", "advisories"]));
    }
    ensure!(
        !advisories,
        "RustSec's database cannot be fetched from GitHub, so advisories were not checked"
    );
    not_checked(
        "advisories of the dependencies",
        "RustSec's database cannot be fetched from GitHub",
    );
    Ok(())
}

/// Says what a green run does not mean.
fn not_checked(what: &str, why: &str) {
    eprintln!("xtask: NOT CHECKED: {what}: {why}");
}

fn deny(program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&*place::ROOT).arg("--all-features");
    command
}

/// Where [`install`] puts it, else what PATH has.
fn installed() -> Option<PathBuf> {
    let ours = folder().join("bin/cargo-deny");
    if ours.exists() {
        return Some(ours);
    }
    command::find("cargo-deny")
}

fn folder() -> PathBuf {
    place::TARGET.join("tools/cargo-deny")
}

/// Without optimization and symbols: two minutes of one processor instead of many, for a check that takes seconds either way.
fn install() -> Result<PathBuf> {
    command::stage(&format!(
        "compiling cargo-deny {VERSION}; that takes minutes, once"
    ));
    let mut cargo = command::cargo();
    cargo
        .args([
            "install",
            "--debug",
            "--locked",
            "--version",
            VERSION,
            "cargo-deny",
            "--root",
        ])
        .arg(folder())
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    command::run(&mut cargo)?;
    Ok(folder().join("bin/cargo-deny"))
}
