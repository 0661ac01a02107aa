//! What the log says of a parameter for which a device is refused: one line. By `DbgPrint`'s own formatting, as core's of numbers is two
//! kilobytes of code.
#![allow(unsafe_code, reason = "a variadic routine of the kernel")]

use core::ffi::CStr;

use direct_call::Failure;
use wdk_sys::ntddk::DbgPrint;

/// The value is none of the `allowed` ones.
pub fn not_allowed(name: &'static CStr, value: u32, allowed: &'static CStr) {
    let format = c"sample: %s is %u, not %s; the device is refused\n";
    // SAFETY: a string, a number of 32 bits and a string, as in the format; both strings end in a NUL.
    let _ = unsafe { DbgPrint(format.as_ptr(), name.as_ptr(), value, allowed.as_ptr()) };
}

/// The value is above the limit.
pub fn too_large(name: &'static CStr, value: u32, limit: u32) {
    let format = c"sample: %s is %u, at most %u is allowed; the device is refused\n";
    // SAFETY: a string that ends in a NUL and two numbers of 32 bits, as in the format.
    let _ = unsafe { DbgPrint(format.as_ptr(), name.as_ptr(), value, limit) };
}

/// There is something under the name, and it is no `REG_DWORD`, or the registry does not give it.
pub fn unreadable(name: &'static CStr, failure: Failure) {
    let format = c"sample: %s cannot be read as a REG_DWORD (NTSTATUS 0x%08x); the device is refused\n";
    // SAFETY: a string that ends in a NUL and a number of 32 bits, as in the format.
    let _ = unsafe { DbgPrint(format.as_ptr(), name.as_ptr(), failure.status()) };
}
