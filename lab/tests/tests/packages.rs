//! Driver packages: which one a device gets, what deleting one does, and what the lists show.

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, exit,
    script::{ADD_BUS, ADD_CHILD, FIRST_CHILD, PLUG_BUS, REMOVE_BUS, SECOND_CHILD, TREE, ioctl, started},
};
use sample_interface::IOCTL_CHILD_DOUBLE;

const BUS: &str = r"ROOT\SAMPLEBUS\0000";
const IN_USE: &str =
    "Failed to delete driver package: One or more devices are presently installed using the specified INF.";

/// Writes a variant of child.inf: with another `DriverVer`, for another ID of the children.
fn child_variant(lab: &Lab, name: &str, driver_ver: &str, id: &str) -> Result<()> {
    let text = String::from_utf8(lab.read("child.inf")?)?;
    let stamped = text
        .lines()
        .find(|line| line.starts_with("DriverVer"))
        .context("child.inf has no DriverVer")?;
    let text = text
        .replace(stamped, &format!("DriverVer = {driver_ver}"))
        .replace(r"SAMPLEBUS\Doubler", id);
    lab.write(name, text.as_bytes())
}

/// The lines of a script that ask for an INF in a device's description.
fn has(device: &str, inf: &str) -> [String; 2] {
    [
        format!("pnputil /enum-devices /instanceid {device}"),
        format!(r#"expect "Driver Name:                {inf}""#),
    ]
}

#[test]
fn a_package_in_use_stays_unless_its_devices_let_go_of_it() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[
        "expect-error pnputil /delete-driver oem1.inf",
        &format!(r#"expect "{IN_USE}""#),
        "pnputil /delete-driver OEM1.INF /uninstall",
        "expect \"Driver package deleted successfully.\"",
        TREE,
        r#"expect "Problem 28 CM_PROB_FAILED_INSTALL""#,
        "pnputil /enum-drivers",
        "expect /not oem1.inf",
        "expect oem0.inf",
        "pnputil /delete-driver oem0.inf /uninstall",
        TREE,
        "expect /not Doubler",
        ADD_BUS,
        "expect \"Driver package installed on device: ROOT\\SAMPLEBUS\\0000\"",
        ADD_CHILD,
    ]))?;
    run.passes()?;
    let calls = run.count("after is 38");
    ensure!(calls == 4, "{calls} calls:\n{}", run.output);
    Ok(())
}

#[test]
fn a_refused_deletion_is_a_failure_with_windows_text() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&["pnputil /delete-driver oem0.inf"]))?;
    run.ends(exit::FAIL, "verdict: fail")?;
    run.says(IN_USE)?;
    run.says(BUS)
}

#[test]
fn a_package_that_is_not_there_is_named() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[ADD_BUS, "pnputil /delete-driver oem7.inf"])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says("Failed to delete driver package: The specified file is not an installed OEM INF.")
}

#[test]
fn devices_that_are_gone_use_their_package_until_they_are_removed() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[
        &format!("pnputil /remove-device {FIRST_CHILD}"),
        REMOVE_BUS,
        "pnputil /delete-driver oem0.inf",
        "expect-error pnputil /delete-driver oem1.inf",
        &format!("expect {SECOND_CHILD}"),
        &format!("expect /not {FIRST_CHILD}"),
        "pnputil /delete-driver oem1.inf /uninstall",
        "pnputil /enum-drivers",
        "expect /not oem",
    ]))?;
    run.passes()
}

#[test]
fn a_forced_deletion_leaves_the_devices_what_they_have() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[
        "pnputil /delete-driver oem1.inf /force",
        "pnputil /enum-drivers",
        "expect /not child.inf",
        TREE,
        r#"expect "child.sys (oem1.inf)  Started""#,
        &format!("pnputil /restart-device {FIRST_CHILD}"),
        TREE,
        "expect /not Problem",
    ]))?;
    run.passes()
}

#[test]
fn an_open_file_keeps_a_package() -> Result<()> {
    let call = ioctl("held", IOCTL_CHILD_DOUBLE, &19_i32.to_le_bytes(), 4);
    for inf in ["oem0.inf", "oem1.inf"] {
        let run = Lab::new(Build::Debug)?.run(&started(&[
            &format!("open held {SECOND_CHILD}"),
            &format!("expect-error pnputil /delete-driver {inf} /uninstall"),
            "expect PNP_VetoOutstandingOpen",
            &call,
            "expect \"STATUS_SUCCESS (0x00000000), 4 bytes: 26 00 00 00\"",
            TREE,
            "expect /not Problem",
            "close held",
            &format!("pnputil /delete-driver {inf} /uninstall"),
        ]))?;
        run.passes()?;
    }
    Ok(())
}

#[test]
fn of_two_packages_for_one_id_the_newer_one_wins_and_the_other_takes_over_from_it() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    child_variant(&lab, "old.inf", "01/02/2020,9.0.0.0", r"SAMPLEBUS\Doubler")?;
    child_variant(&lab, "new.inf", "01/03/2020,1.0.0.0", r"SAMPLEBUS\Doubler")?;
    let [ask, first] = has(FIRST_CHILD, "oem1.inf");
    let [_, second] = has(FIRST_CHILD, "oem2.inf");
    let run = lab.run(&[
        ADD_BUS,
        "pnputil /add-driver old.inf /install",
        PLUG_BUS,
        "pnputil /add-driver new.inf",
        &ask,
        &first,
        "pnputil /add-driver new.inf /install",
        r#"expect "(Already exists in the system)""#,
        &format!(r#"expect "Driver package installed on device: {FIRST_CHILD}""#),
        &ask,
        &second,
        "pnputil /add-driver old.inf /install",
        &format!(r#"expect "Driver package is up-to-date on device: {FIRST_CHILD}""#),
        "pnputil /delete-driver oem2.inf /uninstall",
        &ask,
        &first,
    ])?;
    run.passes()?;
    let calls = run.count("after is 38");
    ensure!(
        calls == 6,
        "{calls} calls, not three for each child:\n{}",
        run.output
    );
    Ok(())
}

#[test]
fn a_hardware_id_wins_over_a_compatible_id_of_a_newer_package() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    child_variant(&lab, "general.inf", "01/02/2099,9.0.0.0", r"SAMPLEBUS\Device")?;
    let [ask, general] = has(FIRST_CHILD, "oem1.inf");
    let [_, exact] = has(FIRST_CHILD, "oem2.inf");
    let run = lab.run(&[
        ADD_BUS,
        "pnputil /add-driver general.inf /install",
        PLUG_BUS,
        &ask,
        &general,
        ADD_CHILD,
        &ask,
        &exact,
        &format!("pnputil /enum-devices /instanceid {FIRST_CHILD} /drivers"),
    ])?;
    run.passes()?;
    run.says_in_order(&[
        "Matching Drivers:",
        "oem2.inf",
        "00FF0000",
        "Best Ranked / Installed",
        "oem1.inf",
        "00FF2000",
        "Outranked",
    ])
}

#[test]
fn a_package_without_install_waits_for_the_next_device() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&[
        "pnputil /add-driver sample.inf",
        "pnputil /add-driver child.inf",
        PLUG_BUS,
    ])?;
    run.passes()?;
    run.says_in_order(&["after is 38", "after is 38"])
}

#[test]
fn the_lists_can_be_narrowed() -> Result<()> {
    let disable = format!("pnputil /disable-device {SECOND_CHILD}");
    let run = Lab::new(Build::Debug)?.run(&started(&[
        &disable,
        "pnputil /enum-devices /problem",
        &format!("expect {SECOND_CHILD}"),
        "expect \"22 (0x16) [CM_PROB_DISABLED]\"",
        &format!("expect /not {FIRST_CHILD}"),
        "pnputil /enum-devices /problem 28",
        "expect \"No devices were found on the system.\"",
        "pnputil /enum-devices /class system /connected",
        &format!("expect {FIRST_CHILD}"),
        "pnputil /enum-devices /class Net",
        "expect /not SAMPLEBUS",
        "pnputil /enum-devices /disconnected",
        "expect /not SAMPLEBUS",
        &format!("pnputil /enum-devices /instanceid {BUS} /relations"),
        r#"expect "Parent:                     HTREE\ROOT\0""#,
        &format!(r#"expect "Children:                   {FIRST_CHILD}""#),
        "pnputil /enum-drivers /class System /files",
        "expect child.sys",
        "pnputil /enum-drivers /class {00000000-0000-0000-0000-000000000000}",
        "expect /not oem",
    ]))?;
    run.passes()
}
