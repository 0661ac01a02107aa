//! From the arguments of `DriverEntry` and of the routines that make devices to a driver and its devices.
#![allow(unsafe_code, reason = "framework calls")]

use core::marker::PhantomData;
use core::ptr;

use wdk_sys::{
    DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING, PFN_WDF_DRIVER_DEVICE_ADD, WDF_DRIVER_CONFIG,
    WDF_NO_OBJECT_ATTRIBUTES, WDF_OBJECT_ATTRIBUTES, WDF_PNPPOWER_EVENT_CALLBACKS, WDFDEVICE_INIT,
};

use super::device::{Device, size_of_ulong};
use crate::Failure;
use crate::call_wdf;

/// What `DriverEntry` of a Plug and Play driver does: `WdfDriverCreate` with one callback. `pool_tag` marks what the framework
/// allocates for the driver.
///
/// # Errors
///
/// What `WdfDriverCreate` answers; `DriverEntry` returns it.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
///
/// # Safety
///
/// The arguments of the running `DriverEntry`.
pub unsafe fn create_driver(
    driver_object: *mut DRIVER_OBJECT,
    registry_path: PCUNICODE_STRING,
    evt_driver_device_add: PFN_WDF_DRIVER_DEVICE_ADD,
    pool_tag: u32,
) -> NTSTATUS {
    let mut config = WDF_DRIVER_CONFIG {
        Size: size_of_ulong::<WDF_DRIVER_CONFIG>(),
        EvtDriverDeviceAdd: evt_driver_device_add,
        DriverPoolTag: pool_tag,
        ..WDF_DRIVER_CONFIG::default()
    };
    // SAFETY: the arguments of DriverEntry, by the caller's promise, are passed on as they came; the framework copies
    // `config`.
    unsafe {
        call_wdf!(
            WdfDriverCreate,
            driver_object,
            registry_path,
            ptr::null_mut(),
            &raw mut config,
            ptr::null_mut()
        )
    }
}

/// The `WDFDEVICE_INIT` of a running `EvtDriverDeviceAdd` or `EvtChildListCreateDevice`.
#[derive(Debug)]
pub struct DeviceInit<'callback>(*mut WDFDEVICE_INIT, PhantomData<&'callback mut ()>);

impl<'callback> DeviceInit<'callback> {
    /// Wraps the callback's argument.
    ///
    /// # Safety
    ///
    /// `init` is the argument of a callback that runs for all of `'callback`, and this is the only owner made of it.
    #[must_use]
    pub const unsafe fn from_raw(init: *mut WDFDEVICE_INIT) -> Self {
        Self(init, PhantomData)
    }

    /// The pointer, for framework calls: good until [`Self::create`].
    #[must_use]
    pub const fn raw(&self) -> *mut WDFDEVICE_INIT {
        self.0
    }

    /// `WdfDeviceInitSetPnpPowerEventCallbacks`. `Size` is set here.
    pub fn set_pnp_power_callbacks(&self, callbacks: WDF_PNPPOWER_EVENT_CALLBACKS) {
        let mut callbacks = WDF_PNPPOWER_EVENT_CALLBACKS {
            Size: size_of_ulong::<WDF_PNPPOWER_EVENT_CALLBACKS>(),
            ..callbacks
        };
        // SAFETY: no device has been made of the init yet, or `create` would own it; the callbacks are copied.
        unsafe {
            call_wdf!(WdfDeviceInitSetPnpPowerEventCallbacks, self.0, &raw mut callbacks);
        }
    }

    /// `WdfFdoInitSetFilter`: the new device is a filter, which passes on everything that it does not handle.
    pub fn set_filter(&self) {
        // SAFETY: no device has been made of the init yet, or `create` would own it.
        unsafe { call_wdf!(WdfFdoInitSetFilter, self.0) };
    }

    /// `WdfDeviceCreate`: the device, good for the callback that makes it. Without attributes it has no context space.
    ///
    /// # Errors
    ///
    /// What `WdfDeviceCreate` answers; the init is the framework's again.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn create(
        mut self,
        mut attributes: Option<WDF_OBJECT_ATTRIBUTES>,
    ) -> Result<Device<'callback>, Failure> {
        let attributes = attributes
            .as_mut()
            .map_or(WDF_NO_OBJECT_ATTRIBUTES, ptr::from_mut);
        let mut device = ptr::null_mut();
        // SAFETY: the init is used up here, as `self` is consumed; the attributes, if any, are copied.
        let status = unsafe { call_wdf!(WdfDeviceCreate, &raw mut self.0, attributes, &raw mut device) };
        Failure::check(status)?;
        // SAFETY: just made; the framework does not delete a device while the callback that made it runs.
        Ok(unsafe { Device::from_raw(device) })
    }
}
