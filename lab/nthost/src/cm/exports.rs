//! The registry as drivers reach it: `Zw…Key`.
#![allow(
    unsafe_code,
    reason = "reads names from and writes values to the buffers that drivers give"
)]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Value, hive};
use crate::abi::{
    ACCESS_MASK, HANDLE, NTSTATUS, OBJECT_ATTRIBUTES, PVOID, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_NO_MORE_ENTRIES,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS, UNICODE_STRING,
};
use crate::ob::{self, ObjectKind, handles};
use crate::rtl::unicode;

crate::exports! {
    ZwOpenKey <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    ZwOpenKeyEx <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    ZwCreateKey <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    ZwQueryValueKey <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    ZwSetValueKey <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    ZwDeleteValueKey <= PASSIVE_LEVEL;
    ZwDeleteKey <= PASSIVE_LEVEL;
    ZwEnumerateKey <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    ZwEnumerateValueKey <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    ZwFlushKey <= PASSIVE_LEVEL;
}

/// `REG_CREATED_NEW_KEY` of wdm.h.
const REG_CREATED_NEW_KEY: u32 = 1;
/// `REG_OPENED_EXISTING_KEY` of wdm.h.
const REG_OPENED_EXISTING_KEY: u32 = 2;
/// `KeyBasicInformation` of `KEY_INFORMATION_CLASS`.
const KEY_BASIC_INFORMATION: i32 = 0;
/// `KeyValueBasicInformation`, `KeyValueFullInformation` and `KeyValuePartialInformation` of `KEY_VALUE_INFORMATION_CLASS`.
const KEY_VALUE_BASIC_INFORMATION: i32 = 0;
const KEY_VALUE_FULL_INFORMATION: i32 = 1;
const KEY_VALUE_PARTIAL_INFORMATION: i32 = 2;

/// The path of each open key object.
static OPEN: Mutex<Option<HashMap<usize, String>>> = Mutex::new(None);

fn with_open<R>(f: impl FnOnce(&mut HashMap<usize, String>) -> R) -> R {
    f(OPEN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(HashMap::new))
}

fn forget(body: *mut c_void) {
    with_open(|open| open.remove(&body.addr()));
}

/// Opens a key for the caller; null without memory.
pub fn open_handle(path: &str) -> HANDLE {
    let body = ob::create(ObjectKind::Key, size_of::<usize>(), forget);
    if body.is_null() {
        return body;
    }
    ob::set_description(body, path);
    with_open(|open| open.insert(body.addr(), path.to_owned()));
    let handle = handles::insert(body, None);
    ob::dereference(body);
    handle
}

fn path_of(handle: HANDLE) -> Option<String> {
    let body = handles::object(handle)?;
    with_open(|open| open.get(&body.addr()).cloned())
}

/// The path that object attributes name.
///
/// # Safety
/// `attributes` is null or points to initialized attributes.
unsafe fn path_in(attributes: *const OBJECT_ATTRIBUTES) -> Option<String> {
    // SAFETY: the caller promises null or initialized attributes.
    let attributes = unsafe { attributes.as_ref() }?;
    // SAFETY: initialized attributes name a valid string.
    let name = unsafe { unicode::text(attributes.ObjectName) };
    let name = name.trim_end_matches('\\');
    if attributes.RootDirectory.is_null() {
        return Some(name.to_owned());
    }
    let root = path_of(attributes.RootDirectory)?;
    Some(if name.is_empty() {
        root
    } else {
        format!("{root}\\{name}")
    })
}

unsafe extern "win64" fn ZwOpenKey(
    handle: *mut HANDLE,
    _access: ACCESS_MASK,
    attributes: *const OBJECT_ATTRIBUTES,
) -> NTSTATUS {
    // SAFETY: the driver keeps ZwOpenKey's contract about ObjectAttributes.
    let Some(path) = (unsafe { path_in(attributes) }) else {
        return STATUS_INVALID_PARAMETER;
    };
    if !hive::exists(&path) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    // SAFETY: the driver keeps ZwOpenKey's contract about KeyHandle.
    unsafe { give_handle(handle, &path) }
}

unsafe extern "win64" fn ZwOpenKeyEx(
    handle: *mut HANDLE,
    access: ACCESS_MASK,
    attributes: *const OBJECT_ATTRIBUTES,
    _options: u32,
) -> NTSTATUS {
    // SAFETY: the contract is that of ZwOpenKey.
    unsafe { ZwOpenKey(handle, access, attributes) }
}

unsafe extern "win64" fn ZwCreateKey(
    handle: *mut HANDLE,
    _access: ACCESS_MASK,
    attributes: *const OBJECT_ATTRIBUTES,
    _title: u32,
    _class: *const UNICODE_STRING,
    _options: u32,
    disposition: *mut u32,
) -> NTSTATUS {
    // SAFETY: the driver keeps ZwCreateKey's contract about ObjectAttributes.
    let Some(path) = (unsafe { path_in(attributes) }) else {
        return STATUS_INVALID_PARAMETER;
    };
    let created = if hive::ensure_key(&path) {
        REG_CREATED_NEW_KEY
    } else {
        REG_OPENED_EXISTING_KEY
    };
    if !disposition.is_null() {
        // SAFETY: a Disposition that is not null is a place for a ULONG.
        unsafe { disposition.write(created) };
    }
    // SAFETY: the driver keeps ZwCreateKey's contract about KeyHandle.
    unsafe { give_handle(handle, &path) }
}

/// # Safety
/// `place` is a place for a handle.
unsafe fn give_handle(place: *mut HANDLE, path: &str) -> NTSTATUS {
    let handle = open_handle(path);
    if handle.is_null() {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    // SAFETY: the caller promises the place.
    unsafe { place.write(handle) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn ZwQueryValueKey(
    handle: HANDLE,
    name: *const UNICODE_STRING,
    class: i32,
    buffer: PVOID,
    length: u32,
    needed: *mut u32,
) -> NTSTATUS {
    let Some(path) = path_of(handle) else {
        return STATUS_INVALID_HANDLE;
    };
    // SAFETY: the driver keeps ZwQueryValueKey's contract about ValueName.
    let name = unsafe { unicode::text(name) };
    let Some(value) = hive::query(&path, &name) else {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    };
    // SAFETY: the driver keeps ZwQueryValueKey's contract about its buffer and ResultLength.
    unsafe { give_value(&name, &value, class, buffer, length, needed) }
}

unsafe extern "win64" fn ZwEnumerateValueKey(
    handle: HANDLE,
    index: u32,
    class: i32,
    buffer: PVOID,
    length: u32,
    needed: *mut u32,
) -> NTSTATUS {
    let Some(path) = path_of(handle) else {
        return STATUS_INVALID_HANDLE;
    };
    let values = hive::values(&path);
    let Some((name, value)) = values.get(index as usize) else {
        return STATUS_NO_MORE_ENTRIES;
    };
    // SAFETY: the driver keeps ZwEnumerateValueKey's contract about its buffer and ResultLength.
    unsafe { give_value(name, value, class, buffer, length, needed) }
}

/// # Safety
/// `buffer` has `length` writable bytes, and `needed` is a place for a ULONG.
unsafe fn give_value(
    name: &str,
    value: &Value,
    class: i32,
    buffer: PVOID,
    length: u32,
    needed: *mut u32,
) -> NTSTATUS {
    match value_information(name, value, class) {
        // SAFETY: `buffer` and `needed` are this function's own parameters; `# Safety` asks of them what
        // [`give`] does.
        Some((bytes, fixed)) => unsafe { give(&bytes, fixed, buffer, length, needed) },
        None => STATUS_INVALID_PARAMETER,
    }
}

/// The bytes of a `KEY_VALUE_…_INFORMATION`, and how many of them are its fixed part.
fn value_information(name: &str, value: &Value, class: i32) -> Option<(Vec<u8>, usize)> {
    const FULL_FIXED: u32 = 20;
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (name_length, data_length) = (
        u32::try_from(name.len()).ok()?,
        u32::try_from(value.data.len()).ok()?,
    );
    let words = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let (head, tail): (Vec<u8>, Vec<u8>) = match class {
        KEY_VALUE_BASIC_INFORMATION => (words(&[0, value.kind, name_length]), name),
        KEY_VALUE_PARTIAL_INFORMATION => (words(&[0, value.kind, data_length]), value.data.clone()),
        KEY_VALUE_FULL_INFORMATION => {
            let data_offset = (FULL_FIXED + name_length).next_multiple_of(8);
            let mut tail = name;
            tail.resize((data_offset - FULL_FIXED) as usize, 0);
            tail.extend(&value.data);
            (
                words(&[0, value.kind, data_offset, data_length, name_length]),
                tail,
            )
        }
        _ => return None,
    };
    let fixed = head.len();
    Some(([head, tail].concat(), fixed))
}

unsafe extern "win64" fn ZwEnumerateKey(
    handle: HANDLE,
    index: u32,
    class: i32,
    buffer: PVOID,
    length: u32,
    needed: *mut u32,
) -> NTSTATUS {
    const BASIC_FIXED: usize = 16;
    let Some(path) = path_of(handle) else {
        return STATUS_INVALID_HANDLE;
    };
    let keys = hive::subkeys(&path);
    let Some(name) = keys.get(index as usize) else {
        return STATUS_NO_MORE_ENTRIES;
    };
    if class != KEY_BASIC_INFORMATION {
        crate::verifier::unsupported(&format!("ZwEnumerateKey with information class {class}"));
    }
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = vec![0; BASIC_FIXED];
    bytes[12..].copy_from_slice(&u32::try_from(name.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(name);
    // SAFETY: the driver keeps ZwEnumerateKey's contract about its buffer and ResultLength.
    unsafe { give(&bytes, BASIC_FIXED, buffer, length, needed) }
}

/// Copies what fits: all of it, or with `STATUS_BUFFER_OVERFLOW` as much as there is room for behind the fixed part, or
/// with `STATUS_BUFFER_TOO_SMALL` nothing.
///
/// # Safety
/// `buffer` has `length` writable bytes, and `needed` is a place for a ULONG.
unsafe fn give(bytes: &[u8], fixed: usize, buffer: PVOID, length: u32, needed: *mut u32) -> NTSTATUS {
    // SAFETY: `needed` is a place for a ULONG (`# Safety`).
    unsafe { needed.write(u32::try_from(bytes.len()).unwrap_or(u32::MAX)) };
    let room = length as usize;
    if room < fixed {
        return STATUS_BUFFER_TOO_SMALL;
    }
    let count = room.min(bytes.len());
    // SAFETY: `count` is at most the length that the caller promises.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), count) };
    if count < bytes.len() {
        STATUS_BUFFER_OVERFLOW
    } else {
        STATUS_SUCCESS
    }
}

unsafe extern "win64" fn ZwSetValueKey(
    handle: HANDLE,
    name: *const UNICODE_STRING,
    _title: u32,
    kind: u32,
    data: *const u8,
    size: u32,
) -> NTSTATUS {
    let Some(path) = path_of(handle) else {
        return STATUS_INVALID_HANDLE;
    };
    // SAFETY: the driver keeps ZwSetValueKey's contract about ValueName.
    let name = unsafe { unicode::text(name) };
    let data = if size == 0 {
        Vec::new()
    } else {
        // SAFETY: the driver promises DataSize readable bytes.
        unsafe { core::slice::from_raw_parts(data, size as usize) }.to_vec()
    };
    hive::set(&path, &name, Value { kind, data });
    STATUS_SUCCESS
}

unsafe extern "win64" fn ZwDeleteValueKey(handle: HANDLE, name: *const UNICODE_STRING) -> NTSTATUS {
    let Some(path) = path_of(handle) else {
        return STATUS_INVALID_HANDLE;
    };
    // SAFETY: the driver keeps ZwDeleteValueKey's contract about ValueName.
    let name = unsafe { unicode::text(name) };
    if hive::delete_value(&path, &name) {
        STATUS_SUCCESS
    } else {
        STATUS_OBJECT_NAME_NOT_FOUND
    }
}

unsafe extern "win64" fn ZwDeleteKey(handle: HANDLE) -> NTSTATUS {
    let Some(path) = path_of(handle) else {
        return STATUS_INVALID_HANDLE;
    };
    hive::delete_key(&path);
    STATUS_SUCCESS
}

unsafe extern "win64" fn ZwFlushKey(handle: HANDLE) -> NTSTATUS {
    if path_of(handle).is_some() {
        STATUS_SUCCESS
    } else {
        STATUS_INVALID_HANDLE
    }
}
