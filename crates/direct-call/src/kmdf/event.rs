//! The kernel event on which a removal waits for calls in progress.
#![allow(unsafe_code, reason = "KEVENT routines")]

use core::cell::UnsafeCell;
use core::ptr;

use wdk_sys::{
    _EVENT_TYPE, _KWAIT_REASON, _MODE, KEVENT,
    ntddk::{KeInitializeEvent, KeSetEvent, KeWaitForSingleObject},
};

use crate::rundown::Sleeper;

/// `FALSE`, ntdef.h.
const FALSE: u8 = 0;
/// `IO_NO_INCREMENT`, wdm.h.
const NO_INCREMENT: i32 = 0;

/// A `KEVENT` in the counted context, which is nonpaged and does not move.
#[derive(Debug, Default)]
pub(super) struct Event(UnsafeCell<KEVENT>);

#[expect(
    clippy::non_send_fields_in_send_ty,
    reason = "the pointers in a KEVENT are the kernel's"
)]
// SAFETY: after `prepare` only the kernel's event routines touch the cell, and they lock.
unsafe impl Send for Event {}
// SAFETY: as for Send.
unsafe impl Sync for Event {}

impl Sleeper for Event {
    fn prepare(&self) {
        // SAFETY: the counted context calls this once, at the event's final, nonpaged address, before it is
        // shared.
        unsafe { KeInitializeEvent(self.0.get(), _EVENT_TYPE::NotificationEvent, FALSE) };
    }

    fn sleep(&self) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "KPROCESSOR_MODE is a CCHAR, and KernelMode is 0"
        )]
        let kernel_mode = _MODE::KernelMode as i8;
        // SAFETY: initialised in `prepare`; the remover is at PASSIVE_LEVEL, as `Rundown::remove` demands.
        // Without a timeout and not alertable, it returns only when the event is set.
        let _status = unsafe {
            KeWaitForSingleObject(
                self.0.get().cast(),
                _KWAIT_REASON::Executive,
                kernel_mode,
                FALSE,
                ptr::null_mut(),
            )
        };
    }

    fn wake(&self) {
        // SAFETY: initialised in `prepare`; with Wait FALSE it may be called up to DISPATCH_LEVEL.
        unsafe { KeSetEvent(self.0.get(), NO_INCREMENT, FALSE) };
    }
}
