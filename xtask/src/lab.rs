//! The lab: nthost with the project's drivers.

use std::{
    env,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};
use clap::{Arg, Command as Clap, value_parser};

use crate::{build::Build, command, drivers, files, place, toolchain};

/// Asks for drivers and a kernel that are optimized, and do not print for each call.
const RELEASE: &str = "--release";

/// The main scenario.
const DEMO: &str = "lab/scenarios/demo.lab";

/// The picture that the README shows; lab/tests compares it with the demo's.
const PICTURE: &str = "docs/demo.svg";

/// The task `demo`.
///
/// # Errors
///
/// When drivers or lab do not build.
pub fn demo(arguments: &[String]) -> Result<ExitCode> {
    run(arguments, Some(place::ROOT.join(DEMO)))
}

/// The task `picture`: the demo's device tree for the README.
///
/// # Errors
///
/// When drivers or lab do not build.
pub fn picture(_: &[String]) -> Result<ExitCode> {
    let picture = place::ROOT.join(PICTURE).display().to_string();
    demo(&["--svg".to_owned(), picture])
}

/// The task `lab`: everything after it is for nthost, but for `--release`.
///
/// # Errors
///
/// When drivers or lab do not build.
pub fn lab(arguments: &[String]) -> Result<ExitCode> {
    run(arguments, None)
}

/// The name of the program that is installed.
const PROGRAM: &str = "lab";

/// The task `install`: the lab as one file, with the framework's runtime in it.
///
/// # Errors
///
/// When runtime or lab do not build, or the program cannot be copied.
pub fn install(line: &[String]) -> Result<ExitCode> {
    let to = Arg::new("to")
        .long("to")
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .help("Where to put it; cargo's own folder of programs unless told");
    let matches = Clap::new("install")
        .arg(to)
        .get_matches_from(command::words("install", line));
    let folder = matches
        .get_one::<PathBuf>("to")
        .cloned()
        .unwrap_or_else(|| toolchain::cargo_home().join("bin"));
    drivers::build_only(Build::RELEASE, RUNTIME)?;
    let image = Build::RELEASE.folder().join("wdfldr.sys");
    // A folder of its own: the lab of the other tasks carries nothing, and would be built anew for each change of the runtime.
    let target = place::TARGET.join("install");
    let mut cargo = command::cargo();
    cargo
        .current_dir(&*place::ROOT)
        .args(["build", "--release", "--package", "nthost", "--target-dir"])
        .arg(&target)
        .env("LAB_WDFLDR", &image);
    command::run(&mut cargo)?;
    let program = folder.join(PROGRAM);
    files::make_folder(&folder)?;
    // A running program cannot be written to, but its name can be given to another file.
    let _ = std::fs::remove_file(&program);
    std::fs::copy(target.join("release/nthost"), &program)
        .with_context(|| format!("cannot write {}", program.display()))?;
    eprintln!("xtask: installed {}", program.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds the lab's kernel and returns the program.
///
/// # Errors
///
/// When it does not build.
pub fn build_nthost(release: bool) -> Result<PathBuf> {
    let mut cargo = command::cargo();
    cargo
        .current_dir(&*place::ROOT)
        .args(["build", "--package", "nthost"]);
    if release {
        cargo.arg("--release");
    }
    command::run(&mut cargo)?;
    Ok(place::TARGET
        .join(if release { "release" } else { "debug" })
        .join("nthost"))
}

/// The package of the framework's runtime.
const RUNTIME: &str = "wdfldr";

/// Runs nthost where the user is, so that relative paths in arguments and scripts are the user's.
fn run(arguments: &[String], script: Option<PathBuf>) -> Result<ExitCode> {
    let release = arguments.iter().any(|argument| argument == RELEASE);
    let build = if release { Build::RELEASE } else { Build::DEBUG };
    if arguments.first().is_some_and(|first| first == "run") {
        // Somebody else's driver needs none of ours.
        drivers::build_only(build, RUNTIME)?;
    } else {
        drivers::build_all(build)?;
    }
    let mut command = Command::new(build_nthost(release)?);
    command
        .arg("--drivers")
        .arg(build.folder())
        .args(arguments.iter().filter(|argument| *argument != RELEASE))
        .args(script);
    command.current_dir(env::current_dir()?);
    command::exit_code(&mut command)
}
