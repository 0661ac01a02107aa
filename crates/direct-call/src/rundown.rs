//! Removal that waits for calls in progress.
//!
//! The same idea as the kernel's `EX_RUNDOWN_REF`, with the blocking part behind a trait, so that the
//! protocol can be checked without a kernel.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::atomic::{Atomic64, update};

/// Set once removal has begun; from then on nobody enters.
const REMOVED: u64 = 1;
/// One call in progress. There is room for eight million of them, which is more than there are threads.
const CALL: u64 = 2;
/// One call that was counted as it left, in the upper 40 bits. When they are full, [`Rundown::wraps`] goes on.
const COUNTED: u64 = 1 << COUNTED_SHIFT;
const COUNTED_SHIFT: u32 = 24;
/// The calls in progress: what is between the mark and the count.
const INSIDE: u64 = COUNTED - CALL;

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

/// The removed state of a provider, the calls that are inside, and a count of those that have left.
#[derive(Debug)]
pub struct Rundown<S, A = AtomicU64> {
    state: A,
    wraps: A,
    sleeper: S,
}

/// The device behind the interface is gone; a call answers `STATUS_DEVICE_REMOVED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed;

/// A call in progress: removal waits while one exists.
#[derive(Debug)]
#[must_use = "dropping it at once ends the protection"]
pub struct Call<'a, S: Sleeper, A: Atomic64 = AtomicU64> {
    rundown: &'a Rundown<S, A>,
    /// What leaving adds: [`COUNTED`], or nothing.
    count: u64,
}

impl<S: Sleeper, A: Atomic64> Rundown<S, A> {
    /// Nothing removed, nobody inside. `sleeper` has not been woken yet.
    pub fn new(sleeper: S) -> Self {
        Self {
            state: A::new(0),
            wraps: A::new(0),
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
        .map(|_| Call {
            rundown: self,
            count: 0,
        })
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
        if before.is_some_and(|state| state & INSIDE != 0) {
            self.sleeper.sleep();
        }
    }

    /// Calls that have left and were counted; already history when the caller reads it. While the 2^40th leaves, that many may be missing.
    pub fn counted(&self) -> u64 {
        let upper = self.wraps.load(Ordering::Acquire) << (u64::BITS - COUNTED_SHIFT);
        upper + (self.state.load(Ordering::Acquire) >> COUNTED_SHIFT)
    }

    /// There is nothing to decline, so one operation does, where `update` may have to try again; and it counts along.
    fn leave(&self, count: u64) {
        let before = self.state.fetch_add(count.wrapping_sub(CALL), Ordering::AcqRel);
        if before.checked_add(count).is_none() {
            self.wraps.fetch_add(1, Ordering::AcqRel);
        }
        // Last: the remover goes on at once.
        if before & (INSIDE | REMOVED) == REMOVED | CALL {
            self.wake();
        }
    }

    /// Once in the life of a device, so it stays out of the calls' way.
    #[cold]
    #[inline(never)]
    fn wake(&self) {
        self.sleeper.wake();
    }
}

impl<S: Sleeper, A: Atomic64> Call<'_, S, A> {
    /// Has [`Rundown::counted`] count this call when it leaves, which costs no operation of its own.
    pub const fn count(&mut self) {
        self.count = COUNTED;
    }
}

impl<S: Sleeper, A: Atomic64> Drop for Call<'_, S, A> {
    fn drop(&mut self) {
        self.rundown.leave(self.count);
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering;

    use super::{COUNTED_SHIFT, Removed, Rundown, Sleeper};

    /// For tests in one thread: nobody may have to sleep.
    #[derive(Debug)]
    struct Awake;

    impl Sleeper for Awake {
        fn sleep(&self) {
            panic!("the remover has nobody to wait for");
        }
        fn wake(&self) {}
    }

    #[test]
    fn nobody_enters_after_removal() {
        let rundown: Rundown<_> = Rundown::new(Awake);
        drop(rundown.enter().expect("nothing is removed yet"));
        rundown.remove();
        rundown.remove();
        assert_eq!(rundown.enter().err(), Some(Removed));
    }

    #[test]
    fn only_calls_that_ask_for_it_are_counted() {
        let rundown: Rundown<_> = Rundown::new(Awake);
        for round in 1..=3 {
            drop(rundown.enter().expect("nothing is removed yet"));
            let mut call = rundown.enter().expect("nothing is removed yet");
            call.count();
            assert_eq!(rundown.counted(), round - 1);
            drop(call);
            assert_eq!(rundown.counted(), round);
        }
    }

    #[test]
    fn the_count_goes_on_when_its_bits_are_full() {
        let rundown: Rundown<_> = Rundown::new(Awake);
        rundown.state.store(u64::MAX << COUNTED_SHIFT, Ordering::Relaxed);
        for beyond in 0..2 {
            let mut call = rundown.enter().expect("nothing is removed yet");
            call.count();
            drop(call);
            assert_eq!(rundown.counted(), (1 << (u64::BITS - COUNTED_SHIFT)) + beyond);
        }
        rundown.remove();
        assert_eq!(rundown.enter().err(), Some(Removed));
    }
}
