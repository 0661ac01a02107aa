//! Removal that waits for calls in progress.
//!
//! The same idea as the kernel's `EX_RUNDOWN_REF`, with the blocking part behind a trait, so that the
//! protocol can be checked without a kernel.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::atomic::{Atomic64, update};

/// Set once removal has begun; from then on nobody enters.
const REMOVED: u64 = 1;
/// One call in progress.
const CALL: u64 = 2;

/// Lets the remover sleep until the last call has left. Sticky: a wake before the sleep is not lost.
pub trait Sleeper {
    /// Called once, before anything else, when the sleeper has reached the address where it will stay.
    fn prepare(&self) {}
    /// Returns once [`Sleeper::wake`] was called. Only the remover calls it, once, at `PASSIVE_LEVEL` in a
    /// driver.
    fn sleep(&self);
    /// Ends the sleep. Called at most once, at IRQL <= `DISPATCH_LEVEL` in a driver.
    fn wake(&self);
}

/// The removed state of a provider, and the calls that are inside.
#[derive(Debug)]
pub struct Rundown<S, A = AtomicU64> {
    state: A,
    sleeper: S,
}

/// The device behind the interface is gone; a call answers `STATUS_DEVICE_REMOVED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed;

/// A call in progress: removal waits while one exists.
#[derive(Debug)]
#[must_use = "dropping it at once ends the protection"]
pub struct Call<'a, S: Sleeper, A: Atomic64 = AtomicU64>(&'a Rundown<S, A>);

impl<S: Sleeper, A: Atomic64> Rundown<S, A> {
    /// Nothing removed, nobody inside. `sleeper` has not been woken yet.
    pub fn new(sleeper: S) -> Self {
        Self {
            state: A::new(0),
            sleeper,
        }
    }

    /// To be called once, when the rundown has reached the address where it will stay.
    pub fn prepare(&self) {
        self.sleeper.prepare();
    }

    /// Begins a call that needs the device. Lock-free, IRQL <= `DISPATCH_LEVEL`.
    ///
    /// # Errors
    ///
    /// [`Removed`] when removal has begun.
    pub fn enter(&self) -> Result<Call<'_, S, A>, Removed> {
        update(&self.state, |state| {
            if state & REMOVED == 0 {
                Some(state + CALL)
            } else {
                None
            }
        })
        .map(|_| Call(self))
        .ok_or(Removed)
    }

    /// Turns new calls away and returns when the last one has left. A second call returns at once.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`: it may sleep.
    pub fn remove(&self) {
        let before = update(&self.state, |state| {
            if state & REMOVED == 0 {
                Some(state | REMOVED)
            } else {
                None
            }
        });
        if before.is_some_and(|calls| calls >= CALL) {
            self.sleeper.sleep();
        }
    }

    fn leave(&self) {
        // Nothing to decline: one operation, where `update` may have to try again.
        if self.state.fetch_sub(CALL, Ordering::AcqRel) == REMOVED | CALL {
            self.sleeper.wake();
        }
    }
}

impl<S: Sleeper, A: Atomic64> Drop for Call<'_, S, A> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering;

    use super::{Removed, Rundown, Sleeper};

    /// For tests in one thread: nobody may have to sleep.
    #[derive(Debug)]
    struct Awake;

    impl Sleeper for Awake {
        fn sleep(&self) {
            panic!("the remover has nobody to wait for");
        }
        fn wake(&self) {}
    }

    /// loom's `Notify` wakes up without a reason at times; the flag says when there is one.
    struct Flagged(loom::sync::atomic::AtomicBool, loom::sync::Notify);

    impl Sleeper for Flagged {
        fn sleep(&self) {
            while !self.0.load(Ordering::Acquire) {
                self.1.wait();
            }
        }
        fn wake(&self) {
            self.0.store(true, Ordering::Release);
            self.1.notify();
        }
    }

    #[test]
    fn nobody_enters_after_removal() {
        let rundown: Rundown<_> = Rundown::new(Awake);
        drop(rundown.enter().expect("nothing is removed yet"));
        rundown.remove();
        rundown.remove();
        assert_eq!(rundown.enter().err(), Some(Removed));
    }

    /// In every interleaving, a call that got in sees the device alive, and removal returns.
    #[test]
    #[cfg(not(miri))]
    fn removal_waits_for_calls() {
        use loom::sync::atomic::{AtomicBool, AtomicU64};
        use loom::sync::{Arc, Notify};

        // Two forced preemptions find what these three short threads can do to each other, in a second.
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| {
            let sleeper = Flagged(AtomicBool::new(false), Notify::new());
            let shared = Arc::new((Rundown::<_, AtomicU64>::new(sleeper), AtomicBool::new(true)));
            let callers: [_; 2] = core::array::from_fn(|_| {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || {
                    if let Ok(_call) = shared.0.enter() {
                        assert!(shared.1.load(Ordering::Relaxed), "the device went during a call");
                    }
                })
            });
            shared.0.remove();
            shared.1.store(false, Ordering::Relaxed);
            for caller in callers {
                caller.join().expect("the caller does not panic");
            }
        });
    }
}
