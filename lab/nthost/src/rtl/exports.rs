//! What of the run-time library is neither string nor memory.
#![allow(unsafe_code, reason = "exports write drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_char;

use super::memory::c_text;
use crate::abi::{BOOLEAN, NTSTATUS, STATUS_SUCCESS};
use crate::verifier::{self, rules};

crate::exports! {
    RtlGetVersion <= PASSIVE_LEVEL;
    RtlIsNtDdiVersionAvailable <= PASSIVE_LEVEL;
    RtlNtStatusToDosError <= HIGH_LEVEL;
    RtlAssert <= HIGH_LEVEL;
    LabUnsupported <= HIGH_LEVEL;
}

/// The Windows the lab shows: 10.0.19041, the first with `ExAllocatePool2`.
const MAJOR: u32 = 10;
const BUILD: u32 = 19041;
/// `NTDDI_WIN10_VB`, the version of that build.
const NTDDI_VERSION: u32 = 0x0A00_0008;

/// The first members of `RTL_OSVERSIONINFOW`.
#[repr(C)]
struct VersionInformation {
    size: u32,
    major: u32,
    minor: u32,
    build: u32,
    platform: u32,
    service_pack: [u16; 128],
}

unsafe extern "win64" fn RtlGetVersion(information: *mut VersionInformation) -> NTSTATUS {
    /// `VER_PLATFORM_WIN32_NT`.
    const PLATFORM: u32 = 2;
    // SAFETY: the driver gives the structure with its size in the first member.
    let information = unsafe { &mut *information };
    (information.major, information.minor, information.build) = (MAJOR, 0, BUILD);
    information.platform = PLATFORM;
    information.service_pack = [0; 128];
    STATUS_SUCCESS
}

unsafe extern "win64" fn RtlIsNtDdiVersionAvailable(version: u32) -> BOOLEAN {
    u8::from(version <= NTDDI_VERSION)
}

unsafe extern "win64" fn RtlNtStatusToDosError(status: NTSTATUS) -> u32 {
    /// `ERROR_MR_MID_NOT_FOUND`, what Windows gives for a status without a counterpart.
    const NOT_FOUND: u32 = 317;
    if status == STATUS_SUCCESS { 0 } else { NOT_FOUND }
}

unsafe extern "win64" fn RtlAssert(
    assertion: *const c_char,
    file: *const c_char,
    line: u32,
    _message: *const c_char,
) {
    // SAFETY: `assertion` is null or a literal of the driver's ASSERT macro, which is terminated.
    let assertion = unsafe { c_text(assertion) };
    // SAFETY: `file` is null or the macro's `__FILE__`, which is terminated.
    let file = unsafe { c_text(file) };
    let what = format!("the assertion {assertion} failed at {file}:{line}");
    verifier::broken(rules::ASSERTION, &what, verifier::owner());
}

/// Not an export of Windows: wdfldr.sys looks it up by name to stop at a framework function that it does not have.
unsafe extern "win64" fn LabUnsupported(name: *const c_char) -> ! {
    // SAFETY: the driver gives null or a terminated name.
    let name = unsafe { c_text(name) };
    verifier::unsupported(&format!("{name}, which the lab's wdfldr.sys does not have"))
}
