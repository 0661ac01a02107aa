//! `DriverEntry`, `EvtDriverDeviceAdd`, and which role a device gets.
#![allow(unsafe_code, reason = "entry points that the system calls")]

use core::ptr;

use direct_call::Failure;
use direct_call::kmdf::size_of_ulong;
use wdk_sys::{
    DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING, STATUS_SUCCESS, WDF_DRIVER_CONFIG, WDFDEVICE_INIT, WDFDRIVER,
    call_unsafe_wdf_function_binding,
};

use crate::bus;

/// The tag of what the framework allocates for this driver, `Smpl` in a pool listing.
const POOL_TAG: u32 = u32::from_le_bytes(*b"Smpl");

/// The driver's entry point, which the framework's stub calls once it has bound the image.
///
/// The stub is also called without a driver object, by loaders that treat the image as a DLL only; it then calls on
/// without binding, and the framework must not be touched.
///
/// # Safety
///
/// Only the stub calls it, with the driver object and the registry path of this image, at `PASSIVE_LEVEL`.
// SAFETY: the one DriverEntry of the image; the name is what the framework's entry stub links to.
#[unsafe(export_name = "DriverEntry")]
unsafe extern "system" fn driver_entry(
    driver_object: *mut DRIVER_OBJECT,
    registry_path: PCUNICODE_STRING,
) -> NTSTATUS {
    if driver_object.is_null() {
        return STATUS_SUCCESS;
    }
    let mut config = WDF_DRIVER_CONFIG {
        Size: size_of_ulong::<WDF_DRIVER_CONFIG>(),
        EvtDriverDeviceAdd: Some(evt_driver_device_add),
        DriverPoolTag: POOL_TAG,
        ..WDF_DRIVER_CONFIG::default()
    };
    // SAFETY: the arguments of DriverEntry are passed on as they came; the framework copies `config`.
    unsafe {
        call_unsafe_wdf_function_binding!(
            WdfDriverCreate,
            driver_object,
            registry_path,
            ptr::null_mut(),
            &raw mut config,
            ptr::null_mut()
        )
    }
}

/// `EvtDriverDeviceAdd`. Every device that the INF gives to this driver is a bus; another role is chosen
/// here.
unsafe extern "C" fn evt_driver_device_add(driver: WDFDRIVER, init: *mut WDFDEVICE_INIT) -> NTSTATUS {
    // SAFETY: the framework calls with its driver handle and an init that is good until this routine returns.
    let arguments = unsafe { bus::Arguments::from_raw(driver, init) };
    Failure::status_of(bus::add(arguments))
}
