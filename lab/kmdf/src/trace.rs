//! What the framework says about failures that a driver's author would look for.
#![allow(unsafe_code, reason = "calls DbgPrint")]

use core::ffi::CStr;

use wdk_sys::{NTSTATUS, ntddk::DbgPrint};

/// One line about a refused bind or a failed callback.
pub fn failed(what: &CStr, status: NTSTATUS) {
    // SAFETY: A format with one %s and one %08x, and arguments of these types.
    unsafe { DbgPrint(c"wdfldr: %s: status 0x%08x\n".as_ptr(), what.as_ptr(), status) };
}
