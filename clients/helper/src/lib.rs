//! helper.sys: a legacy driver that calls `SampleDouble` through its static import when it starts.
//!
//! `net start helper`, `net stop helper`. Loading it loads sample.sys, if nobody has yet. Plain WDM, without the framework.
//! Parts: `device` (the named device), and here the entry points and the one call.
#![no_std]
#![allow(unsafe_code, reason = "an entry point, an import, and a call through it")]

extern crate wdk_panic;

mod device;

use sample_interface::NtStatus;
use wdk_sys::{DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING};

// raw-dylib: the compiler makes the import of `sample.sys` itself; no import library is needed.
#[link(name = "sample.sys", kind = "raw-dylib", modifiers = "+verbatim")]
unsafe extern "system" {
    /// The export of sample.sys; see `SAMPLE_INTERFACE::SampleDouble` in the contract.
    fn SampleDouble(value: *mut i32) -> NtStatus;
}

/// The driver's entry point.
///
/// # Safety
///
/// Only the system calls it, with the driver object and the registry path of this image, at `PASSIVE_LEVEL`.
// SAFETY: the one DriverEntry of the image.
#[unsafe(export_name = "DriverEntry")]
unsafe extern "system" fn driver_entry(
    driver: *mut DRIVER_OBJECT,
    _registry_path: PCUNICODE_STRING,
) -> NTSTATUS {
    debug_print::println!("HELPER.SYS: entering DriverEntry");
    // SAFETY: the system's argument, which nothing else uses while DriverEntry runs.
    let driver = unsafe { &mut *driver };
    match start(driver) {
        Ok(()) => NtStatus::STATUS_SUCCESS.0,
        Err(status) => status.0,
    }
}

/// A driver that fails to start is not asked to unload: nothing is left then.
fn start(driver: &mut DRIVER_OBJECT) -> Result<(), NtStatus> {
    device::create(driver)?;
    driver.DriverUnload = Some(unload);
    double_once().inspect_err(|_| device::delete(driver))
}

fn double_once() -> Result<(), NtStatus> {
    let mut value = 19;
    debug_print::println!("Helper: before is {value}");
    // SAFETY: `value` is on the stack, and PASSIVE_LEVEL is below the routine's limit.
    let status = unsafe { SampleDouble(&raw mut value) };
    debug_print::println!("Helper:  after is {value}");
    status.is_success().then_some(()).ok_or(status)
}

/// `DriverUnload`.
unsafe extern "C" fn unload(driver: *mut DRIVER_OBJECT) {
    debug_print::println!("HELPER.SYS: unloading");
    // SAFETY: the system's argument, the driver object that `start` made the device for.
    device::delete(unsafe { &*driver });
}
