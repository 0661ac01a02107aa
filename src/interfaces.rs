//! What a child and a filter publish.
#![allow(unsafe_code, reason = "binds a table to its GUID, and a framework callback")]

use core::ptr;

use direct_call::kmdf::{Device, Offers, Provider, ProviderSlot, object_attributes};
use direct_call::{Failure, GUID, Interface, device_context};
use sample_interface::{INTERFACE, SAMPLE_INTERFACE};
use wdk_sys::{WDF_OBJECT_ATTRIBUTES, WDFOBJECT};

use crate::exports::SampleDouble;

/// Version 1, `GUID_SAMPLE_INTERFACE`.
enum SampleInterface {}

// SAFETY: the GUID is this project's own, and the contract crate binds it to this table; the table's layout,
// header first and function pointers after it, is asserted there.
unsafe impl Interface for SampleInterface {
    type Table = SAMPLE_INTERFACE;
    const GUID: GUID = SAMPLE_INTERFACE::GUID;
    const VERSION: u16 = SAMPLE_INTERFACE::VERSION;
}

/// Every interface of this driver.
pub enum Published {}

impl Offers for Published {
    const GUIDS: &'static [GUID] = &[SampleInterface::GUID];
}

/// The context space of a device that publishes.
#[derive(Default)]
struct PublisherContext {
    /// Emptied in [`evt_cleanup`].
    provider: ProviderSlot,
}

device_context!(PublisherContext, c"PublisherContext");

/// The attributes of a device that [`publish`] is called for.
pub fn device_attributes() -> WDF_OBJECT_ATTRIBUTES {
    WDF_OBJECT_ATTRIBUTES {
        EvtCleanupCallback: Some(evt_cleanup),
        ..object_attributes::<PublisherContext>()
    }
}

/// Registers every interface on a device. To be called when it has just been made: a query may come as soon as it exists.
///
/// # Errors
///
/// `STATUS_INSUFFICIENT_RESOURCES`, and what `WdfDeviceAddQueryInterface` answers.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn publish(device: Device<'_>) -> Result<(), Failure> {
    let context = device
        .context::<PublisherContext>()
        .ok_or(Failure::UNSUCCESSFUL)?;
    let provider = Provider::new(device)?;
    let published = register(&provider, device);
    // Also after a failure: the device may have been given one interface, and cleanup looks here.
    context.provider.put(provider);
    published
}

fn register(provider: &Provider, device: Device<'_>) -> Result<(), Failure> {
    let table = SAMPLE_INTERFACE {
        InterfaceHeader: EMPTY_HEADER,
        SampleDouble,
    };
    provider.publish::<SampleInterface>(device, table)
}

/// `EvtCleanupCallback` of the device: the owner goes, and clients that still hold a reference keep the rest.
unsafe extern "C" fn evt_cleanup(object: WDFOBJECT) {
    // SAFETY: the framework cleans up a device that was made with `device_attributes`; the handle is good until this
    // returns.
    let device: Device<'_> = unsafe { Device::from_raw(object.cast()) };
    drop(
        device
            .context::<PublisherContext>()
            .and_then(|context| context.provider.take()),
    );
}

/// [`Provider::publish`] fills the header.
const EMPTY_HEADER: INTERFACE = INTERFACE {
    Size: 0,
    Version: 0,
    Context: ptr::null_mut(),
    InterfaceReference: None,
    InterfaceDereference: None,
};
