//! helper.sys: a plain WDM driver that calls the static export of sample.sys, as the classic does.
//!
//! Parts: `device` (the named device), and here `DriverEntry`, `DriverUnload` and the one call. There is no framework in it: `net
//! start` loads it, and sample.sys with it; `net stop` lets both go.
#![no_std]
#![allow(unsafe_code, reason = "entry points that the system calls, and an import")]

extern crate wdk_panic;

mod device;

use sample_interface::NtStatus;
use wdk_sys::ntddk::DbgPrint;
use wdk_sys::{DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING};

// Imported by name from the file sample.sys. The compiler makes the import itself; C clients link sample.lib.
#[link(name = "sample.sys", kind = "raw-dylib", modifiers = "+verbatim")]
unsafe extern "system" {
    /// See `SAMPLE_INTERFACE` in `sample-interface` for IRQL, arguments and statuses.
    fn SampleDouble(Value: *mut i32) -> NtStatus;
}

/// What the log calls the value before.
const BEFORE: i32 = 19;

/// The driver's entry point.
///
/// # Safety
///
/// Only the system calls it, with the driver object of this image, at `PASSIVE_LEVEL`.
// SAFETY: the one DriverEntry of the image, which the linker's /ENTRY names.
#[unsafe(export_name = "DriverEntry")]
unsafe extern "system" fn driver_entry(
    driver_object: *mut DRIVER_OBJECT,
    _registry_path: PCUNICODE_STRING,
) -> NTSTATUS {
    // SAFETY: a format without arguments.
    unsafe { DbgPrint(c"HELPER.SYS: entering DriverEntry\n".as_ptr()) };
    // SAFETY: the system's argument, which lives as long as the image, and which nothing else uses during DriverEntry.
    let driver = unsafe { &mut *driver_object };
    match start(driver) {
        Ok(()) => NtStatus::STATUS_SUCCESS.0,
        Err(status) => status.0,
    }
}

fn start(driver: &mut DRIVER_OBJECT) -> Result<(), NtStatus> {
    device::create(driver)?;
    driver.DriverUnload = Some(driver_unload);
    double_once().inspect_err(|_| device::delete(driver))
}

/// `DriverUnload`.
unsafe extern "C" fn driver_unload(driver_object: *mut DRIVER_OBJECT) {
    // SAFETY: a format without arguments.
    unsafe { DbgPrint(c"HELPER.SYS: unloading\n".as_ptr()) };
    // SAFETY: the system's argument, the driver object of this image.
    device::delete(unsafe { &*driver_object });
}

fn double_once() -> Result<(), NtStatus> {
    let mut value = BEFORE;
    // SAFETY: the format takes one int.
    unsafe { DbgPrint(c"Helper: before is %d\n".as_ptr(), value) };
    // SAFETY: a valid pointer for the call; PASSIVE_LEVEL is below the routine's limit.
    let status = unsafe { SampleDouble(&raw mut value) };
    // SAFETY: the format takes one int.
    unsafe { DbgPrint(c"Helper:  after is %d\n".as_ptr(), value) };
    status.is_success().then_some(()).ok_or(status)
}
