//! File objects of other drivers' devices.
#![allow(unsafe_code, reason = "calls the I/O and object managers")]

use core::ptr;

use wdk_sys::{
    ACCESS_MASK, PFILE_OBJECT, STATUS_NO_SUCH_DEVICE, UNICODE_STRING,
    ntddk::{IoGetDeviceObjectPointer, ObfDereferenceObject},
};

use super::device_object::DeviceObject;
use crate::failure::{Outcome, check, fail};

/// Opens a device by its name: its file object, with a reference, and the top of its stack.
///
/// # Errors
/// What `IoGetDeviceObjectPointer` returns.
pub fn open(name: &UNICODE_STRING, access: ACCESS_MASK) -> Outcome<(PFILE_OBJECT, DeviceObject)> {
    let (mut file, mut device) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: A string and places for the results that outlive the call.
    check(unsafe {
        IoGetDeviceObjectPointer(
            ptr::from_ref(name).cast_mut(),
            access,
            &raw mut file,
            &raw mut device,
        )
    })?;
    DeviceObject::of(device).map_or_else(|| fail(STATUS_NO_SUCH_DEVICE), |device| Ok((file, device)))
}

/// Gives the reference of [`open`] back; null is no matter.
pub fn dereference(file: PFILE_OBJECT) {
    if !file.is_null() {
        // SAFETY: A file object whose reference the caller has.
        unsafe { ObfDereferenceObject(file.cast()) };
    }
}
