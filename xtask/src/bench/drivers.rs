//! Runs of lab/bench in nthost.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::Samples;
use crate::{build::Build, command, files, place};

/// The most seconds that the run may take.
const TIME_LIMIT: &str = "600";

/// Each run has the images at other addresses, which can cost or save a fifth of a call.
const RUNS: usize = 5;

/// Runs the demo with sample.sys in C, which has the same function if that passes.
///
/// # Errors
///
/// When it does not pass.
pub fn demonstrate_c(nthost: &Path) -> Result<()> {
    let images = Build::RELEASE.folder();
    let of_c = images.join("c");
    for inf in ["sample.inf", "samplefilter.inf", "sampledll.inf"] {
        files::copy(&images.join(inf), &of_c.join(inf))?;
    }
    command::output(
        Command::new(nthost)
            .arg("--drivers")
            .arg(&of_c)
            .arg("--drivers")
            .arg(&images)
            .arg(place::ROOT.join("lab/scenarios/demo.lab")),
    )
    .map(drop)
}

/// Runs lab/bench/bench.lab several times and reads what it printed.
///
/// # Errors
///
/// When the run does not pass.
pub fn measure(nthost: &Path, samples: &mut Samples) -> Result<()> {
    let folder = place::ROOT.join("lab/bench");
    let images = Build::RELEASE.folder();
    // A package's files lie beside its INF file.
    files::copy(&folder.join("drivers/bench.inf"), &images.join("bench.inf"))?;
    for _ in 0..RUNS {
        let output = command::output(
            Command::new(nthost)
                .args(["--time-limit", TIME_LIMIT, "--drivers"])
                .arg(&images)
                .arg(folder.join("bench.lab")),
        )?;
        samples.read(&output)?;
    }
    Ok(())
}
