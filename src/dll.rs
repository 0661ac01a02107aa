//! The driver as a kernel DLL: what the system calls when another driver imports from the image.
//!
//! Imported only, the image never sees `DriverEntry`: the framework's stub does not run and nothing is bound to the framework. So
//! nothing here, and nothing that is exported, may touch it. Installed as a driver too, the image is loaded once; each side
//! holds it, and neither knows of the other.
#![allow(unsafe_code, reason = "entry points that the system calls")]

use sample_interface::NtStatus;
use wdk_sys::PUNICODE_STRING;

/// Called once, when the image was loaded for the sake of an importer, before the importer's `DriverEntry`.
///
/// The path names a service key that need not exist; it is freed when this returns.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
///
/// # Safety
///
/// Only the loader calls it, with a string that is good until this returns.
// SAFETY: the one symbol of that name in the image; the loader looks it up by name.
#[unsafe(no_mangle)]
#[expect(non_snake_case, reason = "the name that the loader looks up")]
pub unsafe extern "system" fn DllInitialize(RegistryPath: PUNICODE_STRING) -> NtStatus {
    if cfg!(debug_assertions) {
        // SAFETY: the format takes one counted string by pointer, NULL included, at PASSIVE_LEVEL, which %wZ needs.
        unsafe { wdk_sys::ntddk::DbgPrint(c"SAMPLE: DllInitialize(%wZ)\n".as_ptr(), RegistryPath) };
    }
    NtStatus::STATUS_SUCCESS
}

/// Called when the last importer is gone. Success lets the image be unloaded.
///
/// There is nothing to hold it for: a reference to an interface keeps the image through its device object.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
// SAFETY: the one symbol of that name in the image; the loader looks it up by name.
#[unsafe(no_mangle)]
pub extern "system" fn DllUnload() -> NtStatus {
    if cfg!(debug_assertions) {
        wdk::println!("SAMPLE: DllUnload");
    }
    NtStatus::STATUS_SUCCESS
}
