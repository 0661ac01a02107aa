//! Children that come and go at run time.

use std::{
    env,
    io::{Write as _, stderr},
};

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, c_driver,
    script::{ADD_BUS, ADD_CHILD, FIRST_CHILD, PLUG_BUS, TREE, ioctl, set_child_count, started},
};
use sample_interface::{IOCTL_SAMPLE_BUS_PLUG_IN, IOCTL_SAMPLE_BUS_UNPLUG, SAMPLE_BUS_CHILD_LIMIT};

const BUS: &str = r"ROOT\SAMPLEBUS\0000";
const RUN_ROUNDS: u32 = 0x0022_2000;
const CHURN: u32 = 0x0022_2004;

fn plug_in(number: u32) -> String {
    ioctl(BUS, IOCTL_SAMPLE_BUS_PLUG_IN, &number.to_le_bytes(), 0)
}

fn unplug(number: u32) -> String {
    ioctl(BUS, IOCTL_SAMPLE_BUS_UNPLUG, &number.to_le_bytes(), 0)
}

#[test]
fn a_child_that_is_plugged_in_is_started_and_one_that_is_pulled_out_is_gone() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[
        &plug_in(3),
        "expect STATUS_SUCCESS",
        &unplug(1),
        "expect STATUS_SUCCESS",
        "pnputil /scan-devices",
        TREE,
        "expect 1&d719042b&0&03",
        &format!("expect /not {FIRST_CHILD}"),
    ]))?;
    run.passes()?;
    ensure!(
        run.count("Child:  after is 38") % 3 == 0,
        "three children double\n{}",
        run.output
    );
    Ok(())
}

#[test]
fn a_request_that_names_no_child_is_refused_and_changes_nothing() -> Result<()> {
    let cases = [
        (plug_in(0), "STATUS_INVALID_PARAMETER"),
        (plug_in(SAMPLE_BUS_CHILD_LIMIT + 1), "STATUS_INVALID_PARAMETER"),
        (plug_in(u32::MAX), "STATUS_INVALID_PARAMETER"),
        (plug_in(2), "STATUS_OBJECT_NAME_COLLISION"),
        (unplug(0), "STATUS_INVALID_PARAMETER"),
        (unplug(SAMPLE_BUS_CHILD_LIMIT + 1), "STATUS_INVALID_PARAMETER"),
        (unplug(3), "STATUS_NO_SUCH_DEVICE"),
        (
            ioctl(BUS, IOCTL_SAMPLE_BUS_PLUG_IN, &[3, 0, 0], 0),
            "STATUS_BUFFER_TOO_SMALL",
        ),
        (
            ioctl(BUS, IOCTL_SAMPLE_BUS_UNPLUG, &[], 0),
            "STATUS_BUFFER_TOO_SMALL",
        ),
        (
            ioctl(BUS, RUN_ROUNDS, &[3, 0, 0, 0], 0),
            "STATUS_INVALID_DEVICE_REQUEST",
        ),
    ];
    let lines: Vec<_> = cases
        .iter()
        .flat_map(|(line, status)| [line.clone(), format!("expect {status}")])
        .chain([
            TREE.to_owned(),
            "expect 0&02".to_owned(),
            "expect /not 0&03".to_owned(),
        ])
        .collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    Lab::new(Build::Release)?.run(&started(&lines))?.passes()
}

#[test]
fn all_children_are_pulled_out_and_plugged_in_while_eight_threads_call() -> Result<()> {
    let rounds = env::var("LAB_UNPLUG_ROUNDS")
        .ok()
        .map_or(Ok(5), |text| text.parse())?;
    let lab = Lab::new(Build::Release)?;
    lab.function_driver("stress", c_driver::STRESS, r"SAMPLEBUS\Doubler, root\Stress")?;
    let run = lab.run_for(
        60 + 5 * rounds,
        &[
            ADD_BUS,
            "pnputil /add-driver stress.inf /install",
            &set_child_count(SAMPLE_BUS_CHILD_LIMIT),
            r"devgen /add /hardwareid root\Stress",
            PLUG_BUS,
            &ioctl(r"ROOT\STRESS\0000", RUN_ROUNDS, &u32::to_le_bytes(rounds), 24),
            "expect STATUS_SUCCESS",
            "expect /log \", 0 strange\"",
            r"pnputil /remove-device ROOT\SAMPLEBUS\0000",
        ],
    )?;
    run.passes()?;
    let line = run
        .output
        .lines()
        .find(|line| line.starts_with("stress: "))
        .context("no counts")?;
    ensure!(!line.contains("stress: 0 doubled"), "{line}");
    // Past the capture of the test's output.
    writeln!(
        stderr(),
        "{rounds} rounds of {SAMPLE_BUS_CHILD_LIMIT} children: {line}"
    )?;
    Ok(())
}

/// A new child that goes before its PDO is made takes its description along, at any moment of the query for relations.
#[test]
fn a_child_may_go_and_come_while_the_bus_is_asked_for_its_children() -> Result<()> {
    let lab = Lab::new(Build::Release)?;
    lab.function_driver("stress", c_driver::STRESS, r"SAMPLEBUS\Doubler, root\Stress")?;
    let run = lab.run(&[
        ADD_BUS,
        "pnputil /add-driver stress.inf /install",
        &set_child_count(SAMPLE_BUS_CHILD_LIMIT),
        r"devgen /add /hardwareid root\Stress",
        PLUG_BUS,
        &ioctl(r"ROOT\STRESS\0000", CHURN, &u32::to_le_bytes(2000), 0),
        "expect STATUS_SUCCESS",
        // No rounds: all children are there again, each once, and the table of the bus goes back.
        &ioctl(r"ROOT\STRESS\0000", RUN_ROUNDS, &u32::to_le_bytes(0), 24),
        "expect STATUS_SUCCESS",
    ])?;
    run.passes()?;
    run.never_says("more children than a bus has")
}

#[test]
fn children_are_plugged_in_again_where_they_were() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[
        ADD_BUS,
        ADD_CHILD,
        PLUG_BUS,
        &unplug(1),
        "pnputil /scan-devices",
        &plug_in(1),
        "expect STATUS_SUCCESS",
        "pnputil /scan-devices",
        TREE,
        &format!("expect {FIRST_CHILD}"),
    ])?;
    run.passes()
}
