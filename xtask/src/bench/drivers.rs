//! One run of lab/bench in nthost.

use std::{path::Path, process::Command};

use anyhow::Result;

use super::Samples;
use crate::{build::Build, command, files, place};

/// The most seconds that the run may take.
const TIME_LIMIT: &str = "600";

/// Runs lab/bench/bench.lab and reads what it printed.
///
/// # Errors
///
/// When the run does not pass.
pub fn measure(nthost: &Path, samples: &mut Samples) -> Result<()> {
    let folder = place::ROOT.join("lab/bench");
    let images = Build::RELEASE.folder();
    // A package's files lie beside its INF file.
    files::copy(&folder.join("drivers/bench.inf"), &images.join("bench.inf"))?;
    let output = command::output(
        Command::new(nthost)
            .args(["--time-limit", TIME_LIMIT, "--drivers"])
            .arg(images)
            .arg(folder.join("bench.lab")),
    )?;
    samples.read(&output)
}
