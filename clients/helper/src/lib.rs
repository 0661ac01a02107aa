//! helper.sys: a legacy driver that calls `SampleDouble` through its static import when it starts.
//!
//! `net start helper`, `net stop helper`. Loading it loads sample.sys, if nobody has yet. Plain WDM: no framework, and no device, since nobody
//! opens it.
#![no_std]
#![allow(unsafe_code, reason = "an entry point, an import, and a call through it")]

extern crate wdk_panic;

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
    wdk::println!("HELPER.SYS: entering DriverEntry");
    // SAFETY: the system's argument, which is this driver's own.
    unsafe { (*driver).DriverUnload = Some(unload) };
    let mut value = 19;
    wdk::println!("Helper: before is {value}");
    // SAFETY: `value` is on the stack.
    let status = unsafe { SampleDouble(&raw mut value) };
    wdk::println!("Helper:  after is {value}");
    status.0
}

/// `DriverUnload`.
unsafe extern "C" fn unload(_driver: *mut DRIVER_OBJECT) {
    wdk::println!("HELPER.SYS: unloading");
}
