//! Faults: a call that fails for want of resources is told with a status, nothing is left over, and everything works afterwards.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, Run,
    c_driver::CDriver,
    exit,
    script::{REMOVE_BUS, started},
};
use serde_json::Value;

const LIST: &str = "faults.json";
const INSUFFICIENT: &str = "STATUS_INSUFFICIENT_RESOURCES (0xC000009A)";
/// `IOCTL_CHILD_DOUBLE` to the first child, as in the demo.
const DOUBLE: [&str; 2] = [
    r"ioctl SAMPLEBUS\Doubler\1&d719042b&0&01 0x0022E000 i32:21 /out 4",
    "expect \"STATUS_SUCCESS (0x00000000), 4 bytes: 2A 00 00 00\"",
];

/// The points that a run lists.
fn points(lab: &Lab) -> Result<Vec<Value>> {
    serde_json::from_slice(&lab.read(LIST)?).context("the list of faults is no data")
}

fn id(point: &Value) -> &str {
    point["id"].as_str().unwrap_or_default()
}

/// What the report has of the fault.
fn noticed(run: &Run) -> Result<Vec<&str>> {
    let noticed = &run.report()?["fault"]["noticed"];
    let noticed = noticed.as_array().context("no fault came")?;
    Ok(noticed
        .iter()
        .filter_map(|noticed| noticed["text"].as_str())
        .collect())
}

/// The bus with its children, twice: a run with a fault in the first half shows in the second that the next start works.
fn twice() -> Vec<&'static str> {
    let mut once = started(&DOUBLE);
    once.push(REMOVE_BUS);
    once.repeat(2)
}

/// `cargo xtask faults` has every stack; here is one for each export that can fail.
#[test]
fn each_export_of_the_bus_may_fail_once() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    lab.run_with(&["--list-faults", LIST], &twice())?.passes()?;
    let mut exports = BTreeSet::new();
    for point in points(&lab)? {
        if exports.insert(point["export"].to_string()) {
            let run = lab.run_with(&["--fail-stack", id(&point)], &twice())?;
            run.passes().with_context(|| point.to_string())?;
            noticed(&run)?;
        }
    }
    ensure!(exports.len() > 8, "the bus makes calls of only {exports:?}");
    Ok(())
}

/// Where `cargo xtask faults` found something once: routines in the stack, and what happened.
const ONCE_WRONG: [(&[&str], &str); 4] = [
    (
        &["wdfldr::queue::new", "Array<T>::push"],
        "the queue was deleted under the lock that deleting takes",
    ),
    (
        &["wdfldr::device::create", "evt_child_list_create_device"],
        "the bus and its list kept references of a child that did not come to be",
    ),
    (
        &["Relations::finish"],
        "the references to the children were not given back",
    ),
    (
        &["wdfldr::queue", "::put"],
        "a request waited for memory that nobody gave it",
    ),
];

#[test]
fn what_a_fault_once_broke_holds() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    lab.run_with(&["--list-faults", LIST], &twice())?.passes()?;
    let points = points(&lab)?;
    for (routines, what) in ONCE_WRONG {
        let is_there = |point: &&Value| {
            let stack = point["stack"].to_string();
            routines.iter().all(|routine| stack.contains(routine))
        };
        let point = points.iter().find(is_there).context(what)?;
        let run = lab.run_with(&["--fail-stack", id(point)], &twice())?;
        run.passes().context(what)?;
        noticed(&run)?;
    }
    Ok(())
}

#[test]
fn a_stack_is_the_same_in_every_run() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    let mut seen = Vec::new();
    for _ in 0..2 {
        lab.run_with(&["--list-faults", LIST], &started(&[]))?.passes()?;
        let list = points(&lab)?;
        seen.push(
            list.iter()
                .map(|point| id(point).to_owned())
                .collect::<BTreeSet<_>>(),
        );
    }
    ensure!(
        !seen[0].is_empty() && seen[0] == seen[1],
        "the stacks differ: {seen:?}"
    );
    Ok(())
}

/// A legacy driver with one allocation. With `CHECKED` it looks at the pointer, with `FORGETS` it does not free when the second fails.
const ALLOCATING: &str = r"
#include <ntddk.h>
static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    int *first, *second;
    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
    first = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(int), 'tsaF');
#ifdef CHECKED
    if (first == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
#endif
    *first = 1;
    second = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(int), 'tsaF');
    if (second == NULL) {
#ifndef FORGETS
        ExFreePoolWithTag(first, 'tsaF');
#endif
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ExFreePoolWithTag(second, 'tsaF');
    ExFreePoolWithTag(first, 'tsaF');
    return STATUS_SUCCESS;
}
";

/// The run of such a driver in which one of its allocations fails.
fn run_allocating(defines: &[&str], nth: &str) -> Result<Run> {
    let lab = Lab::new(Build::Debug)?;
    lab.compile(&CDriver {
        name: "allocating",
        source: ALLOCATING,
        defines,
        exports: &[],
        libraries: &[],
    })?;
    lab.run_with(
        &["--fail-nth", nth],
        &[
            "sc create allocating binPath= allocating.sys type= kernel",
            "net start allocating",
        ],
    )
}

#[test]
fn a_driver_that_reports_and_cleans_up_starts_afterwards() -> Result<()> {
    for nth in ["1", "2"] {
        let run = run_allocating(&["-DCHECKED"], nth)?;
        run.passes()?;
        let noticed = noticed(&run)?;
        ensure!(
            noticed.iter().any(|text| text.contains(INSUFFICIENT)),
            "{noticed:?}"
        );
        run.says("The allocating service was started successfully.")?;
    }
    Ok(())
}

#[test]
fn a_driver_that_does_not_look_at_its_pointer_is_named() -> Result<()> {
    let run = run_allocating(&[], "1")?;
    ensure!(run.verdict() == "verdict: bugcheck", "{}", run.output);
    run.says("allocating.sys")
}

#[test]
fn a_driver_that_forgets_its_first_block_when_the_second_fails_leaks() -> Result<()> {
    let run = run_allocating(&["-DCHECKED", "-DFORGETS"], "2")?;
    run.ends(exit::LEAK, "verdict: leak")
}
