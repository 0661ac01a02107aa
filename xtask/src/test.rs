//! The task `test`: every test there is.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};

use crate::{c_drivers, command, drivers, exports, files, infverif, kit, lab, place};

/// The task `test`. Arguments go to cargo's own test of the host crates and the lab.
///
/// # Errors
///
/// When something does not build, or a test fails.
pub fn test(arguments: &[String]) -> Result<ExitCode> {
    drivers::build_profile(false, &[])?;
    drivers::build_profile(true, &[])?;
    command::stage("checking the kit's layouts against lab/abi/data");
    check_layouts()?;
    infverif::check()?;
    c_drivers::check_header()?;
    for profile in ["debug", "release"] {
        exports::check(&place::drivers(profile))?;
    }
    let nthost = lab::build_nthost(false)?;
    command::exit_code(&mut cargo_test(nthost, arguments))
}

/// Compiles a C file of assertions, one for each size, offset, value and index in the data. To compile is to pass.
fn check_layouts() -> Result<()> {
    let source = place::TARGET.join("abi/asserts.c");
    files::write(&source, lab_abi::c_layout_asserts().as_bytes())?;
    command::run(
        kit::compiler()
            .arg("-I")
            .arg(place::kit().join("src"))
            .arg("-fsyntax-only")
            .arg(&source),
    )
    .with_context(|| {
        format!(
            "the headers in lab/wdk differ from lab/abi/data; see {}",
            source.display()
        )
    })
}

/// One run of cargo over the host crates and the tests in the lab, so that its closing lines close this task too.
fn cargo_test(nthost: PathBuf, arguments: &[String]) -> std::process::Command {
    let mut cargo = command::cargo();
    cargo
        .current_dir(&*place::ROOT)
        .args(["test", "--no-fail-fast"])
        .args(HOST_PACKAGES.iter().flat_map(|package| ["--package", package]))
        .args(arguments)
        .env("LAB_NTHOST", nthost)
        .env("LAB_DRIVERS_DEBUG", place::drivers("debug"))
        .env("LAB_DRIVERS_RELEASE", place::drivers("release"))
        .env("LAB_KIT", place::kit())
        .env("LAB_LINKER", place::TARGET.join("tools/lld-link"));
    cargo
}

/// The default members of the workspace, and the tests in the lab.
pub const HOST_PACKAGES: &[&str] = &[
    "direct-call",
    "sample-interface",
    "lab-abi",
    "lab-inf",
    "nthost",
    "xtask",
    "lab-tests",
];
