//! A place in a device's context space for what a driver holds between two callbacks.
#![allow(unsafe_code, reason = "the callers promise not to overlap a change")]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU8, Ordering};

/// The slot is empty; the value of fresh context space.
const EMPTY: u8 = 0;
/// The slot holds a value.
const FULL: u8 = 1;

/// A place for a value such as a [`Client`](crate::Client) in a device's context space; empty while all bytes are zero.
#[derive(Debug)]
pub struct Slot<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the cell is reached through `put`, `take` and `get` alone, whose callers promise not to overlap a
// change.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// Keeps `value`, and drops one that was kept before.
    ///
    /// # Safety
    ///
    /// Nobody uses the slot or a reference from [`Slot::get`] at the same time.
    pub unsafe fn put(&self, value: T) {
        // SAFETY: the caller's promise is the same.
        drop(unsafe { self.take() });
        // SAFETY: nobody else uses the cell, by the caller's promise.
        unsafe { self.value.get().write(MaybeUninit::new(value)) };
        self.state.store(FULL, Ordering::Release);
    }

    /// Takes the value out, if there is one.
    ///
    /// # Safety
    ///
    /// Nobody uses the slot or a reference from [`Slot::get`] at the same time.
    pub unsafe fn take(&self) -> Option<T> {
        if self.state.swap(EMPTY, Ordering::AcqRel) == EMPTY {
            return None;
        }
        // SAFETY: nobody else uses the cell, by the caller's promise.
        let value = unsafe { self.value.get().read() };
        // SAFETY: the state was FULL, which `put` sets after it has written; the swap hands it out once.
        Some(unsafe { value.assume_init() })
    }

    /// The value, if there is one.
    ///
    /// # Safety
    ///
    /// Nobody calls [`Slot::put`] or [`Slot::take`] while the returned reference lives.
    #[must_use]
    pub unsafe fn get(&self) -> Option<&T> {
        if self.state.load(Ordering::Acquire) == EMPTY {
            return None;
        }
        // SAFETY: nobody writes, by the caller's promise.
        let value = unsafe { &*self.value.get() };
        // SAFETY: the state is FULL, which `put` sets after it has written.
        Some(unsafe { value.assume_init_ref() })
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use core::mem::MaybeUninit;

    use super::Slot;

    /// A slot in fresh context space.
    fn fresh() -> Slot<Arc<i32>> {
        // SAFETY: all bytes zero is an empty slot.
        unsafe { MaybeUninit::zeroed().assume_init() }
    }

    /// How many hold the value, the test included.
    fn put(slot: &Slot<Arc<i32>>, value: &Arc<i32>) -> usize {
        // SAFETY: one thread, without a reference from `get`.
        unsafe { slot.put(Arc::clone(value)) };
        Arc::strong_count(value)
    }

    fn get(slot: &Slot<Arc<i32>>) -> Option<i32> {
        // SAFETY: one thread, and the reference ends here.
        unsafe { slot.get() }.map(|value| **value)
    }

    fn take(slot: &Slot<Arc<i32>>) -> Option<Arc<i32>> {
        // SAFETY: one thread, without a reference from `get`.
        unsafe { slot.take() }
    }

    #[test]
    fn fresh_context_space_is_an_empty_slot() {
        let slot = fresh();
        assert_eq!((get(&slot), take(&slot)), (None, None));
    }

    #[test]
    fn a_value_stays_until_it_is_taken_out_once() {
        let (slot, value) = (fresh(), Arc::new(19));
        assert_eq!(put(&slot, &value), 2);
        assert_eq!((get(&slot), get(&slot)), (Some(19), Some(19)));
        assert_eq!(take(&slot), Some(value));
        assert_eq!((get(&slot), take(&slot)), (None, None));
    }

    #[test]
    fn a_new_value_drops_the_old_one() {
        let (slot, old, new) = (fresh(), Arc::new(19), Arc::new(38));
        put(&slot, &old);
        put(&slot, &new);
        assert_eq!((get(&slot), Arc::strong_count(&old)), (Some(38), 1));
        drop(take(&slot));
        assert_eq!(Arc::strong_count(&new), 1);
    }
}
