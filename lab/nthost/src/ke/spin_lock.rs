//! Spin locks. The lock word holds its owner, so that a thread that takes a lock twice is told so instead of hanging.
#![allow(unsafe_code, reason = "the lock words lie in drivers' memory")]

use core::sync::atomic::{AtomicUsize, Ordering};

use super::{processor, thread};
use crate::abi::KSPIN_LOCK;
use crate::verifier::locks::{self, Kind};
use crate::verifier::{self, rules};

/// What a report says that a thread is in.
pub const WAIT: &str = "a wait for a spin lock";

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
    // SAFETY: the same is promised of `lock` here.
    unsafe { try_take(lock, Kind::Spin) }
}

/// Takes the lock if it is free, and says what it is.
///
/// # Safety
///
/// `lock` is an initialized spin lock.
unsafe fn try_take(lock: *mut KSPIN_LOCK, kind: Kind) -> bool {
    // SAFETY: `lock` is an initialized spin lock, which its caller keeps for the attempt.
    let taken = unsafe { word(lock) }
        .compare_exchange(0, me(), Ordering::Acquire, Ordering::Relaxed)
        .is_ok();
    if taken {
        locks::acquired(lock.addr(), kind);
    }
    taken
}

/// Takes the lock, waiting for it. A lock that the thread has already ends the run in `SPIN_LOCK_ALREADY_OWNED`.
///
/// # Safety
///
/// `lock` is an initialized spin lock.
pub unsafe fn acquire(lock: *mut KSPIN_LOCK) {
    // SAFETY: the same is promised of `lock` here.
    unsafe { acquire_as(lock, Kind::Spin) };
}

/// [`acquire`] for a lock of another kind.
///
/// # Safety
///
/// `lock` is an initialized spin lock.
pub unsafe fn acquire_as(lock: *mut KSPIN_LOCK, kind: Kind) {
    locks::acquiring(lock.addr(), kind);
    // SAFETY: the same is promised of `lock` here.
    if unsafe { try_take(lock, kind) } {
        return;
    }
    let _activity = thread::activity(WAIT);
    // SAFETY: `lock` is an initialized spin lock, as `try_take` requires too.
    while !unsafe { try_take(lock, kind) } {
        // SAFETY: `lock` is an initialized spin lock, whose word stays while this thread waits for it.
        if unsafe { word(lock) }.load(Ordering::Relaxed) == me() {
            let what = format!("takes the spin lock at {lock:p}, which this thread holds already");
            verifier::broken(rules::SPIN_LOCK_TWICE, &what, verifier::owner());
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
        verifier::broken(rules::SPIN_LOCK_NOT_OWNED, &what, verifier::owner());
    }
    locks::released(lock.addr());
}
