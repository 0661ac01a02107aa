//! `--check`: instructions, which do not depend on how busy the machine is, against a stored baseline.

use std::{collections::BTreeMap, path::PathBuf, process::Command, process::ExitCode};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

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

/// What a baseline is of.
struct Baseline {
    /// The compiler, as it names itself: another one makes other instructions of the same source.
    compiler: String,
    /// The machine that it compiles for: counts of different ones have nothing to do with each other.
    machine: String,
    counts: Counts,
}

impl Baseline {
    fn read() -> Result<Self> {
        let text = files::read(&place::ROOT.join(BASELINE))?;
        let value: Value = serde_json::from_str(&text).with_context(|| format!("{BASELINE} is no JSON"))?;
        let words = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let counts = serde_json::from_value(value["instructions"].clone());
        Ok(Self {
            compiler: words("compiler"),
            machine: words("machine"),
            counts: counts.with_context(|| format!("{BASELINE} has no list of counts"))?,
        })
    }

    fn now() -> Result<Self> {
        let (compiler, machine) = compiler()?;
        Ok(Self {
            compiler,
            machine,
            counts: count()?,
        })
    }
}

/// Compares with the baseline.
///
/// # Errors
///
/// When valgrind is missing, the baseline is another machine's, or a core has none.
pub fn check() -> Result<ExitCode> {
    let (before, now) = (Baseline::read()?, Baseline::now()?);
    ensure!(
        before.machine == now.machine,
        "{BASELINE} has the counts of {}, and this is {}: they cannot be compared",
        before.machine,
        now.machine
    );
    let mut grown = false;
    for (name, count) in &now.counts {
        grown |= is_too_many(name, *count, &before.counts)?;
    }
    if grown && before.compiler != now.compiler {
        println!(
            "xtask: the baseline was counted with {}, this with {}; if the compiler alone is the reason, write a new one with \
             `cargo xtask bench --baseline`",
            before.compiler, now.compiler
        );
    }
    Ok(if grown {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Tells how a core's count compares, and whether it grew by more than the limit.
fn is_too_many(name: &str, now: f64, before: &Counts) -> Result<bool> {
    let before = *before.get(name).with_context(|| {
        format!("{BASELINE} has no `{name}`; write it with `cargo xtask bench --baseline`")
    })?;
    let too_many = now > before * LIMIT;
    let verdict = if too_many {
        "more than 5 % above the baseline"
    } else {
        ""
    };
    println!(
        "{name:<20} {now:>10.2} instructions, baseline {before:>10.2}, ratio {:.3}  {verdict}",
        now / before
    );
    Ok(too_many)
}

/// Stores what is counted now.
///
/// # Errors
///
/// When valgrind is missing, or the file cannot be written.
pub fn write_baseline() -> Result<ExitCode> {
    let now = Baseline::now()?;
    let value = json!({ "compiler": now.compiler, "machine": now.machine, "instructions": now.counts });
    let text = serde_json::to_string_pretty(&value).context("the counts cannot be written as JSON")?;
    files::write(&place::ROOT.join(BASELINE), (text + "\n").as_bytes())?;
    println!("xtask: {BASELINE} is written");
    Ok(ExitCode::SUCCESS)
}

/// How rustc names itself, and the machine.
fn compiler() -> Result<(String, String)> {
    let text = command::output(Command::new("rustc").arg("-vV"))?;
    let machine = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok((
        text.lines().next().unwrap_or_default().to_owned(),
        machine.context("rustc does not name its host")?.to_owned(),
    ))
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
