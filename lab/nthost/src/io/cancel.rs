//! The cancel spin lock and `IoCancelIrp`.
#![allow(unsafe_code, reason = "calls cancel routines that drivers set")]

use core::sync::atomic::AtomicUsize;

use crate::abi::{DISPATCH_LEVEL, IRP, KIRQL, KSPIN_LOCK};
use crate::ke::{self, irql, spin_lock};

use super::irp::Irp;
use crate::verifier::locks::{self, Kind};

/// The lock's word, shared with the spin-lock code by pointer.
static CANCEL_LOCK: AtomicUsize = AtomicUsize::new(0);

const fn lock() -> *mut KSPIN_LOCK {
    CANCEL_LOCK.as_ptr()
}

/// `IoAcquireCancelSpinLock`: raises to `DISPATCH_LEVEL` and returns the level before.
pub(super) fn acquire() -> KIRQL {
    let before = irql::raise(DISPATCH_LEVEL);
    // SAFETY: the lock is a static, zeroed as a lock begins.
    unsafe { spin_lock::acquire_as(lock(), Kind::Cancel) };
    before
}

/// `IoReleaseCancelSpinLock`: goes back to the level that [`acquire`] returned.
pub(super) fn release(to: KIRQL) {
    // SAFETY: whoever releases has acquired it: the protocol of the cancel lock.
    unsafe { spin_lock::release(lock()) };
    irql::lower(to);
}

/// `IoCancelIrp`: marks the request cancelled and calls its cancel routine, if it has one, with the lock held. The routine
/// releases it.
pub(super) fn cancel(irp: *mut IRP) -> bool {
    let irp = Irp::of_driver(irp, "cancels");
    let before = acquire();
    let mut routine = None;
    irp.update(|fields| {
        fields.Cancel = 1;
        fields.CancelIrql = before;
        routine = fields.CancelRoutine.take();
    });
    let Some(routine) = routine else {
        release(before);
        return false;
    };
    let fields = irp.read();
    let device = if fields.CurrentLocation <= fields.StackCount {
        irp.location(fields.CurrentLocation).DeviceObject
    } else {
        core::ptr::null_mut()
    };
    // The routine leaves at another level than it was called at: that of before the lock.
    irql::lower(before);
    ke::call("a cancel routine", routine as usize, || {
        // The routine releases the lock with the level that `CancelIrql` has.
        let _ = irql::raise(DISPATCH_LEVEL);
        // SAFETY: the driver set the routine for this packet, and the cancel lock is held.
        unsafe { routine(device, irp.as_ptr()) };
        locks::check_released("a cancel routine", routine as usize, lock().addr());
    });
    true
}
