//! A device that doubles: what a child and a filter have in common.
#![allow(unsafe_code, reason = "a framework callback")]

use direct_call::kmdf::{Device, Provider, ProviderSlot, object_attributes};
use direct_call::{Failure, device_context};
use wdk_sys::{WDF_OBJECT_ATTRIBUTES, WDFOBJECT};

use crate::context_routines::Calls;
use crate::interfaces;

/// The context space of the device.
struct DoublerContext {
    /// Filled in [`publish`], emptied in [`evt_cleanup`].
    provider: ProviderSlot<Calls>,
}

device_context!(DoublerContext, c"DoublerContext");

/// The attributes of a device that [`publish`] is called for.
pub fn device_attributes() -> WDF_OBJECT_ATTRIBUTES {
    WDF_OBJECT_ATTRIBUTES {
        EvtCleanupCallback: Some(evt_cleanup),
        ..object_attributes::<DoublerContext>()
    }
}

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
    let context = device.context::<DoublerContext>().ok_or(Failure::UNSUCCESSFUL)?;
    let provider = Provider::new(device, Calls::default())?;
    let published = interfaces::publish_doublers(&provider, device);
    // Also after a failure: the device may have been given one interface, and cleanup looks here.
    context.provider.put(provider);
    published
}

/// `EvtCleanupCallback`: the owner goes, and clients that still hold a reference keep the rest.
unsafe extern "C" fn evt_cleanup(object: WDFOBJECT) {
    // SAFETY: the framework cleans up a device that was made with `device_attributes`; the handle is good until this
    // returns.
    let device: Device<'_> = unsafe { Device::from_raw(object.cast()) };
    if let Some(context) = device.context::<DoublerContext>() {
        drop(context.provider.take());
    }
}
