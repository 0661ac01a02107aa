//! A device that doubles: what a child and a filter have in common.

use direct_call::Failure;
use direct_call::kmdf::Device;

use crate::context_routines::Calls;
use crate::interfaces;

/// Registers the interfaces on a device. To be called when it has just been made: a query may come as soon as it exists.
///
/// # Errors
///
/// `STATUS_INSUFFICIENT_RESOURCES`, and what `WdfDeviceAddQueryInterface` answers.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn publish(device: Device<'_>) -> Result<(), Failure> {
    let providing = device.provide(Calls::default())?;
    interfaces::publish_doublers(providing.provider(), device)
}
