//! Conformance of lab/kmdf, group by group; each driver is in `drivers/kmdf_*.c` and names the framework's file beside its expectations.

use anyhow::Result;
use lab_tests::conform::conforms;

#[test]
fn queues_present_stop_drain_purge_and_forward_as_the_framework_does() -> Result<()> {
    conforms("kmdf_queues", 132)
}

#[test]
fn callbacks_of_one_scope_are_kept_apart() -> Result<()> {
    conforms("kmdf_sync", 49)
}

#[test]
fn a_device_without_hardware_gets_the_statuses_of_the_framework() -> Result<()> {
    conforms("kmdf_device", 74)
}
