//! `WdfVerifier…`: what a driver reports itself.
#![allow(unsafe_code, reason = "calls KeBugCheckEx")]

use wdk_sys::{ULONG, ULONG_PTR, ntddk::KeBugCheckEx};

ddi! {
    /// A break, for a driver whose `DbgBreakOnError` is set: nobody sets it in the lab, so nothing happens, as on Windows without it.
    fn WdfVerifierDbgBreakPoint: PFN_WDFVERIFIERDBGBREAKPOINT(call) {
        call.name();
    }

    /// Ends the run with the driver's own bugcheck.
    fn WdfVerifierKeBugCheck: PFN_WDFVERIFIERKEBUGCHECK(
        call, code: ULONG, first: ULONG_PTR, second: ULONG_PTR, third: ULONG_PTR, fourth: ULONG_PTR,
    ) {
        call.name();
        // SAFETY: The routine takes any arguments at any IRQL and does not return.
        unsafe { KeBugCheckEx(code, first, second, third, fourth) }
    }
}
