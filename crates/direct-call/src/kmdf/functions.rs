//! Calls through the framework's function table, without a way to panic.
//!
//! `call_unsafe_wdf_function_binding!` looks a function up with a bounds check, because a framework that is older than the driver's
//! target has fewer functions. Those that every framework has need none.
#![allow(unsafe_code, reason = "a fact that the compiler cannot know")]

use wdk_sys::{WDF_ALWAYS_AVAILABLE_FUNCTION_COUNT, WdfFunctionCount};

/// Calls a function of the framework, as `wdk_sys::call_unsafe_wdf_function_binding!` does.
///
/// For a function that every framework has, the bounds check of the lookup is left out. For a newer one it stays, and with it the panic
/// that `cargo xtask test` finds in the image: such a function has to be asked for with `WDF_IS_FUNCTION_AVAILABLE` first.
///
/// # Safety
///
/// That of the function. The framework has bound this image: nothing that runs before the image's `DriverEntry`, or when it is loaded as a
/// library only, calls it.
#[macro_export]
macro_rules! call_wdf {
    ($($call:tt)*) => {{
        $crate::kmdf::expect_always_available_functions();
        $crate::kmdf::wdk_sys::call_unsafe_wdf_function_binding!($($call)*)
    }};
}

/// Tells the compiler that the function table has the functions that are always available.
#[inline]
pub fn expect_always_available_functions() {
    // SAFETY: only the framework's loader writes it, once, before the image's DriverEntry.
    let count = unsafe { WdfFunctionCount };
    // SAFETY: the stub that wdk-build links has the number of the target version there, and the loader stores that of the framework, which is
    // one that takes clients of this minimum version: "always available" in wdffuncenum.h.
    unsafe { core::hint::assert_unchecked(count >= WDF_ALWAYS_AVAILABLE_FUNCTION_COUNT) };
}
