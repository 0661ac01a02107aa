//! Ending the run: a driver broke the contract of the framework.
#![allow(unsafe_code, reason = "calls KeBugCheckEx and DbgPrint")]

use core::{ffi::CStr, panic::PanicInfo};

use wdk_sys::ntddk::{DbgPrint, KeBugCheckEx};

/// bugcodes.h: a driver or the framework itself broke a rule of the framework.
const WDF_VIOLATION: u32 = 0x10D;

/// wdfbugcodes.h: the first argument of the bugcheck, `WDF_BUGCHECK_CODES`.
#[derive(Clone, Copy)]
#[repr(u64)]
pub enum Violation {
    /// `WDF_RECURSIVE_LOCK`: the thread holds the lock of the callbacks already.
    RecursiveLock = 2,
    /// `WDF_VERIFIER_FATAL_ERROR`: a rule that has no code of its own.
    Fatal = 3,
    /// `WDF_REQUIRED_PARAMETER_IS_NULL`
    NullParameter = 4,
    /// `WDF_INVALID_HANDLE`: no handle, a handle of another kind, or one of a deleted object.
    InvalidHandle = 5,
    /// `WDF_REQUEST_FATAL_ERROR`: a request was completed twice, or used after completion.
    Request = 6,
    /// `WDF_OBJECT_ERROR`: an object was deleted that the driver may not delete.
    Object = 7,
    /// `WDF_QUEUE_FATAL_ERROR`: somebody waits for this state of the queue already.
    Queue = 0xA,
    /// `WDF_INVALID_LOCK_OPERATION`: the object has no lock.
    Lock = 0xB,
    /// `WDF_API_UNAVAILABLE`
    ApiUnavailable = 0x10,
    /// The driver passed globals that are not its own (reported as `WDF_INVALID_HANDLE` on Windows too).
    NoGlobals = 0x105,
    /// The framework's own defect.
    Internal = 0x1FF,
}

impl Violation {
    const fn text(self) -> &'static CStr {
        match self {
            Self::InvalidHandle => c"the handle is not one of the right kind of object",
            Self::Fatal => c"the call breaks a rule of the framework",
            Self::Request => c"the request was completed already",
            Self::Object => c"the driver may not delete this object",
            Self::RecursiveLock => c"the thread holds this callback lock already",
            Self::Queue => c"a callback or a thread waits for this state of the queue already",
            Self::ApiUnavailable => c"the driver calls a function that the framework does not have",
            Self::Lock => c"the object has no lock",
            Self::NoGlobals => c"the driver is not bound to the framework",
            Self::NullParameter => c"a parameter that must not be NULL is NULL",
            Self::Internal => c"a defect of the framework",
        }
    }
}

/// Prints what happened and stops with `WDF_VIOLATION`: code, argument, address of the function's name.
pub fn violation(what: Violation, function: &CStr, argument: usize) -> ! {
    // SAFETY: A format with one %s and one %p, and arguments of these types; the strings end in NUL.
    unsafe {
        DbgPrint(
            c"WDF_VIOLATION: %s: %s (%p)\n".as_ptr(),
            function.as_ptr(),
            what.text().as_ptr(),
            argument,
        )
    };
    stop(what as u64, argument as u64, function.as_ptr() as u64)
}

fn stop(code: u64, argument: u64, function: u64) -> ! {
    // SAFETY: The routine takes any arguments at any IRQL and does not return.
    unsafe { KeBugCheckEx(WDF_VIOLATION, code, argument, function, 0) }
}

/// A panic is a defect of this image: it ends the run like one, with the source line.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let (line, file) = info
        .location()
        .map_or((0, "?"), |place| (place.line(), place.file()));
    // SAFETY: A format with %.*s (length, address) and %u, and arguments of these types.
    unsafe {
        DbgPrint(
            c"wdfldr.sys: panic at line %u of %s\n".as_ptr(),
            line,
            printable(file).as_ptr(),
        )
    };
    stop(Violation::Internal as u64, u64::from(line), 0)
}

/// The file name with a NUL behind it, cut when it is long.
fn printable(file: &str) -> [u8; 64] {
    let mut text = [0; 64];
    let tail = &file.as_bytes()[file.len().saturating_sub(text.len() - 1)..];
    for (to, from) in text.iter_mut().zip(tail) {
        *to = *from;
    }
    text
}
