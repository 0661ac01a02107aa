//! The kernel DLL: loaded with its first importer, unloaded with its last, beside its life as a Plug and Play driver.

use anyhow::{Context, Result};
use lab_tests::{
    Build, Lab, exit,
    script::{ADD_BUS, ADD_CHILD, FIRST_CHILD, PLUG_BUS, REMOVE_BUS, ioctl, query_interface},
};
use sample_interface::{GUID_SAMPLE_INTERFACE, IOCTL_CHILD_DOUBLE};

/// What the classic's log has, in order.
const CLASSIC: [&str; 7] = [
    "SAMPLE: DllInitialize(",
    "HELPER.SYS: entering DriverEntry",
    "before is 19",
    "SampleDouble: 19",
    "after is 38",
    "HELPER.SYS: unloading",
    "SAMPLE: DllUnload",
];

fn create(helper: &str) -> String {
    format!("sc create {helper} binPath= {helper}.sys type= kernel")
}

#[test]
fn each_helper_reads_like_the_classic() -> Result<()> {
    for helper in ["helper-c", "helper", "helper-cpp"] {
        let lines = [
            create(helper),
            format!("net start {helper}"),
            format!("net stop {helper}"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let run = Lab::new(Build::Debug)?.run(&lines)?;
        run.passes().context(helper)?;
        run.says_in_order(&CLASSIC)?;
        Lab::new(Build::Release)?.run(&lines)?.passes().context(helper)?;
    }
    Ok(())
}

#[test]
fn an_image_with_two_importers_stays_until_both_are_gone() -> Result<()> {
    let (first, second) = (create("helper-c"), create("helper"));
    let run = Lab::new(Build::Debug)?.run(&[
        &first,
        &second,
        "net start helper-c",
        "net start helper",
        "net stop helper-c",
        "net stop helper",
    ])?;
    run.passes()?;
    run.says_in_order(&["DllInitialize(", "unloading", "unloading", "SAMPLE: DllUnload"])?;
    anyhow::ensure!(
        run.count("DllInitialize(") == 1 && run.count("SAMPLE: DllUnload") == 1,
        "{}",
        run.output
    );
    Ok(())
}

#[test]
fn a_dll_that_becomes_a_driver_survives_the_last_importer() -> Result<()> {
    let helper = create("helper-c");
    let call = ioctl(FIRST_CHILD, IOCTL_CHILD_DOUBLE, &21_i32.to_le_bytes(), 4);
    let run = Lab::new(Build::Debug)?.run(&[
        &helper,
        "net start helper-c",
        ADD_BUS,
        ADD_CHILD,
        PLUG_BUS,
        "net stop helper-c",
        &call,
        REMOVE_BUS,
    ])?;
    run.passes()?;
    run.says("STATUS_SUCCESS (0x00000000), 4 bytes: 2A 00 00 00")
}

#[test]
fn a_driver_that_becomes_a_dll_survives_its_last_device() -> Result<()> {
    let helper = create("helper-c");
    let run = Lab::new(Build::Debug)?.run(&[
        ADD_BUS,
        ADD_CHILD,
        PLUG_BUS,
        &helper,
        "net start helper-c",
        REMOVE_BUS,
        "net stop helper-c",
        "net start helper-c",
        "net stop helper-c",
    ])?;
    run.passes()?;
    run.says_in_order(&["before is 19", "before is 19", "before is 19", "before is 19"])
}

#[test]
fn the_table_and_the_export_are_one_routine() -> Result<()> {
    let query = query_interface(&format!("{{{GUID_SAMPLE_INTERFACE}}}"), 40, 1);
    let run = Lab::new(Build::Debug)?.run(&[ADD_BUS, ADD_CHILD, PLUG_BUS, &query])?;
    run.passes()?;
    let offset = exported_offset(&Lab::new(Build::Debug)?.read("sample.sys")?)?;
    run.says(&format!("entry 0: sample.sys+{offset:#x} (SampleDouble)"))
}

/// Where the image's export directory says that `SampleDouble` is.
fn exported_offset(image: &[u8]) -> Result<u32> {
    use object::read::pe::{ExportTarget, PeFile64};
    let file = PeFile64::parse(image)?;
    let table = file.export_table()?.context("sample.sys has no exports")?;
    let exports = table.exports()?;
    let export = exports.iter().find(|export| export.name == Some(b"SampleDouble"));
    match export.map(|export| export.target) {
        Some(ExportTarget::Address(offset)) => Ok(offset),
        _ => anyhow::bail!("sample.sys does not export SampleDouble"),
    }
}

#[test]
fn what_cannot_start_says_why_and_the_script_goes_on() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    std::fs::remove_file(lab.path("sample.sys"))?;
    let helper = create("helper-c");
    let run = lab.run(&[
        "net start nobody",
        "sc create gone binPath= gone.sys type= kernel",
        "net start gone",
        &helper,
        "net start helper-c",
        "sc query helper-c",
    ])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says_in_order(&[
        "2185",
        "System error 2 has occurred",
        "sample.sys",
        "STATE              : 1  STOPPED",
    ])
}
