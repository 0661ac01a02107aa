//! The exports for device interfaces.
#![allow(unsafe_code, reason = "reads and writes through pointers that drivers give")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use super::device::Device;
use super::interface;
use crate::abi::{
    DEVICE_OBJECT, GUID, NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_SUCCESS, UNICODE_STRING,
};
use crate::mm::pool::{self, Kind, Request, Tag};
use crate::rtl::unicode::{self, Unicode};
use crate::{pnp, verifier};

crate::exports! {
    IoRegisterDeviceInterface <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoSetDeviceInterfaceState <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoGetDeviceInterfaces <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
}

/// `DEVICE_INTERFACE_INCLUDE_NONACTIVE` of wdm.h.
const DEVICE_INTERFACE_INCLUDE_NONACTIVE: u32 = 1;
/// What Windows tags the strings of the I/O manager with.
const TAG: Tag = Tag(u32::from_le_bytes(*b"Io  "));

unsafe extern "win64" fn IoRegisterDeviceInterface(
    pdo: *mut DEVICE_OBJECT,
    class: *const GUID,
    reference: *const UNICODE_STRING,
    link: *mut UNICODE_STRING,
) -> NTSTATUS {
    let pdo = Device::of_driver(pdo);
    let Some(instance) = pnp::instance_of(pdo) else {
        return STATUS_INVALID_DEVICE_REQUEST;
    };
    // SAFETY: the driver gives a class GUID.
    let class = unsafe { class.read() };
    // SAFETY: the driver gives null or a string.
    let reference = unsafe { unicode::text(reference) };
    let name = Unicode::new(&interface::register(pdo, &instance, &class, &reference));
    let Some(buffer) = copy(name.units()) else {
        return STATUS_INSUFFICIENT_RESOURCES;
    };
    let given = UNICODE_STRING {
        Buffer: buffer,
        ..name.descriptor()
    };
    // SAFETY: the driver gives a place for the string, which it frees with RtlFreeUnicodeString.
    unsafe { link.write(given) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn IoSetDeviceInterfaceState(link: *const UNICODE_STRING, enable: u8) -> NTSTATUS {
    // SAFETY: the driver gives the string that IoRegisterDeviceInterface returned.
    interface::set_state(&unsafe { unicode::text(link) }, enable != 0)
}

unsafe extern "win64" fn IoGetDeviceInterfaces(
    class: *const GUID,
    pdo: *mut DEVICE_OBJECT,
    flags: u32,
    list: *mut *mut u16,
) -> NTSTATUS {
    let pdo = (!pdo.is_null()).then(|| Device::of_driver(pdo));
    if pdo.is_some_and(|pdo| pnp::instance_of(pdo).is_none()) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    // SAFETY: the driver gives a class GUID.
    let class = unsafe { class.read() };
    let links = interface::links_with(&class, pdo, flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE != 0);
    let mut units: Vec<u16> = links
        .iter()
        .flat_map(|link| link.encode_utf16().chain([0]))
        .collect();
    units.push(0);
    let Some(buffer) = copy(&units) else {
        return STATUS_INSUFFICIENT_RESOURCES;
    };
    // SAFETY: the driver gives a place for the list, which it frees with ExFreePool.
    unsafe { list.write(buffer) };
    STATUS_SUCCESS
}

/// The units in paged pool that the driver frees; `None` without memory.
fn copy(units: &[u16]) -> Option<*mut u16> {
    let buffer = pool::allocate(Request {
        kind: Kind::Paged,
        size: size_of_val(units),
        tag: TAG,
        zeroed: false,
        owner: verifier::owner(),
    });
    if buffer.is_null() {
        return None;
    }
    // SAFETY: the block was just allocated with this size.
    unsafe { core::ptr::copy_nonoverlapping(units.as_ptr().cast::<u8>(), buffer.cast(), size_of_val(units)) };
    Some(buffer.cast())
}
