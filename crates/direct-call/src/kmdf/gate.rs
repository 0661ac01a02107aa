//! Who may use an interface, and when: requests enter while the driver holds it, and giving it back waits for those inside.
//!
//! The kernel's run-down protection. A power-managed queue would order requests and release without it, but would answer requests after
//! a surprise removal itself (`STATUS_INVALID_DEVICE_STATE`); behind a gate a driver chooses the status.
#![allow(unsafe_code, reason = "calls the kernel's run-down protection")]

use core::cell::UnsafeCell;

use wdk_sys::EX_RUNDOWN_REF;
use wdk_sys::ntddk::{
    ExAcquireRundownProtection, ExInitializeRundownProtection, ExReInitializeRundownProtection,
    ExReleaseRundownProtection, ExWaitForRundownProtectionRelease,
};

/// A gate in a device's context space, closed until [`Gate::open`].
#[derive(Debug)]
pub struct Gate(UnsafeCell<EX_RUNDOWN_REF>);

// SAFETY: run-down protection is made to be used by many threads at once.
unsafe impl Sync for Gate {}

/// A request inside. Dropping it leaves.
#[derive(Debug)]
pub struct Entered<'a>(&'a Gate);

impl Gate {
    /// Makes the zeroed gate of a new device, closed. Called once, before any request can come.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn initialize(&self) {
        // SAFETY: the context space outlives its device's callbacks, and nobody uses the gate yet.
        unsafe { ExInitializeRundownProtection(self.0.get()) };
        self.close();
    }

    /// Lets requests in.
    pub fn open(&self) {
        // SAFETY: initialized in `initialize`, and closed: prepare follows `initialize` or a release.
        unsafe { ExReInitializeRundownProtection(self.0.get()) };
    }

    /// Enters, unless the gate is closed. IRQL <= `DISPATCH_LEVEL`.
    #[must_use]
    pub fn enter(&self) -> Option<Entered<'_>> {
        // SAFETY: initialized in `initialize`.
        let admitted = unsafe { ExAcquireRundownProtection(self.0.get()) };
        (admitted != 0).then(|| Entered(self))
    }

    /// Keeps requests out, and waits for those inside.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn close(&self) {
        // SAFETY: initialized in `initialize`.
        unsafe { ExWaitForRundownProtectionRelease(self.0.get()) };
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // SAFETY: acquired in `enter`, given back once.
        unsafe { ExReleaseRundownProtection(self.0.0.get()) };
    }
}
