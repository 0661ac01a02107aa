//! `--check`: instructions, which do not depend on how busy the machine is, against a stored baseline.

use std::{collections::BTreeMap, path::PathBuf, process::Command, process::ExitCode};

use anyhow::{Context, Result};

use crate::{command, files, place, toolchain};

/// Debian's package, and the program.
const PACKAGES: &[(&str, &str)] = &[("valgrind", "valgrind")];
const BASELINE: &str = "lab/bench/baseline.json";
/// Instructions may grow by this much.
const LIMIT: f64 = 1.05;
/// The difference of two runs is that of so many turns.
const TURNS: u32 = 1000;

/// Instructions of one turn, by the name of the core.
type Counts = BTreeMap<String, f64>;

/// Compares with the baseline.
///
/// # Errors
///
/// When valgrind is missing, or a core has no baseline.
pub fn check() -> Result<ExitCode> {
    let baseline: Counts = serde_json::from_str(&files::read(&place::ROOT.join(BASELINE))?)
        .with_context(|| format!("{BASELINE} is no list of counts"))?;
    let mut grown = false;
    for (name, now) in count()? {
        let before = *baseline.get(&name).with_context(|| {
            format!("{BASELINE} has no `{name}`; write it with `cargo xtask bench --baseline`")
        })?;
        let too_many = now > before * LIMIT;
        grown |= too_many;
        let verdict = if too_many {
            "more than 5 % above the baseline"
        } else {
            ""
        };
        println!(
            "{name:<20} {now:>10.2} instructions, baseline {before:>10.2}, ratio {:.3}  {verdict}",
            now / before
        );
    }
    Ok(if grown {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Stores what is counted now.
///
/// # Errors
///
/// When valgrind is missing, or the file cannot be written.
pub fn write_baseline() -> Result<ExitCode> {
    let counts = serde_json::to_string_pretty(&count()?).context("the counts cannot be written as JSON")?;
    files::write(&place::ROOT.join(BASELINE), (counts + "\n").as_bytes())?;
    println!("xtask: {BASELINE} is written");
    Ok(ExitCode::SUCCESS)
}

fn count() -> Result<Counts> {
    toolchain::require(PACKAGES)?;
    let program = build()?;
    let names = command::output(&mut Command::new(&program))?;
    names
        .lines()
        .map(|name| {
            let (few, many) = (
                instructions(&program, name, TURNS)?,
                instructions(&program, name, 2 * TURNS)?,
            );
            Ok((name.to_owned(), (many - few) / f64::from(TURNS)))
        })
        .collect()
}

fn build() -> Result<PathBuf> {
    let mut cargo = command::cargo();
    cargo
        .current_dir(&*place::ROOT)
        .args(["build", "--release", "--package", "lab-bench"]);
    command::run(&mut cargo)?;
    Ok(place::TARGET.join("release/lab-bench"))
}

/// What callgrind counts in one run.
fn instructions(program: &PathBuf, core: &str, turns: u32) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([core, &turns.to_string()])
        .output()
        .context("cannot run valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let number = said
        .lines()
        .find_map(|line| line.split("Collected :").nth(1))
        .with_context(|| format!("valgrind did not say what it counted:\n{said}"))?;
    Ok(number.trim().parse()?)
}
