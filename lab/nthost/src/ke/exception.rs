//! Faults that Windows gives to the handlers of `__try`: the thread goes on in [`raised`], on its own stack, as in `KiUserExceptionDispatcher`.
#![allow(unsafe_code, reason = "moves an interrupted thread to other code")]

use core::ptr::null_mut;

use super::fault::{self, Fault};
use super::{irql, processor};
use crate::abi::{
    CONTEXT, CONTEXT_FULL, DISPATCH_LEVEL, EXCEPTION_MAXIMUM_PARAMETERS, EXCEPTION_RECORD, NTSTATUS,
    STATUS_ACCESS_VIOLATION, STATUS_ASSERTION_FAILURE, STATUS_BREAKPOINT, STATUS_ILLEGAL_INSTRUCTION,
    STATUS_INTEGER_DIVIDE_BY_ZERO,
};
use crate::ldr::{self, unwind};
use crate::mm::pool;
use crate::rtl::exception;
use crate::verifier;

/// Below the stack pointer of interrupted code that much stays untouched.
const DISTANCE: u64 = 256;
/// What is left for the dispatcher and the handlers.
const ROOM: u64 = 64 << 10;
/// The default of MXCSR: every floating-point exception is masked.
const MXCSR: u32 = 0x1F80;
/// Machine number of the stack pointer.
const RSP: usize = 4;
/// The routines of the host that read and write where a driver says, and keep nothing that an exception could leave behind.
const TRANSPARENT: &[&str] = &[
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "RtlCopyMemory",
    "RtlMoveMemory",
    "RtlFillMemory",
    "RtlZeroMemory",
    "RtlCompareMemory",
    "RtlEqualMemory",
    "ProbeForWrite",
    "MmProbeAndLockPages",
];

/// An exception on its way to the handlers. It lies on the stack of the thread.
#[repr(C)]
struct Raised {
    context: CONTEXT,
    record: EXCEPTION_RECORD,
    fault: Fault,
    /// The registers are those of the interrupted code itself, not those behind the call of an export.
    exact: bool,
}

/// Sends the interrupted thread to the handlers of the driver code that faulted, if it has any for such a fault. True if the thread goes on there.
pub(super) fn divert(fault: &Fault, context: &mut fault::Context<'_>) -> bool {
    let Some((code, parameters)) = exception_of(fault) else {
        return false;
    };
    let Some((registers, exact)) = registers_of(fault, context) else {
        return false;
    };
    if !exception::may_be_handled(&registers, exact) {
        return false;
    }
    let stack = unwind::OwnStack::current();
    let here = context.stack_pointer();
    let place = here.saturating_sub(DISTANCE + size_of::<Raised>() as u64) & !15;
    if !stack.contains(place.saturating_sub(ROOM)) || !stack.contains(here) {
        return false;
    }
    let raised = std::ptr::with_exposed_provenance_mut::<Raised>(usize::try_from(place).unwrap_or(0));
    let value = Raised {
        record: record(code, parameters, fault, &registers),
        context: registers,
        fault: *fault,
        exact,
    };
    // SAFETY: the place lies in the thread's own stack (checked), below everything that it uses.
    unsafe { raised.write(value) };
    context.go_to(self::raised as *const () as u64, place);
    true
}

/// The exception that Windows makes of a fault, and its parameters. `None` for what it stops at instead: addresses of the kernel, a raised IRQL.
fn exception_of(fault: &Fault) -> Option<(NTSTATUS, [usize; 2])> {
    match fault.kind() {
        fault::Kind::Division => Some((STATUS_INTEGER_DIVIDE_BY_ZERO, [0; 2])),
        fault::Kind::Illegal => Some((STATUS_ILLEGAL_INSTRUCTION, [0; 2])),
        fault::Kind::Breakpoint => Some((STATUS_BREAKPOINT, [0; 2])),
        fault::Kind::Assertion => Some((STATUS_ASSERTION_FAILURE, [0; 2])),
        fault::Kind::Protection => None,
        fault::Kind::Page(access) => {
            let is_kernel = irql::current() >= DISPATCH_LEVEL
                || ldr::find(fault.address).is_some()
                || unwind::OwnStack::current().is_overflow(fault.address as u64)
                || fault::is_shared_data(fault.address)
                || pool::explain(fault.address).is_some();
            (!is_kernel).then_some((STATUS_ACCESS_VIOLATION, [access, fault.address]))
        }
    }
}

/// The registers to unwind from: the faulting code's, or its caller's where the host read and wrote for a driver.
fn registers_of(fault: &Fault, context: &fault::Context<'_>) -> Option<(CONTEXT, bool)> {
    let mut registers = CONTEXT {
        Home: [0; 6],
        ContextFlags: CONTEXT_FULL,
        MxCsr: MXCSR,
        Segments: [0; 6],
        EFlags: 0,
        Debug: [0; 6],
        General: context.frame().general,
        Rip: context.frame().rip,
        FloatHeader: [0; 160],
        Xmm: context.xmm(),
        FloatRest: [0; 96],
        VectorRegister: [0; 26],
        Control: [0; 6],
    };
    if ldr::image_at(context.rip()).is_some_and(|image| !image.is_unloaded()) {
        return Some((registers, true));
    }
    let caller = fault.caller;
    let is_transparent = || TRANSPARENT.contains(&crate::exports::gate_name(caller.export).as_str());
    if caller.rsp == 0 || !is_transparent() {
        return None;
    }
    registers.Rip = unwind::Stack::read(&unwind::OwnStack::current(), caller.rsp)?;
    for (number, value) in processor::SAVED_REGISTERS.iter().zip(caller.registers) {
        registers.General[usize::from(*number)] = value;
    }
    registers.General[RSP] = caller.rsp + 8;
    Some((registers, false))
}

fn record(code: NTSTATUS, parameters: [usize; 2], fault: &Fault, registers: &CONTEXT) -> EXCEPTION_RECORD {
    let mut information = [0; EXCEPTION_MAXIMUM_PARAMETERS];
    information[..2].copy_from_slice(&parameters);
    EXCEPTION_RECORD {
        ExceptionCode: code,
        ExceptionFlags: 0,
        ExceptionRecord: null_mut(),
        ExceptionAddress: std::ptr::with_exposed_provenance_mut(usize::try_from(registers.Rip).unwrap_or(0)),
        NumberParameters: if matches!(fault.kind(), fault::Kind::Page(_)) {
            2
        } else {
            0
        },
        ExceptionInformation: information,
    }
}

/// Where the interrupted thread goes on: offers the exception to the handlers. What none takes is reported as it would have been at once.
unsafe extern "win64" fn raised(raised: *mut Raised) -> ! {
    // SAFETY: `divert` wrote it on this thread's stack, above this frame.
    let raised = unsafe { &mut *raised };
    if !exception::dispatch(&mut raised.record, &mut raised.context, raised.exact) {
        processor::current().set_caller(raised.fault.caller);
        fault::report(&raised.fault);
    }
    if !raised.exact {
        verifier::unsupported("an exception filter that continues in the middle of a routine of the kernel");
    }
    // SAFETY: the filter gave registers to go on with in the interrupted code.
    unsafe { exception::resume(&raised.context) }
}
