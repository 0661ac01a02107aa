//! What a query for an interface takes beside time: IRPs, calls of drivers and allocations, as the lab counts them.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{build::Build, command, files, place};

/// Who answers, by the number of the measurement in bench.c.
const KINDS: &[(u32, &str)] = &[
    (3, "a child's PDO"),
    (4, "a filter"),
    (5, "the bus's FDO"),
    (6, "the bus, through a child's PDO"),
];

/// The difference of two runs is that of so many queries.
const TIMES: u32 = 100;

/// The exports that make an IRP.
const MAKE_IRPS: &[&str] = &[
    "IoAllocateIrp",
    "IoBuildSynchronousFsdRequest",
    "IoBuildDeviceIoControlRequest",
];

/// What the lines above the measurements end with, in lab/bench/bench.lab.
const MEASUREMENTS: &str = "# Measurement";

/// What one query and the release of its answer take.
#[derive(Debug)]
pub struct Query {
    /// Who answers.
    pub name: &'static str,
    /// IRPs that were made.
    pub irps: f64,
    /// Times that a driver was called with one.
    pub calls: f64,
    /// Blocks of pool that drivers, and the framework for them, allocated.
    pub allocations: f64,
}

/// nthost's report.
struct Report(Value);

impl Report {
    /// How often drivers called these exports.
    fn calls(&self, names: &[&str]) -> u64 {
        let calls = names.iter().filter_map(|name| self.0["exports"][name].as_u64());
        calls.sum()
    }

    fn allocations(&self) -> u64 {
        self.0["verifier"]["pool_allocations"].as_u64().unwrap_or(0)
    }
}

/// Counts each kind.
///
/// # Errors
///
/// When a run does not pass.
pub fn count(nthost: &Path) -> Result<Vec<Query>> {
    KINDS
        .iter()
        .map(|(kind, name)| one(nthost, *kind, name))
        .collect()
}

fn one(nthost: &Path, kind: u32, name: &'static str) -> Result<Query> {
    let (few, many) = (run(nthost, kind, TIMES)?, run(nthost, kind, 2 * TIMES)?);
    let each = |count: &dyn Fn(&Report) -> u64| -> Result<f64> {
        let more = count(&many).checked_sub(count(&few));
        let more = more.context("more queries took less")?;
        Ok(f64::from(u32::try_from(more)?) / f64::from(TIMES))
    };
    Ok(Query {
        name,
        irps: each(&|report| report.calls(MAKE_IRPS))?,
        calls: each(&|report| report.calls(&["IofCallDriver"]))?,
        allocations: each(&Report::allocations)?,
    })
}

/// Runs the script's first lines, and so many queries.
fn run(nthost: &Path, kind: u32, times: u32) -> Result<Report> {
    let lines = files::read(&place::ROOT.join("lab/bench/bench.lab"))?;
    let (start, rest) = lines
        .split_once(MEASUREMENTS)
        .context("bench.lab has no measurements")?;
    ensure!(!rest.is_empty(), "bench.lab has no measurements");
    // The bytes in memory.
    let numbers = [kind, times]
        .map(|number| format!("{:08X}", number.swap_bytes()))
        .concat();
    let script = format!("{start}\nioctl ROOT\\BENCH\\0000 0x00222000 {numbers}\nexpect STATUS_SUCCESS\n");
    let folder = place::TARGET.join(super::FOLDER);
    let (file, json) = (folder.join("queries.lab"), folder.join("queries.json"));
    files::write(&file, script.as_bytes())?;
    command::output(
        Command::new(nthost)
            .arg("--json")
            .arg(&json)
            .arg("--drivers")
            .arg(Build::RELEASE.folder())
            .arg(&file),
    )?;
    let report = serde_json::from_str(&files::read(&json)?).context("nthost's report is no JSON")?;
    Ok(Report(report))
}
