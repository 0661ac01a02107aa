//! `DriverEntry`, `EvtDriverDeviceAdd`, and which role a device gets.
#![allow(unsafe_code, reason = "entry points that the system calls")]

use direct_call::Failure;
use direct_call::kmdf::{DeviceInit, create_driver};
use wdk_sys::{DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING, STATUS_SUCCESS, WDFDEVICE_INIT, WDFDRIVER};

use crate::parameters::Driver;
use crate::role::{self, Role};
use crate::{bus, filter};

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
    // SAFETY: the arguments of DriverEntry, as they came.
    unsafe {
        create_driver(
            driver_object,
            registry_path,
            Some(evt_driver_device_add),
            POOL_TAG,
        )
    }
}

/// `EvtDriverDeviceAdd`.
unsafe extern "C" fn evt_driver_device_add(driver: WDFDRIVER, init: *mut WDFDEVICE_INIT) -> NTSTATUS {
    // SAFETY: the framework's argument is this image's handle.
    let driver = unsafe { Driver::from_raw(driver) };
    // SAFETY: the framework's argument, good until this routine returns, and wrapped once.
    let init = unsafe { DeviceInit::from_raw(init) };
    Failure::status_of(add(driver, init))
}

fn add(driver: Driver, init: DeviceInit<'_>) -> Result<(), Failure> {
    match role::read(driver)? {
        Role::Bus => bus::add(driver, init),
        Role::Filter => filter::add(init),
    }
}
