//! Files: what user mode has open, and the requests it makes through them.
#![allow(unsafe_code, reason = "buffers are shared with drivers by pointer")]

use core::ffi::c_void;

use super::device::Device;
use super::file_object::{self, FileError, FileObject, Opener};
use super::irp::{Finish, Irp};
use super::mdl;
use crate::abi::{
    DO_BUFFERED_IO, DO_DIRECT_IO, IO_STACK_LOCATION, IO_STATUS_BLOCK, IOSL_DEVICE_IO_CONTROL, IOSL_READ,
    IRP_MJ_DEVICE_CONTROL, IRP_MJ_READ, IRP_MJ_WRITE, KEVENT, METHOD_BUFFERED, METHOD_NEITHER, NTSTATUS,
    POINTER_ALIGNED, STATUS_ACCESS_DENIED, STATUS_INVALID_DEVICE_REQUEST,
};
use crate::ke::{dispatcher, thread};
use crate::mm::pool;
use crate::se::Subject;
use crate::verifier::{self, Owner};

/// Where `CTL_CODE` of devioctl.h puts the access that a code takes.
const ACCESS_SHIFT: u32 = 14;
/// `FILE_READ_ACCESS | FILE_WRITE_ACCESS`.
const ACCESS_MASK: u32 = 3;
/// The right to read, of wdm.h.
const FILE_READ_DATA: u32 = 1;
/// The right to write, of wdm.h.
const FILE_WRITE_DATA: u32 = 2;
/// The part of a code that `METHOD_FROM_CTL_CODE` takes.
pub(super) const METHOD_MASK: u32 = 3;

/// An open file of user mode. Dropping it closes it: `IRP_MJ_CLEANUP`, then `IRP_MJ_CLOSE` unless a driver holds the file object.
#[derive(Debug)]
pub struct File(FileObject);

/// The end of a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: NTSTATUS,
    /// The driver's `Information`: the bytes it says it wrote.
    pub information: usize,
    /// The whole output buffer as user mode sees it afterwards; none for a write.
    pub output: Vec<u8>,
}

impl Answer {
    /// To a caller whose handle does not have the right.
    fn denied(output_length: usize) -> Self {
        Self {
            status: STATUS_ACCESS_DENIED,
            information: 0,
            output: vec![0; output_length],
        }
    }
}

/// Opens a device by the name of its object, of a symbolic link, or of a device interface, for this access.
///
/// # Errors
/// See [`FileError`].
pub fn open(path: &str, subject: Subject, access: u32) -> Result<File, FileError> {
    file_object::open(path, Opener::User(subject, access)).map(File)
}

impl File {
    /// Sends a device control request as user mode does, and waits for its end.
    #[must_use]
    pub fn ioctl(&self, code: u32, input: &[u8], output_length: usize) -> Answer {
        // The access bits of a code are those of the rights it takes: FILE_READ_DATA and FILE_WRITE_DATA.
        if !self.0.granted().covers(code >> ACCESS_SHIFT & ACCESS_MASK) {
            return Answer::denied(output_length);
        }
        match code & METHOD_MASK {
            METHOD_BUFFERED => self.buffered(code, input, output_length),
            METHOD_NEITHER => self.neither(code, input, output_length),
            _ => self.direct(code, input, output_length),
        }
    }

    /// Sends `IRP_MJ_READ` for `length` bytes at `offset`, and waits for its end.
    #[must_use]
    pub fn read(&self, length: usize, offset: i64) -> Answer {
        if !self.0.granted().covers(FILE_READ_DATA) {
            return Answer::denied(length);
        }
        let buffer = SystemBuffer::new(length, &[]);
        let end = self.transfer(IRP_MJ_READ, &buffer, length, offset);
        Answer {
            status: end.Status,
            information: end.Information,
            output: buffer.bytes(length),
        }
    }

    /// Sends `IRP_MJ_WRITE` of `bytes` at `offset`, and waits for its end.
    #[must_use]
    pub fn write(&self, bytes: &[u8], offset: i64) -> Answer {
        if !self.0.granted().covers(FILE_WRITE_DATA) {
            return Answer::denied(0);
        }
        let buffer = SystemBuffer::new(bytes.len(), bytes);
        let end = self.transfer(IRP_MJ_WRITE, &buffer, bytes.len(), offset);
        Answer {
            status: end.Status,
            information: end.Information,
            output: Vec::new(),
        }
    }

    /// A read or a write, with the buffer where the top device's flags say that it wants it.
    fn transfer(&self, major: u8, buffer: &SystemBuffer, length: usize, offset: i64) -> IO_STATUS_BLOCK {
        let flags = self.0.device().top().read().Flags;
        let mdl = (flags & DO_DIRECT_IO != 0 && length > 0).then(|| mdl::describe(buffer.0, length));
        let end = self.0.call(STATUS_INVALID_DEVICE_REQUEST, |irp, location| {
            irp.update(|fields| {
                fields.UserBuffer = buffer.0;
                if flags & DO_BUFFERED_IO != 0 {
                    fields.AssociatedIrp.SystemBuffer = buffer.0;
                }
                fields.MdlAddress = mdl.unwrap_or(core::ptr::null_mut());
            });
            location.MajorFunction = major;
            location.Parameters.Read = IOSL_READ {
                Length: POINTER_ALIGNED(u32::try_from(length).unwrap_or(u32::MAX)),
                Key: 0,
                Flags: 0,
                ByteOffset: offset,
            };
        });
        if let Some(mdl) = mdl {
            mdl::free(mdl);
        }
        end
    }

    /// `METHOD_BUFFERED`: one buffer of the I/O manager's for both directions.
    fn buffered(&self, code: u32, input: &[u8], output_length: usize) -> Answer {
        let buffer = SystemBuffer::new(input.len().max(output_length), input);
        let end = self.control(code, input.len(), output_length, |irp, _| {
            irp.update(|fields| fields.AssociatedIrp.SystemBuffer = buffer.0);
        });
        let mut output = vec![0; output_length];
        let copied = returned(&end, output_length);
        output[..copied].copy_from_slice(&buffer.bytes(copied));
        Answer {
            status: end.Status,
            information: end.Information,
            output,
        }
    }

    /// `METHOD_IN_DIRECT` and `METHOD_OUT_DIRECT`: the input in a buffer of the I/O manager's, the output through an MDL.
    fn direct(&self, code: u32, input: &[u8], output_length: usize) -> Answer {
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
        Answer {
            status: end.Status,
            information: end.Information,
            output: output.bytes(output_length),
        }
    }

    /// `METHOD_NEITHER`: the driver gets user mode's own addresses.
    fn neither(&self, code: u32, input: &[u8], output_length: usize) -> Answer {
        let user_input = SystemBuffer::new(input.len(), input);
        let user_output = SystemBuffer::new(output_length, &[]);
        let end = self.control(code, input.len(), output_length, |irp, parameters| {
            irp.update(|fields| fields.UserBuffer = user_output.0);
            parameters.Type3InputBuffer = user_input.0;
        });
        Answer {
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
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        self.0.call(STATUS_INVALID_DEVICE_REQUEST, |irp, location| {
            let mut parameters = IOSL_DEVICE_IO_CONTROL {
                OutputBufferLength: length(output),
                InputBufferLength: POINTER_ALIGNED(length(input)),
                IoControlCode: POINTER_ALIGNED(code),
                Type3InputBuffer: core::ptr::null_mut(),
            };
            buffers(irp, &mut parameters);
            location.MajorFunction = IRP_MJ_DEVICE_CONTROL;
            location.Parameters.DeviceIoControl = parameters;
        })
    }
}

/// The bytes that the I/O manager copies back: what the driver says it wrote, unless the request failed with an error.
pub(super) fn returned(end: &IO_STATUS_BLOCK, room: usize) -> usize {
    if end.Status.is_error() {
        0
    } else {
        end.Information.min(room)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.0.cleanup();
        self.0.dereference();
    }
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
