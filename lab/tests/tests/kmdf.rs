//! Conformance of lab/kmdf, group by group; each driver is in `drivers/kmdf_*.c` and names the framework's file beside its expectations.

use anyhow::Result;
use lab_tests::conform::conforms;

#[test]
fn queues_present_stop_drain_purge_and_forward_as_the_framework_does() -> Result<()> {
    conforms("kmdf_queues", 132)
}
