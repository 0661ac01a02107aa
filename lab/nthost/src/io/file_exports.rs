//! The exports that open devices for drivers.
//!
//! Shared access, `DO_EXCLUSIVE` and `OBJ_FORCE_ACCESS_CHECK` are not modelled: every open that the device's driver takes succeeds.
#![allow(unsafe_code, reason = "reads and writes through pointers that drivers give")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;

use super::device::Device;
use super::file_object::{self, Opener};
use super::volume::{self, Disposition};
use crate::abi::{
    ACCESS_MASK, DEVICE_OBJECT, FILE_OBJECT, HANDLE, IO_STATUS_BLOCK, NTSTATUS, OBJECT_ATTRIBUTES,
    STATUS_INVALID_PARAMETER, STATUS_SUCCESS, UNICODE_STRING,
};
use crate::rtl::unicode;
use crate::verifier;

crate::exports! {
    IoGetDeviceObjectPointer <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoGetRelatedDeviceObject <= DISPATCH_LEVEL;
    ZwCreateFile <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    ZwOpenFile <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
}

/// `FILE_OPENED` of wdm.h: what an open reports as its `Information`.
const FILE_OPENED: usize = 1;

/// As on Windows, the handle that opened the device is closed again: `IRP_MJ_CLEANUP` comes at once, `IRP_MJ_CLOSE` with the last
/// reference.
unsafe extern "win64" fn IoGetDeviceObjectPointer(
    name: *const UNICODE_STRING,
    _access: ACCESS_MASK,
    file: *mut *mut FILE_OBJECT,
    device: *mut *mut DEVICE_OBJECT,
) -> NTSTATUS {
    // SAFETY: the driver gives a string.
    let path = unsafe { unicode::text(name) };
    let opened = match file_object::open(&path, Opener::Kernel(verifier::owner())) {
        Ok(opened) => opened,
        Err(error) => return error.status(),
    };
    opened.cleanup();
    // SAFETY: the driver gives a place for the file object.
    unsafe { file.write(opened.as_ptr()) };
    // SAFETY: the driver gives a place for the device object.
    unsafe { device.write(opened.device().top().as_ptr()) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn IoGetRelatedDeviceObject(file: *mut FILE_OBJECT) -> *mut DEVICE_OBJECT {
    // SAFETY: the driver gives a file object that it has referenced.
    let device = unsafe { (*file).DeviceObject };
    Device::of_driver(device).top().as_ptr()
}

/// Devices, and files below `\SystemRoot`.
unsafe extern "win64" fn ZwCreateFile(
    handle: *mut HANDLE,
    access: ACCESS_MASK,
    attributes: *const OBJECT_ATTRIBUTES,
    status_block: *mut IO_STATUS_BLOCK,
    _allocation_size: *const i64,
    _file_attributes: u32,
    _share_access: u32,
    disposition: u32,
    options: u32,
    _ea: *const c_void,
    ea_length: u32,
) -> NTSTATUS {
    if ea_length != 0 {
        verifier::unsupported("ZwCreateFile with extended attributes");
    }
    let way = |path: &str| way_to(path, access, Disposition(disposition), options);
    // SAFETY: the driver keeps the routine's contract about ObjectAttributes, IoStatusBlock and FileHandle.
    unsafe { open(handle, attributes, status_block, way) }
}

unsafe extern "win64" fn ZwOpenFile(
    handle: *mut HANDLE,
    access: ACCESS_MASK,
    attributes: *const OBJECT_ATTRIBUTES,
    status_block: *mut IO_STATUS_BLOCK,
    _share_access: u32,
    options: u32,
) -> NTSTATUS {
    let way = |path: &str| way_to(path, access, Disposition::FILE_OPEN, options);
    // SAFETY: the driver keeps the routine's contract about ObjectAttributes, IoStatusBlock and FileHandle.
    unsafe { open(handle, attributes, status_block, way) }
}

/// Opens what a name stands for: the handle, and `Information` of the open.
fn way_to(
    path: &str,
    access: ACCESS_MASK,
    disposition: Disposition,
    options: u32,
) -> Result<(HANDLE, usize), NTSTATUS> {
    if volume::has(path) {
        return volume::open(path, access, disposition, options);
    }
    let opened = file_object::open(path, Opener::Kernel(verifier::owner()));
    opened
        .map(|opened| (opened.into_handle(), FILE_OPENED))
        .map_err(|error| error.status())
}

/// # Safety
/// `attributes` is null or initialized; the others are places to write to.
unsafe fn open(
    handle: *mut HANDLE,
    attributes: *const OBJECT_ATTRIBUTES,
    status_block: *mut IO_STATUS_BLOCK,
    way: impl FnOnce(&str) -> Result<(HANDLE, usize), NTSTATUS>,
) -> NTSTATUS {
    // SAFETY: the caller promises null or initialized attributes.
    let Some(attributes) = (unsafe { attributes.as_ref() }) else {
        return STATUS_INVALID_PARAMETER;
    };
    if !attributes.RootDirectory.is_null() {
        verifier::unsupported("opening a device relative to a directory handle");
    }
    // SAFETY: initialized attributes name a valid string.
    let path = unsafe { unicode::text(attributes.ObjectName) };
    let (opened, information) = match way(&path) {
        Ok(opened) => opened,
        Err(status) => return status,
    };
    // SAFETY: the caller promises a place for the handle.
    unsafe { handle.write(opened) };
    let end = IO_STATUS_BLOCK {
        Status: STATUS_SUCCESS,
        Information: information,
    };
    // SAFETY: the caller promises a place for the status block.
    unsafe { status_block.write(end) };
    STATUS_SUCCESS
}
