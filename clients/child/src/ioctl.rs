//! Requests from user mode.
#![allow(unsafe_code, reason = "a framework callback")]

use core::sync::atomic::Ordering;

use direct_call::Failure;
use direct_call::kmdf::{Device, Plain, Request};
use sample_interface::{
    IOCTL_CHILD_DOUBLE, IOCTL_CHILD_DOUBLE_ARRAY, IOCTL_CHILD_QUERY_STATISTICS, NtStatus, SAMPLE_STATISTICS,
};
use wdk_sys::{WDFQUEUE, WDFREQUEST};

use crate::doubler::{ChildContext, Doubler};

/// `EvtIoDeviceControl`.
pub unsafe extern "C" fn evt_io_device_control(
    queue: WDFQUEUE,
    request: WDFREQUEST,
    _output_length: usize,
    _input_length: usize,
    code: u32,
) {
    // SAFETY: the framework's argument, wrapped once.
    let mut request = unsafe { Request::from_raw(request) };
    // SAFETY: the queue of the request, which is completed in the last line.
    let device = unsafe { Device::of_queue(queue) };
    let outcome = match code {
        IOCTL_CHILD_DOUBLE => double(device, &request),
        IOCTL_CHILD_DOUBLE_ARRAY => double_array(device, &mut request),
        IOCTL_CHILD_QUERY_STATISTICS => query_statistics(device, &request),
        _ => Err(Failure::new(NtStatus::STATUS_INVALID_DEVICE_REQUEST.0)),
    };
    request.complete(outcome);
}

// Each routine looks at its buffers first, so that a request that is too short is told so in any state, and returns the number of
// bytes written.

fn double(device: Device<'_>, request: &Request) -> Result<usize, Failure> {
    let value: i32 = request.input()?;
    let output = request.output()?;
    let doubled = with_doubler(device, |doubler| doubler.double(value))?;
    Ok(output.write(doubled))
}

fn double_array(device: Device<'_>, request: &mut Request) -> Result<usize, Failure> {
    let values: &mut [i32] = request.in_place()?;
    let done = with_doubler(device, |doubler| doubler.double_all(values))?;
    Ok(done * size_of::<i32>())
}

fn query_statistics(device: Device<'_>, request: &Request) -> Result<usize, Failure> {
    let output = request.output()?;
    let statistics = with_doubler(device, Doubler::statistics)?;
    let statistics = statistics.ok_or(Failure::new(NtStatus::STATUS_NOT_SUPPORTED.0))?;
    Ok(output.write(Statistics(statistics)))
}

/// The structure as it goes into a buffer.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Statistics(SAMPLE_STATISTICS);

// SAFETY: three integers of the same size, so without padding.
unsafe impl Plain for Statistics {}

/// Calls through the interface, inside the gate.
fn with_doubler<R>(
    device: Device<'_>,
    call: impl FnOnce(&Doubler) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let context = device.context::<ChildContext>().ok_or(Failure::UNSUCCESSFUL)?;
    let _inside = context.gate.enter().ok_or_else(|| without_interface(context))?;
    // SAFETY: inside the gate, where neither prepare nor release touches the slot.
    let doubler = unsafe { context.doubler.get() };
    call(doubler.ok_or_else(|| without_interface(context))?)
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
