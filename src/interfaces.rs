//! What a child publishes.
#![allow(unsafe_code, reason = "binds a table to its GUID")]

use core::ptr;

use direct_call::kmdf::{Device, Provider};
use direct_call::{Failure, GUID, Interface};
use sample_interface::{INTERFACE, SAMPLE_INTERFACE};

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

/// Registers every interface of a child on its device.
///
/// # Errors
///
/// What `WdfDeviceAddQueryInterface` answers.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn publish(provider: &Provider, device: Device<'_>) -> Result<(), Failure> {
    let table = SAMPLE_INTERFACE {
        InterfaceHeader: EMPTY_HEADER,
        SampleDouble,
    };
    provider.publish::<SampleInterface>(device, table)
}

/// [`Provider::publish`] fills the header.
const EMPTY_HEADER: INTERFACE = INTERFACE {
    Size: 0,
    Version: 0,
    Context: ptr::null_mut(),
    InterfaceReference: None,
    InterfaceDereference: None,
};
