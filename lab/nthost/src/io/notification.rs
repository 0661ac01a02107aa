//! `IoRegisterPlugPlayNotification`: drivers that are told of devices that come and go.
//!
//! Before the `PnP` manager asks a device's drivers whether it may go, it asks whoever has registered a file of the device, and tells
//! them how it ended. Changes of device interfaces are told later, on the thread of the `PnP` manager.
//!
//! Not modelled: hardware profiles, `IoReportTargetDeviceChange`.
#![allow(unsafe_code, reason = "calls notification routines that drivers register")]
#![allow(non_snake_case, reason = "exports have their Windows names")]
#![allow(non_upper_case_globals, reason = "categories have their Windows names")]

use core::ffi::c_void;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use super::device::Device;
use super::driver::Driver;
use super::interface;
use crate::abi::{
    DEVICE_INTERFACE_CHANGE_NOTIFICATION, DRIVER_NOTIFICATION_CALLBACK_ROUTINE, DRIVER_OBJECT,
    EventCategoryDeviceInterfaceChange, EventCategoryTargetDeviceChange, FILE_OBJECT, GUID, NTSTATUS,
    PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES, PVOID, STATUS_INVALID_PARAMETER,
    STATUS_NO_SUCH_DEVICE, STATUS_SUCCESS, TARGET_DEVICE_REMOVAL_NOTIFICATION,
};
use crate::ke::thread;
use crate::rtl::unicode::Unicode;
use crate::verifier::{self, Leak, Owner, rules};
use crate::{ke, ob, pnp};

crate::exports! {
    IoRegisterPlugPlayNotification <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoUnregisterPlugPlayNotification <= PASSIVE_LEVEL;
    IoUnregisterPlugPlayNotificationEx <= PASSIVE_LEVEL;
}

/// The events of wdmguid.h, which differ in one byte.
const fn event(number: u32) -> GUID {
    GUID {
        Data1: number,
        Data2: 0x46f0,
        Data3: 0x11d0,
        Data4: [0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f],
    }
}

const GUID_DEVICE_INTERFACE_ARRIVAL: GUID = event(0xcb3a_4004);
const GUID_DEVICE_INTERFACE_REMOVAL: GUID = event(0xcb3a_4005);
const GUID_TARGET_DEVICE_QUERY_REMOVE: GUID = event(0xcb3a_4006);
const GUID_TARGET_DEVICE_REMOVE_CANCELLED: GUID = event(0xcb3a_4007);
const GUID_TARGET_DEVICE_REMOVE_COMPLETE: GUID = event(0xcb3a_4008);

/// The version of both notification structures, wdm.h.
const VERSION: u16 = 1;

/// What a registration is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// The device interfaces of a class.
    Interfaces(GUID),
    /// The device of a file, by its PDO, which is referenced; the file's address is only passed back.
    Target { pdo: Device, file: usize },
}

struct Registration {
    subject: Subject,
    /// Referenced.
    driver: Driver,
    callback: DRIVER_NOTIFICATION_CALLBACK_ROUTINE,
    context: usize,
    owner: Owner,
    /// The threads that are in the callback.
    running: Vec<ThreadId>,
    /// Unregistered, and kept until nobody is in the callback.
    ended: bool,
}

/// Registrations by their number, in the order in which they were made; a number is never used again.
struct Registrations {
    last: usize,
    entries: BTreeMap<usize, Registration>,
}

static REGISTRATIONS: Mutex<Registrations> = Mutex::new(Registrations {
    last: 0,
    entries: BTreeMap::new(),
});
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Registrations> {
    REGISTRATIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn leaks() -> Vec<Leak> {
    let what = |subject: &Subject| match subject {
        Subject::Interfaces(class) => format!("device interfaces of the class {class}"),
        Subject::Target { pdo, .. } => pdo.describe(),
    };
    let entries = &lock().entries;
    let left = entries.values().filter(|entry| !entry.ended);
    left.map(|entry| Leak {
        rule: rules::REGISTRATION_LEFT,
        what: format!("registration for notifications about {}", what(&entry.subject)),
        owner: entry.owner,
    })
    .collect()
}

/// The registrations about a subject, in their order.
fn about(wanted: impl Fn(&Subject) -> bool) -> Vec<usize> {
    let registrations = lock();
    let found = registrations
        .entries
        .iter()
        .filter(|(_, entry)| !entry.ended && wanted(&entry.subject));
    found.map(|(number, _)| *number).collect()
}

fn about_device(pdo: Device) -> Vec<usize> {
    about(|subject| matches!(subject, Subject::Target { pdo: known, .. } if *known == pdo))
}

/// Calls a registration's routine with the structure that `notify` makes of its subject; `None` if it was unregistered meanwhile.
fn call(number: usize, notify: impl FnOnce(Subject, &mut dyn FnMut(PVOID))) -> Option<NTSTATUS> {
    let this = std::thread::current().id();
    let (routine, context, subject) = {
        let mut registrations = lock();
        let entry = registrations.entries.get_mut(&number)?;
        let routine = entry.callback.filter(|_| !entry.ended)?;
        entry.running.push(this);
        (routine, entry.context, entry.subject)
    };
    let mut status = STATUS_SUCCESS;
    notify(subject, &mut |structure| {
        status = ke::call("a notification routine", routine as usize, || {
            // SAFETY: the driver registered the routine for such structures, with this context; the registration is kept meanwhile.
            unsafe { routine(structure, core::ptr::with_exposed_provenance_mut(context)) }
        });
    });
    leave(number, this);
    Some(status)
}

/// The thread has left the routine of a registration, which goes if it has ended meanwhile.
fn leave(number: usize, thread: ThreadId) {
    let mut registrations = lock();
    if let Some(entry) = registrations.entries.get_mut(&number) {
        if let Some(place) = entry.running.iter().position(|running| *running == thread) {
            entry.running.remove(place);
        }
        discard_ended(registrations, number);
    }
    CHANGED.notify_all();
}

/// Drops a registration that has ended, as soon as nobody is in its routine.
fn discard_ended(mut registrations: MutexGuard<'_, Registrations>, number: usize) {
    let over = |entry: &Registration| entry.ended && entry.running.is_empty();
    if !registrations.entries.get(&number).is_some_and(over) {
        return;
    }
    let entry = registrations.entries.remove(&number);
    drop(registrations);
    if let Some(entry) = entry {
        if let Subject::Target { pdo, .. } = entry.subject {
            pdo.dereference();
        }
        // The routine has returned: the image may go with this.
        ob::dereference(entry.driver.as_ptr().cast());
    }
}

/// Tells one registration of an event of its device.
fn tell_of_device(number: usize, event: GUID) -> Option<NTSTATUS> {
    call(number, |subject, deliver| {
        let Subject::Target { file, .. } = subject else {
            return;
        };
        let mut notification = TARGET_DEVICE_REMOVAL_NOTIFICATION {
            Version: VERSION,
            Size: size_of_u16::<TARGET_DEVICE_REMOVAL_NOTIFICATION>(),
            Event: event,
            FileObject: core::ptr::with_exposed_provenance_mut(file),
        };
        deliver((&raw mut notification).cast());
    })
}

/// Tells one registration of an event of a device interface.
fn tell_of_interface(number: usize, event: GUID, link: &str) {
    let mut link = Unicode::new(link);
    // The status of a routine for interfaces has no meaning.
    let _ = call(number, |subject, deliver| {
        let Subject::Interfaces(class) = subject else {
            return;
        };
        let mut notification = DEVICE_INTERFACE_CHANGE_NOTIFICATION {
            Version: VERSION,
            Size: size_of_u16::<DEVICE_INTERFACE_CHANGE_NOTIFICATION>(),
            Event: event,
            InterfaceClassGuid: class,
            SymbolicLinkName: link.as_mut_ptr(),
        };
        deliver((&raw mut notification).cast());
    });
}

fn size_of_u16<T>() -> u16 {
    u16::try_from(size_of::<T>()).unwrap_or(u16::MAX)
}

/// Whoever vetoes a removal: the driver's service, and the status of its routine.
pub struct Veto {
    /// The service.
    pub service: String,
    /// The status.
    pub status: NTSTATUS,
}

/// `GUID_TARGET_DEVICE_QUERY_REMOVE`, before the devices' own drivers are asked.
///
/// # Errors
/// The first routine that refuses. Those that were asked before it are told that the removal is cancelled.
pub fn ask_removal(pdos: &[Device]) -> Result<(), Veto> {
    let registered: Vec<usize> = pdos.iter().flat_map(|pdo| about_device(*pdo)).collect();
    for (place, number) in registered.iter().enumerate() {
        let refused =
            tell_of_device(*number, GUID_TARGET_DEVICE_QUERY_REMOVE).filter(|status| !status.is_success());
        if let Some(status) = refused {
            let service = lock().entries.get(number).map(|entry| entry.driver);
            for told in registered[..place].iter().rev() {
                let _ = tell_of_device(*told, GUID_TARGET_DEVICE_REMOVE_CANCELLED);
            }
            let service = service.map_or_else(String::new, super::service_of);
            return Err(Veto { service, status });
        }
    }
    Ok(())
}

/// `GUID_TARGET_DEVICE_REMOVE_CANCELLED`, after the devices' own drivers were told.
pub fn removal_cancelled(pdos: &[Device]) {
    tell_of_devices(pdos.iter().rev(), GUID_TARGET_DEVICE_REMOVE_CANCELLED);
}

/// `GUID_TARGET_DEVICE_REMOVE_COMPLETE`: before `IRP_MN_REMOVE_DEVICE`, and after `IRP_MN_SURPRISE_REMOVAL`.
pub fn removed(pdos: &[Device]) {
    tell_of_devices(pdos.iter(), GUID_TARGET_DEVICE_REMOVE_COMPLETE);
}

/// No routine can object to these.
fn tell_of_devices<'a>(pdos: impl Iterator<Item = &'a Device>, event: GUID) {
    for number in pdos.flat_map(|pdo| about_device(*pdo)) {
        let _ = tell_of_device(number, event);
    }
}

/// A device interface was enabled or disabled: whoever registered for its class is told, soon.
pub(super) fn interface_changed(class: GUID, link: String, enabled: bool) {
    let event = if enabled {
        GUID_DEVICE_INTERFACE_ARRIVAL
    } else {
        GUID_DEVICE_INTERFACE_REMOVAL
    };
    pnp::post(move || {
        for number in about(|subject| *subject == Subject::Interfaces(class)) {
            tell_of_interface(number, event, &link);
        }
    });
}

unsafe extern "win64" fn IoRegisterPlugPlayNotification(
    category: i32,
    flags: u32,
    data: *const c_void,
    driver: *mut DRIVER_OBJECT,
    callback: DRIVER_NOTIFICATION_CALLBACK_ROUTINE,
    context: PVOID,
    entry: *mut PVOID,
) -> NTSTATUS {
    if data.is_null() || callback.is_none() {
        return STATUS_INVALID_PARAMETER;
    }
    // SAFETY: the driver keeps the routine's contract about EventCategoryData.
    let Some(subject) = (unsafe { subject_of(category, data) }) else {
        return STATUS_NO_SUCH_DEVICE;
    };
    let number = register(
        subject,
        Driver::of_driver(driver),
        callback,
        context.expose_provenance(),
    );
    // SAFETY: the driver gives a place for the entry.
    unsafe { entry.write(core::ptr::without_provenance_mut(number)) };
    if let Subject::Interfaces(class) = subject
        && flags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES != 0
    {
        for link in interface::links_with(&class, None, false) {
            tell_of_interface(number, GUID_DEVICE_INTERFACE_ARRIVAL, &link);
        }
    }
    STATUS_SUCCESS
}

/// What a registration is to be about; `None` for a file whose device is not one of Plug and Play.
///
/// # Safety
/// `data` is what the category asks for: the GUID of a class, or a file object.
unsafe fn subject_of(category: i32, data: *const c_void) -> Option<Subject> {
    match category {
        EventCategoryDeviceInterfaceChange => {
            // SAFETY: the caller promises a GUID for this category.
            Some(Subject::Interfaces(unsafe { data.cast::<GUID>().read() }))
        }
        EventCategoryTargetDeviceChange => {
            // SAFETY: the caller promises a file object for this category.
            let device = unsafe { (*data.cast::<FILE_OBJECT>()).DeviceObject };
            target(Device::of_driver(device), data.expose_provenance())
        }
        other => verifier::unsupported(&format!(
            "IoRegisterPlugPlayNotification for event category {other}"
        )),
    }
}

/// The `PnP` device that a device object belongs to, with a reference to its PDO.
fn target(device: Device, file: usize) -> Option<Subject> {
    let pdo = std::iter::successors(Some(device), |device| device.lower()).last()?;
    pnp::instance_of(pdo)?;
    pdo.reference();
    Some(Subject::Target { pdo, file })
}

fn register(
    subject: Subject,
    driver: Driver,
    callback: DRIVER_NOTIFICATION_CALLBACK_ROUTINE,
    context: usize,
) -> usize {
    verifier::register_auditor(leaks);
    ob::reference(driver.as_ptr().cast());
    let registration = Registration {
        subject,
        driver,
        callback,
        context,
        owner: verifier::owner(),
        running: Vec::new(),
        ended: false,
    };
    let mut registrations = lock();
    registrations.last += 1;
    let number = registrations.last;
    registrations.entries.insert(number, registration);
    number
}

/// Returns at once: the routine may still run.
unsafe extern "win64" fn IoUnregisterPlugPlayNotification(entry: PVOID) -> NTSTATUS {
    unregister(entry.addr());
    STATUS_SUCCESS
}

/// Waits until no other thread is in the routine.
unsafe extern "win64" fn IoUnregisterPlugPlayNotificationEx(entry: PVOID) -> NTSTATUS {
    let number = entry.addr();
    unregister(number);
    let _activity = thread::activity("IoUnregisterPlugPlayNotificationEx, which waits for the routine");
    let this = std::thread::current().id();
    let elsewhere = |registrations: &mut Registrations| {
        let entry = registrations.entries.get(&number);
        entry.is_some_and(|entry| entry.running.iter().any(|thread| *thread != this))
    };
    drop(
        CHANGED
            .wait_while(lock(), elsewhere)
            .unwrap_or_else(PoisonError::into_inner),
    );
    STATUS_SUCCESS
}

fn unregister(number: usize) {
    let mut registrations = lock();
    let entry = registrations.entries.get_mut(&number);
    let Some(entry) = entry.filter(|entry| !entry.ended) else {
        drop(registrations);
        let what = format!(
            "unregisters {number:#x}, which is no registration for notifications, or one that has ended"
        );
        verifier::broken(rules::REGISTRATION_INVALID, &what, verifier::owner());
    };
    entry.ended = true;
    discard_ended(registrations, number);
}
