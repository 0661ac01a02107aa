//! Conformance tests of lab/kmdf: a driver of `drivers/kmdf_*.c` that checks what the framework does, as the published sources have it.

use std::fs;

use anyhow::{Context, Result};

use crate::{
    Build, Lab, Run,
    c_driver::{CDriver, DRIVERS},
    inf,
};

/// The device's hardware ID.
pub const HARDWARE_ID: &str = r"root\Conform";
/// Its instance ID.
pub const DEVICE: &str = r"ROOT\CONFORM\0000";
/// Has the driver run its checks.
pub const RUN: &str = r"ioctl ROOT\CONFORM\0000 0x222000";
/// Removes the device.
pub const REMOVE: &str = r"pnputil /remove-device ROOT\CONFORM\0000";

/// A lab with this driver and its package.
///
/// # Errors
///
/// As [`Lab::compile_kmdf`].
pub fn lab(name: &str) -> Result<Lab> {
    let lab = Lab::new(Build::Debug)?;
    let source = format!("{DRIVERS}/{name}.c");
    let source = fs::read_to_string(&source).with_context(|| format!("cannot read {source}"))?;
    lab.compile_kmdf(&CDriver {
        name,
        source: &source,
        defines: &["-DKMDF_VERSION_MAJOR=1", "-DKMDF_VERSION_MINOR=33"],
        exports: &[],
        libraries: &[],
    })?;
    lab.write(
        &format!("{name}.inf"),
        inf::base(name, HARDWARE_ID, "").as_bytes(),
    )?;
    Ok(lab)
}

/// Installs the driver, makes its device, and runs these lines.
///
/// # Errors
///
/// As [`Lab::run`].
pub fn run(lab: &Lab, name: &str, lines: &[&str]) -> Result<Run> {
    let install = format!("pnputil /add-driver {name}.inf /install");
    let devgen = format!("devgen /add /hardwareid {HARDWARE_ID}");
    lab.run(&[&[install.as_str(), &devgen], lines].concat())
}

/// The driver runs its checks, exactly this many, and all hold; the device goes, and nothing is left.
///
/// # Errors
///
/// When a check does not hold, one is missing, or the verdict is not `pass`.
pub fn conforms(name: &str, checks: u32) -> Result<()> {
    let run = run(&lab(name)?, name, &[RUN, REMOVE])?;
    run.never_says("does not hold")?;
    run.says(&format!("{name}: {checks} checks, 0 do not hold"))?;
    run.passes()
}
