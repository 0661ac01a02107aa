//! What a user sees, to the letter: the demo, and the report of a leak.
//!
//! Numbers that change with every build are replaced by names. After a wanted change: `INSTA_UPDATE=always cargo xtask test golden`, and
//! read the diff.

use anyhow::{Context, Result, ensure};
use lab_tests::{Build, Lab, script};

/// Where the scenarios of the repository are.
const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");

/// The picture that the README shows.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/demo.svg");

/// The text of a scenario of the repository, as lines.
fn scenario(name: &str) -> Result<String> {
    std::fs::read_to_string(format!("{SCENARIOS}/{name}")).with_context(|| format!("cannot read {name}"))
}

/// Settings under which offsets and counters have names.
fn stable() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\+0x[0-9a-f]+", "+OFFSET");
    settings.add_filter(
        r"\d+ (pool allocations|frees|bytes at most|of kernel exports)",
        "N $1",
    );
    settings.add_filter(
        r"calls: (.*), \d+ of WDF functions \(\d+ different",
        "calls: $1, N of WDF functions (N different",
    );
    settings.set_prepend_module_to_snapshot(false);
    settings
}

#[test]
fn the_demo_reads_as_it_should() -> Result<()> {
    let text = scenario("demo.lab")?;
    let run = Lab::new(Build::Debug)?.run(&text.lines().collect::<Vec<_>>())?;
    run.passes()?;
    stable().bind(|| insta::assert_snapshot!("demo", run.output));
    let picture = std::fs::read_to_string(PICTURE).context("cannot read docs/demo.svg")?;
    ensure!(
        run.picture == Some(picture),
        "docs/demo.svg is old: run `cargo xtask picture`"
    );
    Ok(())
}

#[test]
fn the_command_draws_the_tree_of_the_moment_and_the_option_the_largest() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    let lines = ["tree --svg full.svg", script::REMOVE_BUS, "tree --svg empty.svg"];
    let run = lab.run(&script::started(&lines))?;
    run.passes()?;
    let [full, empty] = ["full.svg", "empty.svg"].map(|name| lab.read(name));
    let (full, empty) = (String::from_utf8(full?)?, String::from_utf8(empty?)?);
    ensure!(full.matches("child.sys holds an interface of sample.sys").count() == 2);
    ensure!(!empty.contains("sample.sys") && empty.contains("HTREE"));
    ensure!(
        run.picture == Some(full),
        "the largest tree is that before the removal"
    );
    Ok(())
}

#[test]
fn a_leak_reads_as_it_should() -> Result<()> {
    let run = Lab::with_forgetful_child()?.run(&script::started(&[script::REMOVE_BUS]))?;
    stable().bind(|| insta::assert_snapshot!("leak", run.output));
    Ok(())
}

#[test]
fn every_scenario_of_the_repository_passes() -> Result<()> {
    for name in [
        "administrator.lab",
        "demo.lab",
        "fifo.lab",
        "helper.lab",
        "legacy.lab",
        "query-interface.lab",
        "remote.lab",
        "stacked.lab",
        "surprise-removal.lab",
    ] {
        let text = scenario(name)?;
        let lines: Vec<_> = text.lines().collect();
        for build in [Build::Debug, Build::Release] {
            Lab::new(build)?
                .run(&lines)?
                .passes()
                .with_context(|| format!("{name} with {build:?} drivers"))?;
        }
    }
    Ok(())
}
