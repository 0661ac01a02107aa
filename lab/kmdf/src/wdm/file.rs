//! File objects of other drivers' devices.
#![allow(unsafe_code, reason = "calls the I/O and object managers")]

use core::ptr;

use wdk_sys::{
    ACCESS_MASK, HANDLE, IO_STATUS_BLOCK, LARGE_INTEGER, OBJECT_ATTRIBUTES, PFILE_OBJECT,
    STATUS_NO_SUCH_DEVICE, ULONG, UNICODE_STRING,
    ntddk::{
        IoGetRelatedDeviceObject, ObReferenceObjectByHandle, ObfDereferenceObject, ObfReferenceObject,
        ZwClose, ZwCreateFile,
    },
};

use super::{
    device_object::{DeviceObject, zeroed},
    size32,
};
use crate::failure::{Outcome, check, fail};

/// ntdef.h: `OBJ_KERNEL_HANDLE`, as KMDF opens its targets.
const OBJ_KERNEL_HANDLE: ULONG = 0x200;
/// wdm.h: `KernelMode`
const KERNEL_MODE: i8 = 0;

/// How to open a file: the arguments of `ZwCreateFile`.
#[derive(Clone, Copy)]
pub struct Access {
    pub desired: ACCESS_MASK,
    pub attributes: ULONG,
    pub share: ULONG,
    pub disposition: ULONG,
    pub options: ULONG,
    pub allocation: Option<i64>,
}

/// A device that is open: a handle, a reference to its file object, and the top of its stack.
#[derive(Clone, Copy)]
pub struct Opened {
    pub handle: HANDLE,
    pub file: PFILE_OBJECT,
    pub device: DeviceObject,
    /// What `ZwCreateFile` reports beside the status.
    pub information: u64,
}

/// Opens a device by its name.
///
/// # Errors
/// What `ZwCreateFile` returns; `STATUS_NO_SUCH_DEVICE`.
pub fn open(name: &UNICODE_STRING, access: &Access) -> Outcome<Opened> {
    let (handle, information) = create(name, access)?;
    let opened = file_of(handle, access.desired).and_then(|file| {
        // SAFETY: A file object with a reference.
        let device = DeviceObject::of(unsafe { IoGetRelatedDeviceObject(file) });
        let Some(device) = device else {
            dereference(file);
            return fail(STATUS_NO_SUCH_DEVICE);
        };
        Ok(Opened {
            handle,
            file,
            device,
            information,
        })
    });
    if opened.is_err() {
        close(handle);
    }
    opened
}

fn create(name: &UNICODE_STRING, access: &Access) -> Outcome<(HANDLE, u64)> {
    let mut attributes = OBJECT_ATTRIBUTES {
        Length: size32::<OBJECT_ATTRIBUTES>(),
        ObjectName: ptr::from_ref(name).cast_mut(),
        Attributes: OBJ_KERNEL_HANDLE,
        ..zeroed()
    };
    let mut size = access.allocation.map(|size| LARGE_INTEGER { QuadPart: size });
    let (mut handle, mut end) = (ptr::null_mut(), zeroed::<IO_STATUS_BLOCK>());
    // SAFETY: Attributes with a string, and places for the results, that outlive the call; the size is null or a local; no extended
    // attributes.
    check(unsafe {
        ZwCreateFile(
            &raw mut handle,
            access.desired,
            &raw mut attributes,
            &raw mut end,
            size.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
            access.attributes,
            access.share,
            access.disposition,
            access.options,
            ptr::null_mut(),
            0,
        )
    })?;
    Ok((handle, end.Information))
}

/// The file object of a handle of the framework's own, with a reference.
fn file_of(handle: HANDLE, access: ACCESS_MASK) -> Outcome<PFILE_OBJECT> {
    let mut file = ptr::null_mut();
    // SAFETY: A handle that `create` made, of a file, so that no type needs to be checked; a place for the result.
    check(unsafe {
        ObReferenceObjectByHandle(
            handle,
            access,
            ptr::null_mut(),
            KERNEL_MODE,
            &raw mut file,
            ptr::null_mut(),
        )
    })?;
    Ok(file.cast())
}

/// Takes a reference to a file object that the caller holds; null is no matter.
pub fn reference(file: PFILE_OBJECT) {
    if !file.is_null() {
        // SAFETY: A file object that the caller holds.
        unsafe { ObfReferenceObject(file.cast()) };
    }
}

/// Gives a reference back; null is no matter.
pub fn dereference(file: PFILE_OBJECT) {
    if !file.is_null() {
        // SAFETY: A file object whose reference the caller has.
        unsafe { ObfDereferenceObject(file.cast()) };
    }
}

/// Closes a handle; null is no matter.
pub fn close(handle: HANDLE) {
    if !handle.is_null() {
        // SAFETY: A handle of the framework's own, closed once.
        let _closed = unsafe { ZwClose(handle) };
    }
}
