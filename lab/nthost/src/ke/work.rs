//! System worker threads: what `ExQueueWorkItem` and `IoQueueWorkItem` hand their items to.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::thread;

/// More workers than this means that items wait for each other.
const MAX_WORKERS: usize = 16;

type Item = Box<dyn FnOnce() + Send>;

struct State {
    items: VecDeque<Item>,
    workers: usize,
    busy: usize,
}

static STATE: Mutex<State> = Mutex::new(State {
    items: VecDeque::new(),
    workers: 0,
    busy: 0,
});
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has a worker run `f` at `PASSIVE_LEVEL`. Items start in order; several may run at once.
pub fn queue(f: impl FnOnce() + Send + 'static) {
    let mut state = lock();
    state.items.push_back(Box::new(f));
    // A worker for each waiting item, so that an item may wait for a later one.
    let needs_worker = state.busy + state.items.len() > state.workers && state.workers < MAX_WORKERS;
    let number = state.workers;
    state.workers += usize::from(needs_worker);
    drop(state);
    CHANGED.notify_all();
    if needs_worker {
        // The worker lives as long as the process.
        drop(thread::spawn(&format!("worker {number}"), work));
    }
}

fn work() {
    let mut state = lock();
    loop {
        if let Some(item) = state.items.pop_front() {
            state.busy += 1;
            drop(state);
            {
                let _activity = thread::activity("a work item");
                item();
            }
            state = lock();
            state.busy -= 1;
            CHANGED.notify_all();
        } else {
            state = CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Whether no item waits or runs.
#[must_use]
pub fn is_idle() -> bool {
    let state = lock();
    state.items.is_empty() && state.busy == 0
}

/// Waits until no item waits or runs; false if that takes longer than `limit`.
#[must_use]
pub fn wait_idle(limit: Duration) -> bool {
    let end = Instant::now() + limit;
    let mut state = lock();
    while !state.items.is_empty() || state.busy > 0 {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        state = CHANGED
            .wait_timeout(state, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[test]
    fn items_run_and_idleness_is_noticed() {
        static RAN: AtomicU32 = AtomicU32::new(0);
        for _ in 0..20 {
            super::queue(|| {
                RAN.fetch_add(1, Ordering::SeqCst);
            });
        }
        assert!(super::wait_idle(Duration::from_secs(10)));
        assert_eq!(RAN.load(Ordering::SeqCst), 20);
    }
}
