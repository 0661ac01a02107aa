//! DPCs and timers.
#![allow(unsafe_code, reason = "the DPCs and timers lie in drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use crate::abi::{BOOLEAN, KDPC, KTIMER, PKDEFERRED_ROUTINE, PVOID};
use crate::ke::{dispatcher, dpc, thread, timer};

pub(super) unsafe extern "win64" fn KeInitializeDpc(
    dpc: *mut KDPC,
    routine: PKDEFERRED_ROUTINE,
    context: PVOID,
) {
    // SAFETY: `dpc` is the driver's storage for a DPC, which KeInitializeDpc fills in.
    unsafe { dpc::initialize(dpc, routine, context) };
}

pub(super) unsafe extern "win64" fn KeInsertQueueDpc(dpc: *mut KDPC, first: PVOID, second: PVOID) -> BOOLEAN {
    // SAFETY: `dpc` was initialized by the driver with KeInitializeDpc and is kept until it ran.
    u8::from(unsafe { dpc::insert(dpc, first, second) })
}

pub(super) unsafe extern "win64" fn KeRemoveQueueDpc(dpc: *mut KDPC) -> BOOLEAN {
    u8::from(dpc::remove(dpc))
}

pub(super) unsafe extern "win64" fn KeFlushQueuedDpcs() {
    let _activity = thread::activity("KeFlushQueuedDpcs");
    dpc::flush();
}

pub(super) unsafe extern "win64" fn KeSetImportanceDpc(dpc: *mut KDPC, importance: i32) {
    // SAFETY: `dpc` was initialized by the driver with KeInitializeDpc, as KeSetImportanceDpc requires.
    unsafe { (*dpc).Importance = importance.to_le_bytes()[0] };
}

pub(super) const unsafe extern "win64" fn KeSetTargetProcessorDpc(_dpc: *mut KDPC, _processor: i8) {
    // One thread stands for all processors: every target is the same.
}

pub(super) unsafe extern "win64" fn KeInitializeTimer(timer: *mut KTIMER) {
    // SAFETY: `timer` is the driver's storage for a timer, which KeInitializeTimer fills in.
    unsafe { timer::initialize(timer, 0) };
}

pub(super) unsafe extern "win64" fn KeInitializeTimerEx(timer: *mut KTIMER, kind: i32) {
    // SAFETY: `timer` is the driver's storage for a timer, which KeInitializeTimerEx fills in.
    unsafe { timer::initialize(timer, kind) };
}

pub(super) unsafe extern "win64" fn KeSetTimer(timer: *mut KTIMER, due: i64, dpc: *mut KDPC) -> BOOLEAN {
    // SAFETY: the driver initialized `timer` and `dpc` and keeps both until the timer expired or was cancelled.
    u8::from(unsafe { timer::set(timer, due, 0, dpc) })
}

pub(super) unsafe extern "win64" fn KeSetTimerEx(
    timer: *mut KTIMER,
    due: i64,
    period: i32,
    dpc: *mut KDPC,
) -> BOOLEAN {
    // SAFETY: the driver initialized `timer` and `dpc` and keeps both until the periodic timer is cancelled.
    u8::from(unsafe { timer::set(timer, due, period.max(0).unsigned_abs(), dpc) })
}

pub(super) unsafe extern "win64" fn KeSetCoalescableTimer(
    timer: *mut KTIMER,
    due: i64,
    period: u32,
    _tolerable_delay: u32,
    dpc: *mut KDPC,
) -> BOOLEAN {
    // SAFETY: the driver initialized `timer` and `dpc` and keeps both until the timer ended, as for KeSetTimerEx.
    u8::from(unsafe { timer::set(timer, due, period, dpc) })
}

pub(super) unsafe extern "win64" fn KeCancelTimer(timer: *mut KTIMER) -> BOOLEAN {
    u8::from(timer::cancel(timer))
}

pub(super) unsafe extern "win64" fn KeReadStateTimer(timer: *mut KTIMER) -> BOOLEAN {
    // SAFETY: `timer` was initialized by the driver with KeInitializeTimer; its header is its first member.
    u8::from(unsafe { dispatcher::state(timer.cast()) } > 0)
}
