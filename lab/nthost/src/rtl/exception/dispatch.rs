//! The search for a handler: `RtlDispatchException`.

use core::cell::Cell;
use core::ptr::null;

use super::frame;
use crate::abi::{CONTEXT, EXCEPTION_NONCONTINUABLE, EXCEPTION_RECORD};
use crate::verifier;

/// `EXCEPTION_DISPOSITION`.
const CONTINUE_EXECUTION: i32 = 0;
pub(super) const CONTINUE_SEARCH: i32 = 1;

/// An exception whose handler is being looked for. It lies on the stack of the thread, below the frames that it concerns.
#[derive(Debug)]
pub struct InFlight {
    pub(super) context: *mut CONTEXT,
    pub(super) exact: bool,
    outer: *const Self,
}

thread_local! {
    static INNERMOST: Cell<*const InFlight> = const { Cell::new(null()) };
}

impl InFlight {
    /// The innermost exception of the calling thread.
    pub(super) fn innermost() -> *const Self {
        INNERMOST.get()
    }

    /// Notes an exception until [`Self::end`], or until control goes to a frame above it.
    fn begin(context: *mut CONTEXT, exact: bool) -> Self {
        Self {
            context,
            exact,
            outer: INNERMOST.get(),
        }
    }

    fn end(&self) {
        INNERMOST.set(self.outer);
    }
}

/// Forgets the exceptions that were in flight below a stack pointer: control goes there, and their frames are gone.
pub(super) fn forget_below(stack_pointer: u64) {
    let mut innermost = INNERMOST.get();
    while !innermost.is_null() && (innermost.addr() as u64) < stack_pointer {
        innermost = outer_of(innermost);
    }
    INNERMOST.set(innermost);
}

#[allow(unsafe_code, reason = "the list is linked through the stack")]
const fn outer_of(flight: *const InFlight) -> *const InFlight {
    // SAFETY: a noted exception lies in a live frame until `forget_below` or `end` takes it off the list.
    unsafe { (*flight).outer }
}

/// Whether any frame above has a handler that takes exceptions.
#[must_use]
pub fn may_be_handled(context: &CONTEXT, exact: bool) -> bool {
    let (mut context, mut exact) = (*context, exact);
    while let Some(frame) = frame::step(&mut context, exact) {
        if frame.handler.is_some_and(|handler| handler.exceptions) {
            return true;
        }
        exact = false;
    }
    false
}

/// Offers an exception to the handlers of the frames above. True when one wants to go on where it happened; does not return when one takes it; false
/// when none does.
#[must_use]
pub fn dispatch(record: &mut EXCEPTION_RECORD, original: &mut CONTEXT, exact: bool) -> bool {
    let flight = InFlight::begin(&raw mut *original, exact);
    INNERMOST.set(&raw const flight);
    let continued = search(record, original, exact);
    flight.end();
    continued
}

fn search(record: &mut EXCEPTION_RECORD, original: &mut CONTEXT, exact: bool) -> bool {
    let (mut context, mut exact) = (*original, exact);
    loop {
        let mut here = context;
        let Some(frame) = frame::step(&mut context, exact) else {
            return false;
        };
        exact = false;
        let Some(handler) = frame.handler.filter(|handler| handler.exceptions) else {
            continue;
        };
        match handler.call(&raw mut *record, &raw mut here, &raw mut *original, 0) {
            CONTINUE_SEARCH => {}
            CONTINUE_EXECUTION if record.ExceptionFlags & EXCEPTION_NONCONTINUABLE == 0 => return true,
            CONTINUE_EXECUTION => return false,
            other => verifier::unsupported(&format!(
                "an exception handler that returns the disposition {other}"
            )),
        }
    }
}
