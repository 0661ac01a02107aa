//! The main job: each child reaches `SampleDouble` through the query-interface.

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, exit,
    script::{
        ADD_BUS, ADD_CHILD, FIRST_CHILD, PLUG_BUS, REMOVE_BUS, SECOND_CHILD, TREE, set_child_count, started,
    },
};

/// What each child logs in a debug build.
const CALL: [&str; 3] = ["before is 19", "SampleDouble: 19", "after is 38"];

#[test]
fn each_child_doubles_in_order_and_nothing_is_left() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[TREE, REMOVE_BUS]))?;
    run.passes()?;
    run.says_in_order(&[CALL, CALL].concat())?;
    CALL.iter().try_for_each(|text| {
        // The report may repeat the log, but never with another number of calls.
        ensure!(run.count(text) % 2 == 0, "`{text}` {} times", run.count(text));
        Ok(())
    })
}

#[test]
fn release_drivers_do_the_same_without_a_line_for_each_call() -> Result<()> {
    let run = Lab::new(Build::Release)?.run(&started(&[]))?;
    run.passes()?;
    run.says_in_order(&["after is 38", "after is 38"])?;
    run.never_says("SampleDouble: 19")
}

#[test]
fn the_device_tree_shows_the_bus_its_children_and_their_drivers() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[TREE]))?;
    run.passes()?;
    let tree = run.output.to_ascii_uppercase();
    for (device, driver) in [
        (r"ROOT\SAMPLEBUS\0000", "SAMPLE"),
        (FIRST_CHILD, "CHILD"),
        (SECOND_CHILD, "CHILD"),
    ] {
        let device = device.to_ascii_uppercase();
        let (_, after) = tree
            .split_once(&device)
            .with_context(|| format!("no {device} in\n{}", run.output))?;
        ensure!(
            after.contains(driver),
            "{device} shows no driver {driver} in\n{}",
            run.output
        );
    }
    Ok(())
}

#[test]
fn the_report_has_it_all_as_data() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[]))?;
    let report = run.report()?;
    for key in [
        "verdict",
        "exit_code",
        "drivers",
        "device_tree",
        "log",
        "verifier",
        "wdf_functions",
    ] {
        ensure!(
            report.get(key).is_some(),
            "the report has no `{key}`:\n{report:#}"
        );
    }
    ensure!(
        report["verdict"] == "pass" && report["exit_code"] == exit::PASS,
        "{report:#}"
    );
    let text = report.to_string();
    for part in [
        "sample.sys",
        "child.sys",
        "wdfldr.sys",
        "before is 19",
        "WdfDeviceAddQueryInterface",
    ] {
        ensure!(
            text.contains(part),
            "the report does not name `{part}`:\n{report:#}"
        );
    }
    Ok(())
}

#[test]
fn a_driver_that_comes_later_finds_the_children_waiting() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[ADD_BUS, PLUG_BUS, ADD_CHILD])?;
    run.passes()?;
    run.says_in_order(&[CALL, CALL].concat())
}

#[test]
fn the_bus_has_as_many_children_as_the_registry_says() -> Result<()> {
    for count in [0, 1, 64] {
        let set = set_child_count(count);
        let run = Lab::new(Build::Release)?.run(&[ADD_BUS, ADD_CHILD, &set, PLUG_BUS])?;
        run.passes()?;
        let children = run.report()?["log"].to_string().matches("before is 19").count();
        ensure!(
            children == count as usize,
            "{count} children were asked for, {children} came\n{}",
            run.output
        );
    }
    Ok(())
}

#[test]
fn a_child_count_out_of_range_is_refused_with_one_line_that_names_it() -> Result<()> {
    for count in [65, u32::MAX] {
        let set = set_child_count(count);
        let run = Lab::new(Build::Release)?.run(&[ADD_BUS, ADD_CHILD, &set, PLUG_BUS])?;
        run.passes()?;
        run.says("problem 31 (CM_PROB_FAILED_ADD): STATUS_INVALID_PARAMETER")?;
        run.never_says("before is 19")?;
        let log = run.report()?["log"].to_string();
        let lines = log.matches(&format!("ChildCount is {count}")).count();
        ensure!(lines == 1, "{lines} lines name ChildCount {count}:\n{log}");
    }
    Ok(())
}
