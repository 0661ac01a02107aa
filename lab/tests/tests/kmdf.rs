//! Conformance of lab/kmdf, group by group; each driver is in `drivers/kmdf_*.c` and names the framework's file beside its expectations.

use anyhow::Result;
use lab_tests::{
    Build, Lab, Run,
    conform::{self, REMOVE, conforms},
};

/// What the driver told, a line for each callback and IRP.
fn told(run: &Run, name: &str) -> String {
    let mark = format!("{name}: ");
    let lines = run.output.lines().filter_map(|line| line.strip_prefix(&mark));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// A run of the driver that tells the order, to the letter of its golden file.
fn order(golden: &str, lines: &[&str]) -> Result<()> {
    let name = "kmdf_order";
    let run = conform::run(&conform::lab(name)?, name, lines)?;
    run.never_says("does not hold")?;
    run.passes()?;
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(golden, told(&run, name));
    });
    Ok(())
}

/// The control codes of `drivers/kmdf_order.c`.
const READ: &str = r"ioctl ROOT\CONFORM\0000 0x222000";
const DOWN_AND_UP: &str = r"ioctl ROOT\CONFORM\0000 0x222004";
const STOP_AND_START: &str = r"ioctl ROOT\CONFORM\0000 0x222008";
const STAY_OR_GO: &str = r"ioctl ROOT\CONFORM\0000 0x22200C";

#[test]
fn queues_present_stop_drain_purge_and_forward_as_the_framework_does() -> Result<()> {
    conforms("kmdf_queues", 132)
}

#[test]
fn callbacks_of_one_scope_are_kept_apart() -> Result<()> {
    conforms("kmdf_sync", 53)
}

#[test]
fn a_device_without_hardware_gets_the_statuses_of_the_framework() -> Result<()> {
    conforms("kmdf_device", 74)
}

#[test]
fn requests_wait_for_their_target_and_for_their_time_limit() -> Result<()> {
    conforms("kmdf_targets", 120)
}

#[test]
fn resource_lists_and_dispatch_routines_are_those_of_the_framework() -> Result<()> {
    conforms("kmdf_resources", 96)
}

#[test]
fn objects_contexts_memory_and_collections_are_those_of_the_framework() -> Result<()> {
    conforms("kmdf_objects", 82)
}

#[test]
fn registry_values_are_read_and_written_as_by_the_framework() -> Result<()> {
    conforms("kmdf_registry", 79)
}

#[test]
fn children_are_listed_described_and_lost_as_by_the_framework() -> Result<()> {
    conforms("kmdf_children", 102)
}

#[test]
fn names_interfaces_and_control_devices_are_those_of_the_framework() -> Result<()> {
    conforms("kmdf_names", 67)
}

#[test]
fn buffers_locks_timers_and_work_items_are_those_of_the_framework() -> Result<()> {
    conforms("kmdf_requests", 151)
}

#[test]
fn settings_states_and_properties_are_those_of_the_framework() -> Result<()> {
    conforms("kmdf_init", 41)
}

/// The expectation is that of pnpstatemachine.cpp, powerstatemachine.cpp and selfmanagediostatemachine.cpp.
#[test]
fn callbacks_and_irps_come_in_the_framework_s_order() -> Result<()> {
    order(
        "kmdf_order",
        &[
            READ,
            DOWN_AND_UP,
            STOP_AND_START,
            STAY_OR_GO,
            &format!("expect-error {REMOVE}"),
            STAY_OR_GO,
            REMOVE,
        ],
    )
}

#[test]
fn a_surprise_removal_comes_in_the_framework_s_order() -> Result<()> {
    order("kmdf_order_surprise", &[r"surprise-remove ROOT\CONFORM\0000"])
}

/// What reaches a plain WDM function driver; the expectation is that of the documentation (State Transitions for `PnP` Devices).
#[test]
fn irps_of_a_wdm_driver_come_in_the_documented_order() -> Result<()> {
    const DISABLE: &str = r"pnputil /disable-device ROOT\CONFORM\0000";
    const ENABLE: &str = r"pnputil /enable-device ROOT\CONFORM\0000";
    let name = "wdm_order";
    let lab = Lab::new(Build::Debug)?;
    lab.function_driver(name, include_str!("../drivers/wdm_order.c"), conform::HARDWARE_ID)?;
    let surprise = r"surprise-remove ROOT\CONFORM\0000";
    let run = conform::run(&lab, name, &[READ, DISABLE, ENABLE, surprise])?;
    run.passes()?;
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, told(&run, name));
    });
    Ok(())
}
