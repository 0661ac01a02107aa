//! Sending: waiting for the target, being called back by it, or not caring.

use wdk_sys::{
    _WDF_REQUEST_SEND_OPTIONS_FLAGS as Flags, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE,
    STATUS_INVALID_PARAMETER, STATUS_SUCCESS, WDF_REQUEST_SEND_OPTIONS,
};

use super::{Completion, IoTarget, format::Operation};
use crate::{
    failure::{Failure, Outcome, check, fail},
    object::{Attributes, Obj, create},
    request::Request,
    wdm::{
        device_object::{DeviceObject, zeroed},
        irp::Irp,
        sync::Event,
    },
};

/// How to send.
#[derive(Clone, Copy)]
pub struct Options {
    flags: i32,
    timeout: Option<i64>,
}

/// wdfrequest.h: `WDF_REQUEST_SEND_OPTIONS_VALID_FLAGS` of kernel-mode drivers.
const VALID: i32 = Flags::WDF_REQUEST_SEND_OPTION_TIMEOUT
    | Flags::WDF_REQUEST_SEND_OPTION_SYNCHRONOUS
    | Flags::WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE
    | Flags::WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET;

impl Options {
    /// As the driver says; the default is asynchronous.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (another version, unknown flags, or more than to forget it).
    pub fn of(options: Option<WDF_REQUEST_SEND_OPTIONS>) -> Outcome<Self> {
        let Some(options) = options else {
            return Ok(Self {
                flags: 0,
                timeout: None,
            });
        };
        let flags = options.Flags.cast_signed();
        let forget = Flags::WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET;
        let sized = options.Size as usize == size_of::<WDF_REQUEST_SEND_OPTIONS>();
        if !sized || flags & !VALID != 0 || (flags & forget != 0 && flags != forget) {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let timed = flags & Flags::WDF_REQUEST_SEND_OPTION_TIMEOUT != 0 && options.Timeout != 0;
        Ok(Self {
            flags,
            timeout: timed.then_some(options.Timeout),
        })
    }

    const fn has(self, flag: i32) -> bool {
        self.flags & flag != 0
    }

    /// Whether a stopped target takes it too.
    pub const fn ignores_state(self) -> bool {
        self.has(Flags::WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE)
    }
}

/// Sends a request that was formatted; whether the target got it, or will when it is started.
pub fn send(request: Obj<Request>, irp: Irp, target: Obj<IoTarget>, options: Outcome<Options>) -> bool {
    match try_send(request, irp, target, options) {
        Ok(()) => true,
        Err(failure) => {
            request.sent.status.set(Some(failure.status()));
            false
        }
    }
}

fn try_send(request: Obj<Request>, irp: Irp, target: Obj<IoTarget>, options: Outcome<Options>) -> Outcome {
    let options = options?;
    if options.has(Flags::WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET) {
        return forget(request, irp, target);
    }
    request.sent.status.set(None);
    if options.has(Flags::WDF_REQUEST_SEND_OPTION_SYNCHRONOUS) {
        return wait(request, irp, target, options);
    }
    // The completed request would be lost.
    if !request.owns_irp && request.sent.completion.get().is_none() {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    if let Some(timeout) = options.timeout {
        request.start_timeout(timeout)?;
    }
    target
        .submit(request, irp, options)
        .inspect_err(|_| request.stop_timeout())
}

/// Submits a request and waits for its completion, whatever its status.
fn wait(request: Obj<Request>, irp: Irp, target: Obj<IoTarget>, options: Options) -> Outcome {
    let done = Event::zeroed();
    done.reset_to(false);
    request.sent.waiter.set(&raw const done);
    // The request may be the driver's to delete in its completion routine.
    request.reference();
    let submitted = target.submit(request, irp, options);
    match submitted {
        Ok(()) => {
            if !done.wait_until(options.timeout) {
                request.time_out();
                done.wait();
            }
        }
        Err(_) => request.sent.waiter.set(core::ptr::null()),
    }
    request.release();
    submitted
}

/// The request leaves the driver for good.
fn forget(request: Obj<Request>, irp: Irp, target: Obj<IoTarget>) -> Outcome {
    if request.owns_irp {
        return fail(STATUS_INVALID_DEVICE_STATE);
    }
    // What formatting it changed could not be put back.
    if request.sent.is_formatted() {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    if target.destination().is_none() {
        return fail(STATUS_INVALID_DEVICE_STATE);
    }
    release(request, || {
        irp.skip();
        irp.copy_to_next();
        target.call(irp);
    });
    Ok(())
}

/// Sends the IRP of a request on, and ends the request.
pub fn pass_on(request: Obj<Request>, irp: Irp, device: DeviceObject) {
    release(request, || {
        irp.pass(device);
    });
}

/// The request is the driver's no more, and its IRP goes on.
fn release(request: Obj<Request>, go_on: impl FnOnce()) {
    request.irp.set(None);
    request.dispose_early();
    go_on();
    if let Some(queue) = request.queue.take() {
        queue.let_go(request);
    }
    request.delete();
}

/// Sends an operation and waits; the bytes that were moved. Without a request of the driver the framework
/// takes one of its own.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_STATE` (the target is closed or purged), `STATUS_INVALID_DEVICE_REQUEST` (a completed request),
/// `STATUS_INVALID_PARAMETER` (the options), `STATUS_INSUFFICIENT_RESOURCES`, the target's status, `STATUS_IO_TIMEOUT`.
pub fn send_and_wait(
    target: Obj<IoTarget>,
    request: Option<Obj<Request>>,
    operation: &Operation,
    options: Outcome<Options>,
) -> Outcome<u64> {
    let options = options?;
    let Some(device) = target.destination() else {
        return fail(STATUS_INVALID_DEVICE_STATE);
    };
    if let Some(request) = request {
        return run(target, request, device, operation, options);
    }
    let irp = Irp::allocate(device.stack_size().saturating_add(1))?;
    irp.enter_location(zeroed());
    let client = target.owner.header.client;
    let own = match create(Request::new(client, None, irp, true), &Attributes::NONE, None) {
        Ok(own) => own,
        Err(failure) => {
            irp.free();
            return Err(failure);
        }
    };
    let outcome = run(target, own, device, operation, options);
    own.delete();
    outcome
}

fn run(
    target: Obj<IoTarget>,
    request: Obj<Request>,
    device: DeviceObject,
    operation: &Operation,
    options: Options,
) -> Outcome<u64> {
    let Some(irp) = request.irp.get() else {
        return Err(Failure::new(STATUS_INVALID_DEVICE_REQUEST));
    };
    let tag = target.owner.header.client.tag();
    request.sent.format(irp, device, tag, operation)?;
    irp.set_status(STATUS_SUCCESS);
    request.sent.completion.set(Completion::NONE);
    wait(request, irp, target, options)?;
    check(irp.status())?;
    Ok(irp.information())
}
