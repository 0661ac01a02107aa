//! The task `mutants`: changes the crates that drivers are made of in one place at a time, and has their tests notice.

use std::process::ExitCode;

use anyhow::Result;

use crate::{cargo_tool::CargoTool, command, place};

const CARGO_MUTANTS: CargoTool = CargoTool {
    package: "cargo-mutants",
    version: "27.1.0",
};

/// The crates. What is left out of them, and why, is in .cargo/mutants.toml.
const PACKAGES: &[&str] = &["direct-call", "sample-interface"];

/// The task `mutants`. Arguments go to cargo-mutants: `--list`, `--file GLOB`, `--shard 1/4`, …
///
/// # Errors
///
/// When cargo-mutants cannot be installed or started.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let mut cargo = command::cargo();
    CARGO_MUTANTS.provide(&mut cargo)?;
    command::stage("changing the crates, one place at a time; this takes long");
    cargo
        .current_dir(&*place::ROOT)
        .arg("mutants")
        .args(PACKAGES.iter().flat_map(|package| ["--package", package]))
        .arg("--output")
        .arg(&*place::TARGET)
        .args(arguments);
    command::exit_code(&mut cargo)
}
