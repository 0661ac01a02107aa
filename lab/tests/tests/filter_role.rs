//! sample.sys as a filter: above and below a function driver, above another provider of the same interface, and in its own bus's
//! children.

use anyhow::{Result, ensure};
use lab_tests::{
    Build, Lab, Run, inf,
    script::{FIRST_CHILD, PLUG_BUS, SECOND_CHILD, TREE, query_interface},
};
use sample_interface::{GUID_SAMPLE_INTERFACE, GUID_SAMPLE_INTERFACE_2};

const TARGET: &str = r"ROOT\SAMPLETARGET\0000";
const ADD_TARGET: &str = "pnputil /add-driver stacked.inf /install";
const ADD_FILTER: &str = "pnputil /add-driver samplefilter.inf /install";
const PLUG_TARGET: &str = r"devgen /add /hardwareid root\SampleTarget";
const ABOVE: &str = "drivers: sample.sys [upper filter, service samplefilter] > stacked.sys";
const BELOW: &str = "drivers: stacked.sys > sample.sys [lower filter, service samplefilter]";
const DOUBLED: [&str; 3] = [
    "Stacked: before is 19",
    "SampleDouble: 19",
    "Stacked:  after is 38",
];

/// A lab whose filter package says something else in one place.
fn lab_with_filter(from: &str, to: &str) -> Result<Lab> {
    change_filter(Lab::new(Build::Debug)?, from, to)
}

/// The lab with sample.sys above the function driver.
fn upper_filter(lab: Lab) -> Result<Lab> {
    change_filter(lab, "FilterPosition = Lower", "FilterPosition = Upper")
}

fn change_filter(lab: Lab, from: &str, to: &str) -> Result<Lab> {
    let inf = String::from_utf8(lab.read("samplefilter.inf")?)?;
    ensure!(inf.contains(from), "samplefilter.inf does not say {from:?}");
    lab.write("samplefilter.inf", inf.replace(from, to).as_bytes())?;
    Ok(lab)
}

/// A lab with a lower filter below.sys that serves version 1 of the interface itself.
fn lab_with_second_provider() -> Result<Lab> {
    let lab = Lab::new(Build::Debug)?;
    lab.layer("below", &["-DSERVES"])?;
    let inf = inf::extension("below", r"root\SampleTarget", "FilterPosition = Lower");
    lab.write("below.inf", inf.as_bytes())?;
    Ok(lab)
}

fn is_doubled(run: &Run) -> Result<()> {
    run.passes()?;
    run.says_in_order(&DOUBLED)
}

#[test]
fn a_query_from_the_function_driver_reaches_the_filter_below_it() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[ADD_TARGET, ADD_FILTER, PLUG_TARGET, TREE])?;
    is_doubled(&run)?;
    run.says(BELOW)
}

#[test]
fn a_query_from_the_function_driver_reaches_the_filter_above_it() -> Result<()> {
    let run = upper_filter(Lab::new(Build::Debug)?)?.run(&[ADD_TARGET, ADD_FILTER, PLUG_TARGET, TREE])?;
    is_doubled(&run)?;
    run.says(ABOVE)
}

#[test]
fn the_function_driver_runs_without_the_filter_and_finds_it_when_it_comes() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[ADD_TARGET, PLUG_TARGET, ADD_FILTER])?;
    is_doubled(&run)?;
    run.says_in_order(&["Stacked: nobody in the stack doubles", "Stacked: before is 19"])
}

#[test]
fn the_device_can_be_disabled_enabled_restarted_and_removed_with_the_filter() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[
        ADD_TARGET,
        ADD_FILTER,
        PLUG_TARGET,
        &format!("pnputil /disable-device {TARGET}"),
        &format!("pnputil /enable-device {TARGET}"),
        &format!("pnputil /restart-device {TARGET}"),
        &format!("pnputil /remove-device {TARGET}"),
        PLUG_TARGET,
        &format!("surprise-remove {TARGET}"),
    ])?;
    run.passes()?;
    ensure!(
        run.count(DOUBLED[2]) == 4,
        "each start doubles once\n{}",
        run.output
    );
    Ok(())
}

#[test]
fn a_provider_below_the_filter_keeps_its_table_and_loses_no_reference() -> Result<()> {
    for lab in [
        lab_with_second_provider()?,
        upper_filter(lab_with_second_provider()?)?,
    ] {
        second_provider_answers(&lab)?;
    }
    Ok(())
}

fn second_provider_answers(lab: &Lab) -> Result<()> {
    let run = lab.run(&[
        ADD_TARGET,
        "pnputil /add-driver below.inf /install",
        ADD_FILTER,
        PLUG_TARGET,
        &query_interface(TARGET, GUID_SAMPLE_INTERFACE, 40, 1),
        "expect below.sys",
        "expect /not sample.sys",
    ])?;
    run.passes()?;
    run.says_in_order(&[
        "Stacked: before is 19",
        "below: Double",
        "Stacked:  after is 38",
        "below: 0 references left",
    ])
}

#[test]
fn the_filter_answers_what_the_provider_below_it_does_not() -> Result<()> {
    let run = lab_with_second_provider()?.run(&[
        ADD_TARGET,
        "pnputil /add-driver below.inf /install",
        ADD_FILTER,
        PLUG_TARGET,
        &query_interface(TARGET, GUID_SAMPLE_INTERFACE_2, 56, 2),
        "expect \"STATUS_SUCCESS (0x00000000), size 56, version 2\"",
        "expect sample.sys",
    ])?;
    run.passes()
}

#[test]
fn a_query_that_fits_no_table_is_answered_as_without_the_filter() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[
        ADD_TARGET,
        ADD_FILTER,
        PLUG_TARGET,
        // KMDF drops a function or filter driver's refusal and asks below.
        &query_interface(TARGET, GUID_SAMPLE_INTERFACE, 39, 1),
        "expect STATUS_NOT_SUPPORTED",
        &query_interface(TARGET, GUID_SAMPLE_INTERFACE, 40, 0),
        "expect STATUS_NOT_SUPPORTED",
        &format!("query-interface {TARGET} {{00000000-0000-0000-0000-000000000001}} 40 1"),
        "expect STATUS_NOT_SUPPORTED",
    ])?;
    run.passes()
}

#[test]
fn the_filter_in_a_childs_stack_leaves_the_answer_to_the_child() -> Result<()> {
    let lab = lab_with_filter(r"root\SampleTarget", r"SAMPLEBUS\Doubler")?;
    let run = lab.run(&[
        "pnputil /add-driver sample.inf /install",
        "pnputil /add-driver child.inf /install",
        ADD_FILTER,
        PLUG_BUS,
        TREE,
        "expect \"child.sys > sample.sys [lower filter, service samplefilter]\"",
        &format!("pnputil /remove-device {FIRST_CHILD}"),
        &format!("surprise-remove {SECOND_CHILD}"),
    ])?;
    run.passes()?;
    ensure!(
        run.count("Child:  after is 38") == 2,
        "both children double\n{}",
        run.output
    );
    Ok(())
}

#[test]
fn a_role_that_does_not_exist_refuses_the_device_and_says_so() -> Result<()> {
    let lab = lab_with_filter("Role, 0x10001, 1", "Role, 0x10001, 7")?;
    let run = lab.run(&[ADD_TARGET, ADD_FILTER, PLUG_TARGET])?;
    run.says("sample: Role is 7, not 0 (bus) or 1 (filter); the device is refused")?;
    run.says("CM_PROB_FAILED_ADD")
}

#[test]
fn a_role_of_the_wrong_type_refuses_the_device_and_says_so() -> Result<()> {
    let lab = lab_with_filter("Role, 0x10001, 1", "Role,, one")?;
    let run = lab.run(&[ADD_TARGET, ADD_FILTER, PLUG_TARGET])?;
    run.says("sample: Role cannot be read as a REG_DWORD")
}
