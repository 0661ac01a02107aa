//! Spin locks. The lock word holds its owner, so that a thread that takes a lock twice is told so instead of hanging.
#![allow(unsafe_code, reason = "the lock words lie in drivers' memory")]

use core::sync::atomic::{AtomicUsize, Ordering};

use super::processor;
use crate::abi::KSPIN_LOCK;
use crate::verifier::{self, BugCheck};

fn me() -> usize {
    std::ptr::from_ref(processor::current()).addr()
}

/// The lock word as an atomic.
///
/// # Safety
///
/// `lock` is a spin lock in memory that stays for the call.
const unsafe fn word<'a>(lock: *mut KSPIN_LOCK) -> &'a AtomicUsize {
    // SAFETY: the caller promises a lock word; KSPIN_LOCK and AtomicUsize have the same layout.
    unsafe { AtomicUsize::from_ptr(lock) }
}

/// Takes the lock if it is free.
///
/// # Safety
///
/// `lock` is an initialized spin lock.
pub unsafe fn try_acquire(lock: *mut KSPIN_LOCK) -> bool {
    // SAFETY: `lock` is an initialized spin lock, which its caller keeps for the attempt.
    unsafe { word(lock) }
        .compare_exchange(0, me(), Ordering::Acquire, Ordering::Relaxed)
        .is_ok()
}

/// Takes the lock, waiting for it. A lock that the thread has already ends the run in `SPIN_LOCK_ALREADY_OWNED`.
///
/// # Safety
///
/// `lock` is an initialized spin lock.
pub unsafe fn acquire(lock: *mut KSPIN_LOCK) {
    // SAFETY: `lock` is an initialized spin lock, as `try_acquire` requires too.
    while !unsafe { try_acquire(lock) } {
        // SAFETY: `lock` is an initialized spin lock, whose word stays while this thread waits for it.
        if unsafe { word(lock) }.load(Ordering::Relaxed) == me() {
            let what = format!("takes the spin lock at {lock:p}, which this thread holds already");
            verifier::bugcheck(BugCheck::SPIN_LOCK_ALREADY_OWNED, &what, verifier::owner());
        }
        std::thread::yield_now();
    }
}

/// Releases the lock. A lock that the thread has not ends the run in `SPIN_LOCK_NOT_OWNED`.
///
/// # Safety
///
/// `lock` is an initialized spin lock.
pub unsafe fn release(lock: *mut KSPIN_LOCK) {
    // SAFETY: `lock` is an initialized spin lock, whose word stays until it is released.
    let released = unsafe { word(lock) }.compare_exchange(me(), 0, Ordering::Release, Ordering::Relaxed);
    if released.is_err() {
        let what = format!("releases the spin lock at {lock:p}, which this thread does not hold");
        verifier::bugcheck(BugCheck::SPIN_LOCK_NOT_OWNED, &what, verifier::owner());
    }
}
