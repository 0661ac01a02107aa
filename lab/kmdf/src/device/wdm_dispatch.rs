//! A driver's own dispatch routines for transfers and controls, which see each IRP before the queues do (fxpkgio.cpp).

use core::{cell::Cell, ffi::c_void, ptr};

use wdk_sys::{
    NTSTATUS, PFN_WDFDEVICE_WDM_IRP_DISPATCH, PIRP, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER, UCHAR, ULONG, WDFCONTEXT, WDFDEVICE, WDFDRIVER,
    WDFQUEUE,
};

use super::Device;
use crate::{
    dispatch::major,
    failure::{Outcome, fail},
    object::Obj,
    queue::{self, Queue},
    wdm::{bugcheck::Violation, irp::Irp, parameters::Parameters},
};

/// fxpkgio.hpp: marks the context that a dispatch routine gets.
const IN_CALLBACK: usize = 1;
/// wdfdevice.h: `WDF_DISPATCH_IRP_TO_IO_QUEUE_FLAGS`
const INVOKE_IN_CALLER_CONTEXT: ULONG = 1;
const PREPROCESSED: ULONG = 2;

/// A routine and what the driver wants to get with each call.
#[derive(Clone, Copy)]
struct Routine {
    callback: PFN_WDFDEVICE_WDM_IRP_DISPATCH,
    context: WDFCONTEXT,
}

/// The routines of a device: read, write, control and internal control.
pub struct Routines([Cell<Routine>; 4]);

impl Routines {
    /// No routines.
    pub const fn new() -> Self {
        const NONE: Cell<Routine> = Cell::new(Routine {
            callback: None,
            context: ptr::null_mut(),
        });
        Self([NONE; 4])
    }

    const fn of(&self, major: u8) -> Option<&Cell<Routine>> {
        let [read, write, control, internal] = &self.0;
        match major {
            major::READ => Some(read),
            major::WRITE => Some(write),
            major::DEVICE_CONTROL => Some(control),
            major::INTERNAL_DEVICE_CONTROL => Some(internal),
            _ => None,
        }
    }

    /// What a routine passes back to have the IRP go on.
    fn context(&self) -> WDFCONTEXT {
        ptr::from_ref(self)
            .cast::<c_void>()
            .cast_mut()
            .wrapping_byte_add(IN_CALLBACK)
    }
}

/// Shows the IRP to the driver's routine, if it has one for this function.
pub fn show(device: Obj<Device>, irp: Irp) -> Option<NTSTATUS> {
    let stack = irp.stack();
    let routine = device.routines.of(stack.MajorFunction)?.get();
    invoke!(
        routine.callback,
        device.handle(),
        stack.MajorFunction,
        stack.MinorFunction,
        stack.io_control().code,
        routine.context,
        irp.pointer(),
        device.routines.context()
    )
}

/// Whether the queue can take the IRP of this device.
fn check_queue(device: Obj<Device>, irp: Irp, queue: Obj<Queue>, flags: ULONG) -> Outcome {
    if flags & !(INVOKE_IN_CALLER_CONTEXT | PREPROCESSED) != 0
        || device.routines.of(irp.major()).is_none()
        || !queue.has_event(irp.major())
    {
        return fail(STATUS_INVALID_PARAMETER);
    }
    if device.parent == Some(queue.device) {
        if !device.settings.identity.forward_to_parent {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
    } else if device != queue.device {
        return fail(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

fn refuse(irp: Irp, status: NTSTATUS) -> NTSTATUS {
    irp.set_information(0);
    irp.complete_with(status)
}

ddi! {
    /// Sets the routine for a function, before the device is started.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (another function, or one that has a routine), `STATUS_INVALID_DEVICE_STATE`.
    fn WdfDeviceConfigureWdmIrpDispatchCallback: PFN_WDFDEVICECONFIGUREWDMIRPDISPATCHCALLBACK(
        call, device: WDFDEVICE, driver: WDFDRIVER, major: UCHAR, callback: PFN_WDFDEVICE_WDM_IRP_DISPATCH,
        context: WDFCONTEXT,
    ) -> NTSTATUS {
        let device = device.object(call);
        let Some(routine) = device.routines.of(major) else {
            return fail(STATUS_INVALID_PARAMETER);
        };
        driver.optional(call);
        if callback.is_none() {
            call.violation(Violation::NullParameter, 0);
        }
        if !device.is_being_set_up() {
            return fail(STATUS_INVALID_DEVICE_STATE);
        }
        if routine.get().callback.is_some() {
            return fail(STATUS_INVALID_PARAMETER);
        }
        routine.set(Routine { callback, context: context.pointer() });
        Ok(())
    }

    /// Lets an IRP that a dispatch routine saw go on. The status is that of the dispatch.
    fn WdfDeviceWdmDispatchIrp: PFN_WDFDEVICEWDMDISPATCHIRP(
        call, device: WDFDEVICE, irp: PIRP, context: WDFCONTEXT,
    ) -> i32 {
        let device = device.object(call);
        let context = context.not_null(call).pointer();
        match Irp::of(irp.not_null(call).pointer()) {
            Some(irp) if context == device.routines.context() => queue::dispatch_below(device, irp),
            Some(irp) if context.addr() & IN_CALLBACK != 0 => refuse(irp, STATUS_INVALID_PARAMETER),
            // Any other context is one that only a class extension gets.
            _ => call.violation(Violation::Fatal, context.addr()),
        }
    }

    /// Gives an IRP to a queue of the device, or of its bus where the child was set up for that. The status is that of the dispatch;
    /// an IRP that the queue cannot take is completed with `STATUS_INVALID_PARAMETER` or `STATUS_INVALID_DEVICE_REQUEST`.
    fn WdfDeviceWdmDispatchIrpToIoQueue: PFN_WDFDEVICEWDMDISPATCHIRPTOIOQUEUE(
        call, device: WDFDEVICE, irp: PIRP, queue: WDFQUEUE, flags: ULONG,
    ) -> i32 {
        let (mut device, queue) = (device.object(call), queue.object(call));
        let Some(irp) = Irp::of(irp.not_null(call).pointer()) else {
            return STATUS_INVALID_PARAMETER;
        };
        if flags & PREPROCESSED != 0 {
            irp.unskip();
        }
        if let Err(failure) = check_queue(device, irp, queue, flags) {
            return refuse(irp, failure.status());
        }
        if let (Some(parent), Some(wdm)) = (device.parent, queue.device.wdm.get())
            && parent == queue.device
        {
            irp.copy_to_next();
            irp.advance(wdm);
            device = parent;
        }
        let wanted = flags & INVOKE_IN_CALLER_CONTEXT != 0;
        let in_context = device.settings.in_caller_context.filter(|_| wanted);
        queue::dispatch_to(device, irp, Some(queue), in_context)
    }
}
