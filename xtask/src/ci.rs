//! The task `ci`: what CI runs.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{architecture::ARM64, bench, command, deny, drivers, fuzz, miri, package, place, test, wine};

/// The components of rustup that the checks need, with the program of each.
const COMPONENTS: &[(&str, &str)] = &[("rustfmt", "cargo-fmt"), ("clippy", "cargo-clippy")];

/// The task `ci`. The tests come last, so that their closing lines close this task too.
///
/// # Errors
///
/// When a check fails.
pub fn ci(arguments: &[String]) -> Result<ExitCode> {
    add_components()?;
    command::stage("checking the format");
    command::run(cargo().args(["fmt", "--all", "--check"]))?;
    deny::check_if_installed()?;
    command::stage("linting the host crates");
    command::run(
        cargo()
            .args(["clippy", "--all-targets"])
            .args(
                test::HOST_PACKAGES
                    .iter()
                    .flat_map(|package| ["--package", package]),
            )
            .args(["--", "-D", "warnings"]),
    )?;
    command::stage("linting the drivers");
    let linted = drivers::check(&["--clippy".to_owned()])?;
    if linted != ExitCode::SUCCESS {
        return Ok(linted);
    }
    command::stage("packaging for the machine that nothing here runs");
    let packaged = package::run(&["--arch".to_owned(), ARM64.rust.to_owned()])?;
    if packaged != ExitCode::SUCCESS {
        return Ok(packaged);
    }
    command::stage("counting instructions");
    let counted = bench::run(&["--check".to_owned()])?;
    if counted != ExitCode::SUCCESS {
        return Ok(counted);
    }
    command::stage("running the helper drivers in Wine");
    let run = wine::run(&[])?;
    if run != ExitCode::SUCCESS {
        return Ok(run);
    }
    let interpreted = miri::run(&[])?;
    if interpreted != ExitCode::SUCCESS {
        return Ok(interpreted);
    }
    let fuzzed = fuzz::run(&[])?;
    if fuzzed != ExitCode::SUCCESS {
        return Ok(fuzzed);
    }
    test::test(arguments)
}

fn cargo() -> Command {
    let mut cargo = command::cargo();
    cargo.current_dir(&*place::ROOT);
    cargo
}

/// A toolchain of rustup's minimal profile has neither.
fn add_components() -> Result<()> {
    for (component, program) in COMPONENTS {
        let works = command::output(Command::new(program).arg("--version")).is_ok();
        if !works {
            command::stage(&format!("adding the component {component}"));
            command::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}
