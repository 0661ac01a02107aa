//! Dispatcher objects: events, mutexes, semaphores, timers and threads, and waiting for them.
//!
//! One lock stands for Windows' dispatcher lock; a waiter looks again whenever anything was signalled.
#![allow(unsafe_code, reason = "the objects lie in drivers' memory")]
#![allow(non_upper_case_globals, reason = "the object types have their Windows names")]

use core::ffi::c_void;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{irql, thread};
use crate::abi::{
    DISPATCH_LEVEL, DISPATCHER_HEADER, EventNotificationObject, EventSynchronizationObject, KEVENT, KMUTANT,
    KSEMAPHORE, LIST_ENTRY, MutantObject, NTSTATUS, NotificationEvent, STATUS_SUCCESS, STATUS_TIMEOUT,
    SemaphoreObject, ThreadObject, TimerNotificationObject, TimerSynchronizationObject,
};
use crate::verifier::locks::{self, Kind};
use crate::verifier::{self, rules};

static LOCK: Mutex<()> = Mutex::new(());
static CHANGED: Condvar = Condvar::new();

pub(super) fn lock() -> MutexGuard<'static, ()> {
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fills in the head of a dispatcher object.
///
/// # Safety
///
/// `header` is writable.
pub unsafe fn initialize(header: *mut DISPATCHER_HEADER, kind: u8, words: u8, state: i32) {
    // SAFETY: the caller promises a writable header.
    let list = unsafe { &raw mut (*header).WaitListHead };
    let value = DISPATCHER_HEADER {
        Type: kind,
        Signalling: 0,
        Size: words,
        DpcActive: 0,
        SignalState: state,
        WaitListHead: LIST_ENTRY {
            Flink: list,
            Blink: list,
        },
    };
    // SAFETY: the caller promises a writable header.
    unsafe { header.write(value) };
}

/// Initializes an event; `kind` is `NotificationEvent` or `SynchronizationEvent`.
///
/// # Safety
///
/// `event` is writable.
pub unsafe fn initialize_event(event: *mut KEVENT, kind: i32, signalled: bool) {
    /// `sizeof(KEVENT) / sizeof(ULONG)`.
    const WORDS: u8 = 6;
    let kind = if kind == NotificationEvent {
        EventNotificationObject
    } else {
        EventSynchronizationObject
    };
    // SAFETY: the header is the event's first member.
    unsafe { initialize(event.cast(), kind, WORDS, i32::from(signalled)) };
}

/// Sets an object's signal state and returns the one before; waiters look again.
///
/// # Safety
///
/// `header` is that of an initialized object.
pub unsafe fn set_state(header: *mut DISPATCHER_HEADER, state: i32) -> i32 {
    let guard = lock();
    // SAFETY: the caller promises an initialized object, and the dispatcher lock is held.
    let slot = unsafe { &mut (*header).SignalState };
    let before = std::mem::replace(slot, state);
    drop(guard);
    if state > 0 {
        CHANGED.notify_all();
    }
    before
}

/// Signals an event; true if it was signalled before.
///
/// # Safety
///
/// `event` is initialized.
pub unsafe fn set_event(event: *mut KEVENT) -> bool {
    // SAFETY: the header is the event's first member.
    unsafe { set_state(event.cast(), 1) != 0 }
}

/// Makes an event not signalled; true if it was signalled before.
///
/// # Safety
///
/// `event` is initialized.
pub unsafe fn clear_event(event: *mut KEVENT) -> bool {
    // SAFETY: the header is the event's first member.
    unsafe { set_state(event.cast(), 0) != 0 }
}

/// The signal state.
///
/// # Safety
///
/// `header` is that of an initialized object.
#[must_use]
pub unsafe fn state(header: *const DISPATCHER_HEADER) -> i32 {
    let _guard = lock();
    // SAFETY: the caller promises an initialized object, and the dispatcher lock is held.
    unsafe { (*header).SignalState }
}

/// Adds to a semaphore's count and returns the count before; `None` if the limit would be passed.
///
/// # Safety
///
/// `semaphore` is initialized.
pub unsafe fn release_semaphore(semaphore: *mut KSEMAPHORE, adjustment: i32) -> Option<i32> {
    let guard = lock();
    // SAFETY: the caller promises an initialized semaphore, and the dispatcher lock is held.
    let semaphore = unsafe { &mut *semaphore };
    let before = semaphore.Header.SignalState;
    let after = before
        .checked_add(adjustment)
        .filter(|after| *after <= semaphore.Limit && adjustment > 0)?;
    semaphore.Header.SignalState = after;
    drop(guard);
    CHANGED.notify_all();
    Some(before)
}

/// Releases a mutex once and returns the state before; `None` if another thread has it.
///
/// # Safety
///
/// `mutex` is initialized.
pub unsafe fn release_mutex(mutex: *mut KMUTANT) -> Option<i32> {
    let guard = lock();
    // SAFETY: the caller promises an initialized mutex, and the dispatcher lock is held.
    let mutex = unsafe { &mut *mutex };
    if mutex.OwnerThread != thread::current() {
        return None;
    }
    let before = mutex.Header.SignalState;
    mutex.Header.SignalState += 1;
    if mutex.Header.SignalState > 0 {
        locks::released(std::ptr::from_ref(mutex).addr());
        mutex.OwnerThread = std::ptr::null_mut();
    }
    drop(guard);
    CHANGED.notify_all();
    Some(before)
}

/// Waits for one object. `None` waits for ever.
///
/// # Errors
///
/// `STATUS_TIMEOUT`, which counts as success.
///
/// # IRQL
///
/// Below `DISPATCH_LEVEL`, or at it with a timeout of zero.
///
/// # Safety
///
/// `object` is an initialized dispatcher object, and stays one until the wait ends.
#[must_use]
pub unsafe fn wait(object: *mut c_void, timeout: Option<Duration>) -> NTSTATUS {
    // SAFETY: the caller's promise, for the one object.
    unsafe { wait_many(&[object.cast()], false, timeout) }
}

/// Waits for any of the objects (the status is its index), or for all of them.
///
/// # Safety
///
/// As for [`wait`], for each object.
#[must_use]
pub unsafe fn wait_many(
    objects: &[*mut DISPATCHER_HEADER],
    all: bool,
    timeout: Option<Duration>,
) -> NTSTATUS {
    check_wait(timeout);
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let thread = thread::current();
    let _activity = thread::activity("a wait for a dispatcher object");
    if end.is_none() && (all || objects.len() == 1) {
        for object in objects {
            // SAFETY: the caller promises initialized objects; an object's type does not change.
            if unsafe { (**object).Type } == MutantObject {
                locks::acquiring(object.addr(), Kind::Mutant);
            }
        }
    }
    let mut guard = lock();
    loop {
        // SAFETY: the caller promises initialized objects, and the dispatcher lock is held.
        if let Some(index) = unsafe { try_take(objects, all, thread) } {
            return NTSTATUS(STATUS_SUCCESS.0 + index);
        }
        guard = match end {
            None => CHANGED.wait(guard).unwrap_or_else(PoisonError::into_inner),
            Some(end) => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return STATUS_TIMEOUT;
                }
                CHANGED
                    .wait_timeout(guard, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
    }
}

fn check_wait(timeout: Option<Duration>) {
    let level = irql::current();
    if level >= DISPATCH_LEVEL && timeout != Some(Duration::ZERO) || level > DISPATCH_LEVEL {
        let what = format!("waits at IRQL {level}");
        verifier::broken(rules::WAIT_AT_DISPATCH, &what, verifier::owner());
    }
}

/// Takes what is signalled. The result is the index of the object that satisfied the wait, zero for all.
///
/// # Safety
///
/// The objects are initialized, and the dispatcher lock is held.
unsafe fn try_take(objects: &[*mut DISPATCHER_HEADER], all: bool, thread: *mut c_void) -> Option<i32> {
    // SAFETY: the caller's promise, for each object.
    let is_ready = |object: &*mut DISPATCHER_HEADER| unsafe { ready(*object, thread) };
    if all {
        if !objects.iter().all(is_ready) {
            return None;
        }
        for object in objects {
            // SAFETY: the caller's promise, for each object.
            unsafe { take(*object, thread) };
        }
        return Some(0);
    }
    let index = objects.iter().position(is_ready)?;
    // SAFETY: the caller's promise, for this object.
    unsafe { take(objects[index], thread) };
    i32::try_from(index).ok()
}

/// Whether a wait for the object ends now.
///
/// # Safety
///
/// As for [`try_take`].
unsafe fn ready(object: *mut DISPATCHER_HEADER, thread: *mut c_void) -> bool {
    // SAFETY: the caller promises an initialized object, and the dispatcher lock is held.
    let header = unsafe { object.read() };
    match header.Type {
        EventNotificationObject
        | EventSynchronizationObject
        | SemaphoreObject
        | ThreadObject
        | TimerNotificationObject
        | TimerSynchronizationObject => header.SignalState > 0,
        MutantObject => {
            // SAFETY: an object of this type is a mutex.
            let owner = unsafe { (*object.cast::<KMUTANT>()).OwnerThread };
            header.SignalState > 0 || owner == thread
        }
        other => {
            let what = format!("waits for {object:p}, which is no dispatcher object (its type is {other})");
            verifier::broken(rules::NO_DISPATCHER_OBJECT, &what, verifier::owner())
        }
    }
}

/// Does what the end of a wait does to the object.
///
/// # Safety
///
/// As for [`try_take`], and the object is ready.
unsafe fn take(object: *mut DISPATCHER_HEADER, thread: *mut c_void) {
    // SAFETY: the caller promises an initialized object, and the dispatcher lock is held.
    let header = unsafe { &mut *object };
    match header.Type {
        EventSynchronizationObject | TimerSynchronizationObject => header.SignalState = 0,
        SemaphoreObject => header.SignalState -= 1,
        MutantObject => {
            header.SignalState -= 1;
            if header.SignalState == 0 {
                locks::acquired(object.addr(), Kind::Mutant);
            }
            // SAFETY: an object of this type is a mutex, and the dispatcher lock is held.
            let owner = unsafe { &mut (*object.cast::<KMUTANT>()).OwnerThread };
            *owner = thread;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{initialize_event, set_event, wait};
    use crate::abi::{
        KEVENT, NTSTATUS, NotificationEvent, STATUS_SUCCESS, STATUS_TIMEOUT, SynchronizationEvent,
    };

    fn waits(event: *mut KEVENT, limit: Duration) -> NTSTATUS {
        // SAFETY: the tests initialize their events first.
        unsafe { wait(event.cast(), Some(limit)) }
    }

    #[test]
    fn a_synchronization_event_lets_one_waiter_through() {
        for (kind, second) in [
            (SynchronizationEvent, STATUS_TIMEOUT),
            (NotificationEvent, STATUS_SUCCESS),
        ] {
            let mut event = std::mem::MaybeUninit::<KEVENT>::uninit();
            let event = event.as_mut_ptr();
            // SAFETY: the event is a local.
            unsafe { initialize_event(event, kind, false) };
            assert_eq!(waits(event, Duration::ZERO), STATUS_TIMEOUT);
            // SAFETY: the event was initialized above.
            assert!(!unsafe { set_event(event) });
            assert_eq!(waits(event, Duration::from_secs(1)), STATUS_SUCCESS);
            assert_eq!(waits(event, Duration::from_millis(1)), second);
        }
    }
}
