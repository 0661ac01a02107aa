//! The interface of the bus, as this driver uses it.
#![allow(unsafe_code, reason = "binds a table to its GUID, and calls it")]

use core::sync::atomic::AtomicBool;

use direct_call::kmdf::{Client, ClientSlot};
use direct_call::{Failure, GUID, Interface, device_context};
use sample_interface::SAMPLE_INTERFACE;

use crate::gate::Gate;

/// Version 1, `GUID_SAMPLE_INTERFACE`.
#[derive(Debug)]
pub enum SampleInterface {}

// SAFETY: the contract crate binds the GUID to this table; the table's layout, header first and function
// pointers after it, is asserted there.
unsafe impl Interface for SampleInterface {
    type Table = SAMPLE_INTERFACE;
    const GUID: GUID = SAMPLE_INTERFACE::GUID;
    const VERSION: u16 = SAMPLE_INTERFACE::VERSION;
}

/// Doubles `value` by a direct call.
///
/// # Errors
///
/// `STATUS_INTEGER_OVERFLOW` when the result does not fit.
pub fn double(client: &Client<SampleInterface>, value: i32) -> Result<i32, Failure> {
    let mut value = value;
    // SAFETY: the table was checked by `Client::query`, its reference is held by `client`; `value` is on the
    // stack.
    let status = unsafe { (client.table().SampleDouble)(&raw mut value) };
    Failure::check(status.0).map(|()| value)
}

/// The context space of the device.
pub struct ChildContext {
    /// Open while `doubler` is filled.
    pub gate: Gate,
    /// Filled in `EvtDevicePrepareHardware`, emptied in `EvtDeviceReleaseHardware`; requests look at it
    /// inside the gate.
    pub doubler: ClientSlot<SampleInterface>,
    /// Set in `EvtDeviceSurpriseRemoval`, never cleared: a device that was removed does not come back.
    pub removed: AtomicBool,
}

device_context!(ChildContext, c"ChildContext");
