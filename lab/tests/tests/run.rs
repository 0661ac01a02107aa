//! `nthost run`: one command for a driver of somebody else, and what it says when something is missing.

use std::fs;

use anyhow::Result;
use lab_tests::{Build, Lab, Run, exit};

const DRIVERS: &[&str] = &["--drivers", "."];

fn run(options: &[&str]) -> Result<(Lab, Run)> {
    let lab = Lab::new(Build::Debug)?;
    let run = lab.run_driver(DRIVERS, options)?;
    Ok((lab, run))
}

#[test]
fn a_bus_and_its_function_driver_are_installed_asked_started_again_and_removed() -> Result<()> {
    let (lab, run) = run(&[
        "--inf",
        "sample.inf",
        "--inf",
        "child.inf",
        "--device",
        r"root\SampleBus",
        "--target",
        r"SAMPLEBUS\Doubler\1&d719042b&0&01",
        "--ioctl",
        "0x0022E000 i32:21 /out 4",
        "--expect",
        "4 bytes: 2A 00 00 00",
        "--junit",
        "cases.xml",
    ])?;
    run.passes()?;
    run.says_in_order(&[
        "> pnputil /add-driver \"sample.inf\" /install",
        "> devgen /add /hardwareid \"root\\SampleBus\"",
        "> pnputil /enum-devicetree",
        "> ioctl target 0x0022E000 i32:21 /out 4",
        "> pnputil /restart-device \"ROOT\\SAMPLEBUS\\0000\"",
        "Device restarted successfully.",
        "> pnputil /remove-device \"ROOT\\SAMPLEBUS\\0000\"",
        "verdict: pass",
    ])?;
    let cases = fs::read_to_string(lab.path("cases.xml"))?;
    assert!(cases.contains("failures=\"0\" errors=\"0\""), "{cases}");
    assert!(
        cases.contains("<testcase name=\"ioctl target 0x0022E000 i32:21 /out 4\""),
        "{cases}"
    );
    Ok(())
}

#[test]
fn a_hardware_id_that_no_package_has_is_answered_with_those_they_have() -> Result<()> {
    let (_lab, run) = run(&["--inf", "sample.inf", "--device", r"root\SimpleBus"])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says(r"lab run: error: no package is for root\SimpleBus; give --device one of root\samplebus")
}

#[test]
fn a_package_that_is_not_stamped_is_refused_with_what_to_do() -> Result<()> {
    let (_lab, run) = run(&["--inf", "echo.inx", "--device", r"root\Echo"])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says("echo.inx is the source of an INF file; stamp it first: `cargo xtask cc --inx echo.inx …` does")
}

#[test]
fn a_failed_expectation_fails_the_run_and_the_rest_goes_on() -> Result<()> {
    let (lab, run) = run(&[
        "--inf",
        "fifo.inf",
        "--device",
        r"root\Fifo",
        "--junit",
        "cases.xml",
        "--target",
        r"\Device\Nothing",
        "--read",
        "1",
    ])?;
    run.ends(exit::FAIL, "verdict: fail")?;
    run.says_in_order(&[
        "does not exist",
        "Device restarted successfully.",
        "Device removed successfully.",
    ])?;
    let cases = fs::read_to_string(lab.path("cases.xml"))?;
    assert!(cases.contains("failures=\"2\" errors=\"0\""), "{cases}");
    Ok(())
}

#[test]
fn a_lab_without_the_framework_says_where_it_comes_from() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    fs::create_dir(lab.path("alone"))?;
    for file in ["fifo.inf", "fifo.sys"] {
        fs::copy(lab.path(file), lab.path(&format!("alone/{file}")))?;
    }
    let run = lab.run_driver(&[], &["--inf", "alone/fifo.inf", "--device", r"root\Fifo"])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says("`cargo xtask build -p wdfldr` makes it, `--drivers DIR` says where it is")
}
