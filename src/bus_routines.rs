//! The routines of the bus's own interface.
#![allow(unsafe_code, reason = "called by drivers in any language, through a table")]
#![expect(non_snake_case, reason = "the names of the contract")]

use core::ffi::c_void;

use direct_call::kmdf::{Inside, Provider};
use sample_interface::NtStatus;

use crate::children::Children;
use crate::claimed::{Claimed, status_of};

/// The bus behind a context. The removal of the bus waits for the result to be dropped, so the framework's handles are good until then.
///
/// # Safety
///
/// `context` is that of the bus's table, on which the caller holds a reference until the result is dropped.
unsafe fn enter<'a>(context: *mut c_void) -> Result<Inside<'a, Children>, NtStatus> {
    // SAFETY: the same promise; `interfaces` publishes the bus's table with its `Children`.
    unsafe { Provider::enter(context) }.map_err(|removed| NtStatus(removed.status()))
}

/// `SampleBusChildCount`; see [`SAMPLE_BUS_INTERFACE`](sample_interface::SAMPLE_BUS_INTERFACE).
///
/// # Safety
///
/// `Context` is that of the table, on which the caller holds a reference; `Count` is null, or writable.
pub unsafe extern "system" fn SampleBusChildCount(Context: *mut c_void, Count: *mut u32) -> NtStatus {
    // SAFETY: the caller's promise.
    let bus = unsafe { enter(Context) };
    status_of(bus.and_then(|bus| {
        let count = Claimed::new(Count)?;
        // SAFETY: not null and aligned, by `Claimed`; writable by the caller's promise.
        unsafe { count.pointer().write(bus.count()) };
        Ok(())
    }))
}

/// `SampleBusPlugIn`; see [`SAMPLE_BUS_INTERFACE`](sample_interface::SAMPLE_BUS_INTERFACE).
///
/// # Safety
///
/// `Context` is that of the table, on which the caller holds a reference.
pub unsafe extern "system" fn SampleBusPlugIn(Context: *mut c_void, Number: u32) -> NtStatus {
    // SAFETY: the caller's promise.
    status_of(unsafe { enter(Context) }.and_then(|bus| bus.plug_in(Number)))
}

/// `SampleBusUnplug`; see [`SAMPLE_BUS_INTERFACE`](sample_interface::SAMPLE_BUS_INTERFACE).
///
/// # Safety
///
/// `Context` is that of the table, on which the caller holds a reference.
pub unsafe extern "system" fn SampleBusUnplug(Context: *mut c_void, Number: u32) -> NtStatus {
    // SAFETY: the caller's promise.
    status_of(unsafe { enter(Context) }.and_then(|bus| bus.unplug(Number)))
}
