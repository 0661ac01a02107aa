//! What the routines of a table share and change.
#![allow(unsafe_code, reason = "KSPIN_LOCK routines")]

use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use wdk_sys::ntddk::{KeAcquireSpinLockRaiseToDpc, KeReleaseSpinLock};
use wdk_sys::{KIRQL, KSPIN_LOCK};

/// A value under a spin lock. It must not be paged, which nothing in the counted context is.
#[derive(Default)]
pub struct SpinLock<T> {
    lock: UnsafeCell<KSPIN_LOCK>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by one thread at a time, the one that holds the lock.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    /// A lock that nobody holds: `KeInitializeSpinLock` writes a 0.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self {
            lock: UnsafeCell::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// The value, for as long as the result lives; until then the thread is at `DISPATCH_LEVEL`. A thread that holds the lock must not call this,
    /// and should not call other drivers.
    ///
    /// # IRQL
    ///
    /// <= `DISPATCH_LEVEL`.
    #[must_use]
    pub fn lock(&self) -> Locked<'_, T> {
        // SAFETY: initialised in `new`, and resident, as the type demands.
        let before = unsafe { KeAcquireSpinLockRaiseToDpc(self.lock.get()) };
        Locked {
            lock: self,
            before,
            thread: PhantomData,
        }
    }
}

impl<T> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").finish_non_exhaustive()
    }
}

/// A lock that is held, by the thread that this stays on.
#[derive(Debug)]
pub struct Locked<'a, T> {
    lock: &'a SpinLock<T>,
    before: KIRQL,
    thread: PhantomData<*mut ()>,
}

impl<T> Deref for Locked<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread holds the lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this thread holds the lock, and borrows it by `self`.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Locked<'_, T> {
    fn drop(&mut self) {
        // SAFETY: acquired in `lock` by this thread, which the type does not leave, and released once.
        unsafe { KeReleaseSpinLock(self.lock.lock.get(), self.before) };
    }
}
