//! The way to a handler: `RtlUnwindEx` runs the termination handlers of the frames that are left, and goes on in the one that takes the exception.
#![allow(unsafe_code, reason = "reads what lies on the stack of the thread")]

use super::dispatch::{CONTINUE_SEARCH, InFlight, forget_below};
use super::frame;
use super::registers::resume;
use crate::abi::{CONTEXT, EXCEPTION_RECORD, EXCEPTION_TARGET_UNWIND, EXCEPTION_UNWINDING};
use crate::verifier;

/// Machine numbers.
const RAX: usize = 0;
const RSP: usize = 4;

/// Unwinds from where the innermost exception happened.
///
/// # Safety
/// `record` is the exception's, and `frame` and `ip` are a frame above and the address in its function where it goes on.
pub(super) unsafe fn to_handler(frame: u64, ip: u64, record: *mut EXCEPTION_RECORD, value: u64) -> ! {
    let flight = InFlight::innermost();
    if flight.is_null() {
        verifier::unsupported("RtlUnwindEx while no exception is being handled");
    }
    // SAFETY: an exception that is noted lies in a live frame below.
    let flight = unsafe { &*flight };
    // SAFETY: so do its registers.
    let context = unsafe { &*flight.context };
    // SAFETY: the caller's promise.
    unsafe { unwind(context, flight.exact, frame, ip, record, value) }
}

/// Unwinds from a context.
///
/// # Safety
/// As [`to_handler`].
pub(super) unsafe fn unwind(
    from: &CONTEXT,
    exact: bool,
    target: u64,
    ip: u64,
    record: *mut EXCEPTION_RECORD,
    value: u64,
) -> ! {
    let (mut context, mut exact) = (*from, exact);
    loop {
        let mut here = context;
        let Some(frame) = frame::step(&mut context, exact) else {
            verifier::unsupported("unwinding to a frame that lies behind a routine of the kernel");
        };
        exact = false;
        let arrived = frame.establisher == target;
        let flags = EXCEPTION_UNWINDING | if arrived { EXCEPTION_TARGET_UNWIND } else { 0 };
        // SAFETY: the caller promises the exception's record.
        unsafe { (*record).ExceptionFlags |= flags };
        if let Some(handler) = frame.handler.filter(|handler| handler.unwinding) {
            let place = &raw mut here;
            let disposition = handler.call(record, place, place, ip);
            if disposition != CONTINUE_SEARCH {
                verifier::unsupported(&format!(
                    "a termination handler that returns the disposition {disposition}"
                ));
            }
        }
        if arrived {
            here.Rip = ip;
            here.General[RAX] = value;
            forget_below(here.General[RSP]);
            // SAFETY: the registers are those of the frame, and `ip` lies in its function (promised).
            unsafe { resume(&here) }
        }
    }
}
