//! The driver images: built by cargo as DLLs, collected as `.sys` files with their symbols and maps.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, ensure};
use clap::{Arg, ArgAction, ArgMatches};
use object::{LittleEndian, read::pe::PeFile64};

use crate::{
    architecture::{Architecture, X64},
    build::Build,
    c_drivers, command, files, host_port, kit,
    package::sources,
    place,
    toolchain::Toolchain,
    workspace,
};

/// A driver image.
struct Driver {
    /// The cargo package; its library is named so too, with `_` for `-`.
    package: &'static str,
    /// The image below the folder of the build, without `.sys`.
    image: &'static str,
}

/// What is packaged.
const DRIVERS: &[Driver] = &[
    Driver {
        package: "sample",
        image: "sample",
    },
    Driver {
        package: "child",
        image: "child",
    },
    Driver {
        package: "stacked",
        image: "stacked",
    },
    Driver {
        package: "remote",
        image: "remote",
    },
    Driver {
        package: "helper",
        image: "helper",
    },
    Driver {
        package: "fifo",
        image: "fifo",
    },
    Driver {
        package: "fifoclient",
        image: "fifoclient",
    },
];

/// What only the lab runs.
const LAB_DRIVERS: &[Driver] = &[
    Driver {
        package: "wdfldr",
        image: "wdfldr",
    },
    Driver {
        package: "alarm",
        image: "alarm",
    },
    Driver {
        package: "alarm-client",
        image: "alarm-client",
    },
    // The client that never gives its interface back has the name of the one that does, so that one INF file fits both.
    Driver {
        package: "forgetful-child",
        image: "forgetful/child",
    },
];

/// The bus of many children, which only the bench runs.
const CROWD: &Driver = &Driver {
    package: "crowd",
    image: "crowd/sample",
};

/// The drivers of a build.
fn drivers(build: Build) -> impl Iterator<Item = &'static Driver> {
    let lab = if build.is_for_the_lab() { LAB_DRIVERS } else { &[] };
    DRIVERS.iter().chain(lab)
}

/// The images of a build, those in C too, as they are named below its folder, without `.sys`.
pub fn images(build: Build) -> impl Iterator<Item = &'static str> {
    drivers(build)
        .map(|driver| driver.image)
        .chain(c_drivers::images())
}

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
        .arg(architecture_argument())
}

/// `--arch`, for every task that builds drivers for a machine.
pub fn architecture_argument() -> Arg {
    Arg::new("arch")
        .long("arch")
        .default_value(X64.rust)
        .help("The machine: x86_64, or aarch64, which is compiled and linked only")
}

/// What `--arch` says.
///
/// # Errors
///
/// When it names no machine.
pub fn chosen_architecture(matches: &ArgMatches) -> Result<&'static Architecture> {
    Architecture::named(matches.get_one::<String>("arch").map_or(X64.rust, String::as_str))
}

fn chosen_build(matches: &ArgMatches) -> Result<Build> {
    Ok(Build {
        architecture: chosen_architecture(matches)?,
        release: matches.get_flag("release"),
    })
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
    let workspace = Arg::new("workspace")
        .long("workspace")
        .value_name("FOLDER")
        .conflicts_with("package")
        .help("Build the drivers of the workspace there, into its own target/drivers/PROFILE");
    let matches = arguments("build")
        .arg(workspace)
        .get_matches_from(command::words("build", line));
    if cfg!(windows) {
        c_drivers::import_library_of_windows(Build::DEBUG)?;
        // The official crates and makefile do the rest there.
        return command::exit_code(Command::new("cargo").arg("make").current_dir(&*place::ROOT));
    }
    let build = chosen_build(&matches)?;
    if let Some(folder) = matches.get_one::<String>("workspace") {
        workspace::build(Path::new(folder), build)?;
        return Ok(ExitCode::SUCCESS);
    }
    build_packages(build, &packages(&matches))?;
    eprintln!("xtask: the drivers are in {}", build.folder().display());
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
        .get_matches_from(command::words("check", line));
    let clippy = matches.get_flag("clippy");
    let subcommand = if clippy { "clippy" } else { "check" };
    let mut cargo = cargo(subcommand, chosen_build(&matches)?, &packages(&matches))?;
    if clippy {
        cargo.args(["--", "-D", "warnings"]);
    }
    command::exit_code(&mut cargo)
}

/// Builds and collects every driver.
///
/// # Errors
///
/// When a tool is missing, or a driver does not build.
pub fn build_all(build: Build) -> Result<()> {
    build_packages(build, &[])
}

/// Builds the bus of many children. The others were built before, its INF file among them.
///
/// # Errors
///
/// When a tool is missing, or it does not build.
pub fn build_crowd(build: Build) -> Result<()> {
    command::run(&mut cargo("build", build, &[CROWD.package.to_owned()])?)?;
    collect(CROWD, build)?;
    let inf = Path::new("sample.inf");
    files::copy(&build.folder().join(inf), &build.folder().join("crowd").join(inf)).map(drop)
}

/// Builds and collects one driver.
///
/// # Errors
///
/// When a tool is missing, or the driver does not build.
pub fn build_only(build: Build, package: &str) -> Result<()> {
    build_packages(build, &[package.to_owned()])
}

/// Builds drivers, all of them if `packages` is empty, and collects them.
fn build_packages(build: Build, packages: &[String]) -> Result<()> {
    command::run(&mut cargo("build", build, packages)?)?;
    if packages.is_empty() {
        c_drivers::build(build)?;
    }
    let chosen = drivers(build)
        .filter(|driver| packages.is_empty() || packages.iter().any(|name| name == driver.package));
    chosen.into_iter().try_for_each(|driver| collect(driver, build))?;
    check_machine(build)?;
    sources::stamp_all(build)
}

/// Cargo for the drivers' target, with the kit ready.
fn cargo(subcommand: &str, build: Build, packages: &[String]) -> Result<Command> {
    let mut cargo = if cfg!(windows) {
        official_cargo(subcommand, build)
    } else {
        ported_cargo(subcommand, build, &place::ROOT)?
    };
    if build.release {
        cargo.arg("--release");
    }
    if packages.is_empty() {
        cargo.args(drivers(build).flat_map(|driver| ["--package", driver.package]));
    } else {
        cargo.args(packages.iter().flat_map(|package| ["--package", package]));
    }
    Ok(cargo)
}

/// Cargo on Windows, where wdk-build finds the real kit.
fn official_cargo(subcommand: &str, build: Build) -> Command {
    let mut cargo = command::cargo();
    cargo
        .current_dir(&*place::ROOT)
        .args([subcommand, "--target", build.architecture.target]);
    cargo
}

/// Cargo elsewhere, with the lab's kit, for the workspace in `root`.
///
/// # Errors
///
/// When a tool is missing, or the kit cannot be assembled.
pub fn ported_cargo(subcommand: &str, build: Build, root: &Path) -> Result<Command> {
    place::check_target()?;
    kit::assemble(build.architecture)?;
    let mut cargo = Toolchain::find(build.architecture)?.cargo(subcommand)?;
    cargo
        .args(host_port::cargo_arguments(root)?)
        .env(host_port::ROOT, root);
    Ok(cargo)
}

/// Copies the image, its symbols and its map to where the lab looks for them.
fn collect(driver: &Driver, build: Build) -> Result<()> {
    collect_image(
        &build.cargo_folder(),
        driver.package,
        &build.folder(),
        driver.image,
    )
}

/// Copies what cargo made of `package` to `out`, as `image`.
///
/// # Errors
///
/// When a file is not there, or cannot be written.
pub fn collect_image(from: &Path, package: &str, out: &Path, image: &str) -> Result<()> {
    let library = package.replace('-', "_");
    // The linker writes the map next to its own output, of which cargo lifts only the image out of `deps`.
    for (made, extension) in [
        (format!("{library}.dll"), "sys"),
        (format!("deps/{library}.map"), "map"),
        (format!("{library}.pdb"), "pdb"),
    ] {
        files::copy(&from.join(made), &with_extension(out, image, extension))?;
    }
    Ok(())
}

/// Refuses images that the linker made for another machine than the one that was asked for.
fn check_machine(build: Build) -> Result<()> {
    for image in files::list(&build.folder())? {
        if image.extension().is_some_and(|ending| ending == "sys") {
            let machine = machine_of(&files::read_bytes(&image)?)
                .with_context(|| format!("{} is no 64-bit image", image.display()))?;
            ensure!(
                machine == build.architecture.machine,
                "{} is for the machine {machine:#x} and was built for {:#x} ({})",
                image.display(),
                build.architecture.machine,
                build.architecture.rust
            );
        }
    }
    Ok(())
}

/// `Machine` in the file header of an image.
fn machine_of(image: &[u8]) -> Result<u16> {
    Ok(PeFile64::parse(image)?
        .nt_headers()
        .file_header
        .machine
        .get(LittleEndian))
}

fn with_extension(folder: &Path, image: &str, extension: &str) -> PathBuf {
    folder.join(format!("{image}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::machine_of;

    #[test]
    fn what_is_no_image_has_no_machine() {
        assert!(machine_of(b"MZ").is_err());
    }
}
