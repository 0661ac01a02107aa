//! A device that offers an interface.
#![allow(unsafe_code, reason = "registers tables that foreign drivers call")]

use core::ffi::c_void;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

use wdk_sys::{_DEVICE_OBJECT, WDF_QUERY_INTERFACE_CONFIG, ntddk::ObfReferenceObject};

use super::dereference::interface_dereference;
use super::device::{Device, guid_of, size_of_ulong};
use super::event::Event;
use crate::call_wdf;
use crate::counted::{self, Owner, Pin};
use crate::interface::ProvidedBy;
use crate::rundown::Removed;
use crate::{Failure, GUID, Header, Interface};

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
///
/// `T` is what the routines that take the context share, reached through [`Provider::enter`].
#[derive(Debug)]
pub struct Provider<T = ()>(Owner<DeviceObject, Event, T>);

/// A routine that takes the context, between [`Provider::enter`] and its end: the device stays. Dereferences to the provider's data.
#[derive(Debug)]
pub struct Inside<'a, T>(counted::Inside<'a, DeviceObject, Event, T>);

impl<T> Inside<'_, T> {
    /// References that clients hold at this moment.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.0.held()
    }

    /// Has [`Inside::counted_calls`] count this call when it ends. It costs nothing: the end of the protection counts along.
    pub const fn count_call(&mut self) {
        self.0.count_call();
    }

    /// Calls that were to be counted and have ended.
    #[must_use]
    pub fn counted_calls(&self) -> u64 {
        self.0.counted_calls()
    }
}

impl<T> Deref for Inside<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> Provider<T> {
    /// The counted context for `device`, with `data` in it.
    ///
    /// # Errors
    ///
    /// `STATUS_INSUFFICIENT_RESOURCES` when there is no nonpaged memory.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn new(device: Device<'_>, data: T) -> Result<Self, Failure> {
        Owner::new(device.device_object(), Event::default(), data)
            .map(Self)
            .ok_or(Failure::INSUFFICIENT_RESOURCES)
    }

    /// What the routines that take the context share.
    #[must_use]
    pub const fn data(&self) -> &T {
        self.0.data()
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
        self.fill_header::<I>(&mut table);
        let config = WDF_QUERY_INTERFACE_CONFIG {
            Interface: (&raw mut table).cast(),
            ..WDF_QUERY_INTERFACE_CONFIG::default()
        };
        // SAFETY: the table is on this routine's stack.
        unsafe { add_query_interface(device, I::GUID, config) }
    }

    /// `table` for a client that asked in another way than by a query, with a reference for it. The header is filled here.
    ///
    /// # IRQL
    ///
    /// <= `DISPATCH_LEVEL`.
    pub fn hand_out<I: Interface>(&self, mut table: I::Table) -> I::Table {
        self.fill_header::<I>(&mut table);
        // SAFETY: the context of this provider, which is alive.
        unsafe { interface_reference(self.0.context()) };
        table
    }

    const fn fill_header<I: Interface>(&self, table: &mut I::Table) {
        let header = ptr::from_mut(table).cast::<Header>();
        // SAFETY: `Interface` promises that a table begins with the header, and SIZE asserts its size and
        // alignment.
        unsafe { header.write(self.header::<I>()) };
    }

    /// The first thing that a routine of the table does with its context. Lock-free, IRQL <= `DISPATCH_LEVEL`.
    ///
    /// # Errors
    ///
    /// `STATUS_DEVICE_REMOVED` when the device is gone.
    ///
    /// # Safety
    ///
    /// `context` is that of a table that a provider of the same `T` published, and the caller, a client, holds a reference until
    /// the result is dropped.
    pub unsafe fn enter<'a>(context: *mut c_void) -> Result<Inside<'a, T>, Failure> {
        // SAFETY: the same promise; `header` gives out the context of an owner of these types.
        unsafe { counted::enter(context) }
            .map(Inside)
            .map_err(|Removed| Failure::DEVICE_REMOVED)
    }

    /// The table of a declared interface, with its header.
    pub(super) fn table<I: ProvidedBy<T>>(&self) -> I::Table {
        I::table::<DeviceObject, Event>(self.header::<I>())
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

/// Has a child pass queries for `I` to the top of its parent's stack, where the bus offers it: `SendQueryToParentStack`. `child` is a PDO.
///
/// # Errors
///
/// What `WdfDeviceAddQueryInterface` answers: `STATUS_INSUFFICIENT_RESOURCES`, or `STATUS_INVALID_PARAMETER` for what is no PDO.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn forward_to_parent<I: Interface>(child: Device<'_>) -> Result<(), Failure> {
    let config = WDF_QUERY_INTERFACE_CONFIG {
        SendQueryToParentStack: u8::from(true),
        ..WDF_QUERY_INTERFACE_CONFIG::default()
    };
    // SAFETY: there is no table in it.
    unsafe { add_query_interface(child, I::GUID, config) }
}

/// `WdfDeviceAddQueryInterface`; `Size` and `InterfaceType` are set here.
///
/// # Safety
///
/// The table in `config`, if any, is as long as its header says.
pub(super) unsafe fn add_query_interface(
    device: Device<'_>,
    guid: GUID,
    config: WDF_QUERY_INTERFACE_CONFIG,
) -> Result<(), Failure> {
    let guid = guid_of(guid);
    let mut config = WDF_QUERY_INTERFACE_CONFIG {
        Size: size_of_ulong::<WDF_QUERY_INTERFACE_CONFIG>(),
        InterfaceType: &raw const guid,
        ..config
    };
    // SAFETY: a valid handle, by `Device`; the framework copies the table, by the caller's promise as long as it says, and the
    // GUID before it returns.
    let status = unsafe { call_wdf!(WdfDeviceAddQueryInterface, device.raw(), &raw mut config) };
    Failure::check(status)
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
#[derive(Debug)]
pub struct ProviderSlot<T = ()>(AtomicPtr<c_void>, PhantomData<Provider<T>>);

impl<T: Send + Sync + 'static> ProviderSlot<T> {
    /// Keeps `provider`; one that was kept before is dropped.
    pub fn put(&self, provider: Provider<T>) {
        drop(Self::owned(
            self.0.swap(provider.0.into_raw().as_ptr(), Ordering::AcqRel),
        ));
    }

    /// The provider, if there is one.
    ///
    /// # Safety
    ///
    /// Nobody calls [`ProviderSlot::put`] or [`ProviderSlot::take`] while the result lives.
    #[must_use]
    pub unsafe fn get(&self) -> Option<InSlot<'_, T>> {
        let provider = Self::owned(self.0.load(Ordering::Acquire))?;
        Some(InSlot(ManuallyDrop::new(provider), PhantomData))
    }

    /// Takes the provider out, if there is one.
    pub fn take(&self) -> Option<Provider<T>> {
        Self::owned(self.0.swap(ptr::null_mut(), Ordering::AcqRel))
    }

    fn owned(raw: *mut c_void) -> Option<Provider<T>> {
        // SAFETY: only `put` fills the slot, from `into_raw`; a swap that took the pointer out gave it to this thread alone, and
        // `get` never drops what it gets.
        NonNull::new(raw).map(|raw| Provider(unsafe { Owner::from_raw(raw) }))
    }
}

/// A provider that stays in its slot.
#[derive(Debug)]
pub struct InSlot<'slot, T>(ManuallyDrop<Provider<T>>, PhantomData<&'slot ProviderSlot<T>>);

impl<T> Deref for InSlot<'_, T> {
    type Target = Provider<T>;

    fn deref(&self) -> &Provider<T> {
        &self.0
    }
}
