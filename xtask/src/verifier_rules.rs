//! The task `verifier-rules`: docs/verifier-rules.md, the rules that nthost holds drivers to.

use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};

use crate::{files, lab, place};

const PAGE: &str = "docs/verifier-rules.md";

/// Writes the page: what nthost prints of its list. lab/tests compares the two.
///
/// # Errors
///
/// When nthost does not build, or the page cannot be written.
pub fn run(_: &[String]) -> Result<ExitCode> {
    let output = Command::new(lab::build_nthost(false)?).arg("--rules").output()?;
    ensure!(
        output.status.success(),
        "nthost --rules failed: {}",
        output.status
    );
    files::write(&place::ROOT.join(PAGE), &output.stdout)?;
    Ok(ExitCode::SUCCESS)
}
