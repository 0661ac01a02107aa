//! Driver objects: from a service's name to a running `DriverEntry`, and back.
#![allow(unsafe_code, reason = "driver objects are shared with drivers by pointer")]

use core::ffi::c_void;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::device::Device;
use super::irp::{self, Irp};
use crate::abi::{
    DEVICE_OBJECT, DO_DEVICE_INITIALIZING, DRIVER_ADD_DEVICE, DRIVER_EXTENSION, DRIVER_INITIALIZE,
    DRIVER_OBJECT, IO_TYPE_DRIVER, IRP, MAJOR_FUNCTION_COUNT, NTSTATUS, PVOID, STATUS_IMAGE_ALREADY_LOADED,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_OBJECT_NAME_COLLISION,
    STATUS_SUCCESS,
};
use crate::ldr::{self, ImageRef, LoadError};
use crate::mm::pool::{self, HOST_TAG, Kind, Request};
use crate::ob::{self, ObjectKind, names};
use crate::rtl::unicode::Unicode;
use crate::verifier::{self, Owner, rules};
use crate::{cm, ke, report};

/// Why a driver does not run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DriverError {
    /// There is no such service in the registry.
    #[error("the service {0} is not installed")]
    NoService(String),
    /// The image cannot be loaded.
    #[error("the driver of service {0} cannot be loaded: {1}")]
    Load(String, LoadError),
    /// The image has no entry point.
    #[error("{} has no entry point", .0.display())]
    NoEntry(PathBuf),
    /// `DriverEntry` failed.
    #[error("DriverEntry of service {0} failed: {1}")]
    Entry(String, NTSTATUS),
}

/// A driver object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Driver(*mut DRIVER_OBJECT);

// SAFETY: the pointer is an object of `ob`, which any thread may reference; fields are read and written as Windows does.
unsafe impl Send for Driver {}

impl Driver {
    /// The driver object at a pointer that a driver gives. What is none ends the run.
    #[must_use]
    pub fn of_driver(pointer: *mut DRIVER_OBJECT) -> Self {
        if !ob::is_object(pointer.cast(), ObjectKind::Driver) {
            let what = format!("{pointer:p} is no driver object, or one that has been deleted");
            verifier::broken(rules::DRIVER_INVALID, &what, verifier::owner());
        }
        Self(pointer)
    }

    /// The pointer, for a driver.
    #[must_use]
    pub const fn as_ptr(self) -> *mut DRIVER_OBJECT {
        self.0
    }

    /// A copy of the fields.
    #[must_use]
    pub const fn read(self) -> DRIVER_OBJECT {
        // SAFETY: `of_driver` and `create` let only live objects in; whoever keeps one keeps a reference.
        unsafe { self.0.read() }
    }

    /// Changes the fields.
    pub fn update(self, change: impl FnOnce(&mut DRIVER_OBJECT)) {
        // SAFETY: as for `read`; the borrow ends before any driver runs.
        change(unsafe { &mut *self.0 });
    }

    /// The driver's `AddDevice`, if it is a `PnP` driver.
    #[must_use]
    pub fn add_device(self) -> DRIVER_ADD_DEVICE {
        let extension = self.read().DriverExtension;
        // SAFETY: `create` places the extension in the object's own body.
        unsafe { (*extension).AddDevice }
    }
}

/// What the host keeps about a driver beside its object.
struct Record {
    service: String,
    image: Option<ImageRef>,
    /// What the object's strings point to.
    strings: [Unicode; 2],
    /// `IoAllocateDriverObjectExtension`: client identification and address.
    extensions: Vec<(usize, usize)>,
}

static DRIVERS: Mutex<Option<HashMap<usize, Record>>> = Mutex::new(None);

fn with_drivers<R>(f: impl FnOnce(&mut HashMap<usize, Record>) -> R) -> R {
    f(DRIVERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(HashMap::new))
}

/// The file of a service's image. Without an `ImagePath` it is the service's name in System32\drivers, as on Windows.
fn image_file(service: &str) -> Option<PathBuf> {
    let key = format!(r"{}\{service}", cm::SERVICES);
    let default = || format!(r"{}\{service}.sys", ldr::files::DRIVERS);
    cm::exists(&key).then(|| ldr::files::locate(&cm::text(&key, "ImagePath").unwrap_or_else(default)))
}

/// The service that a driver object runs; empty for what is none.
#[must_use]
pub fn service_of(driver: Driver) -> String {
    with_drivers(|drivers| drivers.get(&driver.0.addr()).map(|record| record.service.clone()))
        .unwrap_or_default()
}

/// The driver object of a service that is loaded.
#[must_use]
pub fn loaded(service: &str) -> Option<Driver> {
    with_drivers(|drivers| {
        let found = drivers
            .iter()
            .find(|(_, record)| record.service.eq_ignore_ascii_case(service));
        found.map(|(address, _)| Driver(core::ptr::with_exposed_provenance_mut(*address)))
    })
}

/// The service whose driver runs an image.
fn service_with(image: &ImageRef) -> Option<String> {
    with_drivers(|drivers| {
        let runs = |record: &&Record| !record.service.is_empty() && record.image.as_ref() == Some(image);
        drivers.values().find(runs).map(|record| record.service.clone())
    })
}

/// Makes a driver object without an image, for the host's own devices.
pub fn create_host_driver(name: &str) -> Driver {
    create(name, None)
}

fn create(service: &str, image: Option<ImageRef>) -> Driver {
    let size = size_of::<DRIVER_OBJECT>() + size_of::<DRIVER_EXTENSION>();
    let body = ob::create_for(Owner::HOST, ObjectKind::Driver, size, deleted);
    if body.is_null() {
        verifier::environment_error("the system gives no memory for a driver object");
    }
    let driver = body.cast::<DRIVER_OBJECT>();
    let name = format!(r"\Driver\{service}");
    let strings = [Unicode::new(&name), Unicode::new(service)];
    let extension = driver.wrapping_add(1).cast::<DRIVER_EXTENSION>();
    // SAFETY: the body was just made, zeroed, with room for both structures.
    let fields = unsafe { &mut *driver };
    fields.Type = IO_TYPE_DRIVER;
    fields.Size = i16::try_from(size_of::<DRIVER_OBJECT>()).unwrap_or(i16::MAX);
    fields.DriverExtension = extension;
    fields.DriverName = strings[0].descriptor();
    fields.MajorFunction = [Some(invalid_device_request); MAJOR_FUNCTION_COUNT];
    if let Some(image) = &image {
        fields.DriverStart = core::ptr::with_exposed_provenance_mut(image.base());
        fields.DriverSize = u32::try_from(image.size()).unwrap_or(u32::MAX);
    }
    // SAFETY: the extension lies in the same body, behind the driver object.
    let extension = unsafe { &mut *extension };
    extension.DriverObject = driver;
    extension.ServiceKeyName = strings[1].descriptor();
    ob::set_description(body, &name);
    // A name that is taken belongs to the same driver, which is still referenced; the new one stays reachable by pointer.
    let _ = names::insert(&name, body);
    let record = Record {
        service: service.to_owned(),
        image,
        strings,
        extensions: Vec::new(),
    };
    with_drivers(|drivers| drivers.insert(body.expose_provenance(), record));
    Driver(driver)
}

/// The last reference to a driver object has gone: so does its image.
fn deleted(body: *mut c_void) {
    names::remove_object(body);
    let Some(record) = with_drivers(|drivers| drivers.remove(&body.addr())) else {
        return;
    };
    for (_, extension) in &record.extensions {
        pool::free(
            core::ptr::with_exposed_provenance_mut(*extension),
            None,
            Owner::HOST,
        );
    }
    drop(record.strings);
    if let Some(image) = record.image {
        ldr::unload(image);
    }
}

/// Loads the driver of a service and runs its `DriverEntry`, unless it runs already.
///
/// # Errors
/// See [`DriverError`]; nothing is left loaded.
pub fn load(service: &str) -> Result<Driver, DriverError> {
    if let Some(driver) = loaded(service) {
        return Ok(driver);
    }
    let path = image_file(service).ok_or_else(|| DriverError::NoService(service.to_owned()))?;
    let failed = |error| DriverError::Load(service.to_owned(), error);
    let image = ldr::load(&path).map_err(failed)?;
    if let Some(other) = service_with(&image) {
        let error = LoadError {
            file: path,
            place: String::from("the image"),
            reason: format!("the service {other} runs it"),
            status: STATUS_IMAGE_ALREADY_LOADED,
        };
        ldr::unload(image);
        return Err(failed(error));
    }
    let Some(entry) = image.entry() else {
        ldr::unload(image);
        return Err(DriverError::NoEntry(path));
    };
    let driver = create(service, Some(image));
    let status = run_entry(driver, service, entry);
    report::driver_entry_ended();
    if !status.is_success() {
        ob::dereference(driver.0.cast());
        return Err(DriverError::Entry(service.to_owned(), status));
    }
    finish_initialization(driver);
    Ok(driver)
}

fn run_entry(driver: Driver, service: &str, entry: usize) -> NTSTATUS {
    let mut path = Unicode::new(&format!(r"{}\{service}", cm::SERVICES));
    // SAFETY: the entry point of a driver image has this type (`DRIVER_INITIALIZE`).
    let routine = unsafe { core::mem::transmute::<usize, DRIVER_INITIALIZE>(entry) };
    let Some(routine) = routine else {
        return STATUS_SUCCESS;
    };
    ke::call("DriverEntry", entry, || {
        // SAFETY: a fresh driver object and a registry path that outlives the call.
        unsafe { routine(driver.0, path.as_mut_ptr()) }
    })
}

/// Devices that were made in `DriverEntry` are ready when it returns.
fn finish_initialization(driver: Driver) {
    for device in devices(driver) {
        device.update(|fields| fields.Flags &= !DO_DEVICE_INITIALIZING);
    }
}

/// The devices of a driver.
fn devices(driver: Driver) -> Vec<Device> {
    let mut next = driver.read().DeviceObject;
    let mut devices = Vec::new();
    while !next.is_null() {
        let device = Device::of_driver(next);
        devices.push(device);
        next = device.read().NextDevice;
    }
    devices
}

/// Unloads a `PnP` driver that has no device left.
pub fn unload_if_idle(driver: Driver) {
    if service_of(driver).is_empty() || !driver.read().DeviceObject.is_null() {
        return;
    }
    if !driver.read().DriverStart.is_null() {
        unload(driver);
    }
}

/// Why the service controller cannot stop a driver, if it cannot.
#[must_use]
pub fn unstoppable(driver: Driver) -> Option<&'static str> {
    if driver.read().DriverUnload.is_none() {
        Some("has no DriverUnload")
    } else if driver.add_device().is_some() {
        Some("is a Plug and Play driver, which goes with its last device")
    } else if devices(driver)
        .into_iter()
        .any(super::file_object::has_open_files)
    {
        Some("has a device that is open; Windows would wait until it is closed")
    } else {
        None
    }
}

/// Unloads every driver that still runs: those without a `PnP` device.
pub fn unload_all() {
    let running = with_drivers(|drivers| {
        let loaded = drivers
            .iter()
            .filter(|(_, record)| record.image.is_some() && !record.service.is_empty());
        loaded.map(|(address, _)| *address).collect::<Vec<_>>()
    });
    for driver in running {
        unload(Driver(core::ptr::with_exposed_provenance_mut(driver)));
    }
}

/// Runs `DriverUnload` and drops the host's reference. The image stays as long as others hold the driver object.
pub fn unload(driver: Driver) {
    if let Some(routine) = driver.read().DriverUnload {
        ke::call("DriverUnload", routine as usize, || {
            // SAFETY: the driver set the routine, and its object is still referenced.
            unsafe { routine(driver.0) };
        });
    }
    names::remove_object(driver.0.cast());
    forget_service(driver);
    ob::dereference(driver.0.cast());
}

/// A driver object that waits for its last reference is no longer the one that runs the service.
fn forget_service(driver: Driver) {
    with_drivers(|drivers| {
        if let Some(record) = drivers.get_mut(&driver.0.addr()) {
            record.service.clear();
        }
    });
}

/// `IoAllocateDriverObjectExtension`.
pub(super) fn add_extension(driver: Driver, client: PVOID, size: usize) -> Result<PVOID, NTSTATUS> {
    if extension(driver, client).is_some() {
        return Err(STATUS_OBJECT_NAME_COLLISION);
    }
    let request = Request {
        kind: Kind::Object,
        size,
        tag: HOST_TAG,
        zeroed: true,
        owner: verifier::owner(),
    };
    let memory = pool::allocate(request);
    if memory.is_null() {
        return Err(STATUS_INSUFFICIENT_RESOURCES);
    }
    with_drivers(|drivers| {
        if let Some(record) = drivers.get_mut(&driver.0.addr()) {
            record
                .extensions
                .push((client.addr(), memory.expose_provenance()));
        }
    });
    Ok(memory)
}

/// `IoGetDriverObjectExtension`.
pub(super) fn extension(driver: Driver, client: PVOID) -> Option<PVOID> {
    with_drivers(|drivers| {
        let found = drivers
            .get(&driver.0.addr())?
            .extensions
            .iter()
            .find(|(known, _)| *known == client.addr())?;
        Some(core::ptr::with_exposed_provenance_mut(found.1))
    })
}

/// What a driver does with a major function that it has not set.
unsafe extern "win64" fn invalid_device_request(_device: *mut DEVICE_OBJECT, irp: *mut IRP) -> NTSTATUS {
    let irp = Irp::received(irp);
    irp.update(|fields| fields.IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST);
    irp::complete(irp);
    STATUS_INVALID_DEVICE_REQUEST
}
