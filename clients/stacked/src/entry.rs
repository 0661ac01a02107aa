//! `DriverEntry` and `EvtDriverDeviceAdd`.
#![allow(unsafe_code, reason = "entry points that the system calls")]

use direct_call::Failure;
use direct_call::kmdf::{DeviceInit, create_driver, object_attributes};
use wdk_sys::{
    DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING, WDF_PNPPOWER_EVENT_CALLBACKS, WDFDEVICE_INIT, WDFDRIVER,
};

use crate::hardware::{self, StackedContext};

/// The tag of what the framework allocates for this driver, `Stkd` in a pool listing.
const POOL_TAG: u32 = u32::from_le_bytes(*b"Stkd");

/// The driver's entry point, which the framework's stub calls once it has bound the image.
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
unsafe extern "C" fn evt_driver_device_add(_driver: WDFDRIVER, init: *mut WDFDEVICE_INIT) -> NTSTATUS {
    // SAFETY: the framework's argument, good until this routine returns, and wrapped once.
    Failure::status_of(add(unsafe { DeviceInit::from_raw(init) }))
}

/// Nothing is asked for here: filters above are added after this driver.
fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.set_pnp_power_callbacks(WDF_PNPPOWER_EVENT_CALLBACKS {
        EvtDevicePrepareHardware: Some(hardware::evt_device_prepare_hardware),
        EvtDeviceReleaseHardware: Some(hardware::evt_device_release_hardware),
        ..WDF_PNPPOWER_EVENT_CALLBACKS::default()
    });
    init.create(Some(object_attributes::<StackedContext>())).map(drop)
}
