//! `EvtDevicePrepareHardware` and `EvtDeviceReleaseHardware`: the interface is held between the two.
#![allow(unsafe_code, reason = "callbacks, and calls through a foreign table")]

use direct_call::kmdf::{Client, Device, Slot};
use direct_call::{Failure, GUID, Interface, QueryError, device_context};
use sample_interface::SAMPLE_INTERFACE;
use wdk_sys::{NTSTATUS, STATUS_NOT_SUPPORTED, STATUS_SUCCESS, WDFCMRESLIST, WDFDEVICE};

/// What the one call doubles.
const VALUE: i32 = 19;

/// Version 1, `GUID_SAMPLE_INTERFACE`.
#[derive(Debug)]
enum SampleInterface {}

// SAFETY: the contract crate binds the GUID to this table; the table's layout, header first and function
// pointers after it, is asserted there.
unsafe impl Interface for SampleInterface {
    type Table = SAMPLE_INTERFACE;
    const GUID: GUID = SAMPLE_INTERFACE::GUID;
    const VERSION: u16 = SAMPLE_INTERFACE::VERSION;
}

/// The context space of the device.
pub struct StackedContext {
    /// Filled in prepare, if some filter offers the interface; emptied in release. Nothing else looks at it.
    doubler: Slot<Client<SampleInterface>>,
}

device_context!(StackedContext, c"StackedContext");

/// `EvtDevicePrepareHardware`.
pub unsafe extern "C" fn evt_device_prepare_hardware(
    device: WDFDEVICE,
    _raw: WDFCMRESLIST,
    _translated: WDFCMRESLIST,
) -> NTSTATUS {
    // SAFETY: the framework's argument, good until this routine returns.
    Failure::status_of(prepare(unsafe { Device::from_raw(device) }))
}

/// The whole stack exists by now. That nobody in it offers the interface is no failure; anything else is.
fn prepare(device: Device<'_>) -> Result<(), Failure> {
    let context = device.context::<StackedContext>().ok_or(Failure::UNSUCCESSFUL)?;
    let doubler = match Client::<SampleInterface>::query(device) {
        Ok(doubler) => doubler,
        Err(QueryError::Query(failure)) if failure.status() == STATUS_NOT_SUPPORTED => {
            wdk::println!("Stacked: nobody in the stack doubles");
            return Ok(());
        }
        Err(error) => {
            wdk::println!("Stacked: no interface: {error}");
            return Err(error.failure());
        }
    };
    double_once(&doubler)?;
    // SAFETY: prepare and release do not overlap, and nothing else uses the slot.
    unsafe { context.doubler.put(doubler) };
    Ok(())
}

fn double_once(doubler: &Client<SampleInterface>) -> Result<(), Failure> {
    let mut value = VALUE;
    wdk::println!(
        "Stacked: before is {value} (interface version {})",
        SampleInterface::VERSION
    );
    // SAFETY: the table was checked by `Client::query`, its reference is held by `doubler`; `value` is on the stack.
    let status = unsafe { (doubler.table().SampleDouble)(&raw mut value) };
    Failure::check(status.0)?;
    wdk::println!("Stacked:  after is {value}");
    Ok(())
}

/// `EvtDeviceReleaseHardware`: gives the reference back before the removal goes down the stack.
pub unsafe extern "C" fn evt_device_release_hardware(
    device: WDFDEVICE,
    _translated: WDFCMRESLIST,
) -> NTSTATUS {
    // SAFETY: the framework's argument, good until this routine returns.
    let device: Device<'_> = unsafe { Device::from_raw(device) };
    if let Some(context) = device.context::<StackedContext>() {
        // SAFETY: prepare and release do not overlap, and nothing else uses the slot.
        drop(unsafe { context.doubler.take() });
    }
    STATUS_SUCCESS
}
