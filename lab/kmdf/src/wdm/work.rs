//! Work items of the I/O manager.
#![allow(unsafe_code, reason = "hands the address of an object to a worker thread")]

use core::ffi::c_void;

use wdk_sys::{
    _WORK_QUEUE_TYPE, PIO_WORKITEM, POWER_STATE,
    ntddk::{IoAllocateWorkItem, IoFreeWorkItem, IoQueueWorkItem, PoRequestPowerIrp},
};

use super::device_object::DeviceObject;
use crate::{failure::Outcome, pool::NO_MEMORY};

/// What a worker thread calls.
pub type Routine = extern "C" fn(wdk_sys::PDEVICE_OBJECT, *mut c_void);

/// A work item, freed when dropped: not while it is queued.
pub struct IoWorkItem(PIO_WORKITEM);

impl IoWorkItem {
    /// A work item that keeps this device object while it is queued.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn new(device: DeviceObject) -> Outcome<Self> {
        // SAFETY: A device object that the caller holds.
        let item = unsafe { IoAllocateWorkItem(device.pointer()) };
        if item.is_null() {
            Err(NO_MEMORY)
        } else {
            Ok(Self(item))
        }
    }

    /// Has a worker thread call this routine. IRQL: at most `DISPATCH_LEVEL`. Not again before the routine
    /// was called.
    pub fn queue(&self, routine: Routine, context: *mut c_void) {
        // SAFETY: Allocated by `new`, not queued, and its owner keeps `context` until the routine was called.
        unsafe { IoQueueWorkItem(self.0, Some(routine), _WORK_QUEUE_TYPE::DelayedWorkQueue, context) }
    }
}

impl Drop for IoWorkItem {
    fn drop(&mut self) {
        // SAFETY: Allocated by `new`, freed once, not queued as the type says.
        unsafe { IoFreeWorkItem(self.0) }
    }
}

/// What the power manager calls when a device power IRP is done.
pub type PowerRoutine =
    extern "C" fn(wdk_sys::PDEVICE_OBJECT, u8, POWER_STATE, *mut c_void, wdk_sys::PIO_STATUS_BLOCK);

/// Has the power manager send a power IRP to a device's stack; whether it will.
pub fn request_power(
    device: DeviceObject,
    minor: u8,
    state: POWER_STATE,
    done: PowerRoutine,
    context: *mut c_void,
) -> bool {
    // SAFETY: A device of the framework; the routine gets `context` back, which its owner keeps until then.
    let status = unsafe {
        PoRequestPowerIrp(
            device.pointer(),
            minor,
            state,
            Some(done),
            context,
            core::ptr::null_mut(),
        )
    };
    wdk_sys::NT_SUCCESS(status)
}
