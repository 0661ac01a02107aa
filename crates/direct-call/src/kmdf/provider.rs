//! A device that offers an interface.
#![allow(unsafe_code, reason = "registers tables that foreign drivers call")]

use core::ffi::c_void;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use wdk_sys::{
    _DEVICE_OBJECT, WDF_QUERY_INTERFACE_CONFIG, call_unsafe_wdf_function_binding, ntddk::ObfReferenceObject,
};

use super::dereference::interface_dereference;
use super::device::{Device, guid_of, size_of_ulong};
use super::event::Event;
use crate::counted::{self, Owner, Pin};
use crate::{Failure, Header, Interface};

/// The WDM device object that keeps the provider's image in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeviceObject(*mut _DEVICE_OBJECT);

// SAFETY: an address that is only given to the object manager, which locks.
unsafe impl Send for DeviceObject {}
// SAFETY: as for Send.
unsafe impl Sync for DeviceObject {}

impl DeviceObject {
    pub(super) const fn new(object: *mut _DEVICE_OBJECT) -> Self {
        Self(object)
    }

    pub(super) const fn as_ptr(self) -> *mut c_void {
        self.0.cast()
    }
}

impl Pin for DeviceObject {
    fn pin(self) {
        // SAFETY: the object is alive: whoever takes a reference is on the device's stack with a query, or
        // holds a reference, that is a pin, already.
        unsafe { ObfReferenceObject(self.as_ptr()) };
    }
}

/// The device's hold on its counted context.
///
/// Dropping it, in `EvtCleanupCallback`, marks the interfaces of the
/// device as removed and waits for calls in progress; references that clients still hold stay good.
#[derive(Debug)]
pub struct Provider(Owner<DeviceObject, Event>);

impl Provider {
    /// The counted context for `device`.
    ///
    /// # Errors
    ///
    /// `STATUS_INSUFFICIENT_RESOURCES` when there is no nonpaged memory.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn new(device: Device<'_>) -> Result<Self, Failure> {
        Owner::new(device.device_object(), Event::default())
            .map(Self)
            .ok_or(Failure::INSUFFICIENT_RESOURCES)
    }

    /// Registers `table` on `device` under the GUID of `I`. The header is filled here; what it held is
    /// ignored. To be called in the routine that created the device, with the provider of the same
    /// device.
    ///
    /// # Errors
    ///
    /// What `WdfDeviceAddQueryInterface` answers: `STATUS_INSUFFICIENT_RESOURCES`, or
    /// `STATUS_INVALID_DEVICE_REQUEST` for a control device.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn publish<I: Interface>(&self, device: Device<'_>, mut table: I::Table) -> Result<(), Failure> {
        let header = (&raw mut table).cast::<Header>();
        // SAFETY: `Interface` promises that a table begins with the header, and SIZE asserts its size and
        // alignment.
        unsafe { header.write(self.header::<I>()) };
        let guid = guid_of(I::GUID);
        let mut config = WDF_QUERY_INTERFACE_CONFIG {
            Size: size_of_ulong::<WDF_QUERY_INTERFACE_CONFIG>(),
            Interface: header.cast(),
            InterfaceType: &raw const guid,
            ..WDF_QUERY_INTERFACE_CONFIG::default()
        };
        // SAFETY: a valid handle, by `Device`; the framework copies the table and the GUID before it returns.
        let status = unsafe {
            call_unsafe_wdf_function_binding!(WdfDeviceAddQueryInterface, device.raw(), &raw mut config)
        };
        Failure::check(status)
    }

    const fn header<I: Interface>(&self) -> Header {
        Header {
            size: I::SIZE,
            version: I::VERSION,
            context: self.0.context(),
            reference: Some(interface_reference),
            dereference: Some(interface_dereference),
        }
    }
}

/// The `InterfaceReference` of every published table. IRQL <= `DISPATCH_LEVEL`.
///
/// # Safety
///
/// `context` is that of the table, and the framework answers a query to the device, or the caller holds a
/// reference.
unsafe extern "system" fn interface_reference(context: *mut c_void) {
    // SAFETY: `context` comes from `Provider::header`, and is alive by the caller's promise.
    unsafe { counted::reference::<DeviceObject, Event>(context) };
}

/// A place for a [`Provider`] in a device's context space; empty while all bytes are zero.
#[derive(Debug, Default)]
pub struct ProviderSlot(AtomicPtr<c_void>);

impl ProviderSlot {
    /// Keeps `provider`; one that was kept before is dropped.
    pub fn put(&self, provider: Provider) {
        drop(Self::owned(
            self.0.swap(provider.0.into_raw().as_ptr(), Ordering::AcqRel),
        ));
    }

    /// Takes the provider out, if there is one.
    pub fn take(&self) -> Option<Provider> {
        Self::owned(self.0.swap(ptr::null_mut(), Ordering::AcqRel))
    }

    fn owned(raw: *mut c_void) -> Option<Provider> {
        // SAFETY: only `put` fills the slot, from `into_raw`; the swap that took the pointer out gave it to
        // this thread alone.
        NonNull::new(raw).map(|raw| Provider(unsafe { Owner::from_raw(raw) }))
    }
}
