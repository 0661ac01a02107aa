//! `soak`: a short one with a fixed seed passes, its sequences repeat, and what goes wrong in one is told with the way to repeat it.

use anyhow::{Context, Result, ensure};
use lab_tests::{Build, Lab, Run, c_driver, exit};

/// What stands before the line `soak …`.
const SCENARIO: &str = include_str!("../../scenarios/soak.lab");
const CLIENT: &str = include_str!("../drivers/soak.c");
const PACKAGE: &str = include_str!("../drivers/soak.inf");
const TABLE: &str = include_str!("../../scenarios/sample.soak");
/// Seconds: many times what a short soak takes.
const TIME_LIMIT: &str = "300";

fn lab() -> Result<Lab> {
    let lab = Lab::new(Build::Debug)?;
    with_client(lab)
}

fn with_client(lab: Lab) -> Result<Lab> {
    lab.compile(&c_driver::CDriver {
        name: "soak",
        source: CLIENT,
        defines: &[],
        exports: &[],
        libraries: &[],
    })?;
    lab.write("soak.inf", PACKAGE.as_bytes())?;
    lab.write("sample.soak", TABLE.as_bytes())?;
    Ok(lab)
}

fn soak(lab: &Lab, options: &str) -> Result<Run> {
    let line = format!("soak sample.soak {options}");
    let lines: Vec<&str> = SCENARIO.lines().chain([line.as_str()]).collect();
    lab.run_with(&["--faults-on-demand", "--time-limit", TIME_LIMIT], &lines)
}

/// What identifies the sequence of each thread.
fn digests(run: &Run) -> Vec<&str> {
    let told = run.output.lines().filter(|line| line.contains(", digest "));
    told.collect()
}

#[test]
fn a_short_soak_passes() -> Result<()> {
    let run = soak(&lab()?, "/seed 6 /operations 5000")?;
    run.passes()?;
    run.says("soak: 5000 operations in ")?;
    let row = |name: &str| {
        let line = run.output.lines().find(|line| line.starts_with(name));
        let done = line.and_then(|line| line[name.len()..].split_whitespace().next()?.parse::<u32>().ok());
        done.with_context(|| format!("the table has no {name}\n{}", run.output))
    };
    // A soak in which nothing works would pass too.
    for name in [
        "double ",
        "call through it",
        "plug in",
        "surprise-remove",
        "fault",
        "start a service",
    ] {
        ensure!(row(name)? > 10, "`{name}` was hardly ever done\n{}", run.output);
    }
    Ok(())
}

#[test]
fn an_equal_seed_gives_every_thread_the_same_sequence() -> Result<()> {
    let lab = lab()?;
    let options = "/threads 2 /operations 200 /seed";
    let first = soak(&lab, &format!("{options} 3"))?;
    let again = soak(&lab, &format!("{options} 3"))?;
    let other = soak(&lab, &format!("{options} 4"))?;
    ensure!(digests(&first).len() == 2, "{}", first.output);
    ensure!(digests(&first) == digests(&again));
    ensure!(digests(&first)[0] != digests(&other)[0]);
    ensure!(digests(&first)[0] != digests(&first)[1].replace("thread 1", "thread 0"));
    Ok(())
}

#[test]
fn a_leak_ends_the_round_with_what_was_done_and_how_to_repeat_it() -> Result<()> {
    let run = soak(
        &with_client(Lab::with_forgetful_child()?)?,
        "/seed 1 /operations 1000 /round 200",
    )?;
    run.ends(exit::LEAK, "verdict: leak")?;
    run.says("interface reference")?;
    run.says("soak: thread 3, its last operations")?;
    run.says("soak: the same again: /seed 1 /threads 4 /operations 200")
}

#[test]
fn fail_nth_lets_calls_fail_on_demand_only() -> Result<()> {
    let lab = lab()?;
    let lines = [
        "pnputil /add-driver sample.inf /install",
        "fail-nth 1",
        r"devgen /add /hardwareid root\SampleBus",
    ];
    let run = lab.run_with(&["--faults-on-demand"], &lines)?;
    run.passes()?;
    run.says("fault: ")?;
    let run = lab.run(&lines)?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says("nthost was started without --faults-on-demand")
}

#[test]
fn a_table_that_is_wrong_is_told_with_file_and_line() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    lab.write("wrong.soak", b"5 scan\n    pnputil {nobody}\n")?;
    let run = lab.run(&["soak wrong.soak /seed 1"])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says("wrong.soak:2: {nobody} is no name, number, hex or bytes")
}
