//! A driver as other people write them: built by `cargo xtask cc`, run by `nthost run`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use lab_tests::{Build, Lab, Run};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers/foreign");

/// Runs `cargo xtask cc` in the lab's folder, for the sources in `src`.
fn cc(lab: &Lab, options: &[&str]) -> Result<Output> {
    let xtask: PathBuf = std::env::var_os("LAB_XTASK")
        .context("LAB_XTASK is not set; run the tests with `cargo xtask test`")?
        .into();
    let mut command = Command::new(xtask);
    command.current_dir(lab.path(""));
    command.args([
        "cc",
        "--out",
        "out/foreign.sys",
        "--trace",
        "TraceEvents(LEVEL,FLAGS,MSG,...)",
    ]);
    command.args(options).args(["src/driver.c", "src/answer.c"]);
    Ok(command.output()?)
}

/// A lab with the driver's sources in `src`, the INX file in UTF-16 as it often is.
fn lab() -> Result<Lab> {
    let lab = Lab::new(Build::Debug)?;
    fs::create_dir(lab.path("src"))?;
    for name in ["driver.c", "driver.h", "answer.c"] {
        fs::copy(Path::new(SOURCES).join(name), lab.path(&format!("src/{name}")))?;
    }
    let inx = fs::read_to_string(Path::new(SOURCES).join("foreign.inx"))?;
    let units = std::iter::once(0xFEFF).chain(inx.encode_utf16());
    lab.write(
        "src/foreign.inx",
        &units.flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
    )?;
    Ok(lab)
}

fn build_and_run(options: &[&str]) -> Result<Run> {
    let lab = lab()?;
    let built = cc(&lab, &[&["--inx", "src/foreign.inx"], options].concat())?;
    ensure!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    lab.run_driver(
        &["--drivers", "."],
        &[
            "--inf",
            "out/foreign.inf",
            "--device",
            r"root\Foreign",
            "--ioctl",
            "0x222000 /out 16",
            "--expect",
            "31 00",
            "--ioctl",
            "0x222000 /out 16",
            "--expect",
            "32 3A 20 74 6F 6F 20 6D 75 63 68 00",
        ],
    )
}

#[test]
fn a_checked_build_asserts_and_prints() -> Result<()> {
    let run = build_and_run(&[])?;
    run.passes()?;
    run.says_in_order(&[
        "foreign: a checked build, D:P(A;;GA;;;SY)(A;;GA;;;BA)",
        "Started",
        "foreign: asked 2 times",
    ])
}

#[test]
fn a_free_build_does_not() -> Result<()> {
    let run = build_and_run(&["--release", "--dwarf"])?;
    run.passes()?;
    run.never_says("foreign: a checked build")?;
    run.says("foreign: asked 2 times")
}

#[test]
fn what_does_not_compile_is_told_by_the_compiler() -> Result<()> {
    let lab = lab()?;
    lab.write("src/answer.c", b"#include \"driver.h\"\nthis is no C\n")?;
    let built = cc(&lab, &[])?;
    let errors = String::from_utf8_lossy(&built.stderr).into_owned();
    ensure!(!built.status.success(), "it compiled");
    ensure!(errors.contains("src/answer.c:2:1: error: "), "{errors}");
    Ok(())
}
