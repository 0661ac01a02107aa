//! Kernel timers, each with the DPC that it queues.
#![allow(
    unsafe_code,
    reason = "timer and DPC live in the object that owns them and are passed by address"
)]

use core::{cell::UnsafeCell, ffi::c_void};

use wdk_sys::{
    _TIMER_TYPE, KDPC, KTIMER, PKDPC, PVOID,
    ntddk::{KeCancelTimer, KeInitializeDpc, KeInitializeTimerEx, KeSetTimerEx},
};

use super::device_object::{time, zeroed};

/// What a timer calls, at `DISPATCH_LEVEL`.
pub type Routine = extern "C" fn(PKDPC, PVOID, PVOID, PVOID);

/// A timer that stays where it is once it is ready; its owner cancels it, and waits for the routine, before it goes.
pub struct KernelTimer {
    timer: UnsafeCell<KTIMER>,
    dpc: UnsafeCell<KDPC>,
}

impl KernelTimer {
    /// Not ready: [`KernelTimer::ready`] must follow in place.
    pub const fn new() -> Self {
        Self {
            timer: UnsafeCell::new(zeroed()),
            dpc: UnsafeCell::new(zeroed()),
        }
    }

    /// Makes it ready in place.
    pub fn ready(&self, routine: Routine, context: *mut c_void) {
        // SAFETY: The timer stays where it is, as the type says.
        unsafe { KeInitializeTimerEx(self.timer.get(), _TIMER_TYPE::NotificationTimer) };
        // SAFETY: As for the timer.
        unsafe { KeInitializeDpc(self.dpc.get(), Some(routine), context) };
    }

    /// Starts it, or starts it anew; whether it was running. Units of 100 ns, negative: from now; the period in milliseconds.
    pub fn start(&self, due: i64, period: i32) -> bool {
        // SAFETY: Timer and DPC are ready.
        unsafe { KeSetTimerEx(self.timer.get(), time(due), period, self.dpc.get()) != 0 }
    }

    /// Stops it; whether it was running.
    pub fn cancel(&self) -> bool {
        // SAFETY: The timer is ready.
        unsafe { KeCancelTimer(self.timer.get()) != 0 }
    }
}
