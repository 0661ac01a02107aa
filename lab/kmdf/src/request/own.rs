//! Requests that a driver makes, and what it can say about sending any.

use core::{mem, ptr::NonNull};

use wdk_sys::{
    _WDF_REQUEST_REUSE_FLAGS as ReuseFlags, BOOLEAN, PIRP, PWDF_OBJECT_ATTRIBUTES, PWDF_REQUEST_REUSE_PARAMS,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER,
    STATUS_REQUEST_NOT_ACCEPTED, WDF_REQUEST_REUSE_PARAMS, WDFIOTARGET, WDFREQUEST,
};

use super::Request;
use crate::{
    failure::{Outcome, STATUS_WDF_REQUEST_INVALID_STATE, fail},
    io_target::{Completion, IoTarget, traffic},
    object::{Attributes, Obj, Parent, create},
    pool,
    wdm::{
        device_object::{DeviceObject, zeroed},
        irp::Irp,
        timer::KernelTimer,
    },
};

/// fxrequest.cpp: the driver completes the request itself; not in the public headers.
const WDF_REQUEST_REUSE_MUST_COMPLETE: i32 = 2;

/// An IRP with a location for the request itself, which the driver formats from.
fn allocate(stack_size: i8) -> Outcome<Irp> {
    let irp = Irp::allocate(stack_size.saturating_add(1))?;
    irp.enter_location(zeroed());
    Ok(irp)
}

impl Obj<Request> {
    /// Sees to it that the IRP has enough locations for a target; where the target is.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE` (the target is closed), `STATUS_REQUEST_NOT_ACCEPTED` (somebody else's IRP is too small),
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn make_room(self, target: Obj<IoTarget>) -> Outcome<DeviceObject> {
        let Some(device) = target.destination() else {
            return fail(STATUS_INVALID_DEVICE_STATE);
        };
        let irp = self.irp.get();
        if irp.is_some_and(|irp| irp.locations_below() >= device.stack_size()) {
            return Ok(device);
        }
        if irp.is_some() && !self.frees_irp.get() {
            return fail(STATUS_REQUEST_NOT_ACCEPTED);
        }
        let larger = allocate(device.stack_size())?;
        if let Some(irp) = self.irp.replace(Some(larger)) {
            irp.free();
        }
        self.frees_irp.set(true);
        Ok(device)
    }

    /// The timer for the request's time limit, made when it is first needed.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn timer(self) -> Outcome<&'static KernelTimer> {
        let timer = if let Some(timer) = self.sent.timer.get() {
            timer
        } else {
            let block = pool::allocate(self.header.client.tag(), mem::size_of::<KernelTimer>())?;
            let timer: NonNull<KernelTimer> = block.cast();
            #[allow(unsafe_code, reason = "the timer lies in pool, where it stays")]
            // SAFETY: A fresh block of this size, aligned to 16.
            unsafe {
                timer.write(KernelTimer::new());
            }
            self.sent.timer.set(Some(timer));
            #[allow(unsafe_code, reason = "the timer lies in pool, where it stays")]
            // SAFETY: Written above; the request frees it when it is destroyed.
            unsafe { timer.as_ref() }.ready(traffic::expired, self.pointer().cast());
            timer
        };
        #[allow(unsafe_code, reason = "the timer lies in pool, where it stays")]
        // SAFETY: The request frees its timer when it is destroyed; callers hold the request.
        Ok(unsafe { timer.as_ref() })
    }

    /// Begins the time of a request that is about to be sent. Units of 100 ns, negative: from now.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn start_timeout(self, due: i64) -> Outcome {
        let timer = self.timer()?;
        // For the timer's routine.
        self.reference();
        self.sent.arm();
        timer.start(due, 0);
        Ok(())
    }

    /// Ends the time of a request.
    pub fn stop_timeout(self) {
        if self.sent.take_armed()
            && let Ok(timer) = self.timer()
            && timer.cancel()
        {
            self.release();
        }
    }
}

impl Request {
    /// Frees the timer.
    pub(super) fn free_timer(&self) {
        if let Some(timer) = self.sent.timer.take() {
            pool::free(timer.cast(), self.header.client.tag());
        }
    }
}

ddi! {
    /// Creates a request of the driver's own.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INVALID_DEVICE_STATE` (a closed target), `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfRequestCreate: PFN_WDFREQUESTCREATE(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, target: WDFIOTARGET, request: *mut WDFREQUEST,
    ) -> NTSTATUS {
        request.not_null(call).put(core::ptr::null_mut());
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let target = target.optional(call);
        let stack_size = match target.map(Obj::destination) {
            Some(None) => return fail(STATUS_INVALID_DEVICE_STATE),
            Some(Some(device)) => device.stack_size(),
            None => 1,
        };
        let irp = allocate(stack_size)?;
        let parent = call.parent(&attributes, None);
        let own = Request::new(call.client, None, irp, true);
        let created = create(own, &attributes, parent).inspect_err(|_| irp.free())?;
        request.put(created.handle());
        Ok(())
    }

    /// Creates a request around an IRP of the driver's own, which it frees if told so.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfRequestCreateFromIrp: PFN_WDFREQUESTCREATEFROMIRP(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, irp: PIRP, frees: BOOLEAN, request: *mut WDFREQUEST,
    ) -> NTSTATUS {
        let irp = irp.not_null(call).pointer();
        request.not_null(call).put(core::ptr::null_mut());
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let Some(irp) = Irp::of(irp) else { return fail(STATUS_INVALID_PARAMETER) };
        let parent = call.parent(&attributes, None);
        let own = Request::new(call.client, None, irp, true);
        own.frees_irp.set(frees != 0);
        request.put(create(own, &attributes, parent)?.handle());
        Ok(())
    }

    /// Makes a request ready to be sent again, a driver's own with another IRP if it wants.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (another version, unknown flags), `STATUS_WDF_REQUEST_INVALID_STATE` (a new IRP for a request of
    /// somebody else), `STATUS_INVALID_DEVICE_REQUEST` (one that must be completed: its IRP is the framework's).
    fn WdfRequestReuse: PFN_WDFREQUESTREUSE(
        call, request: WDFREQUEST, parameters: PWDF_REQUEST_REUSE_PARAMS,
    ) -> NTSTATUS {
        let request = request.object(call);
        let parameters = parameters.required(call);
        let flags = parameters.Flags.cast_signed();
        let known = ReuseFlags::WDF_REQUEST_REUSE_SET_NEW_IRP | WDF_REQUEST_REUSE_MUST_COMPLETE;
        if parameters.Size as usize != size_of::<WDF_REQUEST_REUSE_PARAMS>() || flags & !known != 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let new_irp = flags & ReuseFlags::WDF_REQUEST_REUSE_SET_NEW_IRP != 0;
        request.sent.completion.set(Completion::NONE);
        request.sent.status.set(None);
        if !request.owns_irp {
            if new_irp {
                return fail(STATUS_WDF_REQUEST_INVALID_STATE);
            }
            request.irp(call).set_status(parameters.Status);
            return Ok(());
        }
        if flags & WDF_REQUEST_REUSE_MUST_COMPLETE != 0 {
            if request.frees_irp.get() && !new_irp {
                return fail(STATUS_INVALID_DEVICE_REQUEST);
            }
            crate::unsupported::stop_for(c"WdfRequestReuse for a request that the driver completes itself");
        }
        if new_irp {
            let Some(irp) = Irp::of(parameters.NewIrp) else { return fail(STATUS_INVALID_PARAMETER) };
            let frees = request.frees_irp.replace(false);
            if let Some(old) = request.irp.replace(Some(irp)).filter(|_| frees) {
                old.free();
            }
        } else if request.frees_irp.get() {
            request.irp(call).reuse(parameters.Status);
        }
        Ok(())
    }

    /// The target that a request goes to: its IRP must have room for that target's stack, and gets it where it is the framework's.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE`, `STATUS_REQUEST_NOT_ACCEPTED`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfRequestChangeTarget: PFN_WDFREQUESTCHANGETARGET(
        call, request: WDFREQUEST, target: WDFIOTARGET,
    ) -> NTSTATUS {
        let request = request.object(call);
        request.make_room(target.object(call)).map(|_| ())
    }

    /// Makes the timer that a time limit needs, so that sending cannot fail for want of it.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfRequestAllocateTimer: PFN_WDFREQUESTALLOCATETIMER(call, request: WDFREQUEST) -> NTSTATUS {
        request.object(call).timer().map(|_| ())
    }
}
