//! Scripts, INF files and images that are wrong: an error that names file and place, the documented exit code, no crash.

use anyhow::{Context, Result};
use lab_tests::{
    Build, Lab, Run, damage, exit,
    script::{ADD_BUS, ADD_CHILD, PLUG_BUS, START},
};

fn is_environment_error(run: &Run) -> Result<()> {
    run.ends(exit::ENVIRONMENT, "verdict: environment error")
}

#[test]
fn every_damaged_image_is_refused_by_name() -> Result<()> {
    for (what, damage) in damage::CASES {
        let lab = Lab::new(Build::Debug)?;
        let mut image = lab.read("sample.sys")?;
        damage(&mut image).context(*what)?;
        lab.write("sample.sys", &image)?;
        let run = lab.run(&START)?;
        is_environment_error(&run).context(*what)?;
        run.says("sample.sys: ").context(*what)?;
        run.says("STATUS_INVALID_IMAGE").context(*what)?;
    }
    Ok(())
}

#[test]
fn a_damaged_dependency_is_refused_by_name() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    lab.write("wdfldr.sys", b"MZ")?;
    let run = lab.run(&START)?;
    is_environment_error(&run)?;
    run.says("wdfldr.sys")
}

#[test]
fn a_missing_export_is_named_with_its_image_and_module() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    let mut image = lab.read("sample.sys")?;
    damage::rename(&mut image, "\0DbgPrint\0", "\0DbgPrinz\0")?;
    lab.write("sample.sys", &image)?;
    let run = lab.run(&START)?;
    is_environment_error(&run)?;
    ["sample.sys", "ntoskrnl.exe", "DbgPrinz", "ENTRYPOINT_NOT_FOUND"]
        .iter()
        .try_for_each(|text| run.says(text))
}

#[test]
fn a_missing_module_is_named() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    let mut image = lab.read("sample.sys")?;
    damage::rename(&mut image, "ntoskrnl.exe", "ntoskrnl.xyz")?;
    lab.write("sample.sys", &image)?;
    let run = lab.run(&START)?;
    is_environment_error(&run)?;
    ["sample.sys", "ntoskrnl.xyz"]
        .iter()
        .try_for_each(|text| run.says(text))
}

#[test]
fn an_inf_that_does_not_parse_is_named_with_line_and_reason() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    lab.write(
        "broken.inf",
        b"[Version]\nSignature = \"$WINDOWS NT$\"\nProvider = \"no end\n",
    )?;
    let run = lab.run(&["pnputil /add-driver broken.inf /install"])?;
    is_environment_error(&run)?;
    run.says("broken.inf:3: ")?;
    run.says("no closing quote")
}

#[test]
fn a_missing_inf_is_named_with_the_line_of_the_script() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[ADD_BUS, "pnputil /add-driver nowhere.inf /install"])?;
    is_environment_error(&run)?;
    run.says("test.lab:2: ")?;
    run.says("nowhere.inf")
}

#[test]
fn an_unknown_hardware_id_is_named_and_the_rest_goes_on() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[
        ADD_BUS,
        ADD_CHILD,
        r"devgen /add /hardwareid root\Nothing",
        PLUG_BUS,
    ])?;
    is_environment_error(&run)?;
    run.says("test.lab:3: error: ")?;
    run.says(r"hardware ID root\Nothing")?;
    run.says("after is 38")
}

#[test]
fn an_unknown_command_is_named_with_its_line_and_the_rest_goes_on() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[ADD_BUS, "frobnicate everything", ADD_CHILD, PLUG_BUS])?;
    is_environment_error(&run)?;
    run.says("test.lab:2: ")?;
    run.says("frobnicate")?;
    run.says("after is 38")
}

#[test]
fn an_unknown_device_is_named() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[r"pnputil /remove-device ROOT\NOTHING\0000"])?;
    is_environment_error(&run)?;
    run.says(r"ROOT\NOTHING\0000")
}
