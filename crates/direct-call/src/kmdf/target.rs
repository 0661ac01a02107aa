//! A WDFIOTARGET: another device's stack, opened by name.
#![allow(
    unsafe_code,
    reason = "framework calls; the handle is proven valid in Target::from_raw"
)]

use core::marker::PhantomData;
use core::ptr;

use wdk_sys::{
    _WDF_IO_TARGET_OPEN_TYPE, FILE_OPEN, FILE_SHARE_READ, FILE_SHARE_WRITE, GENERIC_READ, GENERIC_WRITE,
    PFN_WDF_IO_TARGET_QUERY_REMOVE, PFN_WDF_IO_TARGET_REMOVE_CANCELED, PFN_WDF_IO_TARGET_REMOVE_COMPLETE,
    UNICODE_STRING, WDF_IO_TARGET_OPEN_PARAMS, WDF_NO_OBJECT_ATTRIBUTES, WDFIOTARGET,
};

use super::device::{Device, size_of_ulong};
use crate::Failure;
use crate::call_wdf;

/// A remote I/O target of the calling driver, valid for `'callback`.
#[derive(Clone, Copy, Debug)]
pub struct Target<'callback>(WDFIOTARGET, PhantomData<&'callback ()>);

/// What the framework calls when the device behind an open target is about to go, at `PASSIVE_LEVEL`.
///
/// A driver that holds an interface of the device sets all three: the first gives the interface back and calls
/// [`Target::close_for_query_remove`]; the second calls [`Target::reopen`] and asks again; the third gives the interface back, which after
/// a surprise removal nobody has done, and calls [`Target::close`].
#[derive(Clone, Copy, Debug)]
pub struct TargetEvents {
    /// `EvtIoTargetQueryRemove`: a failure status vetoes the removal.
    pub query_remove: PFN_WDF_IO_TARGET_QUERY_REMOVE,
    /// `EvtIoTargetRemoveCanceled`: somebody has vetoed it.
    pub remove_canceled: PFN_WDF_IO_TARGET_REMOVE_CANCELED,
    /// `EvtIoTargetRemoveComplete`: the device is gone, or about to be.
    pub remove_complete: PFN_WDF_IO_TARGET_REMOVE_COMPLETE,
}

impl<'callback> Target<'callback> {
    /// A closed target that goes with `device`.
    ///
    /// # Errors
    ///
    /// What `WdfIoTargetCreate` answers.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn create(device: Device<'callback>) -> Result<Self, Failure> {
        let mut target = ptr::null_mut();
        // SAFETY: a valid handle, by `Device`, which becomes the target's parent; a place for the result.
        let status = unsafe {
            call_wdf!(
                WdfIoTargetCreate,
                device.raw(),
                WDF_NO_OBJECT_ATTRIBUTES,
                &raw mut target
            )
        };
        Failure::check(status).map(|()| Self(target, PhantomData))
    }

    /// Wraps a handle that the framework passed to a callback, or that [`Target::create`] made.
    ///
    /// # Safety
    ///
    /// `handle` is a remote target of this driver that is not deleted during `'callback`.
    #[must_use]
    pub const unsafe fn from_raw(handle: WDFIOTARGET) -> Self {
        Self(handle, PhantomData)
    }

    /// The handle, for framework calls.
    #[must_use]
    pub const fn raw(self) -> WDFIOTARGET {
        self.0
    }

    /// The device that the target belongs to: the caller's own.
    #[must_use]
    pub fn device(self) -> Device<'callback> {
        // SAFETY: a valid handle, by `from_raw`.
        let device = unsafe { call_wdf!(WdfIoTargetGetDevice, self.0) };
        // SAFETY: the target's parent, which outlives it.
        unsafe { Device::from_raw(device) }
    }

    /// Opens the device with this name, usually the symbolic link of a device interface, to read and write, shared.
    ///
    /// # Errors
    ///
    /// What `WdfIoTargetOpen` answers: `STATUS_INVALID_DEVICE_STATE` for a target that is open, what `ZwCreateFile` says of the name, what the
    /// device's driver says of the open.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn open(self, name: UNICODE_STRING, events: TargetEvents) -> Result<(), Failure> {
        self.open_with(WDF_IO_TARGET_OPEN_PARAMS {
            Type: _WDF_IO_TARGET_OPEN_TYPE::WdfIoTargetOpenByName,
            TargetDeviceName: name,
            EvtIoTargetQueryRemove: events.query_remove,
            EvtIoTargetRemoveCanceled: events.remove_canceled,
            EvtIoTargetRemoveComplete: events.remove_complete,
            DesiredAccess: GENERIC_READ | GENERIC_WRITE,
            ShareAccess: FILE_SHARE_READ | FILE_SHARE_WRITE,
            CreateDisposition: FILE_OPEN,
            ..WDF_IO_TARGET_OPEN_PARAMS::default()
        })
    }

    /// Opens the device again that [`Target::open`] has opened, with the same events.
    ///
    /// # Errors
    ///
    /// As [`Target::open`]; `STATUS_INVALID_DEVICE_REQUEST` for a target that never was open.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn reopen(self) -> Result<(), Failure> {
        self.open_with(WDF_IO_TARGET_OPEN_PARAMS {
            Type: _WDF_IO_TARGET_OPEN_TYPE::WdfIoTargetOpenReopen,
            ..WDF_IO_TARGET_OPEN_PARAMS::default()
        })
    }

    /// `Size` is set here.
    fn open_with(self, parameters: WDF_IO_TARGET_OPEN_PARAMS) -> Result<(), Failure> {
        let mut parameters = WDF_IO_TARGET_OPEN_PARAMS {
            Size: size_of_ulong::<WDF_IO_TARGET_OPEN_PARAMS>(),
            ..parameters
        };
        // SAFETY: a valid handle, by `from_raw`; the framework copies the name and everything else that it keeps.
        let status = unsafe { call_wdf!(WdfIoTargetOpen, self.0, &raw mut parameters) };
        Failure::check(status)
    }

    /// Closes the target for a removal: its events still tell how that ends.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn close_for_query_remove(self) {
        // SAFETY: a valid handle, by `from_raw`.
        unsafe { call_wdf!(WdfIoTargetCloseForQueryRemove, self.0) };
    }

    /// Closes the target, if it is open, and ends its events; waits for one that runs on another thread.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn close(self) {
        // SAFETY: a valid handle, by `from_raw`.
        unsafe { call_wdf!(WdfIoTargetClose, self.0) };
    }
}
