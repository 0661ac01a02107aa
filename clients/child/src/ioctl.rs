//! Requests from user mode.
#![allow(unsafe_code, reason = "a framework callback")]

use core::sync::atomic::Ordering;

use direct_call::Failure;
use direct_call::kmdf::{Device, Request};
use sample_interface::{IOCTL_CHILD_DOUBLE, NtStatus};
use wdk_sys::{WDFQUEUE, WDFREQUEST};

use crate::doubler::{ChildContext, double};

/// `EvtIoDeviceControl`.
pub unsafe extern "C" fn evt_io_device_control(
    queue: WDFQUEUE,
    request: WDFREQUEST,
    _output_length: usize,
    _input_length: usize,
    code: u32,
) {
    // SAFETY: the framework's argument, wrapped once.
    let request = unsafe { Request::from_raw(request) };
    // SAFETY: the queue of the request, which is completed in the last line.
    let device = unsafe { Device::of_queue(queue) };
    let outcome = match code {
        IOCTL_CHILD_DOUBLE => double_once(device, &request),
        _ => Err(Failure::new(NtStatus::STATUS_INVALID_DEVICE_REQUEST.0)),
    };
    request.complete(outcome);
}

/// The number of bytes written.
fn double_once(device: Device<'_>, request: &Request) -> Result<usize, Failure> {
    let context = device.context::<ChildContext>().ok_or(Failure::UNSUCCESSFUL)?;
    // Both buffers first: a request that is too short is told so in any state. They are one and the same
    // memory.
    let value: i32 = request.input()?;
    let output = request.output()?;
    let _inside = context.gate.enter().ok_or_else(|| without_interface(context))?;
    // SAFETY: inside the gate, where neither prepare nor release touches the slot.
    let doubler = unsafe { context.doubler.get() }.ok_or_else(|| without_interface(context))?;
    Ok(output.write(double(doubler, value)?))
}

/// Why there is no interface to call through.
fn without_interface(context: &ChildContext) -> Failure {
    let removed = context.removed.load(Ordering::Relaxed);
    let status = if removed {
        NtStatus::STATUS_DEVICE_REMOVED
    } else {
        NtStatus::STATUS_DEVICE_NOT_READY
    };
    Failure::new(status.0)
}
