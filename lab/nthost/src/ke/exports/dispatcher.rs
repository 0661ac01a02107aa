//! Events, mutexes, semaphores and waiting for dispatcher objects.
#![allow(unsafe_code, reason = "the objects lie in drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use std::time::Duration;

use crate::abi::{
    BOOLEAN, KEVENT, KMUTANT, KPROCESSOR_MODE, KSEMAPHORE, MutantObject, NTSTATUS, PVOID, STATUS_SUCCESS,
    SemaphoreObject, WaitAll,
};
use crate::ke::{dispatcher, thread, time};
use crate::verifier::{self, rules};

// Events.

pub(super) unsafe extern "win64" fn KeInitializeEvent(event: *mut KEVENT, kind: i32, state: BOOLEAN) {
    // SAFETY: `event` is the driver's storage for an event, which KeInitializeEvent fills in.
    unsafe { dispatcher::initialize_event(event, kind, state != 0) };
}

pub(super) unsafe extern "win64" fn KeSetEvent(event: *mut KEVENT, _increment: i32, _wait: BOOLEAN) -> i32 {
    // SAFETY: `event` was initialized by the driver with KeInitializeEvent, as KeSetEvent requires.
    i32::from(unsafe { dispatcher::set_event(event) })
}

pub(super) unsafe extern "win64" fn KeResetEvent(event: *mut KEVENT) -> i32 {
    // SAFETY: `event` was initialized by the driver with KeInitializeEvent, as KeResetEvent requires.
    i32::from(unsafe { dispatcher::clear_event(event) })
}

pub(super) unsafe extern "win64" fn KeClearEvent(event: *mut KEVENT) {
    // SAFETY: `event` was initialized by the driver with KeInitializeEvent, as KeClearEvent requires.
    unsafe { dispatcher::clear_event(event) };
}

pub(super) unsafe extern "win64" fn KeReadStateEvent(event: *mut KEVENT) -> i32 {
    // SAFETY: `event` was initialized by the driver with KeInitializeEvent; its header is its first member.
    unsafe { dispatcher::state(event.cast()) }
}

// Waiting.

/// A timeout as waits take it.
///
/// # Safety
///
/// `timeout` is null or readable.
unsafe fn timeout(timeout: *const i64) -> Option<Duration> {
    // SAFETY: `timeout` is null or readable, as this function's contract has it.
    unsafe { timeout.as_ref() }.map(|due| time::until(*due))
}

pub(super) unsafe extern "win64" fn KeWaitForSingleObject(
    object: PVOID,
    _reason: i32,
    _mode: KPROCESSOR_MODE,
    _alertable: BOOLEAN,
    due: *const i64,
) -> NTSTATUS {
    // SAFETY: `due` is null or readable, as KeWaitForSingleObject requires of the caller.
    let limit = unsafe { timeout(due) };
    // SAFETY: `object` is an initialized dispatcher object, which the driver keeps until the wait ends.
    unsafe { dispatcher::wait(object, limit) }
}

pub(super) unsafe extern "win64" fn KeWaitForMultipleObjects(
    count: u32,
    objects: *const PVOID,
    kind: i32,
    _reason: i32,
    _mode: KPROCESSOR_MODE,
    _alertable: BOOLEAN,
    due: *const i64,
    _blocks: PVOID,
) -> NTSTATUS {
    // SAFETY: `due` is null or readable, as KeWaitForMultipleObjects requires of the caller.
    let limit = unsafe { timeout(due) };
    // SAFETY: `objects` is the driver's array of `count` pointers, readable for the call.
    let objects = unsafe { std::slice::from_raw_parts(objects, count as usize) };
    let headers: Vec<_> = objects.iter().map(|object| object.cast()).collect();
    // SAFETY: each of `headers` is an initialized dispatcher object, which the driver keeps until the wait ends.
    unsafe { dispatcher::wait_many(&headers, kind == WaitAll, limit) }
}

pub(super) unsafe extern "win64" fn KeDelayExecutionThread(
    _mode: KPROCESSOR_MODE,
    _alertable: BOOLEAN,
    interval: *const i64,
) -> NTSTATUS {
    let _activity = thread::activity("KeDelayExecutionThread");
    // SAFETY: `interval` is readable, as KeDelayExecutionThread requires of the caller.
    if let Some(duration) = unsafe { timeout(interval) } {
        std::thread::sleep(duration);
    }
    STATUS_SUCCESS
}

// Mutexes and semaphores.

pub(super) unsafe extern "win64" fn KeInitializeMutex(mutex: *mut KMUTANT, _level: u32) {
    /// `sizeof(KMUTANT) / sizeof(ULONG)`.
    const WORDS: u8 = 14;
    verifier::locks::initialized(mutex.addr());
    // SAFETY: `mutex` is the driver's storage for a mutex; all-zero bytes are "no owner, no list".
    unsafe { mutex.write_bytes(0, 1) };
    // SAFETY: `mutex` is writable as above, and the header is its first member.
    unsafe { dispatcher::initialize(mutex.cast(), MutantObject, WORDS, 1) };
}

pub(super) unsafe extern "win64" fn KeReleaseMutex(mutex: *mut KMUTANT, _wait: BOOLEAN) -> i32 {
    // SAFETY: `mutex` was initialized by the driver with KeInitializeMutex, as KeReleaseMutex requires.
    unsafe { dispatcher::release_mutex(mutex) }.unwrap_or_else(|| {
        let what = format!(
            "releases the mutex at {mutex:p}, which this thread does not hold (STATUS_MUTANT_NOT_OWNED)"
        );
        verifier::broken(rules::MUTANT_NOT_OWNED, &what, verifier::owner())
    })
}

pub(super) unsafe extern "win64" fn KeReadStateMutex(mutex: *mut KMUTANT) -> i32 {
    // SAFETY: `mutex` was initialized by the driver with KeInitializeMutex; its header is its first member.
    unsafe { dispatcher::state(mutex.cast()) }
}

pub(super) unsafe extern "win64" fn KeInitializeSemaphore(
    semaphore: *mut KSEMAPHORE,
    count: i32,
    limit: i32,
) {
    /// `sizeof(KSEMAPHORE) / sizeof(ULONG)`.
    const WORDS: u8 = 8;
    // SAFETY: `semaphore` is the driver's storage for a semaphore, and the header is its first member.
    unsafe { dispatcher::initialize(semaphore.cast(), SemaphoreObject, WORDS, count) };
    // SAFETY: `semaphore` is the driver's storage for a semaphore, and nothing waits for it yet.
    unsafe { (*semaphore).Limit = limit };
}

pub(super) unsafe extern "win64" fn KeReleaseSemaphore(
    semaphore: *mut KSEMAPHORE,
    _increment: i32,
    adjustment: i32,
    _wait: BOOLEAN,
) -> i32 {
    // SAFETY: `semaphore` was initialized by the driver with KeInitializeSemaphore.
    unsafe { dispatcher::release_semaphore(semaphore, adjustment) }.unwrap_or_else(|| {
        let what =
            format!("passes the limit of the semaphore at {semaphore:p} (STATUS_SEMAPHORE_LIMIT_EXCEEDED)");
        verifier::broken(rules::SEMAPHORE_LIMIT, &what, verifier::owner())
    })
}

pub(super) unsafe extern "win64" fn KeReadStateSemaphore(semaphore: *mut KSEMAPHORE) -> i32 {
    // SAFETY: `semaphore` was initialized with KeInitializeSemaphore; its header is its first member.
    unsafe { dispatcher::state(semaphore.cast()) }
}
