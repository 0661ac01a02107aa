//! Run-down protection: `EX_RUNDOWN_REF` counts holders in steps of two; the low bit says that it is running down.
#![allow(unsafe_code, reason = "the references lie in drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::abi::{BOOLEAN, EX_RUNDOWN_REF};
use crate::ke::thread;
use crate::mm::pool::{self, Kind, Request, Tag};
use crate::verifier::{self, rules};

crate::exports! {
    ExInitializeRundownProtection <= HIGH_LEVEL;
    ExReInitializeRundownProtection <= HIGH_LEVEL;
    ExAcquireRundownProtection <= HIGH_LEVEL;
    ExAcquireRundownProtectionEx <= HIGH_LEVEL;
    ExReleaseRundownProtection <= HIGH_LEVEL;
    ExReleaseRundownProtectionEx <= HIGH_LEVEL;
    ExWaitForRundownProtectionRelease <= APC_LEVEL;
    ExRundownCompleted <= HIGH_LEVEL;
    ExAllocateCacheAwareRundownProtection <= DISPATCH_LEVEL or NULL;
    ExFreeCacheAwareRundownProtection <= DISPATCH_LEVEL;
    ExAcquireRundownProtectionCacheAware <= HIGH_LEVEL;
    ExReleaseRundownProtectionCacheAware <= HIGH_LEVEL;
    ExWaitForRundownProtectionReleaseCacheAware <= APC_LEVEL;
}

/// The bit of a reference that is running down or has run down.
const RUNNING_DOWN: usize = 1;
/// What a holder counts.
const HOLDER: usize = 2;
/// How often a waiter looks again.
const POLL: Duration = Duration::from_micros(50);

/// The count as an atomic.
///
/// # Safety
///
/// `reference` is an initialized reference that stays for the call.
const unsafe fn count<'a>(reference: *mut EX_RUNDOWN_REF) -> &'a AtomicUsize {
    // SAFETY: the caller's promise; the structure is one word.
    unsafe { AtomicUsize::from_ptr(reference.cast()) }
}

fn acquire(count: &AtomicUsize, holders: usize) -> bool {
    let add = |value: usize| (value & RUNNING_DOWN == 0).then(|| value + holders * HOLDER);
    count
        .fetch_update(Ordering::Acquire, Ordering::Relaxed, add)
        .is_ok()
}

fn release(count: &AtomicUsize, holders: usize) {
    let subtract = |value: usize| value.checked_sub(holders * HOLDER);
    if count
        .fetch_update(Ordering::Release, Ordering::Relaxed, subtract)
        .is_err()
    {
        let what = "releases run-down protection that it does not hold";
        verifier::broken(rules::RUNDOWN_NOT_HELD, what, verifier::owner());
    }
}

fn run_down(count: &AtomicUsize) {
    let _activity = thread::activity("a wait for run-down protection to be released");
    count.fetch_or(RUNNING_DOWN, Ordering::AcqRel);
    while count.load(Ordering::Acquire) >= HOLDER {
        std::thread::sleep(POLL);
    }
}

const unsafe extern "win64" fn ExInitializeRundownProtection(reference: *mut EX_RUNDOWN_REF) {
    // SAFETY: the driver gives a place for the reference.
    unsafe { reference.write(EX_RUNDOWN_REF { Count: 0 }) };
}

unsafe extern "win64" fn ExReInitializeRundownProtection(reference: *mut EX_RUNDOWN_REF) {
    // SAFETY: the driver gives a reference that has run down.
    unsafe { count(reference) }.store(0, Ordering::Release);
}

unsafe extern "win64" fn ExAcquireRundownProtection(reference: *mut EX_RUNDOWN_REF) -> BOOLEAN {
    // SAFETY: the driver passed `reference` through ExInitializeRundownProtection.
    u8::from(acquire(unsafe { count(reference) }, 1))
}

unsafe extern "win64" fn ExAcquireRundownProtectionEx(
    reference: *mut EX_RUNDOWN_REF,
    holders: u32,
) -> BOOLEAN {
    // SAFETY: `reference` is initialized, by the DDI contract; `holders` touches no memory but its count.
    u8::from(acquire(unsafe { count(reference) }, holders as usize))
}

unsafe extern "win64" fn ExReleaseRundownProtection(reference: *mut EX_RUNDOWN_REF) {
    // SAFETY: `reference` is the one whose protection the driver holds; `release` checks the count.
    release(unsafe { count(reference) }, 1);
}

unsafe extern "win64" fn ExReleaseRundownProtectionEx(reference: *mut EX_RUNDOWN_REF, holders: u32) {
    // SAFETY: the driver acquired `reference` for these holders before, so it is initialized.
    release(unsafe { count(reference) }, holders as usize);
}

unsafe extern "win64" fn ExWaitForRundownProtectionRelease(reference: *mut EX_RUNDOWN_REF) {
    // SAFETY: `reference` is initialized, and the driver frees it only when this wait has returned.
    run_down(unsafe { count(reference) });
}

unsafe extern "win64" fn ExRundownCompleted(reference: *mut EX_RUNDOWN_REF) {
    // SAFETY: the driver gives a reference that has run down.
    unsafe { count(reference) }.store(RUNNING_DOWN, Ordering::Release);
}

unsafe extern "win64" fn ExAllocateCacheAwareRundownProtection(
    pool_type: u32,
    tag: u32,
) -> *mut EX_RUNDOWN_REF {
    let kind = if pool_type & 1 == 0 {
        Kind::NonPaged
    } else {
        Kind::Paged
    };
    let size = size_of::<EX_RUNDOWN_REF>();
    pool::allocate(Request {
        kind,
        size,
        tag: Tag(tag),
        zeroed: true,
        owner: verifier::owner(),
    })
    .cast()
}

unsafe extern "win64" fn ExFreeCacheAwareRundownProtection(reference: *mut EX_RUNDOWN_REF) {
    pool::free(reference.cast(), None, verifier::owner());
}

unsafe extern "win64" fn ExAcquireRundownProtectionCacheAware(reference: *mut EX_RUNDOWN_REF) -> BOOLEAN {
    // SAFETY: `reference` came from ExAllocateCacheAwareRundownProtection, which zeroed it: initialized.
    u8::from(acquire(unsafe { count(reference) }, 1))
}

unsafe extern "win64" fn ExReleaseRundownProtectionCacheAware(reference: *mut EX_RUNDOWN_REF) {
    // SAFETY: the driver holds `reference`, so ExFreeCacheAwareRundownProtection has not freed it.
    release(unsafe { count(reference) }, 1);
}

unsafe extern "win64" fn ExWaitForRundownProtectionReleaseCacheAware(reference: *mut EX_RUNDOWN_REF) {
    // SAFETY: `reference` is the driver's cache-aware block, which it frees after this wait at the earliest.
    run_down(unsafe { count(reference) });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::{acquire, release, run_down};

    #[test]
    fn nobody_gets_in_after_the_run_down() {
        let count = AtomicUsize::new(0);
        assert!(acquire(&count, 1));
        release(&count, 1);
        run_down(&count);
        assert!(!acquire(&count, 1));
    }
}
