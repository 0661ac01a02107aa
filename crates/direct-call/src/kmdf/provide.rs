//! A device that provides interfaces, without a context space of the driver's own.
#![allow(unsafe_code, reason = "framework calls and callbacks")]

use wdk_sys::{LPGUID, NTSTATUS, PINTERFACE, PVOID, WDF_QUERY_INTERFACE_CONFIG, WDFDEVICE, WDFOBJECT};

use super::device::Device;
use super::provider::{Provider, add_query_interface};
use crate::interface::ProvidedBy;
use crate::negotiation::ENTRY;
use crate::two_way::{self, Connect, TwoWay};
use crate::{Client, Failure, Header, QueryError, device_context};

/// The kind of attachment that holds a provider.
struct Provision {
    _first: u8,
}

device_context!(Provision, c"DirectCallProvision");

/// A device with its provider, in the callback that makes the device.
#[derive(Debug)]
pub struct Providing<'callback, T: Send + Sync + 'static> {
    device: Device<'callback>,
    provider: &'callback Provider<T>,
}

impl<'callback> Device<'callback> {
    /// Makes the counted context of the device, with `data` in it: what the routines of its interfaces share. It is removed when the device is
    /// cleaned up, and lasts until the last client has let go. To be called in the routine that creates the device.
    ///
    /// # Errors
    ///
    /// `STATUS_INSUFFICIENT_RESOURCES`; `STATUS_UNSUCCESSFUL` if the device has a provider.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn provide<T: Send + Sync + 'static>(self, data: T) -> Result<Providing<'callback, T>, Failure> {
        let provider = Provider::new(self, data)?;
        let slot = self.attach::<Provision, Provider<T>>(Some(evt_cleanup::<T>))?;
        // SAFETY: made in the line before; nobody else uses it yet.
        unsafe { slot.put(provider) };
        let provider = self.provider().ok_or(Failure::UNSUCCESSFUL)?;
        Ok(Providing {
            device: self,
            provider,
        })
    }

    /// The provider that [`Device::provide`] has made; `None` if there is none, or its data are of another type. IRQL <= `DISPATCH_LEVEL`.
    #[must_use]
    pub fn provider<T: Send + Sync + 'static>(self) -> Option<&'callback Provider<T>> {
        let slot = self.attached::<Provision, Provider<T>>()?;
        // SAFETY: `provide` fills it before anybody knows of it; the cleanup empties it, when no callback of the device is left in
        // which there could be a `Device`.
        unsafe { slot.get() }
    }
}

impl<T: Send + Sync + 'static> Providing<'_, T> {
    /// Answers queries for `I`, to the stack of the device.
    ///
    /// # Errors
    ///
    /// What `WdfDeviceAddQueryInterface` answers: `STATUS_INSUFFICIENT_RESOURCES`.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn offer<I: ProvidedBy<T>>(&self) -> Result<(), Failure> {
        const {
            assert!(
                size_of::<Header>() + I::ROUTINES * ENTRY == I::SIZE as usize,
                "a two-way interface is offered with `offer_two_way`"
            );
        }
        self.provider
            .publish::<I>(self.device, self.provider.table::<I>())
    }

    /// Answers queries for the two-way interface `I`, to the stack of the device. Each client's callbacks go to [`Connect::connect`].
    ///
    /// # Errors
    ///
    /// What `WdfDeviceAddQueryInterface` answers: `STATUS_INSUFFICIENT_RESOURCES`.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn offer_two_way<I: TwoWay + ProvidedBy<T>>(&self) -> Result<(), Failure>
    where
        T: Connect<I>,
    {
        // The framework compares what a query asks for with size and version of this table, and copies none of it out.
        let mut table = self.provider.table::<I>();
        let config = WDF_QUERY_INTERFACE_CONFIG {
            Interface: (&raw mut table).cast(),
            ImportInterface: u8::from(true),
            EvtDeviceProcessQueryInterfaceRequest: Some(evt_device_process_query_interface_request::<I, T>),
            ..WDF_QUERY_INTERFACE_CONFIG::default()
        };
        // SAFETY: the table is on this routine's stack, and its header was filled with its size.
        unsafe { add_query_interface(self.device, I::GUID, config) }
    }

    /// The provider.
    #[must_use]
    pub const fn provider(&self) -> &Provider<T> {
        self.provider
    }
}

/// Asks the whole stack of `device` for a two-way interface, with the table of `callbacks`, which is a provider on that device.
///
/// # Errors
///
/// As [`Client::query`].
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn query_two_way<I: TwoWay, T: Send + Sync + 'static>(
    device: Device<'_>,
    callbacks: &Provider<T>,
) -> Result<Client<I>, QueryError>
where
    I::Callbacks: ProvidedBy<T>,
{
    let request = two_way::request::<I>(callbacks.table::<I::Callbacks>());
    Client::query_with(device, request)
}

/// `EvtDeviceProcessQueryInterfaceRequest` of a two-way interface.
unsafe extern "C" fn evt_device_process_query_interface_request<I, T>(
    device: WDFDEVICE,
    _interface_type: LPGUID,
    exposed_interface: PINTERFACE,
    _exposed_interface_specific_data: PVOID,
) -> NTSTATUS
where
    I: TwoWay + ProvidedBy<T>,
    T: Connect<I> + Send + Sync + 'static,
{
    // SAFETY: the device or object that `EvtDeviceProcessQueryInterfaceRequest` is about: it exists until the callback returns.
    let device: Device<'_> = unsafe { Device::from_raw(device) };
    let Some(provider) = device.provider::<T>() else {
        // SAFETY: as below.
        unsafe { two_way::refuse(exposed_interface.cast()) };
        return Failure::UNSUCCESSFUL.status();
    };
    let connect = |callbacks| provider.data().connect(callbacks);
    // SAFETY: the sender's buffer, which has the size of the table at least: the framework has compared the query's size with that of the
    // registered table. A client of a two-way interface has filled it, by the interface's GUID, and waits.
    let answered = unsafe { two_way::answer::<I>(exposed_interface.cast(), provider.table::<I>(), connect) };
    Failure::status_of(answered)
}

/// `EvtCleanupCallback`: the owner goes, and clients that still hold a reference keep the rest.
unsafe extern "C" fn evt_cleanup<T: Send + Sync + 'static>(object: WDFOBJECT) {
    // SAFETY: the framework cleans up a device for which `provide` was called; the handle is good until this returns.
    let device: Device<'_> = unsafe { Device::from_raw(object.cast()) };
    if let Some(slot) = device.attached::<Provision, Provider<T>>() {
        // SAFETY: no other callback of the device runs at its cleanup.
        drop(unsafe { slot.take() });
    }
}
