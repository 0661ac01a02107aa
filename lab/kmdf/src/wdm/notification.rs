//! Being told that a device is about to go.
#![allow(
    unsafe_code,
    reason = "registers a routine with the `PnP` manager and reads what that gets"
)]

use core::{ffi::c_void, ptr};

use wdk_sys::{
    _IO_NOTIFICATION_EVENT_CATEGORY, GUID, NTSTATUS, PFILE_OBJECT, PVOID, TARGET_DEVICE_REMOVAL_NOTIFICATION,
    ntddk::{IoRegisterPlugPlayNotification, IoUnregisterPlugPlayNotificationEx},
};

use super::device_object::DriverObject;
use crate::{
    failure::{Outcome, check},
    query_interface::same,
};

/// What the `PnP` manager calls: a notification structure and the context.
pub type Routine = extern "C" fn(PVOID, PVOID) -> NTSTATUS;

/// A registration for the events of a device that is open.
#[derive(Clone, Copy)]
pub struct Registration(*mut c_void);

impl Registration {
    /// Has `routine` called with `context` when the device of this file is about to go.
    ///
    /// # Errors
    /// What `IoRegisterPlugPlayNotification` returns.
    pub fn new(
        file: PFILE_OBJECT,
        driver: DriverObject,
        routine: Routine,
        context: *mut c_void,
    ) -> Outcome<Self> {
        let mut entry = ptr::null_mut();
        // SAFETY: A file object with a reference, a driver object, a routine for target devices whose context its owner keeps until it
        // unregisters, and a place for the result.
        check(unsafe {
            IoRegisterPlugPlayNotification(
                _IO_NOTIFICATION_EVENT_CATEGORY::EventCategoryTargetDeviceChange,
                0,
                file.cast(),
                driver.pointer(),
                Some(routine),
                context,
                &raw mut entry,
            )
        })?;
        Ok(Self(entry))
    }

    /// Ends it, and waits for a call of the routine on another thread.
    pub fn end(self) {
        // SAFETY: Made by `new`, and ended once, by whoever took it out of its place.
        let _ended = unsafe { IoUnregisterPlugPlayNotificationEx(self.0) };
    }
}

/// An event of a target device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// May it go?
    QueryRemove,
    /// It stays.
    RemoveCancelled,
    /// It is gone, or about to be.
    RemoveComplete,
}

/// wdmguid.h: the GUIDs of the events, which differ in their first part.
const EVENTS: [(u32, Event); 3] = [
    (0xCB3A_4006, Event::QueryRemove),
    (0xCB3A_4007, Event::RemoveCancelled),
    (0xCB3A_4008, Event::RemoveComplete),
];

const fn guid(first: u32) -> GUID {
    GUID {
        Data1: first,
        Data2: 0x46F0,
        Data3: 0x11D0,
        Data4: [0xB0, 0x8F, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3F],
    }
}

/// The event that a [`Routine`] is told of, `None` for one that the device's driver made up.
pub fn event(structure: PVOID) -> Option<Event> {
    // SAFETY: The argument of a routine that `Registration::new` registered: such a structure, of which the event is in every kind.
    let event = unsafe { (*structure.cast::<TARGET_DEVICE_REMOVAL_NOTIFICATION>()).Event };
    let found = EVENTS.iter().find(|(first, _)| same(&guid(*first), &event));
    found.map(|(_, event)| *event)
}
