//! Every rule of the verifier's list: a driver breaks it on command and is caught by its name, and keeps it on another and is not.

use std::io::{Write as _, stderr};

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, Run,
    c_driver::{CDriver, HOSTILE, HOSTILE_KMDF},
    exit,
};

/// `IOCTL_HOSTILE_BREAK` and `IOCTL_HOSTILE_KEEP` of the drivers.
const BREAK: &str = "0x222000";
const KEEP: &str = "0x222004";

/// The seconds for a run that has to end by the time limit.
const SHORT: u32 = 2;

/// A rule, as a row of the list has it.
#[derive(Clone, Debug)]
struct Rule {
    name: String,
    outcome: String,
    code: String,
    remedy: String,
}

/// More than one way to break a rule: the commands are `RULE:VARIANT`.
const VARIANTS: &[&str] = &[
    "pool-underrun:page",
    "cancel-lock-held:dispatch",
    "lock-order:mutexes",
    "lock-order:deadlock",
    "lock-order:resource",
    "resource-invalid:twice",
    "pending-not-marked:later",
    "location-copied:twice-in-a-stack",
    "null-pointer:export",
    "null-pointer:print",
    "null-pointer:routine",
    "pending-at-unload:pool",
    "breakpoint:int3",
    "assertion:int2c",
    "endless-loop:polling",
    "wait-without-waker:mutex",
];

/// The rules on the page of `nthost --rules`.
fn rules(page: &str) -> Vec<Rule> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split(" | ").map(str::trim);
        let mut next = || cells.next().unwrap_or_default().to_owned();
        let (name, outcome, code, _wrong, remedy) = (next(), next(), next(), next(), next());
        Rule {
            name: name.trim_matches('`').to_owned(),
            outcome,
            code,
            remedy,
        }
    })
    .collect()
}

/// A lab with both hostile drivers.
fn lab() -> Result<Lab> {
    let lab = Lab::new(Build::Release)?;
    lab.function_driver("hostile", HOSTILE, r"root\Hostile")?;
    lab.compile_kmdf(&CDriver {
        name: "hostile-kmdf",
        source: HOSTILE_KMDF,
        defines: &[],
        exports: &[],
        libraries: &[],
    })?;
    Ok(lab)
}

/// Runs a command. The second device is for what shows when one is made.
fn run(lab: &Lab, command: &str, code: &str) -> Result<Run> {
    let limit = match command.split(':').next() {
        Some("endless-loop" | "wait-without-waker" | "irp-not-completed") if code == BREAK => SHORT,
        _ => 60,
    };
    let driver = driver_of(command);
    let ioctl = format!(r"ioctl \Device\{driver} {code} text:{command}");
    let start: &[&str] = if driver == "hostile" {
        &[
            "pnputil /add-driver hostile.inf /install",
            r"devgen /add /hardwareid root\Hostile",
        ]
    } else {
        &[
            "sc create hostile-kmdf binPath= hostile-kmdf.sys type= kernel",
            "net start hostile-kmdf",
        ]
    };
    let end: &[&str] = if driver == "hostile" {
        &["expect STATUS_SUCCESS", r"devgen /add /hardwareid root\Hostile"]
    } else {
        &["expect STATUS_SUCCESS"]
    };
    lab.run_for(limit, &[start, &[&ioctl], end].concat())
}

fn driver_of(command: &str) -> &'static str {
    if command.starts_with("kmdf-") {
        "hostile-kmdf"
    } else {
        "hostile"
    }
}

/// The run ended by the rule: outcome and exit code, the rule's name, Windows' code, the driver's place with its symbol, and what to do.
fn check_broken(rule: &Rule, run: &Run) -> Result<()> {
    let code = match rule.outcome.as_str() {
        "leak" => exit::LEAK,
        "bugcheck" => exit::BUGCHECK,
        "timeout" => exit::TIMEOUT,
        "unsupported" => exit::UNSUPPORTED,
        other => anyhow::bail!("the list has the outcome {other}"),
    };
    run.ends(code, &format!("verdict: {}", rule.outcome))?;
    if rule.outcome == "leak" {
        run.says(&format!("[{}: {}]", rule.name, rule.remedy))?;
    } else {
        run.says(&format!("  rule: {}\n", rule.name))?;
        run.says(&format!("  do: {}\n", rule.remedy))?;
    }
    if rule.outcome == "bugcheck" {
        run.says(&format!("bugcheck: {}", rule.code))?;
    }
    let named = run.report()?["rules"]
        .as_array()
        .context("the report has rules")?;
    ensure!(named.iter().any(|name| name == rule.name.as_str()), "{named:?}");
    check_place(&rule.name, run)
}

/// The place is in the driver's image, with offset and symbol.
fn check_place(rule: &str, run: &Run) -> Result<()> {
    let image = format!("{}.sys+0x", driver_of(rule));
    let mut places = run
        .output
        .lines()
        .filter(|line| line.starts_with("leak: ") || line.contains("where: ") || line.contains("called by "));
    let named = |line: &str| {
        line.split_once(&image)
            .is_some_and(|(_, after)| after.contains(" ("))
    };
    ensure!(places.any(named), "no place in the driver\n{}", run.output);
    Ok(())
}

#[test]
fn the_page_is_that_of_the_list() -> Result<()> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verifier-rules.md");
    ensure!(
        std::fs::read_to_string(page)? == Lab::new(Build::Release)?.rules()?,
        "docs/verifier-rules.md is old: run `cargo xtask verifier-rules`"
    );
    Ok(())
}

#[test]
fn every_rule_is_caught_by_its_name_and_its_twin_is_not() -> Result<()> {
    let lab = lab()?;
    let rules = rules(&lab.rules()?);
    let commands = rules.iter().map(|rule| (rule, rule.name.as_str()));
    let variants = VARIANTS.iter().map(|variant| {
        let rule = rules
            .iter()
            .find(|rule| variant.split(':').next() == Some(&rule.name));
        Ok((
            rule.with_context(|| format!("{variant} is of no rule"))?,
            *variant,
        ))
    });
    let commands: Vec<_> = commands.map(Ok).chain(variants).collect::<Result<_>>()?;
    let mut failed = Vec::new();
    for (rule, command) in &commands {
        let caught = run(&lab, command, BREAK).and_then(|run| check_broken(rule, &run));
        let silent = run(&lab, command, KEEP).and_then(|run| check_kept(rule, &run));
        for (which, result) in [("broken", caught), ("kept", silent)] {
            if let Err(error) = result {
                failed.push(format!("--- {command}, {which}: {error:#}"));
            }
        }
    }
    ensure!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        commands.len(),
        failed.join("\n")
    );
    // Past the capture of the test's output.
    writeln!(
        stderr(),
        "{} rules, {} commands and their twins",
        rules.len(),
        commands.len()
    )?;
    Ok(())
}

fn check_kept(rule: &Rule, run: &Run) -> Result<()> {
    run.passes()?;
    for text in [format!("rule: {}", rule.name), format!("[{}: ", rule.name)] {
        run.never_says(&text)?;
    }
    Ok(())
}

#[test]
fn a_command_that_the_driver_does_not_have_fails() -> Result<()> {
    let lab = lab()?;
    for (command, code) in [("no-such-rule", BREAK), ("kmdf-no-such-rule", KEEP)] {
        run(&lab, command, code)?.ends(exit::FAIL, "verdict: fail")?;
    }
    Ok(())
}
