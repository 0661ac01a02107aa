//! A WDFWAITLOCK in a device's context space.
#![allow(unsafe_code, reason = "framework calls")]

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use direct_call::Failure;
use direct_call::call_wdf;
use direct_call::kmdf::{Device, object_attributes_of};
use wdk_sys::{WDFWAITLOCK, WDFWAITLOCK__};

/// A lock that goes with its device. Not recursive.
pub struct WaitLock(AtomicPtr<WDFWAITLOCK__>);

/// The lock, held. Dropping it lets go.
pub struct Held<'a>(&'a WaitLock);

impl WaitLock {
    /// Makes the zeroed lock of a new device. Called once, before anybody holds it.
    ///
    /// # Errors
    ///
    /// What `WdfWaitLockCreate` answers.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn initialize(&self, device: Device<'_>) -> Result<(), Failure> {
        let (mut attributes, mut lock) = (object_attributes_of(device), ptr::null_mut());
        // SAFETY: attributes that are copied, and a place for the result.
        let status = unsafe { call_wdf!(WdfWaitLockCreate, &raw mut attributes, &raw mut lock) };
        Failure::check(status)?;
        self.0.store(lock, Ordering::Relaxed);
        Ok(())
    }

    /// Waits for the lock.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    #[must_use]
    pub fn hold(&self) -> Held<'_> {
        // SAFETY: made in `initialize`; without a timeout it succeeds.
        let _status = unsafe { call_wdf!(WdfWaitLockAcquire, self.raw(), ptr::null_mut()) };
        Held(self)
    }

    fn raw(&self) -> WDFWAITLOCK {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // SAFETY: acquired in `hold` by this thread, given back once.
        unsafe { call_wdf!(WdfWaitLockRelease, self.0.raw()) };
    }
}
