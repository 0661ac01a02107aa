//! Cancellation of a request, while it waits and while the driver has it.

use wdk_sys::{
    PDEVICE_OBJECT, PFN_WDF_REQUEST_CANCEL, PIRP, STATUS_CANCELLED, STATUS_INVALID_DEVICE_REQUEST, WDFREQUEST,
};

use super::{Due, Request};
use crate::{
    failure::fail,
    object::Obj,
    queue::Queue,
    wdm::irp::{Irp, release_cancel_lock},
};

impl Obj<Request> {
    /// Makes the IRP of a waiting request cancellable; true when it was cancelled already and nobody else
    /// will notice.
    pub fn wait_cancellable(self) -> bool {
        let Some(irp) = self.irp.get() else { return false };
        irp.set_driver_context(Request::CONTEXT, self.pointer().cast());
        irp.set_cancel_routine(Some(cancel_waiting));
        irp.is_cancelled() && irp.set_cancel_routine(None)
    }

    /// Takes that back; false when the cancel routine is about to run.
    pub fn stop_waiting(self) -> bool {
        self.irp.get().is_some_and(|irp| irp.set_cancel_routine(None))
    }

    /// Whether it waits in a queue.
    pub fn is_waiting(self) -> bool {
        self.queue.get().is_some_and(|queue| queue.has_waiting(self))
    }

    /// Whether the driver lets it be cancelled.
    pub fn is_cancelable(self) -> bool {
        self.cancel.get().is_some()
    }

    /// Tells the driver that it is cancelled.
    pub fn call_cancel(self) {
        self.reference();
        invoke!(self.cancel.take(), self.handle());
        self.release();
    }

    /// Its queue tells the driver, in its turn and under its lock.
    fn cancel_by(self, queue: Obj<Queue>) {
        queue.reference();
        self.due.set(Due::Cancel);
        queue.dispatch_changes();
        queue.release();
    }

    /// Makes a request of the driver cancellable; false when it was cancelled already.
    fn mark(self, queue: Obj<Queue>, callback: PFN_WDF_REQUEST_CANCEL) -> bool {
        let Some(irp) = self.irp.get() else { return false };
        irp.set_driver_context(Request::CONTEXT, self.pointer().cast());
        self.cancel.set(callback);
        irp.set_cancel_routine(Some(cancel_with_driver));
        let gone = irp.is_cancelled() || queue.is_cancelling();
        !(gone && irp.set_cancel_routine(None))
    }
}

const fn of(irp: Irp) -> Option<Obj<Request>> {
    Obj::from_pointer(irp.driver_context(Request::CONTEXT).cast())
}

/// Cancels a request that waits in a queue.
extern "C" fn cancel_waiting(_device: PDEVICE_OBJECT, irp: PIRP) {
    let Some(irp) = Irp::of(irp) else { return };
    release_cancel_lock(irp);
    if let Some(request) = of(irp)
        && let Some(queue) = request.queue.get()
    {
        queue.reference();
        queue.cancelled(request);
        queue.release();
    }
}

/// Tells the driver that a request of its own is cancelled.
extern "C" fn cancel_with_driver(_device: PDEVICE_OBJECT, irp: PIRP) {
    let Some(irp) = Irp::of(irp) else { return };
    release_cancel_lock(irp);
    if let Some(request) = of(irp) {
        match request.queue.get() {
            Some(queue) => request.cancel_by(queue),
            None => request.call_cancel(),
        }
    }
}

ddi! {
    /// Lets a request be cancelled; the callback completes it. One that was cancelled already is told of at once, or when the callback that
    /// marks it has returned. A request without a queue is left as it is.
    fn WdfRequestMarkCancelable: PFN_WDFREQUESTMARKCANCELABLE(
        call, request: WDFREQUEST, callback: PFN_WDF_REQUEST_CANCEL,
    ) {
        let request = request.object(call);
        request.irp(call);
        if let Ok(queue) = request.own_queue()
            && !request.mark(queue, callback)
        {
            request.cancel_by(queue);
        }
    }

    /// The same; one that was cancelled already stays the driver's to complete.
    ///
    /// # Errors
    /// `STATUS_CANCELLED`, `STATUS_INVALID_DEVICE_REQUEST` (no queue, or marked already).
    fn WdfRequestMarkCancelableEx: PFN_WDFREQUESTMARKCANCELABLEEX(
        call, request: WDFREQUEST, callback: PFN_WDF_REQUEST_CANCEL,
    ) -> NTSTATUS {
        let request = request.object(call);
        request.irp(call);
        let queue = request.own_queue()?;
        if request.is_cancelable() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        if request.mark(queue, callback) {
            return Ok(());
        }
        request.cancel.set(None);
        fail(STATUS_CANCELLED)
    }

    /// Takes that back.
    ///
    /// # Errors
    /// `STATUS_CANCELLED` (the callback ran or is about to), `STATUS_INVALID_DEVICE_REQUEST` (no queue, or not marked).
    fn WdfRequestUnmarkCancelable: PFN_WDFREQUESTUNMARKCANCELABLE(call, request: WDFREQUEST) -> NTSTATUS {
        let request = request.object(call);
        request.irp(call);
        request.own_queue()?;
        if !request.is_cancelable() && !request.irp(call).is_cancelled() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        if request.is_cancelable() && request.stop_waiting() {
            request.cancel.set(None);
            return Ok(());
        }
        fail(STATUS_CANCELLED)
    }

    /// Whether the sender wants it cancelled.
    fn WdfRequestIsCanceled: PFN_WDFREQUESTISCANCELED(call, request: WDFREQUEST) -> u8 {
        u8::from(request.object(call).irp(call).is_cancelled())
    }
}
