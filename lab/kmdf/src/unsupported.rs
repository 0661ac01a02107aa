//! A function of the framework that is not implemented: the run ends and names it.
#![allow(unsafe_code, reason = "asks the kernel for a routine by name and calls it")]

use core::{
    ffi::{CStr, c_char},
    mem,
};

use wdk_sys::{
    UNICODE_STRING,
    ntddk::{DbgPrint, KeBugCheckEx, MmGetSystemRoutineAddress},
};

use crate::wdm::text::{counted, wide};

/// bugcodes.h
const WDF_VIOLATION: u32 = 0x10D;

/// Ends the run with the outcome "unsupported" where the host is the lab, else with `WDF_VIOLATION`.
pub fn stop(name: &CStr) -> ! {
    let mut routine: UNICODE_STRING = counted(&wide(b"LabUnsupported"));
    // SAFETY: A counted string that outlives the call.
    let address = unsafe { MmGetSystemRoutineAddress(&raw mut routine) };
    if !address.is_null() {
        // SAFETY: The lab documents this routine with this signature.
        let lab: extern "C" fn(*const c_char) -> ! = unsafe { mem::transmute(address) };
        lab(name.as_ptr());
    }
    // SAFETY: A format with one %s and a string that ends in NUL.
    unsafe { DbgPrint(c"wdfldr.sys: %s is not implemented\n".as_ptr(), name.as_ptr()) };
    // SAFETY: The routine takes any arguments at any IRQL and does not return.
    unsafe { KeBugCheckEx(WDF_VIOLATION, 0, name.as_ptr() as u64, 0, 0) }
}

/// Ends the run: a function is implemented, but not for what the driver asks of it.
pub fn stop_for(what: &CStr) -> ! {
    stop(what)
}
