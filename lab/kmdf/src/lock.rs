//! WDFSPINLOCK and WDFWAITLOCK.
#![allow(unsafe_code, reason = "kernel locks live in cells and are passed by address")]

use core::cell::{Cell, UnsafeCell};

use wdk_sys::{
    KIRQL, KSPIN_LOCK, NT_SUCCESS, PLONGLONG, PWDF_OBJECT_ATTRIBUTES, STATUS_SUCCESS, STATUS_TIMEOUT,
    WDFSPINLOCK, WDFWAITLOCK,
    ntddk::{KeAcquireSpinLockRaiseToDpc, KeReleaseSpinLock},
};

use crate::{
    object::{Attributes, Header, Parent, create},
    wdm::sync::Gate,
};

/// What a WDFSPINLOCK stands for.
#[repr(C)]
pub struct SpinLockObject {
    header: Header,
    lock: UnsafeCell<KSPIN_LOCK>,
    /// The IRQL to return to, of whoever holds it.
    irql: Cell<KIRQL>,
}

framework! {
    SpinLockObject: SpinLock
}

/// What a WDFWAITLOCK stands for.
#[repr(C)]
pub struct WaitLock {
    header: Header,
    gate: Gate,
}

framework! {
    WaitLock: WaitLock
}

ddi! {
    /// Creates a spin lock.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfSpinLockCreate: PFN_WDFSPINLOCKCREATE(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, lock: *mut WDFSPINLOCK,
    ) -> NTSTATUS {
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let header = Header::new::<SpinLockObject>(call.client);
        let object = SpinLockObject { header, lock: UnsafeCell::new(0), irql: Cell::new(0) };
        let object = create(object, &attributes, call.parent(&attributes, None))?;
        lock.not_null(call).put(object.handle());
        Ok(())
    }

    /// Takes a spin lock; `DISPATCH_LEVEL` until it is released.
    fn WdfSpinLockAcquire: PFN_WDFSPINLOCKACQUIRE(call, lock: WDFSPINLOCK) {
        let lock = lock.object(call);
        // SAFETY: A spin lock in nonpaged memory that only kernel routines touch.
        let irql = unsafe { KeAcquireSpinLockRaiseToDpc(lock.lock.get()) };
        lock.irql.set(irql);
    }

    /// Releases it.
    fn WdfSpinLockRelease: PFN_WDFSPINLOCKRELEASE(call, lock: WDFSPINLOCK) {
        let lock = lock.object(call);
        // SAFETY: The driver holds the lock, which was taken at this IRQL.
        unsafe { KeReleaseSpinLock(lock.lock.get(), lock.irql.get()) }
    }

    /// Creates a wait lock.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfWaitLockCreate: PFN_WDFWAITLOCKCREATE(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, lock: *mut WDFWAITLOCK,
    ) -> NTSTATUS {
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let header = Header::new::<WaitLock>(call.client);
        let object = WaitLock { header, gate: Gate::zeroed() };
        let object = create(object, &attributes, call.parent(&attributes, None))?;
        object.gate.ready();
        lock.not_null(call).put(object.handle());
        Ok(())
    }

    /// Takes a wait lock, waiting at most this long. `STATUS_TIMEOUT`, a success code, says that it did not.
    /// IRQL: `PASSIVE_LEVEL`, with a timeout of zero `DISPATCH_LEVEL` too.
    fn WdfWaitLockAcquire: PFN_WDFWAITLOCKACQUIRE(call, lock: WDFWAITLOCK, timeout: PLONGLONG) -> i32 {
        if lock.object(call).gate.take(timeout.get()) { STATUS_SUCCESS } else { STATUS_TIMEOUT }
    }

    /// Releases it.
    fn WdfWaitLockRelease: PFN_WDFWAITLOCKRELEASE(call, lock: WDFWAITLOCK) {
        lock.object(call).gate.give();
    }
}

const _: () = assert!(NT_SUCCESS(STATUS_TIMEOUT));
