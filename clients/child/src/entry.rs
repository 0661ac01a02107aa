//! `DriverEntry` and `EvtDriverDeviceAdd`.
#![allow(unsafe_code, reason = "entry points and framework calls")]

use core::ptr;

use direct_call::Failure;
use direct_call::kmdf::{Device, guid_of, object_attributes, size_of_ulong};
use sample_interface::GUID_DEVINTERFACE_CHILD;
use wdk_sys::{
    DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING, WDF_DRIVER_CONFIG, WDF_PNPPOWER_EVENT_CALLBACKS, WDFDEVICE,
    WDFDEVICE_INIT, WDFDRIVER, call_unsafe_wdf_function_binding,
};

use crate::doubler::ChildContext;
use crate::{hardware, ioctl};

/// The tag of what the framework allocates for this driver, `Chld` in a pool listing.
const POOL_TAG: u32 = u32::from_le_bytes(*b"Chld");

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

/// `EvtDriverDeviceAdd`.
unsafe extern "C" fn evt_driver_device_add(_driver: WDFDRIVER, init: *mut WDFDEVICE_INIT) -> NTSTATUS {
    Failure::status_of(add(init))
}

fn add(init: *mut WDFDEVICE_INIT) -> Result<(), Failure> {
    set_callbacks(init);
    let device = create(init)?;
    close_gate(device)?;
    ioctl::create_queue(device)?;
    offer_to_user_mode(device)
}

/// No request gets at the interface before there is one.
fn close_gate(device: WDFDEVICE) -> Result<(), Failure> {
    // SAFETY: a device of this driver, just made.
    let device: Device<'_> = unsafe { Device::from_raw(device) };
    let context = device.context::<ChildContext>().ok_or(Failure::UNSUCCESSFUL)?;
    context.gate.initialize();
    Ok(())
}

fn set_callbacks(init: *mut WDFDEVICE_INIT) {
    let mut callbacks = WDF_PNPPOWER_EVENT_CALLBACKS {
        Size: size_of_ulong::<WDF_PNPPOWER_EVENT_CALLBACKS>(),
        EvtDevicePrepareHardware: Some(hardware::evt_device_prepare_hardware),
        EvtDeviceReleaseHardware: Some(hardware::evt_device_release_hardware),
        EvtDeviceSurpriseRemoval: Some(hardware::evt_device_surprise_removal),
        ..WDF_PNPPOWER_EVENT_CALLBACKS::default()
    };
    // SAFETY: the init of the running EvtDriverDeviceAdd, of which no device has been made yet; the callbacks
    // are copied.
    unsafe {
        call_unsafe_wdf_function_binding!(WdfDeviceInitSetPnpPowerEventCallbacks, init, &raw mut callbacks);
    }
}

fn create(mut init: *mut WDFDEVICE_INIT) -> Result<WDFDEVICE, Failure> {
    let mut attributes = object_attributes::<ChildContext>();
    let mut device = ptr::null_mut();
    // SAFETY: the init of the running EvtDriverDeviceAdd is used up here; on failure the framework frees it.
    let status = unsafe {
        call_unsafe_wdf_function_binding!(
            WdfDeviceCreate,
            &raw mut init,
            &raw mut attributes,
            &raw mut device
        )
    };
    Failure::check(status).map(|()| device)
}

fn offer_to_user_mode(device: WDFDEVICE) -> Result<(), Failure> {
    let class = guid_of(GUID_DEVINTERFACE_CHILD);
    // SAFETY: a device of this driver, just made; the GUID is copied, and no reference string is given.
    let status = unsafe {
        call_unsafe_wdf_function_binding!(
            WdfDeviceCreateDeviceInterface,
            device,
            &raw const class,
            ptr::null()
        )
    };
    Failure::check(status)
}
