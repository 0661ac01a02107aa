//! Fast and guarded mutexes and reader/writer spin locks.
#![allow(unsafe_code, reason = "the locks lie in drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use crate::abi::{APC_LEVEL, BOOLEAN, DISPATCH_LEVEL, FAST_MUTEX, KEVENT, KIRQL, SynchronizationEvent};
use crate::ke::{dispatcher, irql, spin_lock, thread};
use crate::verifier::locks::{self, Kind};
use crate::verifier::{self, rules};

crate::exports! {
    ExInitializeFastMutex <= DISPATCH_LEVEL;
    ExAcquireFastMutex <= APC_LEVEL;
    ExReleaseFastMutex <= APC_LEVEL;
    ExTryToAcquireFastMutex <= APC_LEVEL;
    ExAcquireFastMutexUnsafe <= APC_LEVEL;
    ExReleaseFastMutexUnsafe <= APC_LEVEL;
    KeInitializeGuardedMutex <= DISPATCH_LEVEL;
    KeAcquireGuardedMutex <= APC_LEVEL;
    KeReleaseGuardedMutex <= APC_LEVEL;
    KeTryToAcquireGuardedMutex <= APC_LEVEL;
    KeAcquireGuardedMutexUnsafe <= APC_LEVEL;
    KeReleaseGuardedMutexUnsafe <= APC_LEVEL;
    ExAcquireSpinLockExclusive <= DISPATCH_LEVEL;
    ExReleaseSpinLockExclusive <= DISPATCH_LEVEL;
    ExAcquireSpinLockShared <= DISPATCH_LEVEL;
    ExReleaseSpinLockShared <= DISPATCH_LEVEL;
    ExAcquireSpinLockExclusiveAtDpcLevel <= HIGH_LEVEL;
    ExReleaseSpinLockExclusiveFromDpcLevel <= HIGH_LEVEL;
    ExAcquireSpinLockSharedAtDpcLevel <= HIGH_LEVEL;
    ExReleaseSpinLockSharedFromDpcLevel <= HIGH_LEVEL;
}

// Fast mutexes. `Count` is 1 when the mutex is free.

/// The count as an atomic.
///
/// # Safety
///
/// `mutex` is an initialized mutex that stays for the call.
const unsafe fn count<'a>(mutex: *mut FAST_MUTEX) -> &'a AtomicI32 {
    // SAFETY: `mutex` points to an initialized mutex (`# Safety`), so its `Count` lies in bounds.
    let place = unsafe { &raw mut (*mutex).Count };
    // SAFETY: the caller's promise; every access to the count goes through here.
    unsafe { AtomicI32::from_ptr(place) }
}

/// The event on which a mutex's waiters wait.
const fn event(mutex: *mut FAST_MUTEX) -> *mut KEVENT {
    mutex
        .wrapping_byte_add(core::mem::offset_of!(FAST_MUTEX, Event))
        .cast()
}

unsafe extern "win64" fn ExInitializeFastMutex(mutex: *mut FAST_MUTEX) {
    locks::initialized(mutex.addr());
    // SAFETY: the driver gives a place for the mutex; zero is "no owner".
    unsafe { mutex.write_bytes(0, 1) };
    // SAFETY: the event is a member of the mutex.
    unsafe { dispatcher::initialize_event(event(mutex), SynchronizationEvent, false) };
    // SAFETY: the mutex was just written.
    unsafe { count(mutex) }.store(1, Ordering::Release);
}

/// Takes a mutex.
///
/// # Safety
///
/// `mutex` is initialized.
unsafe fn acquire(mutex: *mut FAST_MUTEX, old: KIRQL) {
    let me = thread::current();
    // SAFETY: `mutex` is initialized (`# Safety`), and the driver keeps it while this call waits.
    let count = unsafe { count(mutex) };
    if count.load(Ordering::Acquire) <= 0 {
        // SAFETY: `mutex` is readable (`# Safety`). Only the owner itself finds its own thread in `Owner`.
        if unsafe { (*mutex).Owner } == me {
            let what = format!("takes the fast mutex at {mutex:p}, which this thread holds already");
            verifier::broken(rules::MUTEX_TWICE, &what, verifier::owner());
        }
    }
    locks::acquiring(mutex.addr(), Kind::FastMutex);
    if count.fetch_sub(1, Ordering::Acquire) <= 0 {
        // SAFETY: the event is initialized with the mutex.
        let _ = unsafe { dispatcher::wait(event(mutex).cast(), None) };
    }
    // SAFETY: the mutex is this thread's now.
    let mutex = unsafe { &mut *mutex };
    locks::acquired(std::ptr::from_ref(mutex).addr(), Kind::FastMutex);
    mutex.Owner = me;
    mutex.OldIrql = u32::from(old);
}

/// Takes a mutex if it is free.
///
/// # Safety
///
/// `mutex` is initialized.
unsafe fn try_acquire(mutex: *mut FAST_MUTEX, old: KIRQL) -> bool {
    // SAFETY: `mutex` is initialized (`# Safety`); [`count`] needs it for this call only.
    if unsafe { count(mutex) }
        .compare_exchange(1, 0, Ordering::Acquire, Ordering::Relaxed)
        .is_err()
    {
        return false;
    }
    // SAFETY: the mutex is this thread's now.
    let mutex = unsafe { &mut *mutex };
    locks::acquired(std::ptr::from_ref(mutex).addr(), Kind::FastMutex);
    mutex.Owner = thread::current();
    mutex.OldIrql = u32::from(old);
    true
}

/// Gives a mutex up and returns the IRQL from before it was taken.
///
/// # Safety
///
/// `mutex` is initialized.
unsafe fn release(mutex: *mut FAST_MUTEX) -> KIRQL {
    // SAFETY: `mutex` is initialized (`# Safety`), so all of its fields can be read.
    let fields = unsafe { mutex.read() };
    if fields.Owner != thread::current() {
        let what = format!("releases the fast mutex at {mutex:p}, which this thread does not hold");
        verifier::broken(rules::MUTEX_NOT_OWNED, &what, verifier::owner());
    }
    locks::released(mutex.addr());
    // SAFETY: the mutex is still this thread's.
    unsafe { (*mutex).Owner = std::ptr::null_mut() };
    // SAFETY: `mutex` is initialized (`# Safety`), and stays until its releasing call returns.
    if unsafe { count(mutex) }.fetch_add(1, Ordering::Release) < 0 {
        // SAFETY: the event is initialized with the mutex.
        unsafe { dispatcher::set_event(event(mutex)) };
    }
    (fields.OldIrql & 0xFF) as KIRQL
}

unsafe extern "win64" fn ExAcquireFastMutex(mutex: *mut FAST_MUTEX) {
    let old = irql::raise(APC_LEVEL);
    // SAFETY: the driver passed `mutex` through ExInitializeFastMutex.
    unsafe { acquire(mutex, old) };
}

unsafe extern "win64" fn ExReleaseFastMutex(mutex: *mut FAST_MUTEX) {
    // SAFETY: `mutex` is one that the driver initialized; `release` itself checks that this thread holds it.
    irql::lower(unsafe { release(mutex) });
}

unsafe extern "win64" fn ExTryToAcquireFastMutex(mutex: *mut FAST_MUTEX) -> BOOLEAN {
    let old = irql::raise(APC_LEVEL);
    // SAFETY: `mutex` was set up by ExInitializeFastMutex, whether or not it is free.
    let taken = unsafe { try_acquire(mutex, old) };
    if !taken {
        irql::lower(old);
    }
    u8::from(taken)
}

unsafe extern "win64" fn ExAcquireFastMutexUnsafe(mutex: *mut FAST_MUTEX) {
    // SAFETY: `mutex` is initialized by the DDI contract; that the IRQL was raised is not needed for memory
    // safety.
    unsafe { acquire(mutex, irql::current()) };
}

unsafe extern "win64" fn ExReleaseFastMutexUnsafe(mutex: *mut FAST_MUTEX) {
    // SAFETY: the driver gives the `mutex` of its ExAcquireFastMutexUnsafe, which is initialized.
    unsafe { release(mutex) };
}

// Guarded mutexes have the same structure and do not raise the IRQL.

unsafe extern "win64" fn KeInitializeGuardedMutex(mutex: *mut FAST_MUTEX) {
    // SAFETY: the driver gives a place for the mutex.
    unsafe { ExInitializeFastMutex(mutex) };
}

unsafe extern "win64" fn KeAcquireGuardedMutex(mutex: *mut FAST_MUTEX) {
    // SAFETY: the driver passed `mutex` through KeInitializeGuardedMutex.
    unsafe { acquire(mutex, irql::current()) };
}

unsafe extern "win64" fn KeReleaseGuardedMutex(mutex: *mut FAST_MUTEX) {
    // SAFETY: `mutex` is the guarded mutex that the driver acquired; a wrong owner is found by `release`.
    unsafe { release(mutex) };
}

unsafe extern "win64" fn KeTryToAcquireGuardedMutex(mutex: *mut FAST_MUTEX) -> BOOLEAN {
    // SAFETY: `mutex` was set up by KeInitializeGuardedMutex, whether or not it is free.
    u8::from(unsafe { try_acquire(mutex, irql::current()) })
}

unsafe extern "win64" fn KeAcquireGuardedMutexUnsafe(mutex: *mut FAST_MUTEX) {
    // SAFETY: `mutex` is an initialized guarded mutex; this form differs only in not entering a guarded
    // region.
    unsafe { acquire(mutex, irql::current()) };
}

unsafe extern "win64" fn KeReleaseGuardedMutexUnsafe(mutex: *mut FAST_MUTEX) {
    // SAFETY: the driver gives the `mutex` of its KeAcquireGuardedMutexUnsafe, which is initialized.
    unsafe { release(mutex) };
}

// Reader/writer spin locks: the sign bit is the writer, the rest counts readers.

/// The bit of the writer in an `EX_SPIN_LOCK`.
const WRITER: u32 = 0x8000_0000;

/// The lock word as an atomic.
///
/// # Safety
///
/// `lock` is an initialized lock that stays for the call.
const unsafe fn word<'a>(lock: *mut i32) -> &'a AtomicU32 {
    // SAFETY: `lock` is an aligned lock word that stays for the call (`# Safety`); all accesses to it are
    // atomic.
    unsafe { AtomicU32::from_ptr(lock.cast()) }
}

fn lock_exclusive(word: &AtomicU32) {
    take(word, || {
        word.compare_exchange_weak(0, WRITER, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    });
}

fn lock_shared(word: &AtomicU32) {
    let add = |value: u32| (value & WRITER == 0).then(|| value + 1);
    take(word, || {
        word.fetch_update(Ordering::Acquire, Ordering::Relaxed, add)
            .is_ok()
    });
}

/// Tries until it succeeds, and tells the verifier.
fn take(word: &AtomicU32, mut attempt: impl FnMut() -> bool) {
    let lock = word.as_ptr().addr();
    locks::acquiring(lock, Kind::Spin);
    if !attempt() {
        let _activity = thread::activity(spin_lock::WAIT);
        while !attempt() {
            std::thread::yield_now();
        }
    }
    locks::acquired(lock, Kind::Spin);
}

fn unlock(word: &AtomicU32, holder: u32) {
    if word
        .fetch_update(Ordering::Release, Ordering::Relaxed, |value| {
            value.checked_sub(holder)
        })
        .is_err()
    {
        let what = "releases a reader/writer spin lock that nobody holds";
        verifier::broken(rules::SPIN_LOCK_NOT_OWNED, what, verifier::owner());
    }
    locks::released(word.as_ptr().addr());
}

unsafe extern "win64" fn ExAcquireSpinLockExclusive(lock: *mut i32) -> KIRQL {
    let old = irql::raise(DISPATCH_LEVEL);
    // SAFETY: `lock` is an EX_SPIN_LOCK that the driver zeroed before its first use.
    lock_exclusive(unsafe { word(lock) });
    old
}

unsafe extern "win64" fn ExReleaseSpinLockExclusive(lock: *mut i32, old: KIRQL) {
    // SAFETY: `lock` is the word that the driver acquired as its writer, so it is initialized.
    unlock(unsafe { word(lock) }, WRITER);
    irql::lower(old);
}

unsafe extern "win64" fn ExAcquireSpinLockShared(lock: *mut i32) -> KIRQL {
    let old = irql::raise(DISPATCH_LEVEL);
    // SAFETY: `lock` is the driver's EX_SPIN_LOCK: zeroed once, and since then written only through [`word`].
    lock_shared(unsafe { word(lock) });
    old
}

unsafe extern "win64" fn ExReleaseSpinLockShared(lock: *mut i32, old: KIRQL) {
    // SAFETY: `lock` is the word that the driver acquired as a reader, so it is initialized.
    unlock(unsafe { word(lock) }, 1);
    irql::lower(old);
}

unsafe extern "win64" fn ExAcquireSpinLockExclusiveAtDpcLevel(lock: *mut i32) {
    // SAFETY: the driver zeroed the EX_SPIN_LOCK at `lock`; who calls at DISPATCH_LEVEL owes no more.
    lock_exclusive(unsafe { word(lock) });
}

unsafe extern "win64" fn ExReleaseSpinLockExclusiveFromDpcLevel(lock: *mut i32) {
    // SAFETY: `lock` is the word of the driver's ExAcquireSpinLockExclusiveAtDpcLevel.
    unlock(unsafe { word(lock) }, WRITER);
}

unsafe extern "win64" fn ExAcquireSpinLockSharedAtDpcLevel(lock: *mut i32) {
    // SAFETY: `lock` points to the driver's EX_SPIN_LOCK, which it zeroed and keeps while anybody may wait.
    lock_shared(unsafe { word(lock) });
}

unsafe extern "win64" fn ExReleaseSpinLockSharedFromDpcLevel(lock: *mut i32) {
    // SAFETY: `lock` is the word of the driver's ExAcquireSpinLockSharedAtDpcLevel.
    unlock(unsafe { word(lock) }, 1);
}
