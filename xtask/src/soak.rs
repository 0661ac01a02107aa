//! The task `soak`: random operations in the lab, from several threads, for as long as one likes.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, ExitCode, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use crate::{build::Build, c_drivers, command, drivers, files, lab, place};

/// Packages and devices, which stand before the line `soak …`.
const SCENARIO: &str = "lab/scenarios/soak.lab";
/// The operations.
const TABLE: &str = "lab/scenarios/sample.soak";
/// The package of the client that holds tables.
const INF: &str = "lab/tests/drivers/soak.inf";

/// How many minutes unless the command line says so.
const MINUTES: u32 = 1;
/// What the end of a run may take beside its time, in seconds.
const SPARE: u32 = 600;
/// The limit of a run that has a number of operations, in seconds.
const DAY: u32 = 24 * 60 * 60;

/// The task `soak`.
///
/// # Errors
///
/// When something does not build, or a file cannot be written.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let arguments = command_line().get_matches_from(command::words("soak", arguments));
    let debug = arguments.get_flag("debug");
    let build = if debug { Build::DEBUG } else { Build::RELEASE };
    drivers::build_all(build)?;
    c_drivers::build_soak(build)?;
    let nthost = lab::build_nthost(!debug)?;
    let images = build.folder();
    // A package's files lie beside its INF file.
    files::copy(&place::ROOT.join(INF), &images.join("soak.inf"))?;
    let script = place::TARGET.join("soak/soak.lab");
    let text = files::read(&place::ROOT.join(SCENARIO))? + &line(&arguments) + "\n";
    files::write(&script, text.as_bytes())?;
    run_lab(
        Command::new(nthost)
            .args(["--faults-on-demand", "--time-limit", &time_limit(&arguments)])
            .arg("--drivers")
            .arg(images)
            .arg(script),
    )
}

/// What nthost says at the end of a run that does not pass, before the options that repeat it.
const AGAIN: &str = "soak: the same again: ";

/// Shows what nthost prints, and after a failure the command for the same sequences.
fn run_lab(nthost: &mut Command) -> Result<ExitCode> {
    let mut running = nthost
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run nthost")?;
    let output = running.stdout.take().context("nthost has no output")?;
    let mut again = None;
    for line in BufReader::new(output).lines() {
        let line = line.context("nthost prints no UTF-8")?;
        println!("{line}");
        again = line.strip_prefix(AGAIN).map(str::to_owned).or(again);
    }
    let code = running.wait()?.code().context("nthost was killed")?;
    if let Some(options) = again {
        eprintln!(
            "xtask: the same again: cargo xtask soak {}",
            options.replace('/', "--")
        );
    }
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

fn command_line() -> clap::Command {
    let number = |name, help| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .value_parser(value_parser!(u32))
            .help(help)
    };
    clap::Command::new("soak")
        .about("Random operations on the drivers in the lab; an equal seed gives each thread the same ones")
        .arg(number("minutes", "How long (1)").conflicts_with("operations"))
        .arg(number(
            "operations",
            "How many operations of all threads together, instead of a time",
        ))
        .arg(number("seed", "The seed; without one it is taken from the clock"))
        .arg(number(
            "threads",
            "How many threads (4); with 1 a run repeats exactly",
        ))
        .arg(number(
            "round",
            "After how many operations everything is unloaded and looked for leaks (1000)",
        ))
        .arg(
            Arg::new("debug")
                .long("debug")
                .action(ArgAction::SetTrue)
                .help("The drivers and the kernel that are not optimized"),
        )
}

/// The line of the script.
fn line(arguments: &ArgMatches) -> String {
    let given = |name| arguments.get_one::<u32>(name).copied();
    let seed = given("seed").unwrap_or_else(seed_of_the_clock);
    let default = given("operations").map_or(Some(MINUTES), |_| None);
    let options = [
        ("seed", Some(seed)),
        ("threads", given("threads")),
        ("round", given("round")),
        ("operations", given("operations")),
        ("minutes", given("minutes").or(default)),
    ];
    let words = options
        .into_iter()
        .filter_map(|(option, number)| Some(format!(" /{option} {}", number?)));
    let table = place::ROOT.join(TABLE);
    format!("soak \"{}\"{}", table.display(), words.collect::<String>())
}

fn seed_of_the_clock() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Any bits that change from run to run.
    since.subsec_nanos() ^ u32::try_from(since.as_secs() & u64::from(u32::MAX)).unwrap_or_default()
}

fn time_limit(arguments: &ArgMatches) -> String {
    let minutes = arguments.get_one("minutes").copied().unwrap_or(MINUTES);
    let limit = match arguments.get_one::<u32>("operations") {
        Some(_) => DAY,
        None => minutes.saturating_mul(60).saturating_add(SPARE),
    };
    limit.to_string()
}
