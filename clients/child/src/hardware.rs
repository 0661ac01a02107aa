//! `EvtDevicePrepareHardware` and `EvtDeviceReleaseHardware`: the life of the interface in this driver.
//!
//! The framework runs the two one after the other, each with the device's requests beside it: those use the interface inside the
//! gate only, which is open between the two.
#![allow(unsafe_code, reason = "callbacks")]

use core::mem;
use core::sync::atomic::Ordering;

use direct_call::Failure;
use direct_call::kmdf::Device;
use wdk_sys::{NTSTATUS, WDFCMRESLIST, WDFDEVICE};

use crate::doubler::{ChildContext, Doubler};

/// What the first call doubles.
const FIRST_VALUE: i32 = 19;

/// `EvtDevicePrepareHardware`.
pub unsafe extern "C" fn evt_device_prepare_hardware(
    device: WDFDEVICE,
    _raw: WDFCMRESLIST,
    _translated: WDFCMRESLIST,
) -> NTSTATUS {
    // SAFETY: the device or object that `EvtDevicePrepareHardware` is about: it exists until the callback returns.
    let device = unsafe { Device::from_raw(device) };
    Failure::status_of(prepare(device))
}

/// The stack below is started by now, and this device is part of the stack: it may query its own.
fn prepare(device: Device<'_>) -> Result<(), Failure> {
    let context = device.context::<ChildContext>().ok_or(Failure::UNSUCCESSFUL)?;
    let doubler = Doubler::query(device).map_err(|error| {
        debug_print::println!("Child: no interface: {error}");
        error.failure()
    })?;
    try_out(&doubler)?;
    // SAFETY: the gate is closed, so no request looks at the slot; prepare and release do not overlap.
    unsafe { context.doubler.put(doubler) };
    context.gate.open();
    Ok(())
}

fn try_out(doubler: &Doubler) -> Result<(), Failure> {
    debug_print::println!(
        "Child: before is {FIRST_VALUE} (interface version {})",
        doubler.version()
    );
    let after = doubler.double(FIRST_VALUE)?;
    debug_print::println!("Child:  after is {after}");
    Ok(())
}

/// `EvtDeviceSurpriseRemoval`: comes at any time; the interface stays until release.
pub unsafe extern "C" fn evt_device_surprise_removal(device: WDFDEVICE) {
    // SAFETY: the device or object that `EvtDeviceSurpriseRemoval` is about: it exists until the callback returns.
    let device: Device<'_> = unsafe { Device::from_raw(device) };
    if let Some(context) = device.context::<ChildContext>() {
        context.removed.store(true, Ordering::Relaxed);
    }
}

/// `EvtDeviceReleaseHardware`.
pub unsafe extern "C" fn evt_device_release_hardware(
    device: WDFDEVICE,
    _translated: WDFCMRESLIST,
) -> NTSTATUS {
    // SAFETY: the device or object that `EvtDeviceReleaseHardware` is about: it exists until the callback returns.
    let device: Device<'_> = unsafe { Device::from_raw(device) };
    if let Some(context) = device.context::<ChildContext>() {
        context.gate.close();
        // SAFETY: the gate is closed, so no request looks at the slot; prepare and release do not overlap.
        let doubler = unsafe { context.doubler.take() };
        release(doubler);
    }
    Failure::status_of(Ok(()))
}

/// Gives the reference back, except in the build that is made to forget it.
fn release(doubler: Option<Doubler>) {
    match doubler {
        Some(doubler) if cfg!(feature = "forget-release") => mem::forget(doubler),
        doubler => drop(doubler),
    }
}
