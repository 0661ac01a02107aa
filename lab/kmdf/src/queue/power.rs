//! Queues and their device: held outside of D0, purged when it goes.
//!
//! Stopping tells the driver about each request that it has (`EvtIoStop`), and waits until all are completed, forwarded or acknowledged.

use core::{ffi::c_void, ptr};

use wdk_sys::{_WDF_REQUEST_STOP_ACTION_FLAGS as StopAction, WDFQUEUE};

use super::{Queue, Queues, State, Waiter};
use crate::{
    ddi::Call,
    object::Obj,
    request::{Due, Request, Stop},
    wdm::{bugcheck::Violation, sync::Event},
};

impl Queues {
    /// Power is up: power-managed queues present.
    pub fn resume(&self) {
        self.for_each(|queue| {
            if queue.power_managed {
                queue.state.lock().held = false;
                queue.resume_requests();
            }
        });
        self.for_each(|queue| {
            if queue.power_managed {
                queue.tell_again();
                queue.dispatch();
            }
        });
    }

    /// Power goes down: power-managed queues present nothing more, and the driver has let go of what it has.
    pub fn hold(&self) {
        self.for_each(|queue| {
            if queue.power_managed {
                queue.state.lock().held = true;
                queue.wait_until(|state| state.dispatching == 0);
            }
        });
        self.for_each(|queue| {
            if queue.power_managed {
                queue.stop_requests(StopAction::WdfRequestStopActionSuspend);
            }
        });
    }

    /// The device goes: its power-managed queues, or else the others, refuse and cancel, and wait for the driver.
    pub fn purge(&self, managed: bool) {
        self.for_each(|queue| {
            if queue.power_managed == managed {
                {
                    let mut state = queue.state.lock();
                    (state.shutdown, state.accepting) = (true, false);
                }
                queue.purge();
                queue.state.lock().held = true;
                queue.stop_requests(StopAction::WdfRequestStopActionPurge);
            }
        });
    }

    /// A device that went starts again: its queues accept.
    pub fn reopen(&self) {
        self.for_each(|queue| {
            let mut state = queue.state.lock();
            if core::mem::replace(&mut state.shutdown, false) {
                state.accepting = true;
                state.held = queue.power_managed;
            }
        });
    }
}

impl State {
    /// Whether the driver completed or acknowledged all that it has.
    fn is_suspended(&self) -> bool {
        let mut requests = self.with_driver.as_slice().iter();
        self.dispatching == 0 && requests.all(|request| request.stop.get() == Stop::Kept)
    }

    /// Whether queues accept again is the driver's, unless the device goes.
    pub(super) const fn set_accepting(&mut self) {
        self.accepting = !self.shutdown;
    }
}

impl Obj<Queue> {
    /// Refuses new requests, and cancels those that wait and those that the driver lets be cancelled.
    pub(super) fn purge(self) {
        {
            let mut state = self.state.lock();
            (state.accepting, state.cancelling) = (false, true);
        }
        self.cancel_all();
    }

    /// Cancels what waits, and what the driver lets be cancelled.
    pub(super) fn cancel_all(self) {
        self.cancel_waiting(|_| true);
        {
            let state = self.state.lock();
            for request in state.with_driver.as_slice() {
                if request.is_cancelable() && request.stop_waiting() {
                    request.due.set(Due::Cancel);
                }
            }
        }
        self.dispatch();
    }

    /// The queue is deleted: the driver gives back what it has. IRQL: `PASSIVE_LEVEL`.
    pub(super) fn end(self) {
        self.purge();
        self.wait_until(|state| state.is_empty() && state.dispatching == 0);
    }

    /// Tells the driver about each request that it has, and waits. IRQL: `PASSIVE_LEVEL`.
    fn stop_requests(self, action: i32) {
        for request in self.state.lock().with_driver.as_slice() {
            request.stop.set(Stop::Untold);
        }
        while let Some(request) = self.next_untold() {
            let cancelable = if request.is_cancelable() {
                StopAction::WdfRequestStopRequestCancelable
            } else {
                0
            };
            let flags = (action | cancelable).cast_unsigned();
            request.reference();
            self.apart(|| {
                invoke!(self.config.EvtIoStop, self.handle(), request.handle(), flags);
            });
            request.release();
        }
        self.wait_until(State::is_suspended);
    }

    /// The next request of the driver that `EvtIoStop` was not called for; a cancelled one is only waited for.
    fn next_untold(self) -> Option<Obj<Request>> {
        let state = self.state.lock();
        for request in state.with_driver.as_slice() {
            if request.stop.get() == Stop::Untold {
                request.stop.set(Stop::Told);
                if request.due.get() == Due::Nothing {
                    return Some(*request);
                }
            }
        }
        None
    }

    /// Tells it that those which it kept may go on.
    fn resume_requests(self) {
        loop {
            let next = {
                let state = self.state.lock();
                let requests = state.with_driver.as_slice().iter();
                requests
                    .copied()
                    .find(|request| request.stop.replace(Stop::Untold) == Stop::Kept)
            };
            let Some(request) = next else { return };
            self.apart(|| {
                invoke!(self.config.EvtIoResume, self.handle(), request.handle());
            });
        }
    }

    /// A manual queue that presents again tells of what waits.
    pub(super) fn tell_again(self) {
        let mut state = self.state.lock();
        if !state.waiting.as_slice().is_empty() {
            (state.fresh, state.force_fresh) = (true, false);
        }
    }

    /// Has a callback of the driver, or of ours, wait for a state of the queue; the run ends when another one does.
    pub(super) fn wait_for(self, call: &Call, place: impl FnOnce(&mut State) -> &mut Waiter, waiter: Waiter) {
        if waiter.callback.is_none() {
            return;
        }
        let mut state = self.state.lock();
        let place = place(&mut state);
        if place.callback.is_some() {
            drop(state);
            call.violation(Violation::Queue, self.pointer().addr());
        }
        *place = waiter;
    }
}

/// Starts something for a queue and waits until its waiter is told. IRQL: `PASSIVE_LEVEL`.
pub(super) fn and_wait(start: impl FnOnce(Waiter)) {
    let reached = Event::zeroed();
    reached.reset_to(false);
    start(Waiter {
        callback: Some(wake),
        context: ptr::from_ref(&reached).cast_mut().cast(),
    });
    reached.wait();
}

extern "C" fn wake(_queue: WDFQUEUE, context: *mut c_void) {
    #[allow(unsafe_code, reason = "the event of a thread that waits")]
    // SAFETY: `and_wait` gave the address of its event and waits for it.
    let reached = unsafe { &*context.cast::<Event>() };
    reached.set();
}
