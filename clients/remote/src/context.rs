//! What the device holds, and the interface that it is about.
#![allow(
    unsafe_code,
    reason = "binds a table to its GUID; handles that live as long as the device"
)]

use core::ffi::c_void;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use direct_call::kmdf::{Client, Gate, Slot, Target};
use direct_call::{Failure, bind, device_context};
use sample_interface::SAMPLE_INTERFACE_2;
use wdk_sys::{WDFIOTARGET__, WDFWORKITEM__};

use crate::wait_lock::WaitLock;

bind! {
    /// Version 2: its routines outlive a surprise removal with a status. (The contract crate binds the GUID to this table.)
    pub enum SampleInterface2: unsafe table(SAMPLE_INTERFACE_2, InterfaceHeader), guid(SAMPLE_INTERFACE_2::GUID), version(SAMPLE_INTERFACE_2::VERSION);
}

/// The context space of the device.
pub struct RemoteContext {
    /// A child, while there is one. Made with the device, which it goes with.
    pub target: AtomicPtr<WDFIOTARGET__>,
    /// Looks for a child. Made with the device, which it goes with.
    pub search: AtomicPtr<WDFWORKITEM__>,
    /// The registration for children that come, from prepare to release.
    pub arrivals: AtomicPtr<c_void>,
    /// Held by a search: work items that were queued twice may run side by side.
    pub searching: WaitLock,
    /// Held while `doubler` is filled or emptied; a search has the other one already.
    pub lock: WaitLock,
    /// Whether the target is one child's: open, or closed for a removal that is not over. Changed with the lock held. (The target's own
    /// state does not tell: a new one calls itself started.)
    pub engaged: AtomicBool,
    /// Whether the device is on its way out; changed with the lock held.
    pub leaving: AtomicBool,
    /// Open while `doubler` is filled.
    pub gate: Gate,
    /// The interface of the child behind `target`; requests look at it inside the gate.
    pub doubler: Slot<Client<SampleInterface2>>,
}

device_context!(RemoteContext, c"RemoteContext");

impl RemoteContext {
    /// The target.
    pub fn target(&self) -> Target<'_> {
        // SAFETY: made in `entry::add` before anybody looks, and a child of the device that this context belongs to.
        unsafe { Target::from_raw(self.target.load(Ordering::Relaxed)) }
    }

    /// Doubles `value` by a direct call.
    ///
    /// # Errors
    ///
    /// `STATUS_INTEGER_OVERFLOW` when the result does not fit.
    pub fn double(doubler: &Client<SampleInterface2>, mut value: i32) -> Result<i32, Failure> {
        // SAFETY: the table was checked by `Client::query_target`, and `doubler` holds its reference; `value` is on the stack.
        let status = unsafe { (doubler.table().SampleDouble)(&raw mut value) };
        Failure::check(status.0).map(|()| value)
    }
}
