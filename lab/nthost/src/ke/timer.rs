//! Kernel timers.
#![allow(unsafe_code, reason = "the timer objects lie in drivers' memory")]

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{dispatcher, dpc, thread, time};
use crate::abi::{KDPC, KTIMER, LIST_ENTRY, TimerNotificationObject, TimerSynchronizationObject};

#[derive(Clone, Copy)]
struct Pending {
    timer: usize,
    period: Duration,
}

struct Timers {
    /// By time, then by number, so that two of one time keep their order.
    by_due: BTreeMap<(Instant, u64), Pending>,
    next: u64,
    started: bool,
}

static TIMERS: Mutex<Timers> = Mutex::new(Timers {
    by_due: BTreeMap::new(),
    next: 0,
    started: false,
});
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Timers> {
    TIMERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fills in a timer; `kind` is `NotificationTimer` (0) or `SynchronizationTimer` (1).
///
/// # Safety
///
/// `timer` is writable.
pub unsafe fn initialize(timer: *mut KTIMER, kind: i32) {
    /// `sizeof(KTIMER) / sizeof(ULONG)`.
    const WORDS: u8 = 16;
    let kind = if kind == 0 {
        TimerNotificationObject
    } else {
        TimerSynchronizationObject
    };
    // SAFETY: `timer` is writable; all-zero bytes are one without DPC and due time.
    unsafe { timer.write_bytes(0, 1) };
    // SAFETY: `timer` is writable, so the address of its member lies within it.
    let list = unsafe { &raw mut (*timer).TimerListEntry };
    // SAFETY: `list` is a member of the writable timer.
    unsafe {
        list.write(LIST_ENTRY {
            Flink: list,
            Blink: list,
        });
    };
    // SAFETY: `timer` is writable, and the header is its first member.
    unsafe { dispatcher::initialize(timer.cast(), kind, WORDS, 0) };
}

/// Sets a timer: `due` as `KeSetTimer` takes it, `period` in milliseconds, zero for once. True if it was set already.
///
/// # Safety
///
/// `timer` is initialized and stays until it expired or was cancelled; so does `dpc`.
pub unsafe fn set(timer: *mut KTIMER, due: i64, period: u32, dpc: *mut KDPC) -> bool {
    let was_set = cancel(timer);
    // SAFETY: `timer` is initialized, and the header is its first member.
    unsafe { dispatcher::set_state(timer.cast(), 0) };
    // SAFETY: `timer` is initialized and was cancelled above; nothing else writes the member.
    unsafe { (*timer).Dpc = dpc };
    let period = Duration::from_millis(u64::from(period));
    let due = Instant::now().checked_add(time::until(due));
    // A time beyond the clock's range never comes.
    if let Some(due) = due {
        arm(
            due,
            Pending {
                timer: timer.expose_provenance(),
                period,
            },
        );
    }
    was_set
}

fn arm(due: Instant, pending: Pending) {
    let mut timers = lock();
    timers.next += 1;
    let key = (due, timers.next);
    timers.by_due.insert(key, pending);
    if !timers.started {
        timers.started = true;
        // The thread lives as long as the process.
        drop(thread::spawn("timer", run));
    }
    drop(timers);
    CHANGED.notify_all();
}

/// Cancels a timer; false if it was not set.
pub fn cancel(timer: *mut KTIMER) -> bool {
    let mut timers = lock();
    let before = timers.by_due.len();
    timers.by_due.retain(|_, pending| pending.timer != timer.addr());
    timers.by_due.len() != before
}

/// A timer object in this range that is set.
#[must_use]
pub fn pending_in(range: &std::ops::Range<usize>) -> Option<usize> {
    let timers = TIMERS.try_lock().ok()?;
    let mut set = timers.by_due.values().map(|pending| pending.timer);
    set.find(|timer| range.contains(timer))
}

/// The routine, in this range, of the DPC of a timer that is set: an image that is about to go.
#[must_use]
pub fn routine_pending_in(range: &std::ops::Range<usize>) -> Option<usize> {
    let timers = TIMERS.try_lock().ok()?;
    let mut routines = timers.by_due.values().filter_map(|pending| {
        let timer = std::ptr::with_exposed_provenance::<KTIMER>(pending.timer);
        // SAFETY: who set the timer promised that it stays until it expired or was cancelled.
        let dpc = unsafe { (*timer).Dpc };
        // SAFETY: the same holds of its DPC, which is null where there is none.
        unsafe { dpc::routine(dpc) }
    });
    routines.find(|routine| range.contains(routine))
}

fn run() {
    let mut timers = lock();
    loop {
        let now = Instant::now();
        match timers.by_due.first_key_value() {
            None => timers = CHANGED.wait(timers).unwrap_or_else(PoisonError::into_inner),
            Some(((due, _), _)) if *due > now => {
                let left = *due - now;
                timers = CHANGED
                    .wait_timeout(timers, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
            Some((key, _)) => {
                let key = *key;
                if let Some(pending) = timers.by_due.remove(&key) {
                    if !pending.period.is_zero() {
                        timers.next += 1;
                        let next = (key.0 + pending.period, timers.next);
                        timers.by_due.insert(next, pending);
                    }
                    // The lock is held, so that a cancelled timer is not touched any more.
                    // SAFETY: who set the timer promised that it stays until it expired or was cancelled.
                    unsafe { expire(std::ptr::with_exposed_provenance_mut(pending.timer)) };
                }
            }
        }
    }
}

/// Signals a timer and queues its DPC.
///
/// # Safety
///
/// `timer` is initialized.
unsafe fn expire(timer: *mut KTIMER) {
    // SAFETY: `timer` is initialized, and the header is its first member.
    unsafe { dispatcher::set_state(timer.cast(), 1) };
    // SAFETY: `timer` is initialized, so `Dpc` is what `set` stored.
    let dpc = unsafe { (*timer).Dpc };
    if !dpc.is_null() {
        // SAFETY: `dpc` was given to `set`, whose caller keeps it until the timer expired or was cancelled.
        unsafe { dpc::insert(dpc, std::ptr::null_mut(), std::ptr::null_mut()) };
    }
}
