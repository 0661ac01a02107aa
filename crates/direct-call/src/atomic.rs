//! The one atomic type that the core needs, as a trait, so that loom can put its own in its place.

use core::sync::atomic::{AtomicU64, Ordering};

/// A 64-bit atomic cell. Lock-free in drivers; a model in the loom tests.
pub trait Atomic64: Sized + Send + Sync {
    /// A cell that holds `value`.
    fn new(value: u64) -> Self;
    /// See [`AtomicU64::load`].
    fn load(&self, order: Ordering) -> u64;
    /// See [`AtomicU64::compare_exchange_weak`].
    ///
    /// # Errors
    ///
    /// The value found, when it was not `current`, or spuriously.
    fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64>;
    /// See [`AtomicU64::fetch_add`].
    fn fetch_add(&self, value: u64, order: Ordering) -> u64;
}

impl Atomic64 for AtomicU64 {
    fn new(value: u64) -> Self {
        Self::new(value)
    }

    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.compare_exchange_weak(current, new, success, failure)
    }

    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_add(value, order)
    }
}

/// Replaces the value by `change(value)` until that sticks; returns the value before, or `None` when `change`
/// declines.
///
/// Acquire and release on success: whoever sees the new value sees all that came before it.
pub(crate) fn update(cell: &impl Atomic64, change: impl Fn(u64) -> Option<u64>) -> Option<u64> {
    let mut seen = cell.load(Ordering::Relaxed);
    loop {
        match cell.compare_exchange_weak(seen, change(seen)?, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(before) => return Some(before),
            Err(now) => seen = now,
        }
    }
}
