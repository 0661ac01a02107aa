//! The driver images: built by cargo as DLLs, collected as `.sys` files with their maps and INF files.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches};

use crate::{
    c_drivers, command, files, host_port,
    inx::{self, Stamp},
    kit, place,
    toolchain::{self, Toolchain},
};

/// A driver image.
struct Driver {
    /// The cargo package; its library is named so too, with `_` for `-`.
    package: &'static str,
    /// The image below `target/drivers/PROFILE`, without `.sys`.
    image: &'static str,
    /// The INX file, if the image is installed by one.
    inx: Option<&'static str>,
}

const DRIVERS: &[Driver] = &[
    Driver {
        package: "sample",
        image: "sample",
        inx: Some("driver.inx"),
    },
    Driver {
        package: "child",
        image: "child",
        inx: Some("clients/child/child.inx"),
    },
    Driver {
        package: "helper",
        image: "helper",
        inx: None,
    },
    Driver {
        package: "wdfldr",
        image: "wdfldr",
        inx: None,
    },
    // The client that never gives its interface back has the name of the one that does, so that the INF file fits both.
    Driver {
        package: "forgetful-child",
        image: "forgetful/child",
        inx: Some("clients/child/child.inx"),
    },
];

/// What the INF files are stamped with. The date is fixed so that equal sources give equal files.
pub const STAMP: Stamp<'_> = Stamp {
    architecture: "amd64",
    framework: kit::FRAMEWORK,
    date: "11/21/2026",
    version: concat!(env!("CARGO_PKG_VERSION"), ".0"),
};

/// The arguments that `build` and `check` share. (Clap's derive allows lints that this workspace forbids.)
fn arguments(task: &'static str) -> clap::Command {
    clap::Command::new(task)
        .arg(
            Arg::new("release")
                .long("release")
                .action(ArgAction::SetTrue)
                .help("Take the release profile"),
        )
        .arg(
            Arg::new("package")
                .short('p')
                .long("package")
                .action(ArgAction::Append)
                .help("Take only this package"),
        )
}

fn packages(matches: &ArgMatches) -> Vec<String> {
    matches
        .get_many("package")
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

/// The task `build`.
///
/// # Errors
///
/// When a tool is missing, or a driver does not build.
pub fn build(line: &[String]) -> Result<ExitCode> {
    let matches = arguments("build").get_matches_from(words("build", line));
    if cfg!(windows) {
        c_drivers::import_library_of_windows()?;
        // The official crates and makefile do the rest there.
        return command::exit_code(Command::new("cargo").arg("make").current_dir(&*place::ROOT));
    }
    let release = matches.get_flag("release");
    build_profile(release, &packages(&matches))?;
    eprintln!(
        "xtask: the drivers are in {}",
        place::drivers(profile(release)).display()
    );
    Ok(ExitCode::SUCCESS)
}

/// The task `check`.
///
/// # Errors
///
/// When a tool is missing, or a driver does not compile.
pub fn check(line: &[String]) -> Result<ExitCode> {
    let clippy = Arg::new("clippy")
        .long("clippy")
        .action(ArgAction::SetTrue)
        .help("Lint; warnings are errors");
    let matches = arguments("check")
        .arg(clippy)
        .get_matches_from(words("check", line));
    let clippy = matches.get_flag("clippy");
    let subcommand = if clippy { "clippy" } else { "check" };
    let mut cargo = cargo(subcommand, matches.get_flag("release"), &packages(&matches))?;
    if clippy {
        cargo.args(["--", "-D", "warnings"]);
    }
    command::exit_code(&mut cargo)
}

/// The words that clap parses: it wants the program's name before the arguments.
fn words<'a>(task: &'a str, arguments: &'a [String]) -> impl Iterator<Item = &'a str> {
    std::iter::once(task).chain(arguments.iter().map(String::as_str))
}

/// Builds drivers, all of them if `packages` is empty, and collects them.
///
/// # Errors
///
/// When a tool is missing, or a driver does not build.
pub fn build_profile(release: bool, packages: &[String]) -> Result<()> {
    command::run(&mut cargo("build", release, packages)?)?;
    if packages.is_empty() {
        c_drivers::build(&Toolchain::find()?, profile(release))?;
    }
    let chosen = DRIVERS
        .iter()
        .filter(|driver| packages.is_empty() || packages.iter().any(|name| name == driver.package));
    chosen
        .into_iter()
        .try_for_each(|driver| collect(driver, profile(release)))
}

const fn profile(release: bool) -> &'static str {
    if release { "release" } else { "debug" }
}

/// Cargo for the drivers' target, with the kit ready.
fn cargo(subcommand: &str, release: bool, packages: &[String]) -> Result<Command> {
    place::check_target()?;
    let toolchain = Toolchain::find()?;
    kit::assemble()?;
    let mut cargo = toolchain.cargo(subcommand);
    cargo.args(host_port::cargo_arguments()?);
    if release {
        cargo.arg("--release");
    }
    if packages.is_empty() {
        cargo.args(DRIVERS.iter().flat_map(|driver| ["--package", driver.package]));
    } else {
        cargo.args(packages.iter().flat_map(|package| ["--package", package]));
    }
    Ok(cargo)
}

/// Copies the image, its map and its stamped INF file to where the lab looks for them.
fn collect(driver: &Driver, profile: &str) -> Result<()> {
    let built = place::TARGET.join(toolchain::TARGET).join(profile);
    let library = driver.package.replace('-', "_");
    let out = place::drivers(profile);
    files::copy(
        &built.join(format!("{library}.dll")),
        &with_extension(&out, driver.image, "sys"),
    )?;
    // The linker writes the map next to its own output, of which cargo lifts only the image out of `deps`.
    files::copy(
        &built.join(format!("deps/{library}.map")),
        &with_extension(&out, driver.image, "map"),
    )?;
    if let Some(inx) = driver.inx {
        let text = files::read(&place::ROOT.join(inx))?;
        let inf = inx::stamp(&text, STAMP).with_context(|| format!("cannot stamp {inx}"))?;
        // The INF file has the name of the service, whatever the INX file is called.
        files::write(&with_extension(&out, driver.image, "inf"), inf.as_bytes())?;
    }
    Ok(())
}

fn with_extension(folder: &Path, image: &str, extension: &str) -> PathBuf {
    folder.join(format!("{image}.{extension}"))
}
