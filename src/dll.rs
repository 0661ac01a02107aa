//! The image as a kernel DLL: what the system calls around its use by importers.
//!
//! Both routines must exist for importers to be counted. Loaded as a DLL only, `DriverEntry` never ran, so nothing here
//! touches the framework.
#![allow(unsafe_code, reason = "called by the system by name")]

use wdk_sys::{NTSTATUS, PUNICODE_STRING, STATUS_SUCCESS};

/// Called when the image is loaded because another driver imports from it. The string is freed on return.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
///
/// # Safety
///
/// Only the system calls it, with a registry path.
// SAFETY: the one symbol of that name in the image; the system looks for it.
#[unsafe(no_mangle)]
#[expect(non_snake_case, reason = "the name that the system looks for")]
unsafe extern "system" fn DllInitialize(RegistryPath: PUNICODE_STRING) -> NTSTATUS {
    if cfg!(debug_assertions) {
        // SAFETY: `%wZ` takes the counted string that the system passes.
        let _ = unsafe { wdk_sys::ntddk::DbgPrint(c"SAMPLE: DllInitialize(%wZ)\n".as_ptr(), RegistryPath) };
    }
    STATUS_SUCCESS
}

/// Called when the last importer is gone. Success lets the image go.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
///
/// # Safety
///
/// Only the system calls it.
// SAFETY: the one symbol of that name in the image; the system looks for it.
#[unsafe(no_mangle)]
unsafe extern "system" fn DllUnload() -> NTSTATUS {
    if cfg!(debug_assertions) {
        debug_print::println!("SAMPLE: DllUnload");
    }
    STATUS_SUCCESS
}
