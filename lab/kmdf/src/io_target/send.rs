//! Sending: waiting for the target, being called back by it, or not caring.

use wdk_sys::{
    _WDF_REQUEST_SEND_OPTIONS_FLAGS as Flags, STATUS_INVALID_DEVICE_REQUEST, STATUS_SUCCESS,
    WDF_REQUEST_SEND_OPTIONS,
};

use super::{
    IoTarget, completed,
    format::{Operation, Sent},
};
use crate::{
    failure::{Failure, Outcome, check},
    object::Obj,
    request::Request,
    wdm::irp::Irp,
};

/// How to send.
#[derive(Clone, Copy)]
pub struct Options {
    flags: i32,
    timeout: Option<i64>,
}

impl Options {
    /// As the driver says; the default is asynchronous.
    pub fn of(options: Option<WDF_REQUEST_SEND_OPTIONS>) -> Self {
        let (flags, timeout) =
            options.map_or((0, 0), |options| (options.Flags.cast_signed(), options.Timeout));
        let timed = flags & Flags::WDF_REQUEST_SEND_OPTION_TIMEOUT != 0 && timeout != 0;
        Self {
            flags,
            timeout: timed.then_some(timeout),
        }
    }

    const fn has(self, flag: i32) -> bool {
        self.flags & flag != 0
    }

    /// Whether a stopped target takes it too.
    pub const fn ignores_state(self) -> bool {
        self.has(Flags::WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE)
    }
}

/// Sends a request that was formatted; whether the target got it.
pub fn send(request: Obj<Request>, irp: Irp, target: Obj<IoTarget>, options: Options) -> bool {
    let device = match target.destination(options.ignores_state()) {
        Ok(device) => device,
        Err(failure) => {
            request.sent.status.set(Some(failure.status()));
            return false;
        }
    };
    if options.has(Flags::WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET) {
        return forget(request, irp, device);
    }
    if options.has(Flags::WDF_REQUEST_SEND_OPTION_SYNCHRONOUS) {
        irp.send_prepared_and_wait(device, options.timeout);
        request.sent.finish(irp);
        return true;
    }
    request.sent.status.set(None);
    request.sent.target.set(Some(target.reference()));
    request.reference();
    irp.set_completion(completed, request.pointer().cast());
    device.call(irp.pointer());
    true
}

/// The request leaves the driver for good.
fn forget(request: Obj<Request>, irp: Irp, device: crate::wdm::device_object::DeviceObject) -> bool {
    if request.owns_irp {
        request.sent.status.set(Some(STATUS_INVALID_DEVICE_REQUEST));
        return false;
    }
    pass_on(request, irp, device);
    true
}

/// Sends the IRP of a request on, and ends the request.
pub fn pass_on(request: Obj<Request>, irp: Irp, device: crate::wdm::device_object::DeviceObject) {
    request.irp.set(None);
    request.dispose_early();
    irp.pass(device);
    if let Some(queue) = request.queue.take() {
        queue.let_go(request);
    }
    request.delete();
}

/// Sends an operation and waits; the bytes that were moved. Without a request of the driver the framework
/// takes an IRP of its own.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_STATE` (the target is closed or stopped), `STATUS_INSUFFICIENT_RESOURCES`, the
/// target's status.
pub fn send_and_wait(
    target: Obj<IoTarget>,
    request: Option<Obj<Request>>,
    operation: &Operation,
    options: Options,
) -> Outcome<u64> {
    let device = target.destination(options.ignores_state())?;
    let tag = target.owner.header.client.tag();
    if let Some(request) = request {
        let Some(irp) = request.irp.get() else {
            return Err(Failure::new(STATUS_INVALID_DEVICE_REQUEST));
        };
        return run(&request.sent, irp, device, (tag, operation, options));
    }
    let irp = Irp::allocate(device.stack_size())?;
    let outcome = run(&Sent::new(), irp, device, (tag, operation, options));
    irp.free();
    outcome
}

fn run(
    sent: &Sent,
    irp: Irp,
    device: crate::wdm::device_object::DeviceObject,
    (tag, operation, options): (crate::pool::Tag, &Operation, Options),
) -> Outcome<u64> {
    sent.format(irp, device, tag, operation)?;
    irp.set_status(STATUS_SUCCESS);
    let status = irp.send_prepared_and_wait(device, options.timeout);
    sent.finish(irp);
    check(status)?;
    Ok(irp.information())
}
