//! What a target has in flight: requests that were sent and those that wait for a stopped target.
//!
//! Each request that was sent can be cancelled by its driver, by its timeout and by its target. Whoever does so holds it; the last hold that is
//! given back ends it, so that its IRP is not reused while somebody cancels it (fxrequestbase.cpp, `m_IrpCompletionReferenceCount`).

use wdk_sys::{
    _WDF_IO_TARGET_PURGE_IO_ACTION as PurgeAction, _WDF_IO_TARGET_SENT_IO_ACTION as SentAction,
    _WDF_IO_TARGET_STATE as TargetState, NTSTATUS, PDEVICE_OBJECT, PIRP, PKDPC, PVOID, STATUS_CANCELLED,
    STATUS_INVALID_DEVICE_STATE, STATUS_IO_TIMEOUT, STATUS_MORE_PROCESSING_REQUIRED,
};

use super::{IoTarget, send::Options};
use crate::{
    failure::{Outcome, STATUS_WDF_DEVICE_REMOVED_NOT_SENT, fail},
    object::Obj,
    pool::{Array, Tag},
    request::Request,
    wdm::{
        irp::{Irp, release_cancel_lock},
        sync::{Event, SpinLock},
    },
};

/// Requests that a target has not completed.
pub struct Traffic {
    line: SpinLock<Line>,
    changed: Event,
}

struct Line {
    /// `WDF_IO_TARGET_STATE`
    state: i32,
    sent: Array<Obj<Request>>,
    /// They wait for the target to be started.
    pended: Array<Obj<Request>>,
}

impl Traffic {
    /// None, in this state; [`Traffic::ready`] must follow in place.
    pub const fn new(tag: Tag, state: i32) -> Self {
        Self {
            line: SpinLock::new(Line {
                state,
                sent: Array::new(tag),
                pended: Array::new(tag),
            }),
            changed: Event::zeroed(),
        }
    }

    /// Makes it ready in place.
    pub fn ready(&self) {
        self.changed.reset_to(false);
    }

    /// The state of the target.
    pub fn state(&self) -> i32 {
        self.line.lock().state
    }

    /// Goes to a state from one of these; any other stays.
    fn leave(&self, from: &[i32], to: i32) {
        let mut line = self.line.lock();
        if from.contains(&line.state) {
            line.state = to;
        }
    }

    fn remove_sent(&self, request: Obj<Request>) {
        self.line.lock().sent.remove_where(|other| *other == request);
        self.changed.set();
    }

    /// Waits until nothing is sent, but for what ignores the state if told so. IRQL: `PASSIVE_LEVEL`.
    fn wait(&self, ignored_too: bool) {
        loop {
            self.changed.clear();
            let busy = {
                let line = self.line.lock();
                let mut sent = line.sent.as_slice().iter();
                sent.any(|request| ignored_too || !request.sent.ignores_state.get())
            };
            if !busy {
                return;
            }
            self.changed.wait();
        }
    }
}

impl Obj<IoTarget> {
    /// Takes requests again, and sends those that waited.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE` (deleted).
    pub fn start(self) -> Outcome {
        {
            let mut line = self.traffic.line.lock();
            if line.state == TargetState::WdfIoTargetDeleted {
                return fail(STATUS_INVALID_DEVICE_STATE);
            }
            line.state = TargetState::WdfIoTargetStarted;
        }
        while let Some(request) = self.take_pended(true) {
            self.deliver(request);
        }
        Ok(())
    }

    /// Sends nothing more: what comes waits. What was sent is cancelled, waited for or left.
    pub fn stop(self, action: i32) {
        let from = [TargetState::WdfIoTargetStarted, TargetState::WdfIoTargetPurged];
        self.traffic.leave(&from, TargetState::WdfIoTargetStopped);
        if action == SentAction::WdfIoTargetCancelSentIo {
            self.cancel_sent();
        }
        if action != SentAction::WdfIoTargetLeaveSentIoPending {
            self.traffic.wait(false);
        }
    }

    /// Refuses what comes, and cancels what waits and what was sent.
    pub fn purge(self, action: i32) {
        let from = [TargetState::WdfIoTargetStarted, TargetState::WdfIoTargetStopped];
        self.traffic.leave(&from, TargetState::WdfIoTargetPurged);
        self.fail_pended();
        self.cancel_sent();
        if action == PurgeAction::WdfIoTargetPurgeIoAndWait {
            self.traffic.wait(false);
        }
    }

    /// The target is closed or deleted: nothing of it is in flight any more. IRQL: `PASSIVE_LEVEL`.
    pub fn empty(self, state: i32) {
        self.traffic.line.lock().state = state;
        self.fail_pended();
        self.cancel_sent();
        self.traffic.wait(true);
    }

    /// Notes that a target was opened.
    pub fn set_started(self) {
        self.traffic.line.lock().state = TargetState::WdfIoTargetStarted;
    }

    fn cancel_sent(self) {
        for at in 0.. {
            let next = {
                let line = self.traffic.line.lock();
                line.sent.as_slice().get(at).copied().map(Obj::reference)
            };
            let Some(request) = next else { break };
            request.cancel_sent();
            request.release();
        }
        // One that was completed meanwhile moved the others up.
        let rest = { self.traffic.line.lock().sent.as_slice().first().copied() };
        if let Some(request) = rest {
            request.reference();
            request.cancel_sent();
            request.release();
        }
    }

    fn fail_pended(self) {
        while let Some(request) = self.take_pended(false) {
            if let Some(irp) = request.irp.get() {
                irp.set_status(STATUS_WDF_DEVICE_REMOVED_NOT_SENT);
                irp.set_information(0);
            }
            request.give_back();
        }
    }

    /// The first request that waits and that nobody cancels right now.
    fn take_pended(self, to_send: bool) -> Option<Obj<Request>> {
        let mut line = self.traffic.line.lock();
        let request = line.pended.remove_where(|request| request.stop_waiting())?;
        if to_send {
            // `submit` made the room.
            let _noted = line.sent.push(request);
        }
        Some(request)
    }

    /// Hands a request to the target now, or when it is started.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE` (the target is closed, purged or deleted), `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn submit(self, request: Obj<Request>, irp: Irp, options: Options) -> Outcome {
        if self.destination().is_none() {
            return fail(STATUS_INVALID_DEVICE_STATE);
        }
        let now = {
            let mut line = self.traffic.line.lock();
            let now = match line.state {
                TargetState::WdfIoTargetStarted => true,
                _ if options.ignores_state() => true,
                TargetState::WdfIoTargetStopped => false,
                _ => return fail(STATUS_INVALID_DEVICE_STATE),
            };
            let room = line.sent.as_slice().len() + line.pended.as_slice().len() + 1;
            line.sent.reserve(room)?;
            request.sent.begin(self, options.ignores_state());
            request.reference();
            if now {
                line.sent.push(request)?;
            } else {
                irp.set_driver_context(Request::CONTEXT, request.pointer().cast());
                line.pended.push(request)?;
                irp.set_cancel_routine(Some(cancel_pended));
            }
            now
        };
        if now {
            self.deliver(request);
        } else if irp.is_cancelled() && request.stop_waiting() {
            self.end_pended(request, STATUS_CANCELLED);
        }
        Ok(())
    }

    fn deliver(self, request: Obj<Request>) {
        if let Some(irp) = request.irp.get() {
            irp.set_completion(completed, request.pointer().cast());
            self.call(irp);
        }
    }

    fn end_pended(self, request: Obj<Request>, status: NTSTATUS) {
        self.traffic
            .line
            .lock()
            .pended
            .remove_where(|other| *other == request);
        if let Some(irp) = request.irp.get() {
            irp.set_status(status);
            irp.set_information(0);
        }
        request.give_back();
    }
}

impl Obj<Request> {
    /// Asks the target to complete a request soon; whether it could be asked.
    pub fn cancel_sent(self) -> bool {
        if !self.sent.hold() {
            return false;
        }
        let asked = self.irp.get().is_some_and(Irp::cancel);
        self.give_back();
        asked
    }

    /// The same because its time is over.
    pub fn time_out(self) {
        if self.sent.hold() {
            self.sent.timed_out.set(true);
            if let Some(irp) = self.irp.get() {
                irp.cancel();
            }
            self.give_back();
        }
    }

    /// Gives a hold back; the last one ends the request.
    fn give_back(self) {
        if self.sent.release() {
            self.finish_sent();
        }
    }

    /// The target is done with a request, and nobody cancels it.
    fn finish_sent(self) {
        let (Some(irp), Some(target)) = (self.irp.get(), self.sent.target.take()) else {
            return;
        };
        self.stop_timeout();
        if self.sent.timed_out.replace(false) && irp.status() == STATUS_CANCELLED {
            irp.set_status(STATUS_IO_TIMEOUT);
        }
        self.sent.finish(irp);
        let waiter = self.sent.waiter.replace(core::ptr::null());
        super::call_completion(self, irp, target);
        target.traffic.remove_sent(self);
        target.release();
        if !waiter.is_null() {
            #[allow(unsafe_code, reason = "the event of a thread that waits")]
            // SAFETY: `send_and_wait` gave the address of its event and waits for it.
            unsafe {
                (*waiter).set();
            }
        }
        self.release();
    }
}

/// The target completed a request.
extern "C" fn completed(_device: PDEVICE_OBJECT, _irp: PIRP, context: PVOID) -> NTSTATUS {
    if let Some(request) = Obj::<Request>::from_pointer(context.cast()) {
        request.give_back();
    }
    STATUS_MORE_PROCESSING_REQUIRED
}

/// A request that waits for its target is cancelled.
extern "C" fn cancel_pended(_device: PDEVICE_OBJECT, irp: PIRP) {
    let Some(irp) = Irp::of(irp) else { return };
    release_cancel_lock(irp);
    let request = Obj::<Request>::from_pointer(irp.driver_context(Request::CONTEXT).cast());
    if let Some(request) = request
        && let Some(target) = request.sent.target.get()
    {
        target.end_pended(request, STATUS_CANCELLED);
    }
}

/// The time of a request is over.
pub extern "C" fn expired(_dpc: PKDPC, context: PVOID, _first: PVOID, _second: PVOID) {
    if let Some(request) = Obj::<Request>::from_pointer(context.cast()) {
        if request.sent.take_armed() {
            request.time_out();
        }
        request.release();
    }
}
