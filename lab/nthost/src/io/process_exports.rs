//! The exports that name processes. The lab has two: the system, in which drivers run, and whoever runs the script.
#![allow(unsafe_code, reason = "exports in the Windows calling convention")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use super::irp::Irp;
use crate::abi::{FILE_OBJECT, HANDLE, IRP, KernelMode, PVOID};
use crate::verifier;

crate::exports! {
    IoGetRequestorProcessId <= DISPATCH_LEVEL;
    IoGetInitiatorProcess <= DISPATCH_LEVEL;
    PsGetProcessId <= DISPATCH_LEVEL;
}

/// The system's number on Windows.
const SYSTEM: u32 = 4;

unsafe extern "win64" fn IoGetRequestorProcessId(irp: *mut IRP) -> u32 {
    let mode = Irp::of_driver(irp, "asks for the sender of").read().RequestorMode;
    if mode == KernelMode {
        SYSTEM
    } else {
        std::process::id()
    }
}

/// Nobody opens a file on behalf of somebody else.
const unsafe extern "win64" fn IoGetInitiatorProcess(_file: *mut FILE_OBJECT) -> PVOID {
    core::ptr::null_mut()
}

unsafe extern "win64" fn PsGetProcessId(_process: PVOID) -> HANDLE {
    verifier::unsupported("PsGetProcessId: the lab has no process objects")
}
