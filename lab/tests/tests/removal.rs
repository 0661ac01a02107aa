//! The bus or a child goes while the interface is held.

use anyhow::{Result, ensure};
use lab_tests::{
    Build, Lab, exit,
    script::{FIRST_CHILD, PLUG_BUS, PULL_BUS, PULL_FIRST_CHILD, REMOVE_BUS, ioctl, started},
};
use sample_interface::IOCTL_CHILD_DOUBLE;

#[test]
fn the_bus_may_be_pulled_out_while_children_hold_its_interface() -> Result<()> {
    for build in [Build::Debug, Build::Release] {
        Lab::new(build)?.run(&started(&[PULL_BUS]))?.passes()?;
    }
    Ok(())
}

#[test]
fn a_child_may_be_pulled_out_while_it_holds_the_interface() -> Result<()> {
    let run = Lab::new(Build::Debug)?.run(&started(&[PULL_FIRST_CHILD, REMOVE_BUS]))?;
    run.passes()
}

#[test]
fn a_call_after_the_surprise_removal_gets_a_status() -> Result<()> {
    let open = format!("open held {FIRST_CHILD}");
    let call = ioctl("held", IOCTL_CHILD_DOUBLE, &19_i32.to_le_bytes(), 4);
    let run = Lab::new(Build::Debug)?.run(&started(&[&open, &call, PULL_BUS, &call, "close held"]))?;
    run.passes()?;
    let (_, after) = run.output.split_once(PULL_BUS).unwrap_or(("", &run.output));
    ensure!(
        after.contains("STATUS_DEVICE_REMOVED") || after.contains("STATUS_SUCCESS"),
        "the call after the removal neither computes nor says that the device is gone:\n{}",
        run.output
    );
    Ok(())
}

#[test]
fn the_bus_can_come_back() -> Result<()> {
    for removal in [REMOVE_BUS, PULL_BUS] {
        let run = Lab::new(Build::Debug)?.run(&started(&[removal, PLUG_BUS]))?;
        run.passes()?;
        run.says_in_order(&["after is 38"; 4])?;
    }
    Ok(())
}

#[test]
fn a_child_that_forgets_its_release_is_a_leak_with_an_owner() -> Result<()> {
    let run = Lab::with_forgetful_child()?.run(&started(&[REMOVE_BUS]))?;
    run.ends(exit::LEAK, "verdict: leak")?;
    run.says("child.sys")?;
    run.says("interface reference")
}
