//! A filter that offers what something below it may offer too.
//!
//! The framework answers a query for a registered interface first and passes it down then: a driver below that knows the GUID overwrites
//! the table in the client's buffer, and the reference that the filter took is lost. So a filter looks first whether something
//! below answers, and has the framework answer only where nothing does.
//!
//! A driver below whose answer changes between the two looks would still overwrite: not handled, as registrations last as long as their
//! device.
#![allow(unsafe_code, reason = "an IRP is raw memory of the I/O manager")]

use core::mem::offset_of;

use wdk_sys::{
    CCHAR, IO_STACK_LOCATION, IRP, NTSTATUS, STATUS_NOT_SUPPORTED, WDFDEVICE,
    ntddk::{IoForwardIrpSynchronously, IofCompleteRequest},
};

use super::device::{Device, guid_of};
use super::device_init::DeviceInit;
use crate::call_wdf;
use crate::{Failure, GUID};

/// `IRP_MJ_PNP` of wdm.h.
const IRP_MJ_PNP: u8 = 0x1B;
/// `IRP_MN_QUERY_INTERFACE` of wdm.h.
const IRP_MN_QUERY_INTERFACE: u8 = 0x08;
/// `IO_NO_INCREMENT` of wdm.h.
const IO_NO_INCREMENT: CCHAR = 0;

/// The interfaces that a filter registers.
pub trait Offers: 'static {
    /// Their GUIDs.
    const GUIDS: &'static [GUID];
}

impl DeviceInit<'_> {
    /// Lets whatever is below the new device answer queries for the interfaces of `O` first. To be called for a filter that
    /// registers them.
    ///
    /// # Errors
    ///
    /// What `WdfDeviceInitAssignWdmIrpPreprocessCallback` answers: `STATUS_INSUFFICIENT_RESOURCES`.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn answer_after_those_below<O: Offers>(&self) -> Result<(), Failure> {
        let mut minor = IRP_MN_QUERY_INTERFACE;
        // SAFETY: no device has been made of the init yet, or `create` would own it; the minor code is copied.
        let status = unsafe {
            call_wdf!(
                WdfDeviceInitAssignWdmIrpPreprocessCallback,
                self.raw(),
                Some(evt_device_wdm_irp_preprocess::<O>),
                IRP_MJ_PNP,
                &raw mut minor,
                1
            )
        };
        Failure::check(status)
    }
}

/// `EvtDeviceWdmIrpPreprocess` for `IRP_MN_QUERY_INTERFACE`.
unsafe extern "C" fn evt_device_wdm_irp_preprocess<O: Offers>(device: WDFDEVICE, irp: *mut IRP) -> NTSTATUS {
    // SAFETY: the device or object that `EvtDeviceWdmIrpPreprocess` is about: it exists until the callback returns.
    let device: Device<'_> = unsafe { Device::from_raw(device) };
    // SAFETY: the framework's argument: a query that is the device's to send on or to complete.
    let query = unsafe { Query::from_raw(irp) };
    if O::GUIDS.iter().any(|guid| query.asks_for(*guid)) && query.is_answered_below(device) {
        query.complete()
    } else {
        query.answer(device)
    }
}

/// An `IRP_MN_QUERY_INTERFACE` that belongs to this driver.
struct Query(*mut IRP);

impl Query {
    /// # Safety
    ///
    /// `irp` is an `IRP_MN_QUERY_INTERFACE` that this driver has got and not yet given away.
    const unsafe fn from_raw(irp: *mut IRP) -> Self {
        Self(irp)
    }

    /// The address of a field, by its offset.
    const fn field<T>(&self, offset: usize) -> *mut T {
        self.0.wrapping_byte_add(offset).cast()
    }

    const fn location(&self) -> *mut *mut IO_STACK_LOCATION {
        self.field(offset_of!(
            IRP,
            Tail.Overlay
                .__bindgen_anon_2
                .__bindgen_anon_1
                .CurrentStackLocation
        ))
    }

    fn asks_for(&self, guid: GUID) -> bool {
        const TYPE: usize = offset_of!(IO_STACK_LOCATION, Parameters.QueryInterface.InterfaceType);
        // SAFETY: an IRP that a driver has got has a current location.
        let location = unsafe { self.location().read() };
        // SAFETY: the parameters are those of a query, by `from_raw`.
        let asked: *const wdk_sys::GUID = unsafe {
            location
                .wrapping_byte_add(TYPE)
                .cast::<*const wdk_sys::GUID>()
                .read()
        };
        // SAFETY: null, or the sender's GUID, which it keeps until completion.
        let asked = unsafe { asked.as_ref() };
        let guid = guid_of(guid);
        asked.is_some_and(|asked| {
            (asked.Data1, asked.Data2, asked.Data3, asked.Data4)
                == (guid.Data1, guid.Data2, guid.Data3, guid.Data4)
        })
    }

    /// Sends the query down and waits. The status that senders preset means that nobody answered.
    fn is_answered_below(&self, device: Device<'_>) -> bool {
        // SAFETY: a valid handle, by `Device`; a filter is attached to the device below for as long as it exists.
        let below = unsafe { call_wdf!(WdfDeviceWdmGetAttachedDevice, device.raw()) };
        // SAFETY: at PASSIVE_LEVEL, as PnP requests are sent; the IRP has a location for the device below and comes back.
        let sent = unsafe { IoForwardIrpSynchronously(below, self.0) };
        sent != 0 && self.status() != STATUS_NOT_SUPPORTED
    }

    const fn status(&self) -> NTSTATUS {
        let status: *mut NTSTATUS = self.field(offset_of!(IRP, IoStatus.__bindgen_anon_1.Status));
        // SAFETY: a field of an IRP that this driver has.
        unsafe { status.read() }
    }

    /// Completes the query with what those below made of it.
    fn complete(self) -> NTSTATUS {
        let status = self.status();
        // SAFETY: this driver has the IRP, and gives it up here, as `self` is consumed.
        unsafe { IofCompleteRequest(self.0, IO_NO_INCREMENT) };
        status
    }

    /// Hands the query to the framework, in the stack location of this device.
    fn answer(self, device: Device<'_>) -> NTSTATUS {
        self.skip_location();
        // SAFETY: a valid handle, by `Device`; the location was skipped, as the function demands, and the IRP is given up.
        unsafe { call_wdf!(WdfDeviceWdmDispatchPreprocessedIrp, device.raw(), self.0) }
    }

    /// `IoSkipCurrentIrpStackLocation`, which is a macro in C.
    const fn skip_location(&self) {
        let count: *mut CCHAR = self.field(offset_of!(IRP, CurrentLocation));
        // SAFETY: a field of an IRP that this driver has.
        let number = unsafe { count.read() };
        // SAFETY: as in the line before.
        unsafe { count.write(number + 1) };
        // SAFETY: an IRP that a driver has got has a current location.
        let location = unsafe { self.location().read() };
        // SAFETY: the field read in the line before; the framework goes back by one before it looks at the location.
        unsafe { self.location().write(location.wrapping_add(1)) };
    }
}
