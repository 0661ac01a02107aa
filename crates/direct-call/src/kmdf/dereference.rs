//! `InterfaceDereference`, which must not return into an image that it has just let go of.
//!
//! Giving a reference back takes a pin off the device object. If that was the last thing that kept the device
//! object, the device object goes, then its driver object, then the image, perhaps before the call that took
//! the pin off has returned. So that call must be the last thing that happens in the image. An ordinary
//! function cannot promise that: whatever it calls returns to it.
//!
//! Hence the few instructions below. They call the body (which gives back the count and, if it must, frees
//! the context, while this thread still has its own pin), restore the stack, and *jump* to
//! `ObDereferenceObjectDeferDelete` through its import slot. The slot is read before the pin goes; the
//! routine finds the client's return address on top of the stack, exactly as if the client had called it, and
//! returns there. From the jump on, this thread executes no instruction of the image and has no frame in it.
//! Every thread comes here with a pin of its own, so that also holds for those whose reference is not the
//! last; see [`crate::counted`].
//!
//! The deferring routine is chosen because the client may be at `DISPATCH_LEVEL` or hold locks: deletion of
//! the object, which runs at `PASSIVE_LEVEL`, is left to a system thread.
//!
//! The epilogue before the jump has the form that the unwinder of x64 knows (`add rsp` and a jump with a
//! REX.W prefix), and that of ARM64 is described by its directives, so a stack walk at any instruction is
//! right.
#![allow(unsafe_code, reason = "a tail jump, which Rust cannot express")]

use core::arch::naked_asm;
use core::ffi::c_void;
use core::ptr;

use super::event::Event;
use super::provider::DeviceObject;
use crate::counted;

/// Gives the count back; returns the device object from which a pin is to be taken, or null.
unsafe extern "system" fn give_back(context: *mut c_void) -> *mut c_void {
    // SAFETY: `context` comes from a header that `Provider::publish` filled, and the client gives up a
    // reference.
    let object = unsafe { counted::dereference::<DeviceObject, Event>(context) };
    object.map_or(ptr::null_mut(), DeviceObject::as_ptr)
}

/// The `InterfaceDereference` of every published table. IRQL <= `DISPATCH_LEVEL`.
///
/// # Safety
///
/// `context` is that of the table, and the caller gives up a reference that it holds.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(super) unsafe extern "system" fn interface_dereference(context: *mut c_void) {
    // 40 bytes: the 32 of home space for `give_back`, and 8 to align the stack to 16.
    naked_asm!(
        ".seh_proc {this}",
        "sub rsp, 40",
        ".seh_stackalloc 40",
        ".seh_endprologue",
        "call {give_back}",
        "test rax, rax",
        "jz 2f",
        "mov rcx, rax",
        "add rsp, 40",
        "rex64 jmp qword ptr [rip + __imp_ObDereferenceObjectDeferDelete]",
        "2:",
        "add rsp, 40",
        "ret",
        ".seh_endproc",
        this = sym interface_dereference,
        give_back = sym give_back,
    )
}

/// The `InterfaceDereference` of every published table. IRQL <= `DISPATCH_LEVEL`.
///
/// # Safety
///
/// `context` is that of the table, and the caller gives up a reference that it holds.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub(super) unsafe extern "system" fn interface_dereference(context: *mut c_void) {
    naked_asm!(
        ".seh_proc {this}",
        "stp x29, x30, [sp, #-16]!",
        ".seh_save_fplr_x 16",
        "mov x29, sp",
        ".seh_set_fp",
        ".seh_endprologue",
        "bl {give_back}",
        "cbz x0, 2f",
        "adrp x16, __imp_ObDereferenceObjectDeferDelete",
        "ldr x16, [x16, :lo12:__imp_ObDereferenceObjectDeferDelete]",
        ".seh_startepilogue",
        "ldp x29, x30, [sp], #16",
        ".seh_save_fplr_x 16",
        ".seh_endepilogue",
        "br x16",
        "2:",
        ".seh_startepilogue",
        "ldp x29, x30, [sp], #16",
        ".seh_save_fplr_x 16",
        ".seh_endepilogue",
        "ret",
        ".seh_endproc",
        this = sym interface_dereference,
        give_back = sym give_back,
    )
}
