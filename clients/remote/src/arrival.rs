//! Children that come, from `EvtDevicePrepareHardware` to `EvtDeviceReleaseHardware`.
//!
//! The notification only has a work item look: a driver must not open a device in the routine itself, since the open may wait for the
//! very thread that tells of the arrival.
#![allow(
    unsafe_code,
    reason = "callbacks, and calls of the I/O manager and the framework"
)]

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;

use direct_call::Failure;
use direct_call::call_wdf;
use direct_call::kmdf::{Device, guid_of, object_attributes_of, size_of_ulong};
use sample_interface::GUID_DEVINTERFACE_CHILD;
use wdk_sys::{
    _IO_NOTIFICATION_EVENT_CATEGORY, NTSTATUS, PDRIVER_OBJECT,
    PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES, PVOID, STATUS_SUCCESS, WDF_WORKITEM_CONFIG,
    WDFCMRESLIST, WDFDEVICE, WDFWORKITEM,
    ntddk::{IoRegisterPlugPlayNotification, IoUnregisterPlugPlayNotificationEx},
};

use crate::context::RemoteContext;
use crate::links::Links;
use crate::target;

/// Makes the work item of a new device.
///
/// # Errors
///
/// What `WdfWorkItemCreate` answers.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn create_search(device: Device<'_>, context: &RemoteContext) -> Result<(), Failure> {
    let mut config = WDF_WORKITEM_CONFIG {
        Size: size_of_ulong::<WDF_WORKITEM_CONFIG>(),
        EvtWorkItemFunc: Some(evt_search),
        ..WDF_WORKITEM_CONFIG::default()
    };
    let (mut attributes, mut item) = (object_attributes_of(device), ptr::null_mut());
    // SAFETY: a configuration and attributes that are copied, and a place for the result.
    let status = unsafe {
        call_wdf!(
            WdfWorkItemCreate,
            &raw mut config,
            &raw mut attributes,
            &raw mut item
        )
    };
    Failure::check(status)?;
    context.search.store(item, Ordering::Relaxed);
    Ok(())
}

/// `EvtDevicePrepareHardware`.
pub unsafe extern "C" fn evt_device_prepare_hardware(
    device: WDFDEVICE,
    _raw: WDFCMRESLIST,
    _translated: WDFCMRESLIST,
) -> NTSTATUS {
    // SAFETY: the device or object that `EvtDevicePrepareHardware` is about: it exists until the callback returns.
    Failure::status_of(prepare(unsafe { Device::from_raw(device) }))
}

/// Children that are there already are told of in the registration.
fn prepare(device: Device<'_>) -> Result<(), Failure> {
    let context = device.context::<RemoteContext>().ok_or(Failure::UNSUCCESSFUL)?;
    context.leaving.store(false, Ordering::Relaxed);
    let (mut class, mut entry) = (guid_of(GUID_DEVINTERFACE_CHILD), ptr::null_mut());
    // SAFETY: the GUID of a class, which is copied; this driver's object; a routine for interfaces, whose context, the work item, is
    // there until `release`, which unregisters; a place for the result.
    let status = unsafe {
        IoRegisterPlugPlayNotification(
            _IO_NOTIFICATION_EVENT_CATEGORY::EventCategoryDeviceInterfaceChange,
            PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
            (&raw mut class).cast(),
            driver_object(device),
            Some(interface_changed),
            context.search.load(Ordering::Relaxed).cast(),
            &raw mut entry,
        )
    };
    Failure::check(status)?;
    context.arrivals.store(entry, Ordering::Relaxed);
    Ok(())
}

fn driver_object(device: Device<'_>) -> PDRIVER_OBJECT {
    // SAFETY: a valid handle, by `Device`.
    let driver = unsafe { call_wdf!(WdfDeviceGetDriver, device.raw()) };
    // SAFETY: the device's driver, which outlives it.
    unsafe { call_wdf!(WdfDriverWdmGetDriverObject, driver) }
}

/// The notification routine: an interface of a child came or went. What went is none of its business: the target tells that.
unsafe extern "C" fn interface_changed(_notification: PVOID, search: *mut c_void) -> NTSTATUS {
    // SAFETY: the context of the registration, which `release` ends before the work item goes.
    unsafe { call_wdf!(WdfWorkItemEnqueue, search.cast()) };
    STATUS_SUCCESS
}

/// `EvtWorkItem`.
unsafe extern "C" fn evt_search(item: WDFWORKITEM) {
    // SAFETY: the framework's argument.
    let device = unsafe { call_wdf!(WdfWorkItemGetParentObject, item) };
    // SAFETY: the parent is a device, by `create_search`, which stays until its work item has run.
    let device: Device<'_> = unsafe { Device::from_raw(device.cast()) };
    if let Some(context) = device.context::<RemoteContext>() {
        search(context);
    }
}

/// Takes the interface of the first child that lets it.
fn search(context: &RemoteContext) {
    let _alone = context.searching.hold();
    match Links::of_class(GUID_DEVINTERFACE_CHILD) {
        Ok(links) => {
            // The rest need not be looked at.
            let _found = links.iter().any(|link| target::take(context, link));
        }
        Err(failure) => debug_print::println!("Remote: no list of children: {failure}"),
    }
}

/// `EvtDeviceReleaseHardware`.
pub unsafe extern "C" fn evt_device_release_hardware(
    device: WDFDEVICE,
    _translated: WDFCMRESLIST,
) -> NTSTATUS {
    // SAFETY: the device or object that `EvtDeviceReleaseHardware` is about: it exists until the callback returns.
    let device: Device<'_> = unsafe { Device::from_raw(device) };
    if let Some(context) = device.context::<RemoteContext>() {
        release(context);
    }
    STATUS_SUCCESS
}

/// From the first step on nobody takes the interface; after the last one nobody is told of anything.
fn release(context: &RemoteContext) {
    target::leave(context);
    let entry = context.arrivals.swap(ptr::null_mut(), Ordering::Relaxed);
    if !entry.is_null() {
        // SAFETY: the registration of `prepare`, ended once, as the swap hands it out once.
        let _status = unsafe { IoUnregisterPlugPlayNotificationEx(entry) };
    }
    // SAFETY: the work item of `create_search`.
    unsafe { call_wdf!(WdfWorkItemFlush, context.search.load(Ordering::Relaxed)) };
    context.target().close();
    // Nobody else is here any more.
    context.engaged.store(false, Ordering::Relaxed);
}
