//! A function of the framework that is not implemented: the run ends and names it.
#![allow(unsafe_code, reason = "asks the kernel for a routine by name and calls it")]

use core::{
    ffi::{CStr, c_char, c_void},
    mem,
    ptr::NonNull,
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
    if let Some(address) = lab_routine(b"LabUnsupported") {
        // SAFETY: The lab documents this routine with this signature.
        let lab: extern "C" fn(*const c_char) -> ! = unsafe { mem::transmute(address) };
        lab(name.as_ptr());
    }
    // SAFETY: A format with one %s and a string that ends in NUL.
    unsafe { DbgPrint(c"wdfldr.sys: %s is not implemented\n".as_ptr(), name.as_ptr()) };
    // SAFETY: The routine takes any arguments at any IRQL and does not return.
    unsafe { KeBugCheckEx(WDF_VIOLATION, 0, name.as_ptr() as u64, 0, 0) }
}

/// A routine that the lab has beyond Windows; `None` where the host is Windows. IRQL: `PASSIVE_LEVEL`.
pub fn lab_routine<const N: usize>(name: &[u8; N]) -> Option<NonNull<c_void>> {
    let name = wide(name);
    let mut name: UNICODE_STRING = counted(&name);
    // SAFETY: A counted string that outlives the call.
    NonNull::new(unsafe { MmGetSystemRoutineAddress(&raw mut name) })
}

/// Ends the run: a function is implemented, but not for what the driver asks of it.
pub fn stop_for(what: &CStr) -> ! {
    stop(what)
}
