//! Spin locks, events and counts of calls in progress.
#![allow(
    unsafe_code,
    reason = "kernel synchronization objects live in cells and are passed by address"
)]

use core::{
    cell::UnsafeCell,
    ffi::c_void,
    mem,
    ops::{Deref, DerefMut},
    ptr,
    ptr::NonNull,
    sync::atomic::{AtomicI32, Ordering},
};

use wdk_sys::{
    _EVENT_TYPE, _KWAIT_REASON, KEVENT, KIRQL, KSPIN_LOCK, LARGE_INTEGER, NTSTATUS, STATUS_SUCCESS,
    ntddk::{
        KeAcquireSpinLockRaiseToDpc, KeClearEvent, KeGetCurrentIrql, KeGetCurrentThread, KeInitializeEvent,
        KeReleaseSpinLock, KeSetEvent, KeWaitForSingleObject,
    },
};

/// wdm.h: the IRQL of ordinary threads.
pub const PASSIVE_LEVEL: KIRQL = 0;

/// wdm.h: no APCs are delivered.
pub const APC_LEVEL: KIRQL = 1;

/// wdm.h: waits are the kernel's own (`KernelMode`).
const KERNEL_MODE: i8 = 0;

/// The current IRQL.
pub fn irql() -> KIRQL {
    // SAFETY: The routine reads the processor's IRQL and takes no argument.
    unsafe { KeGetCurrentIrql() }
}

/// The thread that runs, as an address to compare.
pub fn current_thread() -> Option<NonNull<c_void>> {
    // SAFETY: The routine takes no argument and may be called at any IRQL.
    NonNull::new(unsafe { KeGetCurrentThread() }.cast())
}

/// A value behind a spin lock. Holding it means `DISPATCH_LEVEL`.
pub struct SpinLock<T> {
    lock: UnsafeCell<KSPIN_LOCK>,
    value: UnsafeCell<T>,
}

impl<T> SpinLock<T> {
    /// An unlocked lock around a value.
    pub const fn new(value: T) -> Self {
        // A spin lock that nobody holds is zero; KeInitializeSpinLock does nothing else.
        Self {
            lock: UnsafeCell::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// Takes the lock.
    pub fn lock(&self) -> Guard<'_, T> {
        // SAFETY: The lock lives as long as `self` and is touched by kernel routines only.
        let irql = unsafe { KeAcquireSpinLockRaiseToDpc(self.lock.get()) };
        Guard { owner: self, irql }
    }
}

/// The right to use what a [`SpinLock`] holds.
pub struct Guard<'a, T> {
    owner: &'a SpinLock<T>,
    irql: KIRQL,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: The guard holds the lock, so nobody else has the value.
        unsafe { &*self.owner.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: The guard holds the lock and is borrowed mutably, so this is the only reference.
        unsafe { &mut *self.owner.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: The lock was taken when this guard was made, at the IRQL that it kept.
        unsafe { KeReleaseSpinLock(self.owner.lock.get(), self.irql) }
    }
}

/// A notification event in nonpaged memory; it must not move once somebody waits.
pub struct Event(UnsafeCell<KEVENT>);

impl Event {
    /// An event that has not been initialized: call [`Event::reset_to`] when it lies where it stays.
    pub const fn zeroed() -> Self {
        // SAFETY: KEVENT is plain data for which all zeros is a valid value.
        Self(UnsafeCell::new(unsafe { mem::zeroed() }))
    }

    /// Initializes the event in place.
    pub fn reset_to(&self, signaled: bool) {
        // SAFETY: The event is a KEVENT, and whoever calls this holds it before anybody waits.
        unsafe { KeInitializeEvent(self.0.get(), _EVENT_TYPE::NotificationEvent, u8::from(signaled)) }
    }

    /// Signals it. IRQL: at most `DISPATCH_LEVEL`.
    pub fn set(&self) {
        // SAFETY: Initialized by `reset_to`; no wait follows at the raised IRQL.
        unsafe { KeSetEvent(self.0.get(), 0, 0) };
    }

    /// Takes the signal back.
    pub fn clear(&self) {
        // SAFETY: Initialized by `reset_to`.
        unsafe { KeClearEvent(self.0.get()) }
    }

    /// Waits until it is signaled. IRQL: `PASSIVE_LEVEL`.
    pub fn wait(&self) {
        self.wait_until(None);
    }

    /// Waits at most this long (units of 100 ns, negative: from now); whether it was signaled.
    pub fn wait_until(&self, timeout: Option<i64>) -> bool {
        let mut time = LARGE_INTEGER {
            QuadPart: timeout.unwrap_or(0),
        };
        let time = if timeout.is_some() {
            &raw mut time
        } else {
            ptr::null_mut()
        };
        // SAFETY: An initialized event; the timeout is null or a local that outlives the wait.
        let status: NTSTATUS = unsafe {
            KeWaitForSingleObject(
                self.0.get().cast(),
                _KWAIT_REASON::Executive,
                KERNEL_MODE,
                0,
                time,
            )
        };
        status == STATUS_SUCCESS
    }
}

/// A lock that whoever wants it sleeps for, with no owner.
pub struct Gate {
    held: SpinLock<bool>,
    free: Event,
}

impl Gate {
    /// Free; [`Gate::ready`] must follow in place.
    pub const fn zeroed() -> Self {
        Self {
            held: SpinLock::new(false),
            free: Event::zeroed(),
        }
    }

    /// Makes it ready in place.
    pub fn ready(&self) {
        self.free.reset_to(true);
    }

    /// Takes it, waiting at most this long (see [`Event::wait_until`]); whether it did. IRQL: `PASSIVE_LEVEL`, with a timeout of zero
    /// `DISPATCH_LEVEL` too.
    pub fn take(&self, timeout: Option<i64>) -> bool {
        while !self.try_take() {
            if timeout == Some(0) || !self.free.wait_until(timeout) {
                return false;
            }
        }
        true
    }

    fn try_take(&self) -> bool {
        let mut held = self.held.lock();
        let taken = !core::mem::replace(&mut *held, true);
        if taken {
            self.free.clear();
        }
        taken
    }

    /// Gives it back.
    pub fn give(&self) {
        *self.held.lock() = false;
        self.free.set();
    }
}

/// How many calls are inside, and whether new ones may come in.
pub struct Rundown {
    inside: AtomicI32,
    empty: Event,
}

impl Rundown {
    /// Open, with nobody inside; [`Rundown::open`] must follow in place.
    pub const fn zeroed() -> Self {
        // One for the owner, which `close` gives up.
        Self {
            inside: AtomicI32::new(1),
            empty: Event::zeroed(),
        }
    }

    /// Makes it ready in place.
    pub fn open(&self) {
        self.empty.reset_to(false);
    }

    /// Enters; false when it was closed and emptied.
    pub fn enter(&self) -> bool {
        self.inside
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |inside| {
                (inside > 0).then_some(inside + 1)
            })
            .is_ok()
    }

    /// Leaves.
    pub fn leave(&self) {
        if self.inside.fetch_sub(1, Ordering::Release) == 1 {
            self.empty.set();
        }
    }

    /// Gives up the owner's share and waits until everybody has left. IRQL: `PASSIVE_LEVEL`.
    pub fn close(&self) {
        self.leave();
        self.empty.wait();
    }
}
