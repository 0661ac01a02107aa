//! The exports that raise exceptions, and those with which code unwinds itself.
#![allow(unsafe_code, reason = "exports in the Windows calling convention")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;
use core::ptr::null_mut;

use super::c_handler::__C_specific_handler;
use super::registers::{resume, with_registers};
use super::{dispatch, frame, unwind};
use crate::abi::{
    CONTEXT, EXCEPTION_MAXIMUM_PARAMETERS, EXCEPTION_NONCONTINUABLE, EXCEPTION_RECORD, NTSTATUS, PAGE_SIZE,
    STATUS_ACCESS_VIOLATION, STATUS_DATATYPE_MISALIGNMENT, STATUS_UNWIND,
};
use crate::ke::processor;
use crate::ldr::{self, unwind as stack};
use crate::mm::pool;
use crate::verifier::{self, rules};

crate::exports! {
    ExRaiseStatus <= HIGH_LEVEL;
    ExRaiseAccessViolation <= HIGH_LEVEL;
    ExRaiseDatatypeMisalignment <= HIGH_LEVEL;
    RtlRaiseStatus <= HIGH_LEVEL;
    RtlRaiseException <= HIGH_LEVEL;
    ProbeForRead <= APC_LEVEL;
    ProbeForWrite <= APC_LEVEL;
    RtlCaptureContext <= HIGH_LEVEL;
    RtlRestoreContext <= HIGH_LEVEL;
    RtlUnwind <= HIGH_LEVEL;
    RtlUnwindEx <= HIGH_LEVEL;
    _local_unwind <= HIGH_LEVEL;
    RtlLookupFunctionEntry <= HIGH_LEVEL;
    RtlVirtualUnwind <= HIGH_LEVEL;
    RtlPcToFileHeader <= HIGH_LEVEL;
    __C_specific_handler <= HIGH_LEVEL;
}

/// An export that needs the caller's registers: its routine gets them as fourth argument.
macro_rules! with_caller {
    ($($name:ident => $routine:ident;)*) => {$(
        #[unsafe(naked)]
        unsafe extern "win64" fn $name() {
            core::arch::naked_asm!(
                "lea r11, [rip + {routine}]",
                "jmp {with_registers}",
                routine = sym $routine,
                with_registers = sym with_registers,
            )
        }
    )*};
}

with_caller! {
    ExRaiseStatus => raise_status;
    RtlRaiseStatus => raise_status;
    ExRaiseAccessViolation => raise_access_violation;
    ExRaiseDatatypeMisalignment => raise_misalignment;
    RtlRaiseException => raise_record;
    ProbeForRead => probe_for_read;
    ProbeForWrite => probe_for_write;
    RtlCaptureContext => capture;
    _local_unwind => local_unwind;
}

// Raising.

type Register = usize;

unsafe extern "win64" fn raise_status(status: u32, _: Register, _: Register, context: *mut CONTEXT) {
    // SAFETY: `with_registers` gives the caller's registers.
    raise(NTSTATUS(status.cast_signed()), unsafe { &mut *context })
}

unsafe extern "win64" fn raise_access_violation(
    _: Register,
    _: Register,
    _: Register,
    context: *mut CONTEXT,
) {
    // SAFETY: `with_registers` gives the caller's registers.
    raise(STATUS_ACCESS_VIOLATION, unsafe { &mut *context })
}

unsafe extern "win64" fn raise_misalignment(_: Register, _: Register, _: Register, context: *mut CONTEXT) {
    // SAFETY: `with_registers` gives the caller's registers.
    raise(STATUS_DATATYPE_MISALIGNMENT, unsafe { &mut *context })
}

unsafe extern "win64" fn raise_record(
    record: *mut EXCEPTION_RECORD,
    _: Register,
    _: Register,
    context: *mut CONTEXT,
) {
    // SAFETY: the driver gives a record.
    let record = unsafe { &mut *record };
    // SAFETY: `with_registers` gives the caller's registers.
    let context = unsafe { &mut *context };
    record.ExceptionAddress =
        std::ptr::with_exposed_provenance_mut(usize::try_from(context.Rip).unwrap_or(0));
    deliver(record, context);
}

/// Raises a status that nobody can continue from.
fn raise(code: NTSTATUS, context: &mut CONTEXT) -> ! {
    let mut record = record(code, context.Rip);
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    deliver(&mut record, context);
    verifier::lab_defect("an exception that cannot be continued was continued")
}

/// A record without parameters.
pub(super) fn record(code: NTSTATUS, address: u64) -> EXCEPTION_RECORD {
    EXCEPTION_RECORD {
        ExceptionCode: code,
        ExceptionFlags: 0,
        ExceptionRecord: null_mut(),
        ExceptionAddress: std::ptr::with_exposed_provenance_mut(usize::try_from(address).unwrap_or(0)),
        NumberParameters: 0,
        ExceptionInformation: [0; EXCEPTION_MAXIMUM_PARAMETERS],
    }
}

/// Offers an exception to the caller's handlers, and goes on where they say. Returns when one continues the caller.
fn deliver(record: &mut EXCEPTION_RECORD, context: &mut CONTEXT) {
    let caller = processor::current().caller();
    let continued = dispatch(record, context, false);
    processor::current().set_caller(caller);
    if !continued {
        let what = format!("raises {}, and no handler takes it", record.ExceptionCode);
        verifier::broken(rules::EXCEPTION_NOT_HANDLED, &what, verifier::owner());
    }
}

// Addresses of user mode.

unsafe extern "win64" fn probe_for_read(
    address: usize,
    length: usize,
    alignment: u32,
    context: *mut CONTEXT,
) {
    // SAFETY: `with_registers` gives the caller's registers.
    check_range(address, length, alignment, unsafe { &mut *context });
}

unsafe extern "win64" fn probe_for_write(
    address: usize,
    length: usize,
    alignment: u32,
    context: *mut CONTEXT,
) {
    // SAFETY: `with_registers` gives the caller's registers.
    check_range(address, length, alignment, unsafe { &mut *context });
    if length == 0 {
        return;
    }
    let pages = (address & !(PAGE_SIZE - 1)..address + length).step_by(PAGE_SIZE);
    for page in pages {
        let byte = std::ptr::with_exposed_provenance_mut::<u8>(page.max(address));
        // SAFETY: an address where nothing is faults, and the fault is the caller's exception.
        let value = unsafe { byte.read_volatile() };
        // SAFETY: as above; the value is the one that is there.
        unsafe { byte.write_volatile(value) };
    }
}

/// Raises what Windows raises for a range that is not aligned, or not user mode's. The lab has no user mode of its own: what lies in an image, in a
/// driver's pool or on a stack is the kernel's.
fn check_range(address: usize, length: usize, alignment: u32, context: &mut CONTEXT) {
    if length == 0 {
        return;
    }
    if !address.is_multiple_of((alignment as usize).max(1)) {
        raise(STATUS_DATATYPE_MISALIGNMENT, context);
    }
    let Some(last) = address.checked_add(length - 1) else {
        raise(STATUS_ACCESS_VIOLATION, context);
    };
    let is_kernel = |address| {
        ldr::image_at(address).is_some()
            || pool::is_in_drivers_block(address)
            || stack::OwnStack::current().contains(address as u64)
    };
    if is_kernel(address) || is_kernel(last) {
        raise(STATUS_ACCESS_VIOLATION, context);
    }
}

// Unwinding.

const unsafe extern "win64" fn capture(
    place: *mut CONTEXT,
    _: Register,
    _: Register,
    context: *const CONTEXT,
) {
    // SAFETY: the driver gives room for the registers, and `with_registers` its own.
    unsafe { place.copy_from_nonoverlapping(context, 1) };
}

unsafe extern "win64" fn RtlRestoreContext(context: *const CONTEXT, _record: *const EXCEPTION_RECORD) {
    // SAFETY: the driver gives registers.
    let context = unsafe { &*context };
    // SAFETY: the driver promises that they are its own, to go on with.
    unsafe { resume(context) }
}

/// What Microsoft's compiler calls to leave a `__try` block with a `__finally` other than at its end.
unsafe extern "win64" fn local_unwind(frame: u64, ip: u64, _: Register, context: *const CONTEXT) {
    let mut record = record(STATUS_UNWIND, ip);
    // SAFETY: `with_registers` gives the caller's registers.
    let context = unsafe { &*context };
    // SAFETY: the compiler gives its own frame and an address of its function.
    unsafe { unwind::unwind(context, false, frame, ip, &raw mut record, 0) }
}

unsafe extern "win64" fn RtlUnwind(frame: u64, ip: u64, given: *mut EXCEPTION_RECORD, value: u64) {
    let mut own = record(STATUS_UNWIND, ip);
    let record = if given.is_null() { &raw mut own } else { given };
    // SAFETY: the caller gives a frame above, an address in its function, and the exception's record.
    unsafe { unwind::to_handler(frame, ip, record, value) }
}

unsafe extern "win64" fn RtlUnwindEx(
    frame: u64,
    ip: u64,
    given: *mut EXCEPTION_RECORD,
    value: u64,
    _context: *mut CONTEXT,
    _history: *mut c_void,
) {
    // SAFETY: as for `RtlUnwind`, whose arguments these are.
    unsafe { RtlUnwind(frame, ip, given, value) }
}

/// The `RUNTIME_FUNCTION` of an instruction; null for a function without one.
unsafe extern "win64" fn RtlLookupFunctionEntry(
    pc: u64,
    base: *mut u64,
    _history: *mut c_void,
) -> *const c_void {
    let address = usize::try_from(pc).unwrap_or(0);
    let Some(image) = ldr::image_at(address) else {
        return core::ptr::null();
    };
    // SAFETY: the driver gives a place for the image's base.
    unsafe { base.write(image.base() as u64) };
    image
        .unwinding_at(address)
        .function
        .map_or(core::ptr::null(), |function| {
            std::ptr::with_exposed_provenance(image.base() + function.entry)
        })
}

unsafe extern "win64" fn RtlVirtualUnwind(
    kind: u32,
    _base: u64,
    pc: u64,
    _function: *const c_void,
    context: *mut CONTEXT,
    data: *mut *mut c_void,
    establisher: *mut u64,
    _pointers: *mut c_void,
) -> *mut c_void {
    // SAFETY: the driver gives registers to unwind.
    let context = unsafe { &mut *context };
    context.Rip = pc;
    let Some(frame) = frame::step(context, true) else {
        return null_mut();
    };
    // SAFETY: the driver gives a place for the frame.
    unsafe { establisher.write(frame.establisher) };
    let Some((routine, own)) = frame.handler.and_then(|handler| handler.of_kind(kind)) else {
        return null_mut();
    };
    // SAFETY: the driver gives a place for the handler's data.
    unsafe { data.write(own) };
    routine
}

unsafe extern "win64" fn RtlPcToFileHeader(pc: usize, base: *mut *mut c_void) -> *mut c_void {
    let image = ldr::image_at(pc).map_or(0, |image| image.base());
    let image = std::ptr::with_exposed_provenance_mut(image);
    // SAFETY: the driver gives a place for the base.
    unsafe { base.write(image) };
    image
}
