//! A request that goes from one queue to another, or back to its own.

use wdk_sys::{
    _WDF_REQUEST_FORWARD_OPTIONS_FLAGS as ForwardFlags, PWDF_REQUEST_FORWARD_OPTIONS,
    STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER,
    WDF_REQUEST_FORWARD_OPTIONS, WDFQUEUE, WDFREQUEST,
};

use super::{Request, Stop};
use crate::{
    failure::{Outcome, fail},
    object::Obj,
    queue::Queue,
    wdm::irp::Irp,
};

/// Gives a request that a driver has to a queue.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` (the same queue, another device's, a request that can be cancelled, one that waits or that the driver
/// made), `STATUS_WDF_BUSY`, `STATUS_INSUFFICIENT_RESOURCES`.
pub fn forward(request: Obj<Request>, to: Obj<Queue>) -> Outcome {
    let from = request.queue.get();
    let foreign = request.device.get() != Some(to.device);
    if from == Some(to) || request.owns_irp || foreign || request.is_cancelable() || request.is_waiting() {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    move_to(request, from, to, false)
}

/// Gives a child's request to a queue of its bus, in the bus's own stack location.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` (not the bus's queue, a child that was not set up for it, a request that can be cancelled, waits or is in no
/// queue), `STATUS_WDF_BUSY`, `STATUS_INSUFFICIENT_RESOURCES`.
fn forward_to_parent(request: Obj<Request>, irp: Irp, to: Obj<Queue>) -> Outcome {
    let (from, child) = (request.queue.get(), request.device.get());
    let (Some(from), Some(child), Some(parent)) = (from, child, to.device.wdm.get()) else {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    };
    let allowed = child.parent == Some(to.device) && child.settings.identity.forward_to_parent;
    if !allowed || request.is_cancelable() || request.is_waiting() {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    irp.copy_to_next();
    irp.advance(parent);
    request.device.set(Some(to.device.reference()));
    let outcome = move_to(request, Some(from), to, false);
    if outcome.is_ok() {
        child.release();
    } else {
        request.device.set(Some(child));
        to.device.release();
        irp.skip();
    }
    outcome
}

/// Takes a request from the driver's side of one queue and has it wait in another.
pub fn move_to(request: Obj<Request>, from: Option<Obj<Queue>>, to: Obj<Queue>, first: bool) -> Outcome {
    if let Some(from) = from {
        from.reference().withdraw(request);
    }
    let outcome = to.take_over(request, first);
    if let Some(from) = from {
        if outcome.is_err() {
            from.take_back(request);
        }
        // The request may be completed and gone by now; the queue that it left presents the next one.
        from.dispatch_changes();
        from.release();
    }
    outcome
}

ddi! {
    /// Gives a request to another queue of the same device.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INVALID_DEVICE_STATE`.
    fn WdfRequestForwardToIoQueue: PFN_WDFREQUESTFORWARDTOIOQUEUE(
        call, request: WDFREQUEST, to: WDFQUEUE,
    ) -> NTSTATUS {
        let request = request.object(call);
        request.irp(call);
        forward(request, to.object(call))
    }

    /// Gives a child's request to a queue of its bus.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (unknown flags), those of [`forward_to_parent`].
    fn WdfRequestForwardToParentDeviceIoQueue: PFN_WDFREQUESTFORWARDTOPARENTDEVICEIOQUEUE(
        call, request: WDFREQUEST, to: WDFQUEUE, options: PWDF_REQUEST_FORWARD_OPTIONS,
    ) -> NTSTATUS {
        let to = to.object(call);
        let request = request.object(call);
        let options = options.required(call);
        if options.Size as usize != size_of::<WDF_REQUEST_FORWARD_OPTIONS>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let known = ForwardFlags::WDF_REQUEST_FORWARD_OPTION_SEND_AND_FORGET;
        if options.Flags.cast_signed() & !known != 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        forward_to_parent(request, request.irp(call), to)
    }

    /// Gives a request back to its manual queue, before the others.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (no queue, another kind of queue, a request that can be cancelled or waits).
    fn WdfRequestRequeue: PFN_WDFREQUESTREQUEUE(call, request: WDFREQUEST) -> NTSTATUS {
        let request = request.object(call);
        let queue = request.own_queue()?;
        if !queue.is_manual() || request.is_cancelable() || request.is_waiting() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        move_to(request, Some(queue), queue, true)
    }

    /// Answers `EvtIoStop`: the driver keeps the request, or gives it back to the queue. Outside of that callback it does nothing.
    fn WdfRequestStopAcknowledge: PFN_WDFREQUESTSTOPACKNOWLEDGE(call, request: WDFREQUEST, requeue: u8) {
        let request = request.object(call);
        let Some(queue) = request.queue.get().filter(|_| request.stop.get() == Stop::Told) else { return };
        if requeue == 0 {
            request.stop.set(Stop::Kept);
            queue.dispatch_changes();
        } else if !request.is_cancelable() {
            // The queue took it before, so it has room for it.
            let _requeued = move_to(request, Some(queue), queue, true);
        }
    }
}
