//! Spin locks and IRQL.
#![allow(unsafe_code, reason = "the lock words and handles lie in drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use crate::abi::{BOOLEAN, DISPATCH_LEVEL, KIRQL, KLOCK_QUEUE_HANDLE, KSPIN_LOCK};
use crate::ke::{irql, spin_lock};
use crate::verifier::{self, rules};

// Spin locks.

pub(super) unsafe extern "win64" fn KeInitializeSpinLock(lock: *mut KSPIN_LOCK) {
    verifier::locks::initialized(lock.addr());
    // SAFETY: `lock` is the driver's storage for a lock word, which KeInitializeSpinLock fills in.
    unsafe { lock.write(0) };
}

pub(super) unsafe extern "win64" fn KeAcquireSpinLockRaiseToDpc(lock: *mut KSPIN_LOCK) -> KIRQL {
    let old = irql::raise(DISPATCH_LEVEL);
    // SAFETY: `lock` was initialized by the driver with KeInitializeSpinLock before its first acquisition.
    unsafe { spin_lock::acquire(lock) };
    old
}

pub(super) unsafe extern "win64" fn KeReleaseSpinLock(lock: *mut KSPIN_LOCK, old: KIRQL) {
    // SAFETY: `lock` was initialized by the driver with KeInitializeSpinLock; `release` checks who holds it.
    unsafe { spin_lock::release(lock) };
    irql::lower(old);
}

pub(super) unsafe extern "win64" fn KeAcquireSpinLockAtDpcLevel(lock: *mut KSPIN_LOCK) {
    require_dispatch("KeAcquireSpinLockAtDpcLevel");
    // SAFETY: `lock` was initialized by the driver with KeInitializeSpinLock before its first acquisition.
    unsafe { spin_lock::acquire(lock) };
}

pub(super) unsafe extern "win64" fn KeReleaseSpinLockFromDpcLevel(lock: *mut KSPIN_LOCK) {
    require_dispatch("KeReleaseSpinLockFromDpcLevel");
    // SAFETY: `lock` was initialized by the driver with KeInitializeSpinLock; `release` checks who holds it.
    unsafe { spin_lock::release(lock) };
}

pub(super) unsafe extern "win64" fn KeTryToAcquireSpinLockAtDpcLevel(lock: *mut KSPIN_LOCK) -> BOOLEAN {
    require_dispatch("KeTryToAcquireSpinLockAtDpcLevel");
    // SAFETY: `lock` was initialized by the driver with KeInitializeSpinLock before the first attempt.
    u8::from(unsafe { spin_lock::try_acquire(lock) })
}

pub(super) unsafe extern "win64" fn KeTestSpinLock(lock: *const KSPIN_LOCK) -> BOOLEAN {
    // SAFETY: `lock` was initialized by the driver with KeInitializeSpinLock, so its word is readable.
    u8::from(unsafe { lock.read_volatile() } == 0)
}

pub(super) unsafe extern "win64" fn KeAcquireInStackQueuedSpinLock(
    lock: *mut KSPIN_LOCK,
    handle: *mut KLOCK_QUEUE_HANDLE,
) {
    let old = irql::raise(DISPATCH_LEVEL);
    // SAFETY: `lock` was initialized with KeInitializeSpinLock; `handle` is storage on the driver's stack.
    unsafe { acquire_queued(lock, handle, old) };
}

pub(super) unsafe extern "win64" fn KeReleaseInStackQueuedSpinLock(handle: *mut KLOCK_QUEUE_HANDLE) {
    // SAFETY: `handle` is the one KeAcquireInStackQueuedSpinLock filled in.
    let handle = unsafe { handle.read() };
    // SAFETY: `LockQueue.Lock` was stored by `acquire_queued`, whose lock was initialized.
    unsafe { spin_lock::release(handle.LockQueue.Lock) };
    irql::lower(handle.OldIrql);
}

pub(super) unsafe extern "win64" fn KeAcquireInStackQueuedSpinLockAtDpcLevel(
    lock: *mut KSPIN_LOCK,
    handle: *mut KLOCK_QUEUE_HANDLE,
) {
    require_dispatch("KeAcquireInStackQueuedSpinLockAtDpcLevel");
    // SAFETY: `lock` was initialized with KeInitializeSpinLock; `handle` is storage on the driver's stack.
    unsafe { acquire_queued(lock, handle, irql::current()) };
}

pub(super) unsafe extern "win64" fn KeReleaseInStackQueuedSpinLockFromDpcLevel(
    handle: *mut KLOCK_QUEUE_HANDLE,
) {
    require_dispatch("KeReleaseInStackQueuedSpinLockFromDpcLevel");
    // SAFETY: `handle` is the one KeAcquireInStackQueuedSpinLockAtDpcLevel filled in.
    let lock = unsafe { (*handle).LockQueue.Lock };
    // SAFETY: `lock` was stored in the handle by `acquire_queued`, whose lock was initialized.
    unsafe { spin_lock::release(lock) };
}

/// Takes a lock and notes it in the handle.
///
/// # Safety
///
/// `lock` is initialized, `handle` writable.
unsafe fn acquire_queued(lock: *mut KSPIN_LOCK, handle: *mut KLOCK_QUEUE_HANDLE, old: KIRQL) {
    // SAFETY: `lock` is initialized, as this function's contract has it.
    unsafe { spin_lock::acquire(lock) };
    // SAFETY: `handle` is writable, as this function's contract has it, and the caller's alone.
    let handle = unsafe { &mut *handle };
    handle.LockQueue.Lock = lock;
    handle.OldIrql = old;
}

fn require_dispatch(name: &str) {
    let level = irql::current();
    if level < DISPATCH_LEVEL {
        let what = format!("{name} was called at IRQL {level}, and its lowest is {DISPATCH_LEVEL}");
        verifier::broken(rules::IRQL_TOO_LOW, &what, verifier::owner());
    }
}

// IRQL.

pub(super) unsafe extern "win64" fn KeGetCurrentIrql() -> KIRQL {
    irql::current()
}

pub(super) unsafe extern "win64" fn KfRaiseIrql(to: KIRQL) -> KIRQL {
    irql::raise(to)
}

pub(super) unsafe extern "win64" fn KeRaiseIrqlToDpcLevel() -> KIRQL {
    irql::raise(DISPATCH_LEVEL)
}

pub(super) unsafe extern "win64" fn KeLowerIrql(to: KIRQL) {
    irql::lower(to);
}

pub(super) unsafe extern "win64" fn KfLowerIrql(to: KIRQL) {
    irql::lower(to);
}
