//! Files: what user mode has open, and the requests it makes through them.
#![allow(
    unsafe_code,
    reason = "file objects and buffers are shared with drivers by pointer"
)]

use core::ffi::c_void;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::device::Device;
use super::irp::{self, Finish, Irp};
use super::mdl;
use crate::abi::{
    FILE_OBJECT, IO_STACK_LOCATION, IO_STATUS_BLOCK, IO_TYPE_FILE, IOSL_DEVICE_IO_CONTROL, IRP_MJ_CLEANUP,
    IRP_MJ_CLOSE, IRP_MJ_CREATE, IRP_MJ_DEVICE_CONTROL, KEVENT, METHOD_BUFFERED, METHOD_NEITHER, NTSTATUS,
    POINTER_ALIGNED, STATUS_INVALID_DEVICE_REQUEST, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS, UserMode,
};
use crate::ke::{dispatcher, thread};
use crate::mm::pool;
use crate::ob::{self, ObjectKind, names};
use crate::pnp;
use crate::rtl::unicode::Unicode;
use crate::verifier::{self, Owner};

/// Why a file is not open.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing has this name.
    #[error("{0} does not exist: {status}", status = STATUS_OBJECT_NAME_NOT_FOUND)]
    NoSuchName(String),
    /// The device refused.
    #[error("{0} cannot be opened: {1}")]
    Refused(String, NTSTATUS),
}

/// An open file of user mode. Dropping it closes it: `IRP_MJ_CLEANUP`, then `IRP_MJ_CLOSE`.
#[derive(Debug)]
pub struct File {
    object: *mut FILE_OBJECT,
    device: Device,
    /// What the object's name points to.
    _name: Unicode,
}

// SAFETY: the object is one of `ob`; the requests that use it are serialized by their sender.
unsafe impl Send for File {}

/// The end of a device control request.
#[derive(Clone, Debug)]
pub struct IoctlResult {
    /// The status.
    pub status: NTSTATUS,
    /// The driver's `Information`: the bytes it says it wrote.
    pub information: usize,
    /// The whole output buffer as user mode sees it afterwards.
    pub output: Vec<u8>,
}

/// Open files by device.
static OPEN: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

fn open_count<R>(device: Device, f: impl FnOnce(&mut usize) -> R) -> R {
    f(OPEN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(device.as_ptr().addr())
        .or_default())
}

/// Whether user mode has a file open on a device.
#[must_use]
pub fn has_open_files(device: Device) -> bool {
    open_count(device, |count| *count > 0)
}

/// Opens a device by the name of its object, of a symbolic link, or of a device interface.
///
/// # Errors
/// See [`FileError`].
pub fn open(path: &str) -> Result<File, FileError> {
    let (body, rest) = names::lookup(path).ok_or_else(|| FileError::NoSuchName(path.to_owned()))?;
    if !ob::is_object(body, ObjectKind::Device) {
        ob::dereference(body);
        return Err(FileError::NoSuchName(path.to_owned()));
    }
    let device = Device::of_driver(body.cast());
    let file = File::new(device, &rest);
    let status = file.send(IRP_MJ_CREATE).Status;
    if status.is_success() {
        open_count(device, |count| *count += 1);
        return Ok(file);
    }
    file.discard();
    Err(FileError::Refused(path.to_owned(), status))
}

impl File {
    /// Takes over the reference on `device` that a look-up took.
    fn new(device: Device, name: &str) -> Self {
        let body = ob::create_for(Owner::HOST, ObjectKind::File, size_of::<FILE_OBJECT>(), deleted);
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
        Self {
            object,
            device,
            _name: name,
        }
    }

    /// A request without parameters, to the top of the stack.
    fn send(&self, major: u8) -> IO_STATUS_BLOCK {
        let object = self.object;
        irp::call(self.device.top(), STATUS_SUCCESS, |irp, location| {
            from_user_mode(irp, object);
            location.MajorFunction = major;
            location.FileObject = object;
        })
    }

    /// A file that was never open: only its object goes.
    fn discard(self) {
        ob::dereference(self.object.cast());
        std::mem::forget(self);
    }

    /// Sends a device control request as user mode does, and waits for its end.
    #[must_use]
    pub fn ioctl(&self, code: u32, input: &[u8], output_length: usize) -> IoctlResult {
        match code & 3 {
            METHOD_BUFFERED => self.buffered(code, input, output_length),
            METHOD_NEITHER => self.neither(code, input, output_length),
            _ => self.direct(code, input, output_length),
        }
    }

    /// `METHOD_BUFFERED`: one buffer of the I/O manager's for both directions.
    fn buffered(&self, code: u32, input: &[u8], output_length: usize) -> IoctlResult {
        let buffer = SystemBuffer::new(input.len().max(output_length), input);
        let end = self.control(code, input.len(), output_length, |irp, _| {
            irp.update(|fields| fields.AssociatedIrp.SystemBuffer = buffer.0);
        });
        let mut output = vec![0; output_length];
        let copied = returned(&end, output_length);
        output[..copied].copy_from_slice(&buffer.bytes(copied));
        IoctlResult {
            status: end.Status,
            information: end.Information,
            output,
        }
    }

    /// `METHOD_IN_DIRECT` and `METHOD_OUT_DIRECT`: the input in a buffer of the I/O manager's, the output through an MDL.
    fn direct(&self, code: u32, input: &[u8], output_length: usize) -> IoctlResult {
        let system = SystemBuffer::new(input.len(), input);
        let output = SystemBuffer::new(output_length, &[]);
        let mdl = (output_length > 0).then(|| mdl::describe(output.0, output_length));
        let end = self.control(code, input.len(), output_length, |irp, _| {
            irp.update(|fields| {
                fields.AssociatedIrp.SystemBuffer = system.0;
                fields.MdlAddress = mdl.unwrap_or(core::ptr::null_mut());
            });
        });
        if let Some(mdl) = mdl {
            mdl::free(mdl);
        }
        IoctlResult {
            status: end.Status,
            information: end.Information,
            output: output.bytes(output_length),
        }
    }

    /// `METHOD_NEITHER`: the driver gets user mode's own addresses.
    fn neither(&self, code: u32, input: &[u8], output_length: usize) -> IoctlResult {
        let user_input = SystemBuffer::new(input.len(), input);
        let user_output = SystemBuffer::new(output_length, &[]);
        let end = self.control(code, input.len(), output_length, |irp, parameters| {
            irp.update(|fields| fields.UserBuffer = user_output.0);
            parameters.Type3InputBuffer = user_input.0;
        });
        IoctlResult {
            status: end.Status,
            information: end.Information,
            output: user_output.bytes(output_length),
        }
    }

    fn control(
        &self,
        code: u32,
        input: usize,
        output: usize,
        buffers: impl FnOnce(Irp, &mut IOSL_DEVICE_IO_CONTROL),
    ) -> IO_STATUS_BLOCK {
        let object = self.object;
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        irp::call(
            self.device.top(),
            STATUS_INVALID_DEVICE_REQUEST,
            |irp, location| {
                from_user_mode(irp, object);
                let mut parameters = IOSL_DEVICE_IO_CONTROL {
                    OutputBufferLength: length(output),
                    InputBufferLength: POINTER_ALIGNED(length(input)),
                    IoControlCode: POINTER_ALIGNED(code),
                    Type3InputBuffer: core::ptr::null_mut(),
                };
                buffers(irp, &mut parameters);
                location.MajorFunction = IRP_MJ_DEVICE_CONTROL;
                location.FileObject = object;
                location.Parameters.DeviceIoControl = parameters;
            },
        )
    }
}

fn from_user_mode(irp: Irp, file: *mut FILE_OBJECT) {
    irp.update(|fields| {
        fields.RequestorMode = UserMode;
        fields.Tail.Overlay.OriginalFileObject = file;
    });
}

/// The bytes that the I/O manager copies back: what the driver says it wrote, unless the request failed with an error.
fn returned(end: &IO_STATUS_BLOCK, room: usize) -> usize {
    if end.Status.is_error() {
        0
    } else {
        end.Information.min(room)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for major in [IRP_MJ_CLEANUP, IRP_MJ_CLOSE] {
            // A driver cannot refuse either.
            let _ = self.send(major);
        }
        open_count(self.device, |count| *count -= 1);
        pnp::file_closed(self.device);
        ob::dereference(self.object.cast());
    }
}

/// The file's reference on its device goes with the file.
fn deleted(body: *mut c_void) {
    let object = body.cast::<FILE_OBJECT>();
    // SAFETY: `File::new` made the body and filled it in; the object manager frees it after this.
    let device = unsafe { (*object).DeviceObject };
    ob::dereference(device.cast());
}

/// A buffer of the host's own in pool, so that guard pages watch it; null for no bytes.
struct SystemBuffer(*mut c_void);

impl SystemBuffer {
    fn new(size: usize, content: &[u8]) -> Self {
        if size == 0 {
            return Self(core::ptr::null_mut());
        }
        let memory = pool::allocate_host(size);
        if memory.is_null() {
            verifier::environment_error("the system gives no memory for a request's buffer");
        }
        // SAFETY: the block was just allocated with at least the content's length.
        unsafe { core::ptr::copy_nonoverlapping(content.as_ptr(), memory.cast(), content.len().min(size)) };
        Self(memory)
    }

    fn bytes(&self, count: usize) -> Vec<u8> {
        if count == 0 {
            return Vec::new();
        }
        // SAFETY: callers ask for at most the size that they gave to `new`.
        unsafe { core::slice::from_raw_parts(self.0.cast::<u8>(), count) }.to_vec()
    }
}

impl Drop for SystemBuffer {
    fn drop(&mut self) {
        if !self.0.is_null() {
            pool::free(self.0, None, Owner::HOST);
        }
    }
}

/// The buffers of a driver's buffered request: where its output goes, and how much room there is.
pub(super) struct Buffered {
    system: SystemBuffer,
    output: *mut c_void,
    output_length: usize,
}

#[allow(
    clippy::non_send_fields_in_send_ty,
    reason = "the pointers belong to one request, which one thread ends"
)]
// SAFETY: the pointers belong to a request that one thread ends.
unsafe impl Send for Buffered {}

impl Buffered {
    /// # Safety
    /// `input` has `input_length` readable bytes and `output` has `output_length` writable ones until the request ends.
    pub(super) unsafe fn new(
        input: *const c_void,
        input_length: usize,
        output: *mut c_void,
        output_length: usize,
    ) -> Self {
        let content: &[u8] = if input.is_null() || input_length == 0 {
            &[]
        } else {
            // SAFETY: the caller's promise about the input.
            unsafe { core::slice::from_raw_parts(input.cast(), input_length) }
        };
        Self {
            system: SystemBuffer::new(input_length.max(output_length), content),
            output,
            output_length,
        }
    }

    fn copy_back(&self, end: &IO_STATUS_BLOCK) {
        let bytes = self.system.bytes(returned(end, self.output_length));
        // SAFETY: the request's builder promises the output buffer until the request has ended.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), self.output.cast(), bytes.len()) };
    }
}

/// `IoBuildDeviceIoControlRequest` and `IoBuildSynchronousFsdRequest`: a driver's request that the I/O manager ends, with status
/// block, event and buffer.
pub(super) fn build(
    device: Device,
    location: impl FnOnce(Irp, &mut IO_STACK_LOCATION),
    buffers: Option<Buffered>,
    event: *mut KEVENT,
    status_block: *mut IO_STATUS_BLOCK,
) -> Option<Irp> {
    let system = buffers
        .as_ref()
        .map_or(core::ptr::null_mut(), |buffers| buffers.system.0);
    let irp = Irp::allocate(device.read().StackSize, None)?;
    irp.set_finish(ending(
        buffers,
        event.expose_provenance(),
        status_block.expose_provenance(),
    ));
    irp.update(|fields| {
        fields.AssociatedIrp.SystemBuffer = system;
        fields.UserIosb = status_block;
        fields.UserEvent = event;
        fields.Tail.Overlay.Thread = thread::current();
    });
    irp.update_next(|next| location(irp, next));
    Some(irp)
}

fn ending(buffers: Option<Buffered>, event: usize, status_block: usize) -> Finish {
    Box::new(move |irp| {
        let end = irp.read().IoStatus;
        if let Some(buffers) = &buffers {
            buffers.copy_back(&end);
        }
        // SAFETY: the driver that built the request promises a status block until the event is set.
        unsafe { core::ptr::with_exposed_provenance_mut::<IO_STATUS_BLOCK>(status_block).write(end) };
        if event != 0 {
            // SAFETY: the driver promises an initialized event.
            unsafe { dispatcher::set_event(core::ptr::with_exposed_provenance_mut(event)) };
        }
    })
}
