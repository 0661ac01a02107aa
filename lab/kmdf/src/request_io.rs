//! The buffers of a request, by major function and transfer method.

use core::{ffi::c_void, ptr};

use wdk_sys::{
    _WDF_DEVICE_IO_TYPE, MDL, PMDL, PVOID, STATUS_ACCESS_VIOLATION, STATUS_BUFFER_TOO_SMALL,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_USER_BUFFER,
    WDF_DEVICE_IO_TYPE, WDFMEMORY, WDFREQUEST,
};

use crate::{
    ddi::{Call, Claimed},
    dispatch::major,
    failure::{Outcome, fail},
    memory,
    object::Obj,
    request::Request,
    wdm::{
        irp::Irp,
        mdl::{self, OwnMdl},
        parameters::Parameters,
        sync::{PASSIVE_LEVEL, irql},
    },
};

/// wdm.h: the transfer method of an I/O control is in the low bits of its code.
mod method {
    pub const MASK: u32 = 3;
    pub const BUFFERED: u32 = 0;
    pub const NEITHER: u32 = 3;
}

/// wdm.h: the value of a mode.
const KERNEL_MODE: i8 = 0;

/// Which buffer of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Input,
    Output,
}

/// A buffer of a request that is not empty.
#[derive(Clone, Copy)]
struct Buffer {
    start: *mut c_void,
    length: usize,
}

/// The buffer on this side.
///
/// # Errors
/// `STATUS_BUFFER_TOO_SMALL` (there is none), `STATUS_INVALID_DEVICE_REQUEST` (the request has no such
/// buffer, or a user-mode pointer that the framework does not touch), `STATUS_INSUFFICIENT_RESOURCES` (it
/// cannot be mapped).
fn buffer(request: Obj<Request>, irp: Irp, side: Side) -> Outcome<Buffer> {
    let found = match (irp.major(), side) {
        (major::READ, Side::Output) | (major::WRITE, Side::Input) => transfer(request, irp),
        (major::DEVICE_CONTROL | major::INTERNAL_DEVICE_CONTROL, _) => control(irp, side),
        _ => fail(STATUS_INVALID_DEVICE_REQUEST),
    }?;
    if found.start.is_null() {
        fail(STATUS_INSUFFICIENT_RESOURCES)
    } else {
        Ok(found)
    }
}

fn transfer(request: Obj<Request>, irp: Irp) -> Outcome<Buffer> {
    let length = irp.stack().transfer().0 as usize;
    if length == 0 {
        return fail(STATUS_BUFFER_TOO_SMALL);
    }
    let start = match io_type(request) {
        _WDF_DEVICE_IO_TYPE::WdfDeviceIoBuffered => irp.system_buffer(),
        _WDF_DEVICE_IO_TYPE::WdfDeviceIoDirect => irp.mapped_mdl(),
        _ if irp.requestor_mode() == KERNEL_MODE => irp.user_buffer(),
        _ => return fail(STATUS_INVALID_DEVICE_REQUEST),
    };
    Ok(Buffer { start, length })
}

/// How reads and writes of the request's device carry their buffers.
fn io_type(request: Obj<Request>) -> WDF_DEVICE_IO_TYPE {
    let device = request.device.get();
    device.map_or(_WDF_DEVICE_IO_TYPE::WdfDeviceIoBuffered, |device| {
        device.settings.read_write_io
    })
}

fn control(irp: Irp, side: Side) -> Outcome<Buffer> {
    let stack = irp.stack();
    let control = stack.io_control();
    let length = if side == Side::Input {
        control.input
    } else {
        control.output
    } as usize;
    if length == 0 {
        return fail(STATUS_BUFFER_TOO_SMALL);
    }
    let trusted =
        irp.requestor_mode() == KERNEL_MODE || stack.MajorFunction == major::INTERNAL_DEVICE_CONTROL;
    let start = match (control.code & method::MASK, side) {
        (method::NEITHER, _) if !trusted => return fail(STATUS_INVALID_DEVICE_REQUEST),
        (method::NEITHER, Side::Input) => control.type3,
        (method::NEITHER, Side::Output) => irp.user_buffer(),
        (method::BUFFERED, _) | (_, Side::Input) => irp.system_buffer(),
        (_, Side::Output) => irp.mapped_mdl(),
    };
    Ok(Buffer { start, length })
}

/// What the Retrieve…Buffer functions do.
fn retrieve(
    call: &Call,
    request: Claimed<wdk_sys::WDFREQUEST__>,
    side: Side,
    required: usize,
    (place, length): (Claimed<*mut c_void>, Claimed<usize>),
) -> Outcome {
    let request = request.object(call);
    place.not_null(call).put(ptr::null_mut());
    length.put(0);
    let found = buffer(request, request.irp(call), side)?;
    if found.length < required {
        return fail(STATUS_BUFFER_TOO_SMALL);
    }
    place.put(found.start);
    length.put(found.length);
    Ok(())
}

/// Locks a buffer of the sender of a request that is not buffered, in its context.
fn lock_user(
    call: &Call,
    request: Claimed<wdk_sys::WDFREQUEST__>,
    (buffer, length): (Claimed<c_void>, usize),
    place: Claimed<WDFMEMORY>,
    writing: bool,
) -> Outcome {
    let request = request.object(call);
    let buffer = buffer.not_null(call).pointer();
    place.not_null(call);
    if irql() != PASSIVE_LEVEL {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    if length == 0 {
        return fail(STATUS_INVALID_USER_BUFFER);
    }
    let irp = request.irp(call);
    if irp.requestor_mode() != KERNEL_MODE && !irp.is_of_current_thread() {
        return fail(STATUS_ACCESS_VIOLATION);
    }
    let mdl = OwnMdl::of_user(buffer, length, writing)?;
    place.put(memory::locked(call, request.header(), mdl, length, !writing)?.handle());
    Ok(())
}

/// What the Retrieve…Memory functions do: the same object each time.
fn retrieve_memory(
    call: &Call,
    request: Claimed<wdk_sys::WDFREQUEST__>,
    side: Side,
    place: Claimed<WDFMEMORY>,
) -> Outcome {
    let request = request.object(call);
    place.not_null(call).put(ptr::null_mut());
    let [input, output] = &request.memories;
    let known = if side == Side::Input { input } else { output };
    let found = buffer(request, request.irp(call), side)?;
    let object = match known.get() {
        Some(object) => object,
        None => memory::of_request(
            call,
            request.header(),
            (found.start, found.length),
            is_read_only(request.irp(call), side),
        )?,
    };
    object.set_deletable(false);
    known.set(Some(object));
    place.put(object.handle());
    Ok(())
}

/// Whether the framework guards this side from being written (fxrequestsystembuffer.cpp, fxrequestoutputbuffer.cpp).
fn is_read_only(irp: Irp, side: Side) -> bool {
    const METHOD: u32 = 3;
    const IN_DIRECT: u32 = 1;
    const OUT_DIRECT: u32 = 2;
    let stack = irp.stack();
    match (stack.MajorFunction, side) {
        (major::WRITE, _) => true,
        (major::DEVICE_CONTROL | major::INTERNAL_DEVICE_CONTROL, Side::Input) => {
            matches!(stack.io_control().code & METHOD, IN_DIRECT | OUT_DIRECT)
        }
        (major::DEVICE_CONTROL | major::INTERNAL_DEVICE_CONTROL, Side::Output) => {
            stack.io_control().code & METHOD == IN_DIRECT
        }
        _ => false,
    }
}

impl Obj<Request> {
    /// The MDL of a buffer: the IRP's where it describes it, else one that is made once and goes with the request.
    fn mdl_of(self, start: *mut c_void, length: usize, direct: *mut MDL) -> Outcome<*mut MDL> {
        if !direct.is_null() && mdl::mapped(direct) == start {
            return Ok(direct);
        }
        let mut own = self.mdl.borrow_mut();
        if own.as_ref().is_none_or(|(described, _)| *described != start) {
            *own = Some((start, OwnMdl::of_nonpaged(start, length)?));
        }
        Ok(own.as_ref().map_or(ptr::null_mut(), |(_, mdl)| mdl.pointer()))
    }
}

/// The user-mode pointers of `METHOD_NEITHER`, untouched.
fn unsafe_user(
    call: &Call,
    request: Claimed<wdk_sys::WDFREQUEST__>,
    side: Side,
    required: usize,
    (place, length): (Claimed<*mut c_void>, Claimed<usize>),
) -> Outcome {
    let request = request.object(call);
    let irp = request.irp(call);
    place.not_null(call).put(ptr::null_mut());
    length.put(0);
    let stack = irp.stack();
    let (start, found) = match (stack.MajorFunction, side) {
        (major::DEVICE_CONTROL, _) if stack.io_control().code & method::MASK != method::NEITHER => {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        (major::DEVICE_CONTROL, Side::Input) => (stack.io_control().type3, stack.io_control().input),
        (major::DEVICE_CONTROL, Side::Output) => (irp.user_buffer(), stack.io_control().output),
        (major::WRITE, Side::Input) | (major::READ, Side::Output)
            if io_type(request) == _WDF_DEVICE_IO_TYPE::WdfDeviceIoNeither =>
        {
            (irp.user_buffer(), stack.transfer().0)
        }
        _ => return fail(STATUS_INVALID_DEVICE_REQUEST),
    };
    let found = found as usize;
    if found < required {
        return fail(STATUS_BUFFER_TOO_SMALL);
    }
    place.put(start);
    length.put(found);
    Ok(())
}

/// Whether the framework leaves the buffers to the driver.
fn is_neither(request: Obj<Request>, irp: Irp) -> bool {
    match irp.major() {
        major::DEVICE_CONTROL | major::INTERNAL_DEVICE_CONTROL => {
            irp.stack().io_control().code & method::MASK == method::NEITHER
        }
        _ => io_type(request) == _WDF_DEVICE_IO_TYPE::WdfDeviceIoNeither,
    }
}

fn retrieve_mdl(
    call: &Call,
    request: Claimed<wdk_sys::WDFREQUEST__>,
    side: Side,
    place: Claimed<*mut MDL>,
) -> Outcome {
    let request = request.object(call);
    let irp = request.irp(call);
    place.not_null(call).put(ptr::null_mut());
    if is_neither(request, irp) {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    let found = buffer(request, irp, side)?;
    place.put(request.mdl_of(found.start, found.length, irp.mdl())?);
    Ok(())
}

ddi! {
    /// The input.
    ///
    /// # Errors
    /// `STATUS_BUFFER_TOO_SMALL`, `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfRequestRetrieveInputBuffer: PFN_WDFREQUESTRETRIEVEINPUTBUFFER(
        call, request: WDFREQUEST, required: usize, buffer: *mut PVOID, length: *mut usize,
    ) -> NTSTATUS {
        retrieve(call, request, Side::Input, required, (buffer, length))
    }

    /// The room for the output.
    ///
    /// # Errors
    /// as for the input.
    fn WdfRequestRetrieveOutputBuffer: PFN_WDFREQUESTRETRIEVEOUTPUTBUFFER(
        call, request: WDFREQUEST, required: usize, buffer: *mut PVOID, length: *mut usize,
    ) -> NTSTATUS {
        retrieve(call, request, Side::Output, required, (buffer, length))
    }

    /// The input as a memory object.
    ///
    /// # Errors
    /// as for the buffer.
    fn WdfRequestRetrieveInputMemory: PFN_WDFREQUESTRETRIEVEINPUTMEMORY(
        call, request: WDFREQUEST, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        retrieve_memory(call, request, Side::Input, memory)
    }

    /// The room for the output as a memory object.
    ///
    /// # Errors
    /// as for the buffer.
    fn WdfRequestRetrieveOutputMemory: PFN_WDFREQUESTRETRIEVEOUTPUTMEMORY(
        call, request: WDFREQUEST, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        retrieve_memory(call, request, Side::Output, memory)
    }

    /// The input as an MDL, for direct transfers.
    ///
    /// # Errors
    /// as for the buffer.
    fn WdfRequestRetrieveInputWdmMdl: PFN_WDFREQUESTRETRIEVEINPUTWDMMDL(
        call, request: WDFREQUEST, mdl: *mut PMDL,
    ) -> NTSTATUS {
        retrieve_mdl(call, request, Side::Input, mdl)
    }

    /// The room for the output as an MDL, for direct transfers.
    ///
    /// # Errors
    /// as for the buffer.
    fn WdfRequestRetrieveOutputWdmMdl: PFN_WDFREQUESTRETRIEVEOUTPUTWDMMDL(
        call, request: WDFREQUEST, mdl: *mut PMDL,
    ) -> NTSTATUS {
        retrieve_mdl(call, request, Side::Output, mdl)
    }

    /// Locks a buffer of the sender that the driver reads; it stays until the request is completed. IRQL: `PASSIVE_LEVEL`, in the sender's
    /// context.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), `STATUS_INVALID_USER_BUFFER` (no bytes), `STATUS_ACCESS_VIOLATION` (no such memory, or another
    /// thread's request), `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfRequestProbeAndLockUserBufferForRead: PFN_WDFREQUESTPROBEANDLOCKUSERBUFFERFORREAD(
        call, request: WDFREQUEST, buffer: PVOID, length: usize, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        lock_user(call, request, (buffer, length), memory, false)
    }

    /// The same for a buffer that the driver writes.
    ///
    /// # Errors
    /// as above.
    fn WdfRequestProbeAndLockUserBufferForWrite: PFN_WDFREQUESTPROBEANDLOCKUSERBUFFERFORWRITE(
        call, request: WDFREQUEST, buffer: PVOID, length: usize, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        lock_user(call, request, (buffer, length), memory, true)
    }

    /// The sender's own pointer to the input.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_BUFFER_TOO_SMALL`.
    fn WdfRequestRetrieveUnsafeUserInputBuffer: PFN_WDFREQUESTRETRIEVEUNSAFEUSERINPUTBUFFER(
        call, request: WDFREQUEST, required: usize, buffer: *mut PVOID, length: *mut usize,
    ) -> NTSTATUS {
        unsafe_user(call, request, Side::Input, required, (buffer, length))
    }

    /// The sender's own pointer for the output.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_BUFFER_TOO_SMALL`.
    fn WdfRequestRetrieveUnsafeUserOutputBuffer: PFN_WDFREQUESTRETRIEVEUNSAFEUSEROUTPUTBUFFER(
        call, request: WDFREQUEST, required: usize, buffer: *mut PVOID, length: *mut usize,
    ) -> NTSTATUS {
        unsafe_user(call, request, Side::Output, required, (buffer, length))
    }
}
