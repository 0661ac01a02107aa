//! Files that drivers keep below `\SystemRoot`.

use anyhow::Result;
use lab_tests::{
    Build, Lab, Run,
    c_driver::{CDriver, FILING},
    exit,
};

fn run(defines: &[&str]) -> Result<Run> {
    let lab = Lab::new(Build::Debug)?;
    lab.compile(&CDriver {
        name: "filing",
        source: FILING,
        defines,
        exports: &[],
        libraries: &[],
    })?;
    lab.run(&[
        "sc create filing binPath= filing.sys type= kernel",
        "net start filing",
        "net stop filing",
    ])
}

#[test]
fn a_file_has_what_was_written_to_it_at_its_offsets() -> Result<()> {
    let run = run(&[])?;
    run.passes()?;
    let said: Vec<&str> = run
        .output
        .lines()
        .filter(|line| line.starts_with("filing: "))
        .collect();
    insta::assert_snapshot!("files", said.join("\n"));
    Ok(())
}

#[test]
fn a_handle_of_a_file_that_is_left_over_is_a_leak() -> Result<()> {
    let run = run(&["-DLEAVES"])?;
    run.ends(exit::LEAK, "verdict: leak")?;
    run.says(r"\Temp\a.log")
}
