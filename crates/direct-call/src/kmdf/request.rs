//! Requests of method `METHOD_BUFFERED`: a default queue, and fixed-size structures in and out.
#![allow(unsafe_code, reason = "framework calls")]

use core::ffi::c_void;
use core::marker::PhantomData;
use core::{ptr, slice};

use wdk_sys::{
    _MODE, _WDF_IO_QUEUE_DISPATCH_TYPE, _WDF_TRI_STATE, PFN_WDF_IO_QUEUE_IO_DEVICE_CONTROL, STATUS_SUCCESS,
    WDF_IO_QUEUE_CONFIG, WDF_NO_OBJECT_ATTRIBUTES, WDFQUEUE, WDFREQUEST,
};

use super::device::{Device, size_of_ulong};
use crate::Failure;
use crate::call_wdf;

/// What may come out of a buffer that anyone has filled.
///
/// # Safety
///
/// Every bit pattern is a valid value, and there is no padding, so that writing a value discloses nothing.
pub unsafe trait Plain: Copy + 'static {}

// SAFETY: an integer.
unsafe impl Plain for i32 {}
// SAFETY: an integer.
unsafe impl Plain for u32 {}

impl Device<'_> {
    /// Makes the default queue: parallel, since a direct call is reentrant, and not power-managed, so that requests
    /// are answered by this driver in any state.
    ///
    /// # Errors
    ///
    /// What `WdfIoQueueCreate` answers.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn create_default_queue(
        self,
        evt_io_device_control: PFN_WDF_IO_QUEUE_IO_DEVICE_CONTROL,
        evt_io_internal_device_control: PFN_WDF_IO_QUEUE_IO_DEVICE_CONTROL,
    ) -> Result<(), Failure> {
        let mut config = WDF_IO_QUEUE_CONFIG {
            Size: size_of_ulong::<WDF_IO_QUEUE_CONFIG>(),
            DispatchType: _WDF_IO_QUEUE_DISPATCH_TYPE::WdfIoQueueDispatchParallel,
            PowerManaged: _WDF_TRI_STATE::WdfFalse,
            DefaultQueue: u8::from(true),
            EvtIoDeviceControl: evt_io_device_control,
            EvtIoInternalDeviceControl: evt_io_internal_device_control,
            ..WDF_IO_QUEUE_CONFIG::default()
        };
        // WDF_IO_QUEUE_CONFIG_INIT sets the same for a parallel queue: as many requests as come.
        config.Settings.Parallel.NumberOfPresentedRequests = u32::MAX;
        // SAFETY: a valid handle, by `Device`; the configuration is copied, and the device owns the queue.
        let status = unsafe {
            call_wdf!(
                WdfIoQueueCreate,
                self.raw(),
                &raw mut config,
                WDF_NO_OBJECT_ATTRIBUTES,
                ptr::null_mut()
            )
        };
        Failure::check(status)
    }

    /// The device that a queue belongs to, while a request of the queue is not completed.
    ///
    /// # Safety
    ///
    /// `queue` is the argument of a callback whose request is not completed during `'request`.
    #[must_use]
    pub unsafe fn of_queue<'request>(queue: WDFQUEUE) -> Device<'request> {
        // SAFETY: the framework's own queue, by the caller's promise.
        let device = unsafe { call_wdf!(WdfIoQueueGetDevice, queue) };
        // SAFETY: a queue belongs to its device, which stays while the request is not completed.
        unsafe { Device::from_raw(device) }
    }
}

/// A request that the driver owns, until it is completed.
#[derive(Debug)]
pub struct Request(WDFREQUEST);

impl Request {
    /// # Safety
    ///
    /// The argument of a queue's callback, wrapped once: who has it owns the request.
    #[must_use]
    pub const unsafe fn from_raw(request: WDFREQUEST) -> Self {
        Self(request)
    }

    /// The handle, for framework calls.
    #[must_use]
    pub const fn raw(&self) -> WDFREQUEST {
        self.0
    }

    /// Whether the sender is a driver.
    #[must_use]
    pub fn is_from_kernel_mode(&self) -> bool {
        // SAFETY: a request that is not completed.
        let mode = unsafe { call_wdf!(WdfRequestGetRequestorMode, self.0) };
        i32::from(mode) == _MODE::KernelMode
    }

    /// The structure that the sender passed.
    ///
    /// # Errors
    ///
    /// `STATUS_BUFFER_TOO_SMALL`.
    pub fn input<T: Plain>(&self) -> Result<T, Failure> {
        let (buffer, _length) = self.input_buffer(size_of::<T>())?;
        // SAFETY: at least as many bytes as `T` has, as the framework has checked, of a request that is not completed; any bytes are a
        // value, by `Plain`.
        Ok(unsafe { buffer.cast::<T>().read_unaligned() })
    }

    /// The place for what the sender wants back. It may be the input's memory.
    ///
    /// # Errors
    ///
    /// `STATUS_BUFFER_TOO_SMALL`.
    pub fn output<T: Copy>(&self) -> Result<Output<'_, T>, Failure> {
        let (buffer, _length) = self.output_buffer(size_of::<T>())?;
        Ok(Output(buffer, PhantomData))
    }

    /// The values that the sender passed, to be changed where they are: input and output of `METHOD_BUFFERED` are the same memory.
    ///
    /// # Errors
    ///
    /// `STATUS_BUFFER_TOO_SMALL` for no value, or for an output that is shorter than the input; `STATUS_INVALID_PARAMETER` for a part of a
    /// value.
    pub fn in_place<T: Plain>(&mut self) -> Result<&mut [T], Failure> {
        let (buffer, length) = self.input_buffer(size_of::<T>())?;
        self.output_buffer(length)?;
        let values = buffer.cast::<T>();
        if !length.is_multiple_of(size_of::<T>()) || !values.is_aligned() {
            return Err(Failure::INVALID_PARAMETER);
        }
        // SAFETY: so many bytes are both input and output, as the framework has checked, in a system buffer that nobody else uses until the
        // request, which is borrowed, is completed; aligned, as just checked; any bytes are values, by `Plain`.
        Ok(unsafe { slice::from_raw_parts_mut(values, length / size_of::<T>()) })
    }

    /// The input and its length.
    fn input_buffer(&self, minimum: usize) -> Result<(*mut c_void, usize), Failure> {
        let (mut buffer, mut length) = (ptr::null_mut(), 0);
        // SAFETY: a request that is not completed; METHOD_BUFFERED, so the buffer is the system's.
        let status = unsafe {
            call_wdf!(
                WdfRequestRetrieveInputBuffer,
                self.0,
                minimum as _,
                &raw mut buffer,
                &raw mut length
            )
        };
        Failure::check(status).map(|()| (buffer, length as _))
    }

    /// The output and its length.
    fn output_buffer(&self, minimum: usize) -> Result<(*mut c_void, usize), Failure> {
        let (mut buffer, mut length) = (ptr::null_mut(), 0);
        // SAFETY: a request that is not completed; METHOD_BUFFERED, so the buffer is the system's.
        let status = unsafe {
            call_wdf!(
                WdfRequestRetrieveOutputBuffer,
                self.0,
                minimum as _,
                &raw mut buffer,
                &raw mut length
            )
        };
        Failure::check(status).map(|()| (buffer, length as _))
    }

    /// Completes the request: with the number of bytes written, or with the failure's status.
    pub fn complete(self, outcome: Result<usize, Failure>) {
        let (status, written) = outcome.map_or_else(
            |failure| (failure.status(), 0),
            |written| (STATUS_SUCCESS, written),
        );
        // SAFETY: the driver owns the request, and gives it up here, once, as `self` is consumed.
        unsafe {
            call_wdf!(WdfRequestCompleteWithInformation, self.0, status, written as u64);
        }
    }
}

/// A place in a request's system buffer, perhaps not aligned.
#[derive(Debug)]
pub struct Output<'request, T>(*mut c_void, PhantomData<&'request mut T>);

impl<T: Plain> Output<'_, T> {
    /// Writes the value; returns its size.
    #[must_use]
    pub const fn write(self, value: T) -> usize {
        // SAFETY: there is no padding, by `Plain`.
        unsafe { self.write_with_padding(value) }
    }
}

impl<T: Copy> Output<'_, T> {
    /// Writes a value that may have padding; returns its size.
    ///
    /// # Safety
    ///
    /// The request comes from kernel mode, or there is no padding: what lies in it is told to the sender.
    #[must_use]
    pub const unsafe fn write_with_padding(self, value: T) -> usize {
        // SAFETY: at least as many bytes as `T` has, by `Request::output`, of a request that is not completed; a system buffer is
        // writable.
        unsafe { self.0.cast::<T>().write_unaligned(value) };
        size_of::<T>()
    }
}
