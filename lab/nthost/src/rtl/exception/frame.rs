//! One frame after the other, by the images' unwind data.
#![allow(unsafe_code, reason = "calls the handlers of driver code")]

use core::ffi::c_void;

use crate::abi::{CONTEXT, DISPATCHER_CONTEXT, EXCEPTION_RECORD};
use crate::ke::processor::{self, Caller};
use crate::ldr::{self, unwind};

/// A language handler: `EXCEPTION_ROUTINE`. It returns an `EXCEPTION_DISPOSITION`.
type ExceptionRoutine =
    unsafe extern "win64" fn(*mut EXCEPTION_RECORD, u64, *mut CONTEXT, *mut DISPATCHER_CONTEXT) -> i32;

/// What a frame's function has for exceptions.
pub(super) struct Frame {
    pub(super) establisher: u64,
    pub(super) handler: Option<Handler>,
}

/// A language handler, in addresses.
pub(super) struct Handler {
    pub(super) exceptions: bool,
    pub(super) unwinding: bool,
    routine: usize,
    data: usize,
    /// The instruction: for a call its last byte, not where it returns to. Microsoft's compiler puts a nop behind a call at the end of a block, so that
    /// both lie in it; the tables of clang 14 have the return address in this block and in the next.
    control_pc: u64,
    image_base: usize,
    entry: usize,
    establisher: u64,
}

/// Goes to the caller's frame. `exact` says that `context` is at an instruction that did not run, not at a return address. `None` where no loaded
/// image is: below lies the host.
pub(super) fn step(context: &mut CONTEXT, exact: bool) -> Option<Frame> {
    let control_pc = context.Rip;
    let address = usize::try_from(control_pc).ok()?;
    let image = ldr::image_at(address).filter(|image| !image.is_unloaded())?;
    let unwinding = if exact {
        image.unwinding_at(address)
    } else {
        image.unwinding(address)
    };
    let registers = unwind::Registers {
        rip: control_pc,
        general: context.General,
    };
    let stack = unwind::OwnStack::current();
    let unwound = unwind::unwind(&unwinding, &registers, &stack, |register, place| {
        let word = |place| unwind::Stack::read(&stack, place).map(u128::from);
        if let (Some(low), Some(high)) = (word(place), word(place + 8)) {
            context.Xmm[register] = low | high << 64;
        }
    })?;
    (context.Rip, context.General) = (unwound.caller.rip, unwound.caller.general);
    let base = image.base();
    let handler = unwound.handler.map(|handler| Handler {
        exceptions: handler.exceptions,
        unwinding: handler.unwinding,
        routine: base + handler.routine,
        data: base + handler.data,
        control_pc: control_pc - u64::from(!exact),
        image_base: base,
        entry: base + unwinding.function.map_or(0, |function| function.entry),
        establisher: unwound.establisher,
    });
    Some(Frame {
        establisher: unwound.establisher,
        handler,
    })
}

impl Handler {
    /// Routine and data, if the handler is for one of these purposes (`UNW_FLAG_…`).
    pub(super) fn of_kind(&self, kind: u32) -> Option<(*mut c_void, *mut c_void)> {
        const UNW_FLAG_EHANDLER: u32 = 1;
        const UNW_FLAG_UHANDLER: u32 = 2;
        let is_wanted = (self.exceptions && kind & UNW_FLAG_EHANDLER != 0)
            || (self.unwinding && kind & UNW_FLAG_UHANDLER != 0);
        let pointer = std::ptr::with_exposed_provenance_mut::<c_void>;
        is_wanted.then(|| (pointer(self.routine), pointer(self.data)))
    }

    /// Calls the handler for the frame whose registers are in `context`. `target` is where an unwinding leads, zero in the search.
    pub(super) fn call(
        &self,
        record: *mut EXCEPTION_RECORD,
        context: *mut CONTEXT,
        original: *mut CONTEXT,
        target: u64,
    ) -> i32 {
        let mut dispatcher = DISPATCHER_CONTEXT {
            ControlPc: self.control_pc,
            ImageBase: self.image_base as u64,
            FunctionEntry: std::ptr::with_exposed_provenance_mut::<c_void>(self.entry),
            EstablisherFrame: self.establisher,
            TargetIp: target,
            ContextRecord: context,
            LanguageHandler: std::ptr::with_exposed_provenance_mut::<c_void>(self.routine),
            HandlerData: std::ptr::with_exposed_provenance_mut::<c_void>(self.data),
            HistoryTable: core::ptr::null_mut(),
            ScopeIndex: 0,
            Fill0: 0,
        };
        let routine = std::ptr::with_exposed_provenance::<()>(self.routine);
        // SAFETY: the image's unwind data name the routine as the function's handler, which has this type by the format.
        let routine = unsafe { core::mem::transmute::<*const (), ExceptionRoutine>(routine) };
        // From here on the handler's own calls tell who calls.
        processor::current().set_caller(Caller::default());
        // SAFETY: the arguments are those of the format; each outlives the call.
        unsafe { routine(record, self.establisher, original, &raw mut dispatcher) }
    }
}
