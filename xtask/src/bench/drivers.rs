//! Runs of lab/bench in nthost.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::Samples;
use crate::{build::Build, command, files, place};

/// The most seconds that the run may take.
const TIME_LIMIT: &str = "600";

/// Each run has the images at other addresses, which can cost or save a fifth of a call.
const RUNS: usize = 5;

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
