//! Requests from user mode.
#![allow(unsafe_code, reason = "framework calls and callbacks")]

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;

use direct_call::Failure;
use direct_call::kmdf::{Device, size_of_ulong};
use sample_interface::{IOCTL_CHILD_DOUBLE, NtStatus};
use wdk_sys::{
    _WDF_IO_QUEUE_DISPATCH_TYPE, _WDF_TRI_STATE, STATUS_SUCCESS, WDF_IO_QUEUE_CONFIG,
    WDF_NO_OBJECT_ATTRIBUTES, WDFDEVICE, WDFQUEUE, WDFREQUEST, call_unsafe_wdf_function_binding,
};

use crate::doubler::{ChildContext, double};

/// Bytes of an `INT`.
const INT: usize = size_of::<i32>();

/// Makes the default queue: parallel, since a direct call is reentrant, and not power-managed, so that requests
/// are answered by this driver in any state; see [`crate::gate`].
///
/// # Errors
///
/// What `WdfIoQueueCreate` answers.
pub fn create_queue(device: WDFDEVICE) -> Result<(), Failure> {
    let mut config = WDF_IO_QUEUE_CONFIG {
        Size: size_of_ulong::<WDF_IO_QUEUE_CONFIG>(),
        DispatchType: _WDF_IO_QUEUE_DISPATCH_TYPE::WdfIoQueueDispatchParallel,
        PowerManaged: _WDF_TRI_STATE::WdfFalse,
        DefaultQueue: u8::from(true),
        EvtIoDeviceControl: Some(evt_io_device_control),
        ..WDF_IO_QUEUE_CONFIG::default()
    };
    // WDF_IO_QUEUE_CONFIG_INIT sets the same for a parallel queue: as many requests as come.
    config.Settings.Parallel.NumberOfPresentedRequests = u32::MAX;
    // SAFETY: a device of this driver, just made; the configuration is copied, and the device owns the queue.
    let status = unsafe {
        call_unsafe_wdf_function_binding!(
            WdfIoQueueCreate,
            device,
            &raw mut config,
            WDF_NO_OBJECT_ATTRIBUTES,
            ptr::null_mut()
        )
    };
    Failure::check(status)
}

/// `EvtIoDeviceControl`.
unsafe extern "C" fn evt_io_device_control(
    queue: WDFQUEUE,
    request: WDFREQUEST,
    _output_length: usize,
    _input_length: usize,
    code: u32,
) {
    // SAFETY: the framework's own queue.
    let device = unsafe { call_unsafe_wdf_function_binding!(WdfIoQueueGetDevice, queue) };
    // SAFETY: a queue belongs to its device, which stays while this request is not completed.
    let device = unsafe { Device::from_raw(device) };
    Request(request).complete(Request(request).dispatch(device, code));
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

/// A request that this driver owns, until it is completed.
struct Request(WDFREQUEST);

impl Request {
    /// The number of bytes written.
    fn dispatch(&self, device: Device<'_>, code: u32) -> Result<usize, Failure> {
        match code {
            IOCTL_CHILD_DOUBLE => self.double(device),
            _ => Err(Failure::new(NtStatus::STATUS_INVALID_DEVICE_REQUEST.0)),
        }
    }

    fn double(&self, device: Device<'_>) -> Result<usize, Failure> {
        let context = device.context::<ChildContext>().ok_or(Failure::UNSUCCESSFUL)?;
        // Both buffers first: a request that is too short is told so in any state. They are one and the same
        // memory.
        let input = self.input()?;
        let output = self.output()?;
        let _inside = context.gate.enter().ok_or_else(|| without_interface(context))?;
        // SAFETY: inside the gate, where neither prepare nor release touches the slot.
        let doubler = unsafe { context.doubler.get() }.ok_or_else(|| without_interface(context))?;
        output.write(double(doubler, input.read())?);
        Ok(INT)
    }

    /// # Errors
    ///
    /// `STATUS_BUFFER_TOO_SMALL`.
    fn input(&self) -> Result<Int, Failure> {
        let mut buffer = ptr::null_mut();
        // SAFETY: a request that is not completed; METHOD_BUFFERED, so the buffer is the system's.
        let status = unsafe {
            call_unsafe_wdf_function_binding!(
                WdfRequestRetrieveInputBuffer,
                self.0,
                INT as _,
                &raw mut buffer,
                ptr::null_mut()
            )
        };
        Int::retrieved(status, buffer)
    }

    /// # Errors
    ///
    /// `STATUS_BUFFER_TOO_SMALL`.
    fn output(&self) -> Result<Int, Failure> {
        let mut buffer = ptr::null_mut();
        // SAFETY: a request that is not completed; METHOD_BUFFERED, so the buffer is the system's.
        let status = unsafe {
            call_unsafe_wdf_function_binding!(
                WdfRequestRetrieveOutputBuffer,
                self.0,
                INT as _,
                &raw mut buffer,
                ptr::null_mut()
            )
        };
        Int::retrieved(status, buffer)
    }

    fn complete(self, outcome: Result<usize, Failure>) {
        let (status, written) = outcome.map_or_else(
            |failure| (failure.status(), 0),
            |written| (STATUS_SUCCESS, written),
        );
        // SAFETY: the driver owns the request, and gives it up here, once, as `self` is consumed.
        unsafe {
            call_unsafe_wdf_function_binding!(
                WdfRequestCompleteWithInformation,
                self.0,
                status,
                written as u64
            );
        }
    }
}

/// An `INT` in a request's system buffer, perhaps not aligned.
struct Int(*mut i32);

impl Int {
    /// The framework has checked the length against `INT`, or failed.
    fn retrieved(status: i32, buffer: *mut c_void) -> Result<Self, Failure> {
        Failure::check(status)?;
        Ok(Self(buffer.cast()))
    }

    const fn read(&self) -> i32 {
        // SAFETY: at least four bytes, by `retrieved`, of a request that is not completed yet.
        unsafe { self.0.read_unaligned() }
    }

    const fn write(&self, value: i32) {
        // SAFETY: as for `read`; a system buffer is writable.
        unsafe { self.0.write_unaligned(value) };
    }
}
