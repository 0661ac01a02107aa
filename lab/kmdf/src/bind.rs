//! Binding: a client image gets the function table and globals of its own, and gives them back.
#![allow(
    unsafe_code,
    reason = "exports, and reads what the loader's contract says about the bind information"
)]

use core::{ffi::c_void, mem::size_of, slice};

use wdk_sys::{
    NTSTATUS, PCUNICODE_STRING, PDRIVER_OBJECT, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED,
    STATUS_SUCCESS, STATUS_UNSUCCESSFUL, ULONG,
};

use crate::{
    client::Client,
    failure::{Outcome, fail, status},
    object::Obj,
    table::{COUNT, TABLE},
    trace,
    wdm::{
        device_object::DriverObject,
        text::{kernel_text, wide},
    },
};

/// The version of the framework that this is.
const MAJOR: ULONG = 1;
const MINOR: ULONG = 33;

/// Up to this size of its table a client has an array of its own that is filled; above, a variable for the
/// table's address.
const COPIED_TABLE: usize = 438;

/// The sizes of the function tables of all releases.
const RELEASED: [usize; 13] = [383, 386, 387, 396, 432, 438, 444, 446, 448, 451, 453, 454, 458];

/// `WDF_BIND_INFO`: what a client says about itself.
#[repr(C)]
pub struct BindInfo {
    size: ULONG,
    component: *const u16,
    major: ULONG,
    minor: ULONG,
    build: ULONG,
    function_count: ULONG,
    function_table: *mut *const c_void,
    module: *mut c_void,
}

/// `WDF_BIND_INFO2`: the same with a minimum version.
#[repr(C)]
struct BindInfo2 {
    first: BindInfo,
    minimum_minor: *const ULONG,
    client_is_newer: *mut u8,
    function_count: *mut ULONG,
    structure_count: *mut ULONG,
    structures: *mut c_void,
}

const _: () = assert!(size_of::<BindInfo>() == 48);
const _: () = assert!(size_of::<BindInfo2>() == 88);

/// The entry point, called when the image is started as a service of its own; there is nothing to start.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub const extern "C" fn DriverEntry(_driver: PDRIVER_OBJECT, _registry_path: PCUNICODE_STRING) -> NTSTATUS {
    STATUS_SUCCESS
}

/// Binds a client: checks its version, stores the table where it asks, gives it globals. IRQL:
/// `PASSIVE_LEVEL`.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER`, `STATUS_NOT_SUPPORTED` (another component or major version, or a newer
/// minimum), `STATUS_INSUFFICIENT_RESOURCES`.
///
/// # Safety
/// The pointers are what the client's entry stub passes: valid, or null where that is refused.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn WdfVersionBind(
    driver: PDRIVER_OBJECT,
    registry_path: PCUNICODE_STRING,
    info: *mut BindInfo,
    globals: *mut *mut c_void,
) -> NTSTATUS {
    // SAFETY: The entry stub passes a valid structure or null.
    let info = unsafe { info.as_ref() };
    // SAFETY: The entry stub passes a place for the result or null.
    let globals = unsafe { globals.as_mut() };
    let outcome = match (DriverObject::of(driver), info, globals) {
        (Some(driver), Some(info), Some(globals)) => bind(driver, kernel_text(registry_path), info, globals),
        _ => fail(STATUS_INVALID_PARAMETER),
    };
    if let Err(failure) = outcome {
        trace::failed(c"a client is not bound", failure.status());
    }
    status(outcome)
}

fn bind(driver: DriverObject, registry_path: &[u16], info: &BindInfo, globals: &mut *mut c_void) -> Outcome {
    check_version(info)?;
    let client = Client::create(driver, registry_path)?;
    store_table(info);
    *globals = client.globals().cast();
    Ok(())
}

fn check_version(info: &BindInfo) -> Outcome {
    let size = info.size as usize;
    if size != size_of::<BindInfo>() && size != size_of::<BindInfo2>() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    if !is_kmdf(info.component) || info.major != MAJOR || info.minor.min(minimum_minor(info)) > MINOR {
        return fail(STATUS_NOT_SUPPORTED);
    }
    let count = info.function_count as usize;
    if info.function_table.is_null() || count > COUNT || !RELEASED.contains(&count) {
        return fail(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

fn is_kmdf(component: *const u16) -> bool {
    const NAME: [u16; 12] = wide(b"KmdfLibrary\0");
    if component.is_null() {
        return false;
    }
    // Stops at the first difference, so nothing behind the end of a shorter name is read.
    NAME.iter().enumerate().all(|(at, unit)| {
        // SAFETY: All units before this one were equal and not NUL, so the NUL-terminated name goes on.
        let place = unsafe { component.add(at) };
        // SAFETY: As above.
        unsafe { place.read() == *unit }
    })
}

/// The oldest minor version with which the client is content.
const fn minimum_minor(info: &BindInfo) -> ULONG {
    if (info.size as usize) < size_of::<BindInfo2>() {
        return info.minor;
    }
    // SAFETY: The structure says by its size that it is the longer form, of which the short one is the
    // beginning.
    let long = unsafe { &*core::ptr::from_ref(info).cast::<BindInfo2>() };
    if long.minimum_minor.is_null() {
        return info.minor;
    }
    // SAFETY: A variable of the client's image.
    unsafe { long.minimum_minor.read() }
}

fn store_table(info: &BindInfo) {
    let count = info.function_count as usize;
    if count > COPIED_TABLE {
        // SAFETY: The client's variable for the address of the table.
        unsafe { info.function_table.write(TABLE.as_ptr().cast()) };
        return;
    }
    // SAFETY: The client's array of `count` function pointers.
    let slots = unsafe { slice::from_raw_parts_mut(info.function_table, count) };
    for (slot, function) in slots.iter_mut().zip(&TABLE) {
        *slot = function.address();
    }
}

/// Unbinds a client and frees everything that it left. IRQL: `PASSIVE_LEVEL`.
///
/// # Errors
/// `STATUS_UNSUCCESSFUL` when the globals are not those of a bound client.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub extern "C" fn WdfVersionUnbind(
    _registry_path: PCUNICODE_STRING,
    _info: *mut BindInfo,
    globals: *mut c_void,
) -> NTSTATUS {
    let Some(client) = Client::from_globals(globals.cast()) else {
        return STATUS_UNSUCCESSFUL;
    };
    if let Some(driver) = client.driver.take() {
        Obj::delete(driver);
    }
    client.free();
    STATUS_SUCCESS
}

/// Binds a client to a class extension; there are none here.
///
/// # Errors
/// `STATUS_NOT_SUPPORTED`.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub extern "C" fn WdfVersionBindClass(
    _info: *mut BindInfo,
    _globals: *mut c_void,
    _class: *mut c_void,
) -> NTSTATUS {
    trace::failed(c"a client asks for a class extension", STATUS_NOT_SUPPORTED);
    STATUS_NOT_SUPPORTED
}

/// Unbinds a client from a class extension; it cannot be bound to one.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub const extern "C" fn WdfVersionUnbindClass(
    _info: *mut BindInfo,
    _globals: *mut c_void,
    _class: *mut c_void,
) {
}
