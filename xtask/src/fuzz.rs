//! The task `fuzz`: gives the lab's readers and the drivers any bytes, by libFuzzer.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::{Arg, value_parser};

use crate::{build::Build, cargo_tool::CargoTool, command, drivers, nightly, place};

const CARGO_FUZZ: CargoTool = CargoTool {
    package: "cargo-fuzz",
    version: "0.13.2",
};

/// The package with the targets.
const PACKAGE: &str = "lab/fuzz";

/// Optimized enough: the whole of the release profile takes minutes more to build than the runs take.
const PROFILE: &[(&str, &str)] = &[
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
];

/// A target, and the run without a time: so many inputs from one seed, the same each time.
struct Target {
    name: &'static str,
    runs: &'static str,
    /// Folders of the repository whose files are inputs too.
    seeds: &'static [&'static str],
    /// Whether it runs the release images.
    drivers: bool,
}

/// Together the runs take about half a minute of one processor.
const TARGETS: &[Target] = &[
    Target {
        name: "loader",
        runs: "100000",
        seeds: &[],
        drivers: false,
    },
    Target {
        name: "inf",
        runs: "10000",
        seeds: &["packages"],
        drivers: false,
    },
    Target {
        name: "registry",
        runs: "10000",
        seeds: &[],
        drivers: false,
    },
    Target {
        name: "command_line",
        runs: "10000",
        seeds: &["lab/scenarios"],
        drivers: false,
    },
    Target {
        name: "requests",
        runs: "2000",
        seeds: &[],
        drivers: true,
    },
    Target {
        name: "parameters",
        runs: "200",
        seeds: &[],
        drivers: true,
    },
];

/// How long one input may take, in seconds.
const INPUT_LIMIT: u32 = 25;
/// How long the runs with a fixed number of inputs may take, each; many times what they need.
const RUN_LIMIT: Duration = Duration::from_mins(10);

/// The task `fuzz`. Without a target: every one, each with a fixed number of inputs.
///
/// # Errors
///
/// When something cannot be installed or built, or there is no such target.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let arguments = command_line().get_matches_from(command::words("fuzz", arguments));
    let named: Option<&String> = arguments.get_one("target");
    let minutes: Option<&u32> = arguments.get_one("minutes");
    let wanted: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| named.is_none_or(|name| name == target.name))
        .collect();
    let fuzzer = Fuzzer::build(&wanted)?;
    for target in wanted {
        let code = fuzzer.run(target, minutes.copied())?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn command_line() -> clap::Command {
    clap::Command::new("fuzz")
        .no_binary_name(false)
        .about("Gives the lab's readers and the drivers any bytes, by libFuzzer")
        .arg(
            Arg::new("target")
                .value_name("TARGET")
                .value_parser(TARGETS.iter().map(|target| target.name).collect::<Vec<_>>())
                .help("Without one: every target"),
        )
        .arg(
            Arg::new("minutes")
                .long("minutes")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..))
                .help("So long, from a new seed; without it a fixed number of inputs, the same each time"),
        )
}

/// The programs, built.
struct Fuzzer {
    programs: PathBuf,
}

impl Fuzzer {
    fn build(wanted: &[&Target]) -> Result<Self> {
        if wanted.iter().any(|target| target.drivers) {
            drivers::build_all(Build::RELEASE)?;
        }
        command::stage("building the fuzz targets");
        let folder = place::TARGET.join("fuzz");
        let mut cargo = nightly::cargo()?;
        CARGO_FUZZ.provide(&mut cargo)?;
        cargo
            .current_dir(&*place::ROOT)
            .args(["fuzz", "build", "--fuzz-dir", PACKAGE, "--features", "libfuzzer"])
            .arg("--target-dir")
            .arg(&folder)
            .envs(PROFILE.iter().copied())
            // Debian's clang brings the headers that libFuzzer needs.
            .env("CXX", "clang++");
        command::run(&mut cargo)?;
        Ok(Self {
            programs: folder.join(HOST).join("release"),
        })
    }

    fn run(&self, target: &Target, minutes: Option<u32>) -> Result<ExitCode> {
        let folder = place::TARGET.join("fuzz").join(target.name);
        let found = folder.join("corpus");
        if minutes.is_none() && found.exists() {
            // What earlier runs have found would make this one another.
            fs::remove_dir_all(&found).with_context(|| format!("cannot remove {}", found.display()))?;
        }
        fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
        command::stage(&format!("fuzzing {}", target.name));
        let mut program = Command::new(self.programs.join(target.name));
        program
            .current_dir(&*place::ROOT)
            .args(limits(target, minutes))
            .arg(format!("-timeout={INPUT_LIMIT}"))
            .arg(format!("-artifact_prefix={}/", folder.display()))
            // The lab's standard output; what libFuzzer says is on the other one.
            .args(["-close_fd_mask=1", "-verbosity=0", "-print_final_stats=1"])
            .arg(&found)
            .args(seeds(target)?)
            .env("LAB_DRIVERS_RELEASE", Build::RELEASE.folder())
            // The lab handles faults of drivers itself.
            .env(
                "ASAN_OPTIONS",
                "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0",
            );
        let limit = minutes.map_or(RUN_LIMIT, |minutes| {
            RUN_LIMIT + Duration::from_mins(minutes.into())
        });
        command::exit_code_within(limit, &program)
    }
}

/// The only host whose programs the lab runs on.
const HOST: &str = "x86_64-unknown-linux-gnu";

fn limits(target: &Target, minutes: Option<u32>) -> Vec<String> {
    minutes.map_or_else(
        || vec!["-seed=1".to_owned(), format!("-runs={}", target.runs)],
        |minutes| vec![format!("-max_total_time={}", minutes * 60)],
    )
}

/// The folders with inputs to begin with.
fn seeds(target: &Target) -> Result<Vec<PathBuf>> {
    let own = format!("{PACKAGE}/corpus/{}", target.name);
    let folders = std::iter::once(own.as_str()).chain(target.seeds.iter().copied());
    folders.map(folder).collect()
}

fn folder(name: &str) -> Result<PathBuf> {
    let folder = place::ROOT.join(Path::new(name));
    ensure!(folder.is_dir(), "the folder {} is missing", folder.display());
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_program_is_a_target_with_inputs_to_begin_with() {
        let programs = fs::read_dir(place::ROOT.join(PACKAGE).join("targets")).unwrap();
        let programs: BTreeSet<String> = programs
            .map(|entry| entry.unwrap().path())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
        assert_eq!(programs, targets);
        for target in TARGETS {
            assert!(!seeds(target).unwrap().is_empty(), "{}", target.name);
        }
    }

    #[test]
    fn a_run_without_a_time_is_the_same_each_time() {
        assert_eq!(limits(&TARGETS[0], None), ["-seed=1", "-runs=100000"]);
        assert_eq!(limits(&TARGETS[0], Some(2)), ["-max_total_time=120"]);
    }
}
