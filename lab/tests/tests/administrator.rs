//! What an administrator does with devices: disable, enable, restart, remove, scan. Each ends with nothing left.

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, exit,
    script::{FIRST_CHILD, PLUG_BUS, REMOVE_BUS, SECOND_CHILD, TREE, ioctl, started},
};
use sample_interface::IOCTL_CHILD_DOUBLE;

const BUS: &str = r"ROOT\SAMPLEBUS\0000";
const SCAN: &str = "pnputil /scan-devices";

/// A command of pnputil for one device.
fn pnputil(verb: &str, id: &str) -> String {
    format!("pnputil /{verb} {id}")
}

#[test]
fn a_bus_and_a_child_can_be_disabled_enabled_and_restarted() -> Result<()> {
    for id in [BUS, FIRST_CHILD] {
        for build in [Build::Debug, Build::Release] {
            let (disable, enable) = (pnputil("disable-device", id), pnputil("enable-device", id));
            let restart = pnputil("restart-device", id);
            let run = Lab::new(build)?.run(&started(&[&disable, TREE, &enable, &restart, &restart]))?;
            run.passes()?;
            run.says_in_order(&[
                "Disabling device:",
                id,
                "Device disabled successfully.",
                "Disabled 22 CM_PROB_DISABLED",
                "Enabling device:",
                "after is 38",
                "Device enabled successfully.",
                "Restarting device:",
                "after is 38",
                "Device restarted successfully.",
                "after is 38",
                "Device restarted successfully.",
            ])?;
        }
    }
    Ok(())
}

#[test]
fn a_disabled_bus_has_no_children_and_a_disabled_device_may_be_removed() -> Result<()> {
    let disable = pnputil("disable-device", BUS);
    let run = Lab::new(Build::Debug)?.run(&started(&[
        &disable,
        TREE,
        "expect /not Doubler",
        REMOVE_BUS,
        PLUG_BUS,
        TREE,
        "expect /not CM_PROB_DISABLED",
    ]))?;
    run.passes()
}

#[test]
fn a_disabled_child_stays_disabled_while_its_bus_restarts_and_is_scanned() -> Result<()> {
    let disable = pnputil("disable-device", FIRST_CHILD);
    let enable = pnputil("enable-device", FIRST_CHILD);
    let restart = pnputil("restart-device", BUS);
    let again = pnputil("disable-device", FIRST_CHILD);
    let run = Lab::new(Build::Debug)?.run(&started(&[
        &disable,
        &restart,
        SCAN,
        TREE,
        "expect CM_PROB_DISABLED",
        &enable,
        TREE,
        "expect /not CM_PROB_DISABLED",
        &again,
    ]))?;
    run.passes()?;
    let calls = run.count("after is 38");
    ensure!(calls == 4, "two, one and one calls, not {calls}:\n{}", run.output);
    Ok(())
}

#[test]
fn a_removed_child_comes_back_with_a_scan_as_a_new_device() -> Result<()> {
    let disable = pnputil("disable-device", FIRST_CHILD);
    let remove = pnputil("remove-device", FIRST_CHILD);
    let gone = format!("expect /not {FIRST_CHILD}");
    let there = format!("expect {FIRST_CHILD}");
    let run = Lab::new(Build::Debug)?.run(&started(&[
        &disable,
        &remove,
        TREE,
        &gone,
        SCAN,
        TREE,
        &there,
        "expect /not CM_PROB_DISABLED",
    ]))?;
    run.passes()?;
    run.says_in_order(&[
        "Device removed successfully.",
        "Scanning for device hardware changes.",
        "after is 38",
        "Scan complete.",
    ])
}

#[test]
fn an_open_file_vetoes_and_the_device_goes_on() -> Result<()> {
    let open = format!("open held {SECOND_CHILD}");
    let call = ioctl("held", IOCTL_CHILD_DOUBLE, &19_i32.to_le_bytes(), 4);
    for verb in ["disable-device", "restart-device", "remove-device"] {
        for id in [BUS, SECOND_CHILD] {
            let refused = format!("expect-error {}", pnputil(verb, id));
            let run = Lab::new(Build::Debug)?.run(&started(&[
                &open,
                &refused,
                "expect PNP_VetoOutstandingOpen",
                &call,
                "expect \"STATUS_SUCCESS (0x00000000), 4 bytes: 26 00 00 00\"",
                "close held",
                &pnputil(verb, id),
            ]))?;
            run.passes()?;
        }
    }
    Ok(())
}

/// As on Windows: the drivers are asked before the open files are looked at.
#[test]
fn a_veto_by_an_open_file_comes_after_the_drivers_were_asked_and_is_taken_back() -> Result<()> {
    let completed = |lines: &[&str]| -> Result<u64> {
        let run = Lab::new(Build::Release)?.run(&started(lines))?;
        run.passes()?;
        run.report()?["exports"]["IofCompleteRequest"]
            .as_u64()
            .context("the report does not count IofCompleteRequest")
    };
    let open = format!("open held {FIRST_CHILD}");
    let refused = format!("expect-error {}", pnputil("disable-device", FIRST_CHILD));
    let without = completed(&[&open, "close held"])?;
    let with = completed(&[&open, &refused, "close held"])?;
    // IRP_MN_QUERY_REMOVE_DEVICE and IRP_MN_CANCEL_REMOVE_DEVICE.
    ensure!(with == without + 2, "{without} requests without, {with} with");
    Ok(())
}

#[test]
fn devgen_takes_away_what_it_made_and_nothing_else() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[
        &format!("expect-error devgen /remove {FIRST_CHILD}"),
        "expect \"was not made by devgen\"",
        &format!("devgen /remove {BUS}"),
        TREE,
        "expect /not SAMPLEBUS",
    ]))?;
    run.passes()
}

#[test]
fn a_device_that_is_not_there_is_named() -> Result<()> {
    for verb in ["disable", "enable", "restart", "remove"] {
        let run = Lab::new(Build::Debug)?.run(&[&pnputil(&format!("{verb}-device"), r"ROOT\NONE\0000")])?;
        run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
        run.says(&format!(
            r"Failed to {verb} device: The device instance does not exist in the hardware tree. (ROOT\NONE\0000)"
        ))?;
    }
    Ok(())
}
