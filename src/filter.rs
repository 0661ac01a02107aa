//! The filter: a device in a stack of other drivers, above or below the function driver, that offers the same interfaces as a child does.
//!
//! The framework passes on everything that a filter does not handle, and completes nothing itself but the queries for these
//! interfaces. Where something below offers one of them, that answer stands.

use direct_call::Failure;
use direct_call::kmdf::DeviceInit;

use crate::doubler;
use crate::interfaces::Doublers;

/// Makes the filter device.
///
/// # Errors
///
/// What the framework answers; the device is not added then, and with it the whole stack does not start.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.set_filter();
    init.answer_after_those_below::<Doublers>()?;
    let device = init.create(None)?;
    doubler::publish(device)
}
