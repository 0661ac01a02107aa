//! Worker threads: what `ExQueueWorkItem` and `IoQueueWorkItem` hand their items to, and a queue for whoever wants one of
//! its own.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::thread;

/// The system worker threads. More of them than this means that items wait for each other.
pub static SYSTEM: Workers = Workers::new("worker", "a work item", 16);

type Item = Box<dyn FnOnce() + Send>;

/// Threads that run items at `PASSIVE_LEVEL`. They live as long as the process.
pub struct Workers {
    name: &'static str,
    activity: &'static str,
    limit: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    items: VecDeque<Item>,
    workers: usize,
    busy: usize,
}

impl State {
    fn is_idle(&self) -> bool {
        self.items.is_empty() && self.busy == 0
    }
}

impl Workers {
    /// At most `limit` threads of this name; `activity` is what a report says they are in.
    #[must_use]
    pub const fn new(name: &'static str, activity: &'static str, limit: usize) -> Self {
        Self {
            name,
            activity,
            limit,
            state: Mutex::new(State {
                items: VecDeque::new(),
                workers: 0,
                busy: 0,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a worker run `item`. Items start in order; as many run at once as there may be workers.
    pub fn queue(&'static self, item: impl FnOnce() + Send + 'static) {
        let mut state = self.lock();
        state.items.push_back(Box::new(item));
        // A worker for each waiting item, so that an item may wait for a later one.
        let needs_worker = state.busy + state.items.len() > state.workers && state.workers < self.limit;
        let number = state.workers;
        state.workers += usize::from(needs_worker);
        drop(state);
        self.changed.notify_all();
        if needs_worker {
            drop(thread::spawn(&format!("{} {number}", self.name), || self.work()));
        }
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                state.busy += 1;
                drop(state);
                {
                    let _activity = thread::activity(self.activity);
                    item();
                }
                state = self.lock();
                state.busy -= 1;
                self.changed.notify_all();
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Whether no item waits or runs.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.lock().is_idle()
    }

    /// Waits until no item waits or runs; false if that takes longer than `limit`. `Duration::MAX` is for ever.
    #[must_use]
    pub fn wait_idle(&self, limit: Duration) -> bool {
        let end = Instant::now().checked_add(limit);
        let mut state = self.lock();
        while !state.is_idle() {
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::SYSTEM;

    #[test]
    fn items_run_and_idleness_is_noticed() {
        static RAN: AtomicU32 = AtomicU32::new(0);
        for _ in 0..20 {
            SYSTEM.queue(|| {
                RAN.fetch_add(1, Ordering::SeqCst);
            });
        }
        assert!(SYSTEM.wait_idle(Duration::from_secs(10)));
        assert_eq!(RAN.load(Ordering::SeqCst), 20);
    }
}
