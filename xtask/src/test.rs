//! The task `test`: every test there is.

use std::{
    env,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};

use crate::{
    architecture::X64, build::Build, c_drivers, command, drivers, exports, files, infverif, kit, lab,
    package, panics, place,
};

/// The task `test`. Arguments go to cargo's own test of the host crates and the lab.
///
/// # Errors
///
/// When something does not build, or a test fails.
pub fn test(arguments: &[String]) -> Result<ExitCode> {
    for build in [Build::DEBUG, Build::RELEASE] {
        drivers::build_all(build)?;
    }
    command::stage("checking the kit's layouts against lab/abi/data");
    check_layouts()?;
    infverif::check()?;
    c_drivers::check_header()?;
    for build in [Build::DEBUG, Build::RELEASE] {
        exports::check(build)?;
    }
    panics::check(&Build::RELEASE.folder())?;
    command::stage("making the packages twice");
    package::check_repeatable(Build::RELEASE)?;
    let nthost = lab::build_nthost(false)?;
    command::exit_code(&mut cargo_test(nthost, arguments)?)
}

/// Compiles a C file of assertions, one for each size, offset, value and index in the data. To compile is to pass.
fn check_layouts() -> Result<()> {
    let source = place::TARGET.join("abi/asserts.c");
    files::write(&source, lab_abi::c_layout_asserts().as_bytes())?;
    command::run(
        kit::compiler(X64)
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
fn cargo_test(nthost: PathBuf, arguments: &[String]) -> Result<Command> {
    let mut cargo = command::cargo();
    cargo
        .current_dir(&*place::ROOT)
        .args(["test", "--no-fail-fast"])
        .args(HOST_PACKAGES.iter().flat_map(|package| ["--package", package]))
        .args(arguments)
        .env("LAB_NTHOST", nthost)
        .env("LAB_DRIVERS_DEBUG", Build::DEBUG.folder())
        .env("LAB_DRIVERS_RELEASE", Build::RELEASE.folder())
        .env("LAB_PACKAGES", package::folder(Build::RELEASE))
        .env("LAB_CERTIFICATE", package::authority()?)
        .env("LAB_XTASK", env::current_exe()?)
        .env("LAB_KIT", place::kit())
        .env("LAB_LINKER", place::TARGET.join("tools/lld-link"));
    Ok(cargo)
}

/// The default members of the workspace, and the tests in the lab.
pub const HOST_PACKAGES: &[&str] = &[
    "debug-print",
    "direct-call",
    "sample-interface",
    "version-resource",
    "lab-abi",
    "lab-bench",
    "lab-fuzz",
    "lab-inf",
    "nthost",
    "xtask",
    "lab-tests",
];
