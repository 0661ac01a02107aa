//! Requests from user mode.
#![allow(unsafe_code, reason = "a framework callback")]

use direct_call::Failure;
use direct_call::kmdf::{Device, Request};
use sample_interface::{IOCTL_CHILD_DOUBLE, NtStatus};
use wdk_sys::{WDFQUEUE, WDFREQUEST};

use crate::context::RemoteContext;

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
        IOCTL_CHILD_DOUBLE => double(device, &request),
        _ => Err(Failure::new(NtStatus::STATUS_INVALID_DEVICE_REQUEST.0)),
    };
    request.complete(outcome);
}

/// Calls through the interface, inside the gate.
fn double(device: Device<'_>, request: &Request) -> Result<usize, Failure> {
    const NOT_READY: Failure = Failure::new(NtStatus::STATUS_DEVICE_NOT_READY.0);
    let value: i32 = request.input()?;
    let output = request.output()?;
    let context = device.context::<RemoteContext>().ok_or(Failure::UNSUCCESSFUL)?;
    let _inside = context.gate.enter().ok_or(NOT_READY)?;
    // SAFETY: inside the gate, which is closed whenever the slot changes.
    let doubler = unsafe { context.doubler.get() }.ok_or(NOT_READY)?;
    Ok(output.write(RemoteContext::double(doubler, value)?))
}
