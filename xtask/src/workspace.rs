//! Drivers of a workspace elsewhere: built with the same kit, crates and flags, into that workspace's own target folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{build::Build, command, drivers, files, package::sources, place};

/// A driver package of the workspace.
struct Driver {
    /// The cargo package.
    name: String,
    folder: PathBuf,
}

impl Driver {
    /// The name of image and INF file, as cargo-make has it: that of the library.
    fn image(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// Builds every member that makes a DLL, and collects image, symbols, map and INF file in `FOLDER/target/drivers/PROFILE`. The source of the INF file
/// is `PACKAGE.inx` beside the package's Cargo.toml, with `_` for `-`, as for cargo-make.
///
/// # Errors
///
/// When there is no such member, no Cargo.lock, or a driver does not build.
pub fn build(folder: &Path, build: Build) -> Result<()> {
    let folder = &std::path::absolute(folder)?;
    ensure!(
        folder.join("Cargo.lock").exists(),
        "{} has no Cargo.lock; copy that of {}, whose versions of the wdk crates xtask knows",
        folder.display(),
        place::ROOT.display()
    );
    let drivers = drivers_in(folder)?;
    let target = folder.join("target");
    let mut cargo = drivers::ported_cargo("build", build, folder)?;
    cargo
        .current_dir(folder)
        .arg("--config")
        .arg(place::ROOT.join(".cargo/config.toml"))
        // Not the variable, which would move the kit and the linker too.
        .arg("--target-dir")
        .arg(&target)
        .args(build.release.then_some("--release"))
        .args(
            drivers
                .iter()
                .flat_map(|driver| ["--package", driver.name.as_str()]),
        );
    command::run(&mut cargo)?;
    let out = target.join("drivers").join(build.profile());
    let made = target.join(build.architecture.target).join(build.profile());
    for driver in &drivers {
        drivers::collect_image(&made, &driver.name, &out, &driver.image())?;
        stamp(driver, &out, build)?;
    }
    eprintln!("xtask: the drivers are in {}", out.display());
    Ok(())
}

/// The members of a workspace that are drivers.
fn drivers_in(folder: &Path) -> Result<Vec<Driver>> {
    let mut cargo = command::cargo();
    cargo
        .current_dir(folder)
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"]);
    let metadata: Value = serde_json::from_str(&command::output(&mut cargo)?)?;
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let drivers: Vec<Driver> = packages.iter().filter_map(driver).collect();
    ensure!(
        !drivers.is_empty(),
        "no package of {} has the crate type cdylib, which drivers have",
        folder.display()
    );
    Ok(drivers)
}

/// The package as a driver, if it is one.
fn driver(package: &Value) -> Option<Driver> {
    let targets = package["targets"].as_array()?;
    let is_driver = targets
        .iter()
        .filter_map(|target| target["crate_types"].as_array())
        .any(|types| types.iter().any(|name| name == "cdylib"));
    let manifest = Path::new(package["manifest_path"].as_str()?);
    is_driver.then_some(Driver {
        name: package["name"].as_str()?.to_owned(),
        folder: manifest.parent()?.to_owned(),
    })
}

/// Makes the INF file, if the package has a source of one.
fn stamp(driver: &Driver, out: &Path, build: Build) -> Result<()> {
    let name = driver.image();
    let inx = driver.folder.join(format!("{name}.inx"));
    if inx.exists() {
        let text = sources::stamped(&inx, &name, build).context("an INF file cannot be made")?;
        files::write(&out.join(format!("{name}.inf")), text.as_bytes())?;
    }
    Ok(())
}
