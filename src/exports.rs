//! The routine behind both doors: the entry of the table and the static export.
//!
//! Nothing here touches the framework: loaded as a DLL only, the image has none.
#![allow(unsafe_code, reason = "exported to drivers in any language")]

use sample_interface::{NtStatus, double_value};

/// Doubles `*Value`; see [`SAMPLE_INTERFACE`](sample_interface::SAMPLE_INTERFACE) for the statuses.
///
/// # IRQL
///
/// <= `DISPATCH_LEVEL`; reentrant.
///
/// # Safety
///
/// `Value` is null, or valid for reading and writing an `INT`, aligned, and resident at the caller's IRQL.
// SAFETY: the one symbol of that name in the image.
#[unsafe(no_mangle)]
#[expect(non_snake_case, reason = "the name that C clients import")]
pub unsafe extern "system" fn SampleDouble(Value: *mut i32) -> NtStatus {
    // SAFETY: null, or valid by the caller's promise.
    let Some(value) = (unsafe { Value.as_mut() }) else {
        return NtStatus::STATUS_INVALID_PARAMETER;
    };
    if cfg!(debug_assertions) {
        debug_print::println!("SampleDouble: {value}");
    }
    match double_value(*value) {
        Ok(doubled) => {
            *value = doubled;
            NtStatus::STATUS_SUCCESS
        }
        Err(status) => status,
    }
}
