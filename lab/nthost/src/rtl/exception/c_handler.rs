//! `__C_specific_handler`: the handler of C functions with `__try`, by their scope tables.
#![allow(
    unsafe_code,
    reason = "reads the scope tables of images and calls filters and termination handlers"
)]
#![allow(non_snake_case, reason = "the export has its Windows name")]

use core::ffi::c_void;

use super::dispatch::CONTINUE_SEARCH;
use super::unwind;
use crate::abi::{
    CONTEXT, DISPATCHER_CONTEXT, EXCEPTION_POINTERS, EXCEPTION_RECORD, EXCEPTION_TARGET_UNWIND,
    EXCEPTION_UNWINDING,
};

/// `ExceptionContinueExecution`.
const CONTINUE_EXECUTION: i32 = 0;
/// In the place of a filter: the handler takes every exception.
const EXECUTE_HANDLER: u32 = 1;

type Filter = unsafe extern "win64" fn(*mut EXCEPTION_POINTERS, u64) -> i32;
type Termination = unsafe extern "win64" fn(u8, u64);

/// An entry of a `SCOPE_TABLE_AMD64`, as offsets in the image.
#[repr(C)]
#[derive(Clone, Copy)]
struct Scope {
    begin: u32,
    end: u32,
    /// The filter, [`EXECUTE_HANDLER`], or the termination handler.
    handler: u32,
    /// Where `__except` goes on; zero for `__finally`.
    target: u32,
}

impl Scope {
    fn has(self, offset: u64) -> bool {
        (u64::from(self.begin)..u64::from(self.end)).contains(&offset)
    }
}

/// The scopes of a function from `first` on, with their numbers.
///
/// # Safety
/// `table` is the handler's data of an image's unwind information.
unsafe fn scopes(table: *const c_void, first: u32) -> impl Iterator<Item = (u32, Scope)> {
    let table = table.cast::<u32>();
    // SAFETY: the table begins with the number of its entries.
    let count = unsafe { table.read_unaligned() };
    let entries = table.wrapping_add(1).cast::<Scope>();
    (first..count).map(move |index| {
        // SAFETY: the table has `count` entries.
        (index, unsafe {
            entries.wrapping_add(index as usize).read_unaligned()
        })
    })
}

/// # Safety
/// The arguments are those of a language handler.
pub(super) unsafe extern "win64" fn __C_specific_handler(
    record: *mut EXCEPTION_RECORD,
    frame: u64,
    context: *mut CONTEXT,
    dispatcher: *mut DISPATCHER_CONTEXT,
) -> i32 {
    // SAFETY: the dispatcher gives the record of the exception.
    if unsafe { (*record).ExceptionFlags } & EXCEPTION_UNWINDING != 0 {
        // SAFETY: as for this routine.
        unsafe { terminate(record, frame, dispatcher) };
        return CONTINUE_SEARCH;
    }
    // SAFETY: as for this routine.
    unsafe { filter(record, frame, context, dispatcher) }
}

/// Asks the filters of the scopes that the exception came in. Does not return when one takes it.
///
/// # Safety
/// As for the handler.
unsafe fn filter(
    record: *mut EXCEPTION_RECORD,
    frame: u64,
    context: *mut CONTEXT,
    dispatcher: *mut DISPATCHER_CONTEXT,
) -> i32 {
    // SAFETY: the dispatcher's own structure, for the time of the call.
    let (base, pc, table, first) = unsafe { place(dispatcher) };
    // SAFETY: the dispatcher gives the handler's data.
    for (_, scope) in unsafe { scopes(table, first) } {
        if scope.target == 0 || !scope.has(pc) {
            continue;
        }
        let mut pointers = EXCEPTION_POINTERS {
            ExceptionRecord: record,
            ContextRecord: context,
        };
        let answer = if scope.handler == EXECUTE_HANDLER {
            1
        } else {
            let address = std::ptr::with_exposed_provenance::<()>(base + scope.handler as usize);
            // SAFETY: the scope table has the offset of a filter there.
            let filter = unsafe { core::mem::transmute::<*const (), Filter>(address) };
            // SAFETY: a filter takes the exception and the frame of its function.
            unsafe { filter(&raw mut pointers, frame) }
        };
        if answer < 0 {
            return CONTINUE_EXECUTION;
        }
        if answer > 0 {
            let target = base as u64 + u64::from(scope.target);
            // SAFETY: the record is the dispatcher's, so it holds its code.
            let code = unsafe { (*record).ExceptionCode };
            let value = u64::from(code.0.cast_unsigned());
            // SAFETY: the frame is this function's, and the scope table has where it goes on.
            unsafe { unwind::to_handler(frame, target, record, value) }
        }
    }
    CONTINUE_SEARCH
}

/// Runs the termination handlers of the scopes that are left.
///
/// # Safety
/// As for the handler.
unsafe fn terminate(record: *mut EXCEPTION_RECORD, frame: u64, dispatcher: *mut DISPATCHER_CONTEXT) {
    // SAFETY: the dispatcher's own structure, for the time of the call.
    let (base, pc, table, first) = unsafe { place(dispatcher) };
    // SAFETY: as above.
    let target = unsafe { (*dispatcher).TargetIp }.wrapping_sub(base as u64);
    // SAFETY: the record is that of the exception.
    let arrived = unsafe { (*record).ExceptionFlags } & EXCEPTION_TARGET_UNWIND != 0;
    // SAFETY: the dispatcher gives the handler's data.
    for (index, scope) in unsafe { scopes(table, first) } {
        if scope.target != 0 || !scope.has(pc) {
            continue;
        }
        if arrived && scope.has(target) {
            return;
        }
        // SAFETY: as above. A handler that raises an exception itself is not run again.
        unsafe { (*dispatcher).ScopeIndex = index + 1 };
        let address = std::ptr::with_exposed_provenance::<()>(base + scope.handler as usize);
        // SAFETY: the scope table has the offset of a termination handler there.
        let handler = unsafe { core::mem::transmute::<*const (), Termination>(address) };
        // SAFETY: it takes whether the block ended otherwise than at its end, and the frame.
        unsafe { handler(1, frame) };
    }
}

/// Image base, offset of the instruction, scope table, first scope.
///
/// # Safety
/// `dispatcher` is a valid structure.
unsafe fn place(dispatcher: *const DISPATCHER_CONTEXT) -> (usize, u64, *const c_void, u32) {
    // SAFETY: the caller's promise.
    let dispatcher = unsafe { dispatcher.read() };
    let base = usize::try_from(dispatcher.ImageBase).unwrap_or_default();
    let pc = dispatcher.ControlPc.wrapping_sub(dispatcher.ImageBase);
    (
        base,
        pc,
        dispatcher.HandlerData.cast_const(),
        dispatcher.ScopeIndex,
    )
}
