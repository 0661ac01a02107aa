//! The exports that print, and `DbgBreakPoint`.
#![allow(unsafe_code, reason = "variadic exports in the Windows calling convention")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::{CStr, c_char};

use super::format::{Arguments, format};
use super::print;
use crate::abi::{NTSTATUS, STATUS_SUCCESS};
use crate::verifier::{self, rules};

crate::exports! {
    DbgPrint <= HIGH_LEVEL;
    DbgPrintEx <= HIGH_LEVEL;
    vDbgPrintEx <= DISPATCH_LEVEL;
    vDbgPrintExWithPrefix <= DISPATCH_LEVEL;
    DbgBreakPoint <= HIGH_LEVEL;
    DbgBreakPointWithStatus <= HIGH_LEVEL;
}

/// Makes a variadic export: the four register arguments go to their home space, so that all arguments lie in a row,
/// and `$body` gets the address of the row.
#[macro_export]
macro_rules! variadic {
    ($name:ident, $body:path) => {
        #[unsafe(naked)]
        unsafe extern "win64" fn $name() {
            core::arch::naked_asm!(
                "mov [rsp + 8], rcx",
                "mov [rsp + 16], rdx",
                "mov [rsp + 24], r8",
                "mov [rsp + 32], r9",
                "lea rcx, [rsp + 8]",
                "sub rsp, 40",
                "call {body}",
                "add rsp, 40",
                "ret",
                body = sym $body,
            )
        }
    };
}

variadic!(DbgPrint, dbg_print);
variadic!(DbgPrintEx, dbg_print_ex);

/// Prints `pattern` with the arguments that begin at `first`.
///
/// # Safety
///
/// `pattern` is a terminated string and the arguments are those it asks for.
unsafe fn print_formatted(prefix: *const c_char, pattern: *const c_char, first: *const u64) -> NTSTATUS {
    if !prefix.is_null() {
        // SAFETY: the caller promises a terminated string.
        print(&unsafe { CStr::from_ptr(prefix) }.to_string_lossy());
    }
    // SAFETY: the caller promises a terminated string.
    let pattern = unsafe { CStr::from_ptr(pattern) }.to_string_lossy();
    // SAFETY: the caller promises the arguments that the pattern asks for.
    let mut arguments = unsafe { Arguments::new(first) };
    print(&format(&pattern, &mut arguments));
    STATUS_SUCCESS
}

/// The pattern in slot `index` of a variadic call, and the slots behind it.
///
/// # Safety
///
/// `slots` has more than `index` readable slots.
const unsafe fn pattern_at(slots: *const u64, index: usize) -> (*const c_char, *const u64) {
    let place = slots.wrapping_add(index);
    // SAFETY: the caller promises the slot.
    let pattern = unsafe { place.cast::<*const c_char>().read() };
    (pattern, place.wrapping_add(1))
}

unsafe extern "win64" fn dbg_print(slots: *const u64) -> NTSTATUS {
    // SAFETY: the trampoline spilled the pattern, DbgPrint's first argument, to slot 0.
    let (pattern, rest) = unsafe { pattern_at(slots, 0) };
    // SAFETY: the driver keeps DbgPrint's contract about pattern and arguments.
    unsafe { print_formatted(core::ptr::null(), pattern, rest) }
}

unsafe extern "win64" fn dbg_print_ex(slots: *const u64) -> NTSTATUS {
    // SAFETY: the trampoline spilled component, level and pattern to slots 0 to 2.
    let (pattern, rest) = unsafe { pattern_at(slots, 2) };
    // SAFETY: the driver keeps DbgPrintEx's contract about pattern and arguments.
    unsafe { print_formatted(core::ptr::null(), pattern, rest) }
}

unsafe extern "win64" fn vDbgPrintEx(
    _component: u32,
    _level: u32,
    pattern: *const c_char,
    arguments: *const u64,
) -> NTSTATUS {
    // SAFETY: on x64 a va_list is the address of the argument slots; the driver keeps the contract about them.
    unsafe { print_formatted(core::ptr::null(), pattern, arguments) }
}

unsafe extern "win64" fn vDbgPrintExWithPrefix(
    prefix: *const c_char,
    _component: u32,
    _level: u32,
    pattern: *const c_char,
    arguments: *const u64,
) -> NTSTATUS {
    // SAFETY: as for vDbgPrintEx; the prefix is a terminated string.
    unsafe { print_formatted(prefix, pattern, arguments) }
}

unsafe extern "win64" fn DbgBreakPoint() {
    breakpoint();
}

unsafe extern "win64" fn DbgBreakPointWithStatus(_status: u32) {
    breakpoint();
}

/// Without a debugger a breakpoint ends the system.
fn breakpoint() -> ! {
    let what = "a breakpoint was hit and no debugger is there (STATUS_BREAKPOINT)";
    verifier::broken(rules::BREAKPOINT, what, verifier::owner())
}
