//! Installing: where files, services and values of a package go, and that a package that is wrong changes nothing.

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, Run,
    c_driver::{ANSWERING, ASKING, CDriver},
    exit, inf,
    script::TREE,
};

const ID: &str = r"root\Thing";
const PLUG: &str = r"devgen /add /hardwareid root\Thing";
const ADD: &str = "pnputil /add-driver thing.inf /install";
const SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\thing";
const ENUM: &str = r"HKLM\SYSTEM\CurrentControlSet\Enum\ROOT\THING\0000";

/// A folder with thing.sys, a function driver, and thing.inf with something behind it.
fn lab(more: &str) -> Result<Lab> {
    let lab = Lab::new(Build::Debug)?;
    lab.layer("thing", &[])?;
    lab.write("thing.inf", inf::base("thing", ID, more).as_bytes())?;
    Ok(lab)
}

/// Adds a kernel DLL `answering` and a driver `asking` that imports it.
fn add_answering(lab: &Lab) -> Result<()> {
    lab.compile(&CDriver {
        name: "answering",
        source: ANSWERING,
        defines: &[],
        exports: &["Answer", "DllInitialize,PRIVATE", "DllUnload,PRIVATE"],
        libraries: &[],
    })?;
    lab.import_library("answering", &["Answer"])?;
    lab.compile(&CDriver {
        name: "asking",
        source: ASKING,
        defines: &[],
        exports: &[],
        libraries: &["answering"],
    })
}

#[test]
fn a_device_package_runs_from_its_folder_in_the_driver_store() -> Result<()> {
    let run = lab("")?.run(&[
        ADD,
        PLUG,
        &format!("reg query {SERVICE} /v ImagePath"),
        r"expect \SystemRoot\System32\DriverStore\FileRepository\thing.inf_amd64_",
        &format!("reg query {SERVICE} /v Owners"),
        "expect oem0.inf",
        "pnputil /enum-drivers /files",
        "expect thing.sys",
        r"pnputil /remove-device ROOT\THING\0000",
        "pnputil /delete-driver oem0.inf",
        "expect-error sc query thing",
    ])?;
    run.passes()
}

#[test]
fn two_packages_bring_two_images_of_one_name() -> Result<()> {
    let lab = lab("")?;
    let second = inf::base("thing", r"root\Second", "").replace("thing,", "second,");
    lab.write("second.inf", second.as_bytes())?;
    let run = lab.run(&[
        ADD,
        "pnputil /add-driver second.inf /install",
        PLUG,
        r"devgen /add /hardwareid root\Second",
        TREE,
        "expect \"driver: thing.sys (oem0.inf)  Started\"",
        "expect \"driver: thing.sys [service second] (oem1.inf)  Started\"",
    ])?;
    run.passes()?;
    let paths: Vec<_> = run.report()?["drivers"]
        .as_array()
        .context("drivers")?
        .iter()
        .map(|image| image["path"].to_string())
        .collect();
    ensure!(paths.len() == 2 && paths[0] != paths[1], "{paths:?}");
    Ok(())
}

#[test]
fn of_two_packages_with_one_service_the_later_one_has_its_way_and_is_named() -> Result<()> {
    let lab = lab("")?;
    let later = inf::base("thing", r"root\Later", "");
    lab.write("later.inf", later.as_bytes())?;
    let run = lab.run(&[
        ADD,
        PLUG,
        "pnputil /add-driver later.inf",
        r"devgen /add /hardwareid root\Later",
        &format!("reg query {SERVICE} /v ImagePath"),
        "expect later.inf_amd64_",
    ])?;
    run.says("PnP: warning: the service thing had the image")
}

#[test]
fn a_service_goes_with_its_last_package() -> Result<()> {
    let lab = lab("")?;
    let later = inf::base("thing", r"root\Later", "");
    lab.write("later.inf", later.as_bytes())?;
    let run = lab.run(&[
        "pnputil /add-driver thing.inf",
        "pnputil /add-driver later.inf",
        PLUG,
        r"devgen /add /hardwareid root\Later",
        "pnputil /delete-driver oem1.inf /uninstall",
        "sc query thing",
        "pnputil /delete-driver oem0.inf /uninstall",
        "expect-error sc query thing",
        // A package that is not installed owns nothing.
        r"sc create thing binPath= thing.sys type= kernel",
        "pnputil /add-driver thing.inf",
        "pnputil /delete-driver oem0.inf",
        "sc query thing",
    ])?;
    run.passes()
}

#[test]
fn two_services_cannot_run_one_image() -> Result<()> {
    let run = lab("")?.run(&[
        "sc create one binPath= thing.sys type= kernel",
        "sc create two binPath= thing.sys type= kernel",
        "sc start one",
        "expect-error sc start two",
        "expect \"FAILED 1056\"",
        "expect \"the service one runs it\"",
    ])?;
    run.passes()
}

#[test]
fn a_primitive_package_serves_importers_from_system32_drivers() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    add_answering(&lab)?;
    lab.write("both.inf", inf::primitive(&["answering", "asking"]).as_bytes())?;
    let run = lab.run(&[
        "expect-error sc start asking",
        "pnputil /add-driver both.inf /install",
        "expect \"Driver package installed.\"",
        "sc qc asking",
        r"expect \SystemRoot\System32\drivers\asking.sys",
        "net start asking",
        "expect-error pnputil /delete-driver oem0.inf",
        "expect \"presently installed using the specified INF\"",
        "expect-error pnputil /delete-driver oem0.inf /uninstall",
        "expect \"The service asking of the package is running; stop it first.\"",
        "net stop asking",
        "pnputil /delete-driver oem0.inf /uninstall",
        "expect-error sc query asking",
        "expect-error sc query answering",
        "pnputil /enum-drivers",
        "expect /not oem0.inf",
        // The files are gone too.
        r"sc create again binPath= \SystemRoot\System32\drivers\asking.sys type= kernel",
        "expect-error sc start again",
    ])?;
    run.passes()?;
    run.says_in_order(&[
        "answering: DllInitialize",
        "asking: the answer is 42",
        "answering: DllUnload",
    ])
}

#[test]
fn a_primitive_package_waits_for_install() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    add_answering(&lab)?;
    lab.write("both.inf", inf::primitive(&["answering", "asking"]).as_bytes())?;
    let run = lab.run(&[
        "pnputil /add-driver both.inf",
        "expect-error sc query asking",
        "pnputil /delete-driver oem0.inf",
    ])?;
    run.passes()
}

#[test]
fn an_importer_finds_its_module_in_its_own_folder_of_the_store() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    add_answering(&lab)?;
    let text = inf::primitive(&["answering", "asking"]).replace("%12%", "%13%");
    let text = text.replace("DefaultDestDir = 12", "DefaultDestDir = 13");
    lab.write("both.inf", text.as_bytes())?;
    let run = lab.run(&["pnputil /add-driver both.inf /install", "net start asking"])?;
    run.passes()?;
    run.says("asking: the answer is 42")?;
    ensure!(
        run.report()?["drivers"].to_string().contains("both.inf_amd64_"),
        "{}",
        run.output
    );
    Ok(())
}

#[test]
fn a_package_without_a_function_driver_is_installed_on_no_device() -> Result<()> {
    let lab = lab("")?;
    let text = inf::base("thing", ID, "").replace("thing, 0x2,", "thing,,");
    lab.write("thing.inf", text.as_bytes())?;
    let run = lab.run(&[
        PLUG,
        "expect-error pnputil /add-driver thing.inf /install",
        "expect \"a function driver was not specified for this device instance\"",
        "pnputil /delete-driver oem0.inf",
    ])?;
    run.says("problem 28")
}

#[test]
fn values_of_the_hardware_section_go_to_the_device_or_its_hardware_key() -> Result<()> {
    let more = "[Install.NT.HW]\nAddReg = HW\n[HW]\n\
                HKR,,Role,,Filter\nHKR,Deep,Level,0x00010001,7\nHKR,,FriendlyName,,\"My thing\"\n\
                HKR,,DeviceCharacteristics,0x10001,0x100\nHKR,,UpperFilterLevels,0x00010008,A\nHKR,,UpperFilterLevels,0x00010008,B\n\
                [Install.NT]\nAddReg = Software\n[Software]\nHKR,,Tuning,0x00010001,5\nHKLM,SOFTWARE\\Tests,Wide,,yes\n";
    let run = lab(more)?.run(&[
        ADD,
        PLUG,
        &format!("reg query \"{ENUM}\\Device Parameters\" /v Role"),
        "expect Filter",
        &format!("reg query \"{ENUM}\\Device Parameters\\Deep\" /v Level"),
        "expect 0x7",
        &format!("reg query {ENUM} /v FriendlyName"),
        "expect \"My thing\"",
        &format!("reg query {ENUM} /v DeviceCharacteristics"),
        "expect 0x100",
        &format!("reg query {ENUM} /v UpperFilterLevels"),
        r"expect A\0B",
        &format!("expect-error reg query {ENUM} /v Role"),
        r"reg query HKLM\SOFTWARE\Tests /v Wide",
        "expect yes",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e97d-e325-11ce-bfc1-08002be10318}\0000 /v Tuning",
        "expect 0x5",
    ])?;
    run.passes()
}

#[test]
fn a_service_has_what_its_section_says() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    lab.layer("thing", &[])?;
    let text = inf::base("thing", ID, "").replace(
        "ErrorControl = 1\n",
        "ErrorControl = 0\nDisplayName = \"A thing\"\nDescription = \"What it does\"\nLoadOrderGroup = Base\n\
         Dependencies = first, +Group\n",
    );
    lab.write("thing.inf", text.as_bytes())?;
    let run = lab.run(&[
        ADD,
        PLUG,
        "sc qc thing",
        &format!("reg query {SERVICE} /v Description"),
    ])?;
    run.passes()?;
    run.says_in_order(&[
        "TYPE               : 1  KERNEL_DRIVER",
        "START_TYPE         : 3   DEMAND_START",
        "ERROR_CONTROL      : 0   IGNORE",
        "LOAD_ORDER_GROUP   : Base",
        "DISPLAY_NAME       : A thing",
        "DEPENDENCIES       : first\n                           : +Group",
        "What it does",
    ])
}

#[test]
fn a_kmdf_driver_without_a_wdf_section_starts_with_a_warning() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    let text = String::from_utf8(lab.read("sample.inf")?)?;
    lab.write(
        "bare.inf",
        text.replace("KmdfService", "; KmdfService").as_bytes(),
    )?;
    let run = lab.run(&[
        "pnputil /add-driver bare.inf /install",
        r"devgen /add /hardwareid root\SampleBus",
        TREE,
        "expect \"driver: sample.sys (oem0.inf)  Started\"",
    ])?;
    run.passes()?;
    run.says(
        "sample.sys imports wdfldr.sys, and [SampleBus.NT.Wdf] has no KmdfService for the service sample",
    )
}

#[test]
fn the_framework_version_is_recorded_and_a_newer_one_is_warned_of() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    let text = String::from_utf8(lab.read("sample.inf")?)?;
    lab.write(
        "newer.inf",
        text.replace("KmdfLibraryVersion = 1.33", "KmdfLibraryVersion = 1.35")
            .as_bytes(),
    )?;
    let run = lab.run(&[
        "pnputil /add-driver sample.inf /install",
        "expect /not warning",
        r"devgen /add /hardwareid root\SampleBus",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Services\sample\Parameters\Wdf /v KmdfLibraryVersion",
        "expect 1.33",
        "pnputil /add-driver newer.inf",
        "expect \"KmdfLibraryVersion is 1.35, and the framework here is 1.33\"",
    ])?;
    run.passes()
}

#[test]
fn a_driverentry_that_fails_is_problem_37() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    let source = "#include <ntddk.h>\nNTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path) \
                  { UNREFERENCED_PARAMETER(Driver); UNREFERENCED_PARAMETER(Path); return STATUS_INVALID_PARAMETER; }\n";
    lab.compile(&CDriver {
        name: "thing",
        source,
        defines: &[],
        exports: &[],
        libraries: &[],
    })?;
    lab.write("thing.inf", inf::base("thing", ID, "").as_bytes())?;
    let run = lab.run(&[ADD, PLUG])?;
    run.ends(exit::FAIL, "verdict: fail")?;
    run.says("problem 37 (CM_PROB_FAILED_DRIVER_ENTRY): STATUS_INVALID_PARAMETER")
}

#[test]
fn what_windows_ignores_is_told_with_its_line() -> Result<()> {
    let run = lab("[Install.NT]\nCopyFile = x\nInclude = machine.inf\n")?.run(&[ADD, PLUG])?;
    run.passes()?;
    run.says(
        "thing.inf:30: CopyFile in [Install.NT] is no directive of that section, and Windows ignores it",
    )?;
    run.says("thing.inf:31: Include in [Install.NT] is not modelled")
}

/// Adds a broken thing.inf with a device there, and asks that nothing at all was changed.
fn refused(text: &str, reason: &str) -> Result<Run> {
    let lab = lab("")?;
    lab.write("broken.inf", text.as_bytes())?;
    let run = lab.run(&[
        PLUG,
        "expect-error pnputil /add-driver broken.inf /install",
        &format!("expect \"{reason}\""),
        "pnputil /enum-drivers",
        "expect /not oem",
        "expect-error sc query thing",
        TREE,
        "expect \"Problem 28\"",
        ADD,
        TREE,
        "expect \"driver: thing.sys (oem0.inf)  Started\"",
    ])?;
    run.passes().context(reason.to_owned())?;
    Ok(run)
}

#[test]
fn a_package_that_is_wrong_changes_nothing() -> Result<()> {
    let good = inf::base("thing", ID, "");
    let extension = inf::extension("thing", ID, "FilterPosition = Upper");
    for (text, reason) in [
        (
            good.replace("ClassGuid", "; ClassGuid"),
            "broken.inf:1: [Version] has no ClassGuid",
        ),
        (String::new(), "there is no [Version] section"),
        (
            good.replace("thing.sys", "missing.sys"),
            "broken.inf:13: [SourceDisksFiles] names missing.sys, but",
        ),
        (
            extension.replace("e2f84ce7", "e2f84ce8"),
            "broken.inf:4: Class is",
        ),
        (
            good.replace("4d36e97d", "4d36e97e"),
            "but the class System has {4d36e97d-",
        ),
        (
            good.replace(
                "[Service_thing]",
                "AddService = two, 0x2, Service_thing\n[Service_thing]",
            ),
            "broken.inf:24: a second AddService has the flag SPSVCINST_ASSOCSERVICE (0x2)",
        ),
        (
            good.replace("[Files]", "[File]"),
            "broken.inf:19: there is no file-list section [Files]",
        ),
        (
            good.replace("NTamd64.10.0...16299", "NTarm64"),
            "broken.inf:14: the INF does not contain a model for this platform (NTamd64)",
        ),
        (
            good.replace("DefaultDestDir = 13", "DefaultDestDir = 11"),
            "broken.inf:9: the directory %11% is not modelled",
        ),
        (
            [
                good.as_str(),
                "[Install.NT]\nAddReg = Values\n[Values]\nHKX,,Name\n",
            ]
            .concat(),
            "broken.inf:32: AddReg writes below",
        ),
        (
            good.replace("StartType = 3\n", ""),
            "[Service_thing] has no StartType",
        ),
    ] {
        refused(&text, reason)?;
    }
    Ok(())
}

#[test]
fn a_hundred_thousand_lines_install() -> Result<()> {
    let many = (0..100_000).fold(String::from("[Unused]\n"), |text, at| {
        text + &format!("key{at} = value\n")
    });
    let lab = lab(&many)?;
    let start = std::time::Instant::now();
    let run = lab.run(&[
        ADD,
        PLUG,
        TREE,
        "expect \"driver: thing.sys (oem0.inf)  Started\"",
    ])?;
    run.passes()?;
    let time = start.elapsed();
    ensure!(time < std::time::Duration::from_secs(10), "{time:?}");
    Ok(())
}
