//! The task `infverif`: what `InfVerif` would refuse in INF files, by the rules of `lab-inf`; and the task `inf-rules`, which writes
//! docs/inf-rules.md from the rules.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use lab_inf::verify::{self, Finding, Mode, Severity};

use crate::{build::Build, command, files, package::sources, place};

const PAGE: &str = "docs/inf-rules.md";

/// The task `infverif`: files and a mode. Without files every INX file of the repository; without a mode the one that each asks for.
///
/// # Errors
///
/// When a file cannot be read, or an INX file not stamped.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let (switches, given): (Vec<_>, Vec<_>) = arguments
        .iter()
        .partition(|argument| Mode::of_switch(argument).is_some());
    let mode = switches.last().and_then(|switch| Mode::of_switch(switch));
    let named: Vec<_> = given.iter().map(PathBuf::from).collect();
    let chosen = if named.is_empty() { inx_files()? } else { named };
    let errors = verify_files(&chosen, mode)?;
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Verifies every INX file of the repository.
///
/// # Errors
///
/// When one has a finding that is an error.
pub fn check() -> Result<()> {
    command::stage("verifying the INF files");
    let errors = verify_files(&inx_files()?, None)?;
    ensure!(errors == 0, "the INF files have errors: {errors}");
    Ok(())
}

/// The task `inf-rules`.
///
/// # Errors
///
/// When the page cannot be written.
pub fn write_page(_: &[String]) -> Result<ExitCode> {
    files::write(&place::ROOT.join(PAGE), verify::coverage::page().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the findings of each file, and returns the number of errors.
fn verify_files(files: &[PathBuf], mode: Option<Mode>) -> Result<usize> {
    let mut errors = 0;
    for file in files {
        let findings = verify_file(file, mode)?;
        for finding in &findings {
            println!("{finding}");
        }
        errors += findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count();
    }
    println!("INF files: {}, errors: {errors}", files.len());
    Ok(errors)
}

/// An INX file is stamped first; that keeps its lines.
fn verify_file(file: &Path, mode: Option<Mode>) -> Result<Vec<Finding>> {
    if !is_inx(file) {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        return Ok(verify::verify_bytes(file, &bytes, mode));
    }
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let text = sources::stamped(file, &name, Build::RELEASE)?;
    Ok(verify::verify_bytes(file, text.as_bytes(), mode))
}

fn is_inx(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("inx"))
}

/// Every INX file of the repository, in the order of their names.
fn inx_files() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(&place::ROOT, &mut found)?;
    ensure!(
        !found.is_empty(),
        "there is no INX file in {}",
        place::ROOT.display()
    );
    found.sort();
    Ok(found)
}

/// Everything below a folder but what cargo and git keep there.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let is_hidden = name.to_string_lossy().starts_with('.');
        if entry.file_type()?.is_dir() {
            if !is_hidden && name != "target" && path != *place::TARGET {
                collect(&path, found)?;
            }
        } else if is_inx(&path) {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{PAGE, inx_files, verify, verify_file};
    use crate::{files, place};

    #[test]
    fn the_page_is_that_of_the_rules() {
        let page = files::read(&place::ROOT.join(PAGE)).expect("the page is in the repository");
        let same = page == verify::coverage::page();
        assert!(same, "{PAGE} is old: run `cargo xtask inf-rules`");
    }

    #[test]
    fn the_bus_package_is_found_and_a_wrong_mode_for_it_would_be_noticed() {
        let bus = place::ROOT.join("driver.inx");
        assert!(inx_files().expect("the repository can be listed").contains(&bus));
        let text = files::read(&bus).expect("it is there").replace("= 13", "= 12");
        let folder = std::env::temp_dir().join(format!("xtask-infverif-{}", std::process::id()));
        let copy = folder.join("bus.inx");
        files::write(&copy, text.as_bytes()).expect("the temporary folder can be written");
        let found = |switch| {
            let mode = verify::Mode::of_switch(switch);
            verify_file(&copy, mode)
                .expect("it is stamped")
                .iter()
                .any(|finding| finding.rule.id == "destination-not-isolated")
        };
        assert!(found("/w") && !found("/u"));
        std::fs::remove_dir_all(folder).expect("it was made above");
    }
}
