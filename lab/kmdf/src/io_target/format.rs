//! Preparing an IRP for a target: function, parameters, buffers by the transfer method, and putting
//! everything back afterwards.
#![allow(
    unsafe_code,
    reason = "copies between the driver's buffers and the system buffer"
)]

use core::{
    cell::{Cell, RefCell},
    ffi::c_void,
    ptr,
    ptr::NonNull,
    sync::atomic::{AtomicBool, AtomicI32, Ordering},
};

use wdk_sys::{MDL, NTSTATUS};

use super::{Completion, IoTarget};
use crate::{
    dispatch::major,
    failure::Outcome,
    object::Obj,
    pool::{self, Tag},
    wdm::{
        device_object::{DeviceObject, zeroed},
        irp::Irp,
        mdl::OwnMdl,
        parameters::{IoControl, Parameters},
        sync::Event,
        timer::KernelTimer,
    },
};

/// wdm.h: how a device wants the buffers of reads and writes.
const DO_BUFFERED_IO: u32 = 0x4;
const DO_DIRECT_IO: u32 = 0x10;
/// wdm.h: the transfer method of an I/O control is in the low bits of its code.
const METHOD_MASK: u32 = 3;
const METHOD_BUFFERED: u32 = 0;
const METHOD_NEITHER: u32 = 3;

/// A buffer of the driver, null and 0 for none.
#[derive(Clone, Copy)]
pub struct Buffer {
    /// Where it begins.
    pub start: *mut c_void,
    /// Its length in bytes.
    pub length: usize,
}

impl Buffer {
    /// None.
    pub const NONE: Self = Self {
        start: ptr::null_mut(),
        length: 0,
    };

    fn bytes(self) -> u32 {
        u32::try_from(self.length).unwrap_or(u32::MAX)
    }
}

/// What a request asks of a target.
#[derive(Clone, Copy)]
pub enum Operation {
    /// `IRP_MJ_READ` at this offset.
    Read(Buffer, i64),
    /// `IRP_MJ_WRITE` at this offset.
    Write(Buffer, i64),
    /// `IRP_MJ_DEVICE_CONTROL` or `IRP_MJ_INTERNAL_DEVICE_CONTROL`: function, code, input, output.
    Control(u8, u32, Buffer, Buffer),
    /// `IRP_MJ_INTERNAL_DEVICE_CONTROL` with three addresses beside the code.
    Others(u32, [*mut c_void; 3]),
}

/// What a request needs while a target has it.
pub struct Sent {
    /// The driver's completion routine.
    pub completion: Cell<Completion>,
    /// The target that has it.
    pub target: Cell<Option<Obj<IoTarget>>>,
    /// The status of the last target.
    pub status: Cell<Option<NTSTATUS>>,
    /// The function that it was sent with.
    pub major: Cell<u8>,
    system: Cell<Option<(NonNull<u8>, Tag)>>,
    /// Where the system buffer's content goes in the end.
    output: Cell<Buffer>,
    saved: Cell<Option<(*mut c_void, *mut c_void, *mut MDL)>>,
    /// Describes the buffer of a direct transfer.
    mdl: RefCell<Option<OwnMdl>>,
    /// Whether the request does not wait for a stopped target.
    pub ignores_state: Cell<bool>,
    /// Whether its time was over before it was completed.
    pub timed_out: Cell<bool>,
    /// Signaled at its completion, null when nobody waits.
    pub waiter: Cell<*const Event>,
    /// Who keeps the IRP: the target until its completion, and whoever cancels it.
    holds: AtomicI32,
    /// Whether the timer runs for this sending.
    armed: AtomicBool,
    pub timer: Cell<Option<NonNull<KernelTimer>>>,
}

impl Sent {
    /// Nothing sent.
    pub const fn new() -> Self {
        Self {
            completion: Cell::new(Completion::NONE),
            target: Cell::new(None),
            status: Cell::new(None),
            major: Cell::new(0),
            system: Cell::new(None),
            output: Cell::new(Buffer::NONE),
            saved: Cell::new(None),
            mdl: RefCell::new(None),
            ignores_state: Cell::new(false),
            timed_out: Cell::new(false),
            waiter: Cell::new(ptr::null()),
            holds: AtomicI32::new(0),
            armed: AtomicBool::new(false),
            timer: Cell::new(None),
        }
    }

    /// The request goes to this target.
    pub fn begin(&self, target: Obj<IoTarget>, ignores_state: bool) {
        self.target.set(Some(target.reference()));
        self.ignores_state.set(ignores_state);
        self.timed_out.set(false);
        self.holds.store(1, Ordering::Release);
    }

    /// Keeps the IRP from being ended; false when it has been.
    pub fn hold(&self) -> bool {
        let more = |holds| (holds > 0).then_some(holds + 1);
        self.holds
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, more)
            .is_ok()
    }

    /// Gives a hold back; whether it was the last.
    pub fn release(&self) -> bool {
        self.holds.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Notes that the timer runs.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::Release);
    }

    /// Takes that back; whether it ran.
    pub fn take_armed(&self) -> bool {
        self.armed.swap(false, Ordering::AcqRel)
    }

    /// Whether the IRP has buffers of this sending.
    pub const fn is_formatted(&self) -> bool {
        self.saved.get().is_some()
    }

    /// Frees the system buffer.
    pub fn free_buffer(&self) {
        if let Some((buffer, tag)) = self.system.take() {
            pool::free(buffer, tag);
        }
    }

    /// After the target: copies the output, and restores the IRP.
    pub fn finish(&self, irp: Irp) {
        self.status.set(Some(irp.status()));
        let output = self.output.replace(Buffer::NONE);
        if let Some((buffer, _)) = self.system.get() {
            let moved = usize::try_from(irp.information())
                .unwrap_or(usize::MAX)
                .min(output.length);
            if !output.start.is_null() && !wdk_sys::NT_ERROR(irp.status()) {
                copy(buffer.as_ptr(), output.start.cast(), moved);
            }
        }
        self.free_buffer();
        if let Some((system, user, mdl)) = self.saved.take() {
            irp.set_system_buffer(system);
            irp.set_user_buffer(user);
            irp.set_mdl(mdl);
        }
        self.mdl.replace(None);
    }

    /// Prepares the next location of an IRP.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn format(&self, irp: Irp, to: DeviceObject, tag: Tag, operation: &Operation) -> Outcome {
        if self.saved.get().is_none() {
            self.saved
                .set(Some((irp.system_buffer(), irp.user_buffer(), irp.mdl())));
        }
        self.free_buffer();
        let mut next: wdk_sys::IO_STACK_LOCATION = zeroed();
        match *operation {
            Operation::Read(buffer, offset) => {
                next.MajorFunction = major::READ;
                next.set_transfer(buffer.bytes(), offset);
                self.transfer(irp, to, tag, (Buffer::NONE, buffer))?;
            }
            Operation::Write(buffer, offset) => {
                next.MajorFunction = major::WRITE;
                next.set_transfer(buffer.bytes(), offset);
                self.transfer(irp, to, tag, (buffer, Buffer::NONE))?;
            }
            Operation::Control(function, code, input, output) => {
                next.MajorFunction = function;
                let type3 = if code & METHOD_MASK == METHOD_NEITHER {
                    input.start
                } else {
                    ptr::null_mut()
                };
                next.set_io_control(&IoControl {
                    output: output.bytes(),
                    input: input.bytes(),
                    code,
                    type3,
                });
                self.control(irp, code, tag, (input, output))?;
            }
            Operation::Others(code, [first, second, fourth]) => {
                next.MajorFunction = major::INTERNAL_DEVICE_CONTROL;
                next.set_others([first, second, ptr::without_provenance_mut(code as usize), fourth]);
            }
        }
        self.major.set(next.MajorFunction);
        irp.set_next(next);
        Ok(())
    }

    fn transfer(&self, irp: Irp, to: DeviceObject, tag: Tag, (from, into): (Buffer, Buffer)) -> Outcome {
        let flags = to.flags();
        if flags & DO_BUFFERED_IO != 0 {
            return self.buffered(irp, tag, from, into);
        }
        if flags & DO_DIRECT_IO != 0 {
            return self.direct(irp, if from.length == 0 { into } else { from });
        }
        irp.set_user_buffer(if from.start.is_null() {
            into.start
        } else {
            from.start
        });
        Ok(())
    }

    fn control(&self, irp: Irp, code: u32, tag: Tag, (input, output): (Buffer, Buffer)) -> Outcome {
        match code & METHOD_MASK {
            METHOD_BUFFERED => self.buffered(irp, tag, input, output),
            METHOD_NEITHER => {
                irp.set_user_buffer(output.start);
                Ok(())
            }
            _ => {
                self.buffered(irp, tag, input, Buffer::NONE)?;
                self.direct(irp, output)
            }
        }
    }

    /// An MDL for a buffer that the target reads or writes itself.
    fn direct(&self, irp: Irp, buffer: Buffer) -> Outcome {
        let mdl = if buffer.length == 0 {
            None
        } else {
            Some(OwnMdl::of_nonpaged(buffer.start, buffer.length)?)
        };
        irp.set_mdl(mdl.as_ref().map_or(ptr::null_mut(), OwnMdl::pointer));
        self.mdl.replace(mdl);
        Ok(())
    }

    /// One system buffer for input and output.
    fn buffered(&self, irp: Irp, tag: Tag, input: Buffer, output: Buffer) -> Outcome {
        let size = input.length.max(output.length);
        if size == 0 {
            irp.set_system_buffer(ptr::null_mut());
            return Ok(());
        }
        let buffer = pool::allocate(tag, size)?;
        if !input.start.is_null() {
            copy(input.start.cast(), buffer.as_ptr(), input.length);
        }
        self.system.set(Some((buffer, tag)));
        self.output.set(output);
        irp.set_system_buffer(buffer.as_ptr().cast());
        Ok(())
    }
}

const fn copy(from: *const u8, to: *mut u8, bytes: usize) {
    // SAFETY: One side is a system buffer that was allocated with at least this length, the other a buffer
    // that the driver described with at least this length.
    unsafe { ptr::copy_nonoverlapping(from, to, bytes) }
}
