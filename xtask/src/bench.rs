//! The task `bench`: direct calls against what a driver developer would use instead, in the lab, with release images.
//!
//! Parts: [`drivers`] runs lab/bench in nthost, [`lab`] times nthost itself, [`samples`] holds what both say, [`figures`] makes ratios of it;
//! [`table`], [`data`], [`plot`] and [`page`] show them; [`counts`] compares counted instructions with the baseline.

mod counts;
mod crowd;
mod data;
mod drivers;
mod figures;
mod lab;
mod machine;
mod page;
mod plot;
mod queries;
mod samples;
mod sizes;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Arg, ArgAction};

use crate::{build::Build, c_drivers, command, drivers as images, files, lab as host, place};

use figures::Figure;
use machine::Machine;
use queries::Query;
use samples::Samples;
use sizes::Image;

/// Where the data and the plot go.
const FOLDER: &str = "bench";

/// Everything of one run.
struct Report {
    machine: Machine,
    queries: Vec<Query>,
    figures: Vec<Figure>,
    /// sample.sys, and the same in C.
    image: Image,
    image_of_c: Image,
    /// Ticks of the time-stamp counter in a nanosecond.
    clock: f64,
}

/// The task `bench`.
///
/// # Errors
///
/// When something does not build, a run in the lab does not pass, or instructions grew by more than the limit.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let flag = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let matches = clap::Command::new("bench")
        .arg(
            flag(
                "check",
                "Count instructions and compare them with lab/bench/baseline.json",
            )
            .conflicts_with("baseline"),
        )
        .arg(flag(
            "baseline",
            "Count instructions and write lab/bench/baseline.json",
        ))
        .arg(flag(
            "page",
            "Write docs/performance.md and docs/performance.svg too",
        ))
        .get_matches_from(command::words("bench", arguments));
    if matches.get_flag("check") {
        return counts::check();
    }
    if matches.get_flag("baseline") {
        return counts::write_baseline();
    }
    show(&measure()?, matches.get_flag("page"))?;
    Ok(ExitCode::SUCCESS)
}

/// Builds what is measured, and measures.
fn measure() -> Result<Report> {
    images::build_all(Build::RELEASE)?;
    images::build_crowd(Build::RELEASE)?;
    c_drivers::build_bench(Build::RELEASE)?;
    let nthost = host::build_nthost(true)?;
    drivers::demonstrate_c(&nthost)?;
    command::stage("measuring in the lab");
    let mut machine = Machine::look()?;
    let mut samples = Samples::default();
    drivers::measure(&nthost, &mut samples)?;
    lab::measure(&nthost, &mut samples)?;
    command::stage("starting and removing children");
    crowd::measure(&nthost, &mut samples)?;
    machine.finish()?;
    Ok(Report {
        machine,
        queries: queries::count(&nthost)?,
        figures: figures::all(&samples)?,
        image: Image::read(&Build::RELEASE.folder().join("sample.sys"))?,
        image_of_c: Image::read(&Build::RELEASE.folder().join("c/sample.sys"))?,
        clock: samples.clock()?,
    })
}

/// Prints the table and writes the files.
fn show(report: &Report, page: bool) -> Result<()> {
    print!("{}", table::render(&report.figures));
    let folder = place::TARGET.join(FOLDER);
    let plot = plot::render(&report.figures);
    files::write(&folder.join("bench.json"), data::render(report)?.as_bytes())?;
    files::write(&folder.join("bench.svg"), plot.as_bytes())?;
    if page {
        files::write(&place::ROOT.join("docs/performance.svg"), plot.as_bytes())?;
        files::write(
            &place::ROOT.join("docs/performance.md"),
            page::render(report).as_bytes(),
        )?;
    }
    eprintln!("xtask: data and plot are in {}", folder.display());
    Ok(())
}
