//! Requests to the bus device: plugging in and pulling out, by administrators; a table, for other drivers.
#![allow(unsafe_code, reason = "a framework callback")]

use direct_call::Failure;
use direct_call::kmdf::{Device, Request};
use sample_interface::{
    IOCTL_INTERNAL_SAMPLE_GET_INTERFACE, IOCTL_SAMPLE_BUS_PLUG_IN, IOCTL_SAMPLE_BUS_UNPLUG, NtStatus,
};
use wdk_sys::{WDFQUEUE, WDFREQUEST};

use crate::bus::BusContext;
use crate::get_interface;

/// Makes the bus's default queue.
///
/// # Errors
///
/// What `WdfIoQueueCreate` answers.
pub fn create_queue(bus: Device<'_>) -> Result<(), Failure> {
    bus.create_default_queue(Some(evt_io_device_control), Some(evt_io_internal_device_control))
}

/// `EvtIoDeviceControl`.
unsafe extern "C" fn evt_io_device_control(
    queue: WDFQUEUE,
    request: WDFREQUEST,
    _output_length: usize,
    _input_length: usize,
    code: u32,
) {
    // SAFETY: the framework's argument, wrapped once.
    let request = unsafe { Request::from_raw(request) };
    // SAFETY: the queue of the request, which is completed in the last line.
    let bus = unsafe { Device::of_queue(queue) };
    let outcome = dispatch(bus, &request, code);
    request.complete(outcome.map(|()| 0));
}

fn dispatch(bus: Device<'_>, request: &Request, code: u32) -> Result<(), Failure> {
    let context = bus.context::<BusContext>().ok_or(Failure::UNSUCCESSFUL)?;
    // SAFETY: cleanup empties the slot, and the framework completes a device's requests before it cleans the device up.
    let provider = unsafe { context.provider.get() }.ok_or(Failure::UNSUCCESSFUL)?;
    let children = provider.data();
    let outcome = match code {
        IOCTL_SAMPLE_BUS_PLUG_IN => children.plug_in(request.input()?),
        IOCTL_SAMPLE_BUS_UNPLUG => children.unplug(request.input()?),
        _ => Err(NtStatus::STATUS_INVALID_DEVICE_REQUEST),
    };
    outcome.map_err(|status| Failure::new(status.0))
}

/// `EvtIoInternalDeviceControl`.
unsafe extern "C" fn evt_io_internal_device_control(
    queue: WDFQUEUE,
    request: WDFREQUEST,
    _output_length: usize,
    _input_length: usize,
    code: u32,
) {
    // SAFETY: the framework's argument, wrapped once.
    let request = unsafe { Request::from_raw(request) };
    // SAFETY: the queue of the request, which is completed in the last line.
    let bus = unsafe { Device::of_queue(queue) };
    let outcome = dispatch_internal(bus, &request, code);
    request.complete(outcome);
}

fn dispatch_internal(bus: Device<'_>, request: &Request, code: u32) -> Result<usize, Failure> {
    if code != IOCTL_INTERNAL_SAMPLE_GET_INTERFACE {
        return Err(Failure::new(NtStatus::STATUS_INVALID_DEVICE_REQUEST.0));
    }
    let context = bus.context::<BusContext>().ok_or(Failure::UNSUCCESSFUL)?;
    // SAFETY: cleanup empties the slot, and the framework completes a device's requests before it cleans the device up.
    let doubler = unsafe { context.doubler.get() }.ok_or(Failure::UNSUCCESSFUL)?;
    get_interface::answer(&doubler, request)
}
