//! `DriverEntry` and `EvtDriverDeviceAdd`.
#![allow(unsafe_code, reason = "entry points that the system calls")]

use core::sync::atomic::Ordering;

use direct_call::Failure;
use direct_call::kmdf::{DeviceInit, Target, create_driver, object_attributes};
use sample_interface::GUID_DEVINTERFACE_REMOTE;
use wdk_sys::{
    DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING, WDF_PNPPOWER_EVENT_CALLBACKS, WDFDEVICE_INIT, WDFDRIVER,
};

use crate::context::RemoteContext;
use crate::{arrival, ioctl};

/// The tag of what the framework allocates for this driver, `Rmte` in a pool listing.
const POOL_TAG: u32 = u32::from_le_bytes(*b"Rmte");

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

fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.set_pnp_power_callbacks(WDF_PNPPOWER_EVENT_CALLBACKS {
        EvtDevicePrepareHardware: Some(arrival::evt_device_prepare_hardware),
        EvtDeviceReleaseHardware: Some(arrival::evt_device_release_hardware),
        ..WDF_PNPPOWER_EVENT_CALLBACKS::default()
    });
    let device = init.create(Some(object_attributes::<RemoteContext>()))?;
    let context = device.context::<RemoteContext>().ok_or(Failure::UNSUCCESSFUL)?;
    // No request gets at the interface before there is one.
    context.gate.initialize();
    context.searching.initialize(device)?;
    context.lock.initialize(device)?;
    context
        .target
        .store(Target::create(device)?.raw(), Ordering::Relaxed);
    arrival::create_search(device, context)?;
    device.create_default_queue(Some(ioctl::evt_io_device_control), None)?;
    device.offer_device_interface(GUID_DEVINTERFACE_REMOTE)
}
