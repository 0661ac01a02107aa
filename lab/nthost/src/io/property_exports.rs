//! The exports for properties that a key names, and for the keys of a driver.
#![allow(unsafe_code, reason = "reads and writes through pointers that drivers give")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use super::device::Device;
use super::driver::{self, Driver};
use crate::abi::{
    ACCESS_MASK, DEVICE_OBJECT, DRIVER_OBJECT, GUID, HANDLE, NTSTATUS, PVOID, STATUS_BUFFER_TOO_SMALL,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use crate::pnp::PropertyData;
use crate::{cm, pnp, verifier};

crate::exports! {
    IoGetDevicePropertyData <= APC_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoSetDevicePropertyData <= APC_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoOpenDriverRegistryKey <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
}

/// `DEVPROPKEY` of devpropdef.h.
#[repr(C)]
#[derive(Clone, Copy)]
struct PropertyKey {
    category: GUID,
    number: u32,
}

/// `DRIVER_REGKEY_TYPE` of wdm.h.
const DRIVER_REGKEY_PARAMETERS: i32 = 0;
const DRIVER_REGKEY_PERSISTENT_STATE: i32 = 1;

unsafe extern "win64" fn IoGetDevicePropertyData(
    pdo: *mut DEVICE_OBJECT,
    key: *const PropertyKey,
    language: u32,
    _flags: u32,
    size: u32,
    data: PVOID,
    needed: *mut u32,
    kind: *mut u32,
) -> NTSTATUS {
    // SAFETY: the driver gives a key.
    let key = unsafe { key.read() };
    let found = match pnp::property_data(Device::of_driver(pdo), key.category, (key.number, language)) {
        Ok(found) => found,
        Err(status) => return status,
    };
    // SAFETY: the driver gives a place for the size.
    unsafe { needed.write(u32::try_from(found.bytes.len()).unwrap_or(u32::MAX)) };
    // SAFETY: the driver gives a place for the type.
    unsafe { kind.write(found.kind) };
    if found.bytes.len() > size as usize {
        return STATUS_BUFFER_TOO_SMALL;
    }
    // SAFETY: the driver gives `size` bytes, and no more are written.
    unsafe { core::ptr::copy_nonoverlapping(found.bytes.as_ptr(), data.cast(), found.bytes.len()) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn IoSetDevicePropertyData(
    pdo: *mut DEVICE_OBJECT,
    key: *const PropertyKey,
    language: u32,
    _flags: u32,
    kind: u32,
    size: u32,
    data: *const u8,
) -> NTSTATUS {
    // SAFETY: the driver gives a key.
    let key = unsafe { key.read() };
    let bytes = if data.is_null() {
        Vec::new()
    } else {
        // SAFETY: the driver gives `size` bytes.
        unsafe { core::slice::from_raw_parts(data, size as usize) }.to_vec()
    };
    let data = PropertyData { kind, bytes };
    let place = (key.number, language);
    match pnp::set_property_data(Device::of_driver(pdo), key.category, place, data) {
        Ok(()) => STATUS_SUCCESS,
        Err(status) => status,
    }
}

/// The keys of a driver below its service's. Where Windows keeps the persistent state is not documented.
unsafe extern "win64" fn IoOpenDriverRegistryKey(
    driver: *mut DRIVER_OBJECT,
    kind: i32,
    _access: ACCESS_MASK,
    flags: u32,
    key: *mut HANDLE,
) -> NTSTATUS {
    let service = driver::service_of(Driver::of_driver(driver));
    let name = match kind {
        DRIVER_REGKEY_PARAMETERS => "Parameters",
        DRIVER_REGKEY_PERSISTENT_STATE => "PersistentState",
        _ => verifier::unsupported(&format!("IoOpenDriverRegistryKey for a key of type {kind}")),
    };
    if flags != 0 {
        return STATUS_INVALID_PARAMETER;
    }
    let path = format!(r"{}\{service}\{name}", cm::SERVICES);
    cm::ensure_key(&path);
    let handle = cm::open_handle(&path);
    if handle.is_null() {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    // SAFETY: the driver gives a place for the handle.
    unsafe { key.write(handle) };
    STATUS_SUCCESS
}
