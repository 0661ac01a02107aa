//! File objects: opening and closing devices, from user mode and from the kernel.
#![allow(unsafe_code, reason = "file objects are shared with drivers by pointer")]

use core::ffi::c_void;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::device::Device;
use super::irp::{self, Irp};
use super::security;
use crate::abi::{
    FILE_OBJECT, HANDLE, IO_STACK_LOCATION, IO_STATUS_BLOCK, IO_TYPE_FILE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE,
    IRP_MJ_CREATE, KPROCESSOR_MODE, KernelMode, NTSTATUS, STATUS_ACCESS_DENIED, STATUS_NO_SUCH_DEVICE,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH, STATUS_SUCCESS, UserMode,
};
use crate::ob::{self, ObjectKind, handles, names};
use crate::pnp;
use crate::rtl::unicode::Unicode;
use crate::se::{Granted, Subject};
use crate::verifier::{self, Owner};

/// Why a file is not open.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing has this name.
    #[error("{0} does not exist: {status}", status = STATUS_OBJECT_NAME_NOT_FOUND)]
    NoSuchName(String),
    /// The name is that of something that is no device.
    #[error("{0} is no device: {status}", status = STATUS_OBJECT_TYPE_MISMATCH)]
    NoDevice(String),
    /// The device refused.
    #[error("{0} cannot be opened: {1}")]
    Refused(String, NTSTATUS),
}

impl FileError {
    /// What a driver is told.
    pub(super) const fn status(&self) -> NTSTATUS {
        match self {
            Self::NoSuchName(_) => STATUS_OBJECT_NAME_NOT_FOUND,
            Self::NoDevice(_) => STATUS_OBJECT_TYPE_MISMATCH,
            Self::Refused(_, status) => *status,
        }
    }
}

/// Who opens a device.
#[derive(Clone, Copy, Debug)]
pub enum Opener {
    /// A driver, whose access nobody checks.
    Kernel(Owner),
    /// A process of user mode, with the access it asks for.
    User(Subject, u32),
}

impl Opener {
    const fn mode(self) -> KPROCESSOR_MODE {
        match self {
            Self::Kernel(_) => KernelMode,
            Self::User(..) => UserMode,
        }
    }

    const fn owner(self) -> Owner {
        match self {
            Self::Kernel(owner) => owner,
            Self::User(..) => Owner::HOST,
        }
    }
}

/// What the host keeps about a file object beside its body.
struct Record {
    device: Device,
    mode: KPROCESSOR_MODE,
    granted: Granted,
    /// Whether `IRP_MJ_CREATE` was sent and did not fail: what is not open is not closed either.
    open: bool,
    /// What the object's name points to.
    _name: Unicode,
}

/// File objects by their address.
type Files = BTreeMap<usize, Record>;

static FILES: Mutex<Files> = Mutex::new(BTreeMap::new());
/// The physical devices whose stacks nobody may open now. Locked inside of [`FILES`].
static CLOSED: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());

fn with_files<R>(f: impl FnOnce(&mut Files) -> R) -> R {
    f(&mut FILES.lock().unwrap_or_else(PoisonError::into_inner))
}

fn with_closed<R>(f: impl FnOnce(&mut BTreeSet<usize>) -> R) -> R {
    f(&mut CLOSED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Lets no file be opened any more on a device's stack; false, and nothing changes, if one is open or about to be. The order of the two
/// is what a removal relies on.
#[must_use]
pub fn refuse_opens(pdo: Device) -> bool {
    with_files(|files| {
        let used = pdo.stack().any(|device| is_open(files, device));
        if !used {
            with_closed(|closed| closed.insert(pdo.as_ptr().addr()));
        }
        !used
    })
}

/// Lets files be opened again, after the stack was started or its removal called off.
pub fn allow_opens(pdo: Device) {
    with_closed(|closed| closed.remove(&pdo.as_ptr().addr()));
}

fn is_open(files: &Files, device: Device) -> bool {
    files.values().any(|file| file.open && file.device == device)
}

/// Whether a file is open on a device.
#[must_use]
pub(super) fn has_open_files(device: Device) -> bool {
    with_files(|files| is_open(files, device))
}

/// A file object: one reference to it, which [`FileObject::dereference`] gives back. The last one closes the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileObject(*mut FILE_OBJECT);

// SAFETY: the pointer is an object of `ob`; the requests that use it are serialized by their sender.
unsafe impl Send for FileObject {}

/// Opens a device by the name of its object, of a symbolic link, or of a device interface.
///
/// # Errors
/// See [`FileError`].
pub(super) fn open(path: &str, opener: Opener) -> Result<FileObject, FileError> {
    let (body, rest) = names::lookup(path).ok_or_else(|| FileError::NoSuchName(path.to_owned()))?;
    if !ob::is_object(body, ObjectKind::Device) {
        ob::dereference(body);
        return Err(FileError::NoDevice(path.to_owned()));
    }
    let device = Device::of_driver(body.cast());
    let Some(granted) = security::check(device, &rest, opener) else {
        ob::dereference(body);
        return Err(FileError::Refused(path.to_owned(), STATUS_ACCESS_DENIED));
    };
    let file = FileObject::new(device, &rest, opener, granted);
    let status = if file.begin_open() {
        file.send(IRP_MJ_CREATE).Status
    } else {
        STATUS_NO_SUCH_DEVICE
    };
    if status.is_success() {
        return Ok(file);
    }
    file.set_closed();
    file.dereference();
    Err(FileError::Refused(path.to_owned(), status))
}

impl FileObject {
    /// Takes over the reference on `device` that a look-up took.
    fn new(device: Device, name: &str, opener: Opener, granted: Granted) -> Self {
        let body = ob::create_for(
            opener.owner(),
            ObjectKind::File,
            size_of::<FILE_OBJECT>(),
            deleted,
        );
        if body.is_null() {
            verifier::environment_error("the system gives no memory for a file object");
        }
        let object = body.cast::<FILE_OBJECT>();
        let name = Unicode::new(name);
        // SAFETY: the body was just made, zeroed, and nobody else has it.
        let fields = unsafe { &mut *object };
        fields.Type = IO_TYPE_FILE;
        fields.Size = i16::try_from(size_of::<FILE_OBJECT>()).unwrap_or(i16::MAX);
        fields.DeviceObject = device.as_ptr();
        fields.FileName = name.descriptor();
        (fields.ReadAccess, fields.WriteAccess) = (1, 1);
        ob::set_description(body, &format!("on {}", device.describe()));
        let record = Record {
            device,
            mode: opener.mode(),
            granted,
            open: false,
            _name: name,
        };
        with_files(|files| files.insert(body.expose_provenance(), record));
        Self(object)
    }

    /// Counts the file as open before its driver is asked: the removal of a device waits for it, or it is too late.
    fn begin_open(self) -> bool {
        with_files(|files| {
            let Some(record) = files.get_mut(&self.0.addr()) else {
                return false;
            };
            record.open = !with_closed(|closed| closed.contains(&record.device.as_ptr().addr()));
            record.open
        })
    }

    /// It did not come to an open file.
    fn set_closed(self) {
        let opened = with_files(|files| {
            let record = files.get_mut(&self.0.addr())?;
            std::mem::take(&mut record.open).then_some(record.device)
        });
        if let Some(device) = opened {
            pnp::file_closed(device);
        }
    }

    /// The pointer, for a driver.
    pub(super) const fn as_ptr(self) -> *mut FILE_OBJECT {
        self.0
    }

    /// The device that was named.
    pub(super) fn device(self) -> Device {
        let named = with_files(|files| files.get(&self.0.addr()).map(|record| record.device));
        named.unwrap_or_else(|| verifier::lab_defect("a file object that is referenced has no record"))
    }

    /// What the open was granted.
    pub(super) fn granted(self) -> Granted {
        let granted = with_files(|files| files.get(&self.0.addr()).map(|record| record.granted));
        granted.unwrap_or_else(|| verifier::lab_defect("a file object that is referenced has no record"))
    }

    /// Sends a request through the file to the top of the stack, from the mode that the file was opened in, and waits for its end.
    /// `setup` adds to the first stack location.
    pub(super) fn call(
        self,
        preset: NTSTATUS,
        setup: impl FnOnce(Irp, &mut IO_STACK_LOCATION),
    ) -> IO_STATUS_BLOCK {
        let mode = with_files(|files| files.get(&self.0.addr()).map(|record| record.mode));
        irp::call(self.device().top(), preset, |irp, location| {
            irp.update(|fields| {
                fields.RequestorMode = mode.unwrap_or(fields.RequestorMode);
                fields.Tail.Overlay.OriginalFileObject = self.0;
            });
            location.FileObject = self.0;
            setup(irp, location);
        })
    }

    /// A request without parameters.
    fn send(self, major: u8) -> IO_STATUS_BLOCK {
        self.call(STATUS_SUCCESS, |_, location| location.MajorFunction = major)
    }

    /// The last handle of the file is closed. A driver cannot refuse that.
    pub(super) fn cleanup(self) {
        let _ = self.send(IRP_MJ_CLEANUP);
    }

    /// Gives the reference back.
    pub(super) fn dereference(self) {
        ob::dereference(self.0.cast());
    }

    /// Turns the reference into a handle.
    pub(super) fn into_handle(self) -> HANDLE {
        let handle = handles::insert(self.0.cast(), Some(handle_closed));
        self.dereference();
        handle
    }
}

fn handle_closed(body: *mut c_void, left: usize) {
    if left == 0 {
        FileObject(body.cast()).cleanup();
    }
}

/// The last reference has gone: the file is closed, which a removal may wait for, and its reference on its device goes.
fn deleted(body: *mut c_void) {
    let file = FileObject(body.cast());
    if with_files(|files| files.get(&body.addr()).is_some_and(|record| record.open)) {
        let _ = file.send(IRP_MJ_CLOSE);
    }
    let Some(record) = with_files(|files| files.remove(&body.addr())) else {
        return;
    };
    if record.open {
        pnp::file_closed(record.device);
    }
    record.device.dereference();
}
