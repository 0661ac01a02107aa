//! Deferred procedure calls: one thread stands for the processor that runs them.
#![allow(unsafe_code, reason = "the DPC objects lie in drivers' memory")]

use core::ffi::c_void;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{call, irql, thread};
use crate::abi::{KDPC, PKDEFERRED_ROUTINE, SINGLE_LIST_ENTRY};

/// `KDPC.Type` of a DPC (`DpcObject` in the KOBJECTS enumeration).
const DPC_OBJECT: u8 = 19;
/// `KDPC.Importance` of a new DPC.
const MEDIUM_IMPORTANCE: u8 = 1;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<usize>,
    running: Option<usize>,
    started: bool,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    waiting: VecDeque::new(),
    running: None,
    started: false,
});
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fills in a DPC object.
///
/// # Safety
///
/// `dpc` is writable.
pub unsafe fn initialize(dpc: *mut KDPC, routine: PKDEFERRED_ROUTINE, context: *mut c_void) {
    let value = KDPC {
        Type: DPC_OBJECT,
        Importance: MEDIUM_IMPORTANCE,
        Number: 0,
        DpcListEntry: SINGLE_LIST_ENTRY {
            Next: std::ptr::null_mut(),
        },
        ProcessorHistory: 0,
        DeferredRoutine: routine,
        DeferredContext: context,
        SystemArgument1: std::ptr::null_mut(),
        SystemArgument2: std::ptr::null_mut(),
        DpcData: std::ptr::null_mut(),
    };
    // SAFETY: the caller promises a writable object.
    unsafe { dpc.write(value) };
}

/// Queues a DPC with its two arguments; false if it is queued already, and then nothing changes.
///
/// # Safety
///
/// `dpc` is initialized and stays until it ran or was removed.
pub unsafe fn insert(dpc: *mut KDPC, first: *mut c_void, second: *mut c_void) -> bool {
    let mut queue = lock();
    if queue.waiting.contains(&dpc.addr()) {
        return false;
    }
    // SAFETY: the caller promises an initialized object, and the queue's lock is held.
    let object = unsafe { &mut *dpc };
    object.SystemArgument1 = first;
    object.SystemArgument2 = second;
    queue.waiting.push_back(dpc.expose_provenance());
    if !queue.started {
        queue.started = true;
        // The thread lives as long as the process.
        drop(thread::spawn("dpc", run));
    }
    drop(queue);
    CHANGED.notify_all();
    true
}

/// Takes a DPC out of the queue; false if it was not in it.
pub fn remove(dpc: *mut KDPC) -> bool {
    let mut queue = lock();
    let before = queue.waiting.len();
    queue.waiting.retain(|waiting| *waiting != dpc.addr());
    queue.waiting.len() != before
}

/// Waits until every DPC queued so far has run.
pub fn flush() {
    let mut queue = lock();
    while !queue.waiting.is_empty() || queue.running.is_some() {
        queue = CHANGED.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// A DPC object in this range that waits.
#[must_use]
pub fn pending_in(range: &std::ops::Range<usize>) -> Option<usize> {
    let queue = QUEUE.try_lock().ok()?;
    queue.waiting.iter().copied().find(|dpc| range.contains(dpc))
}

/// The routine, in this range, of a DPC that waits: an image that is about to go.
#[must_use]
pub fn routine_pending_in(range: &std::ops::Range<usize>) -> Option<usize> {
    let queue = QUEUE.try_lock().ok()?;
    let mut routines = queue.waiting.iter().filter_map(|dpc| {
        // SAFETY: who queued the DPC promised that it stays until it ran.
        unsafe { routine(std::ptr::with_exposed_provenance(*dpc)) }
    });
    routines.find(|routine| range.contains(routine))
}

/// Where the routine of a DPC is.
///
/// # Safety
///
/// `dpc` is null or initialized.
pub(super) unsafe fn routine(dpc: *const KDPC) -> Option<usize> {
    // SAFETY: the caller promises null or an initialized object.
    let dpc = unsafe { dpc.as_ref() }?;
    dpc.DeferredRoutine.map(|routine| routine as usize)
}

fn run() {
    let mut queue = lock();
    loop {
        let Some(address) = queue.waiting.pop_front() else {
            queue = CHANGED.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        queue.running = Some(address);
        drop(queue);
        // SAFETY: who queued the DPC promised that it stays until it ran.
        unsafe { run_one(std::ptr::with_exposed_provenance_mut(address)) };
        queue = lock();
        queue.running = None;
        CHANGED.notify_all();
    }
}

/// Calls the routine of a DPC at `DISPATCH_LEVEL`.
///
/// # Safety
///
/// `dpc` is initialized. It may be gone when the routine returns.
unsafe fn run_one(dpc: *mut KDPC) {
    let _activity = thread::activity("a deferred procedure call");
    // SAFETY: the caller promises an initialized object.
    let copy = unsafe { dpc.read() };
    let Some(routine) = copy.DeferredRoutine else {
        return;
    };
    irql::at_dispatch(|| {
        call("a DPC routine", routine as usize, || {
            // SAFETY: the routine is the driver's, called with the arguments it was queued with.
            unsafe {
                routine(
                    dpc,
                    copy.DeferredContext,
                    copy.SystemArgument1,
                    copy.SystemArgument2,
                );
            }
        });
    });
}
