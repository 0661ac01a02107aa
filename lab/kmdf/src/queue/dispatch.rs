//! The loop that calls the driver: cancellations first, then who waits for a state of the queue, then requests.
//!
//! As in the framework (fxioqueue.cpp), a request that is completed inside of a callback does not nest the next callback in it: the loop
//! that called goes on.

use wdk_sys::{
    _WDF_IO_QUEUE_DISPATCH_TYPE as DispatchType, STATUS_CANCELLED, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_SUCCESS, WDFDPC, WDFWORKITEM,
};

use super::{Queue, State, Waiter, parallel};
use crate::{
    dispatch::major,
    object::{Header, Obj},
    request::{self, Due, Request, Stop},
    wdm::{
        irp::Irp,
        parameters::Parameters,
        sync::{PASSIVE_LEVEL, irql},
    },
};

/// What the loop does next.
enum Step {
    /// The driver let a request be cancelled, and it is.
    Cancel(Obj<Request>),
    /// A request that the driver had seen was cancelled while it waited again.
    CancelOnQueue(Obj<Request>),
    /// Somebody waits for this state.
    Tell(Waiter),
    /// The same, and the callback is one of those that are kept apart.
    TellApart(Waiter),
    Present(Obj<Request>),
    Done,
}

impl State {
    pub(super) const fn has_none_with_driver(&self) -> bool {
        self.with_driver.as_slice().is_empty()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.has_none_with_driver() && self.waiting.as_slice().is_empty()
    }

    fn due(&self, due: Due) -> Option<Obj<Request>> {
        let requests = self.with_driver.as_slice().iter();
        let request = requests.copied().find(|request| request.due.get() == due)?;
        request.due.set(Due::Nothing);
        Some(request)
    }
}

impl Obj<Queue> {
    /// Calls the driver as long as there is something to tell it.
    pub fn dispatch(self) {
        if !self.enter() {
            return;
        }
        self.reference();
        loop {
            match self.next_step() {
                Step::Cancel(request) => self.apart(|| request.call_cancel()),
                Step::CancelOnQueue(request) => self.apart(|| {
                    invoke!(self.config.EvtIoCanceledOnQueue, self.handle(), request.handle());
                }),
                Step::Tell(waiter) => self.tell(waiter),
                Step::TellApart(waiter) => self.apart(|| self.tell(waiter)),
                Step::Present(request) => self.present(request),
                Step::Done => break,
            }
        }
        self.changed.set();
        self.release();
    }

    /// The same, unless somebody is in the loop, which goes on with what changed.
    pub fn dispatch_changes(self) {
        let nobody = self.state.lock().dispatching == 0;
        if nobody {
            self.dispatch();
        }
        self.changed.set();
    }

    fn tell(self, waiter: Waiter) {
        invoke!(waiter.callback, self.handle(), waiter.context);
    }

    /// Calls the driver, under the lock when its callbacks are kept apart.
    pub(super) fn apart(self, callback: impl FnOnce()) {
        if self.constraints.is_synchronized() {
            self.callback_lock().run(callback);
        } else {
            callback();
        }
    }

    /// Whether this thread may call the driver; a helper does where it may not.
    fn enter(self) -> bool {
        let too_high = self.constraints.is_passive() && irql() != PASSIVE_LEVEL;
        if too_high || self.callback_lock().is_mine() {
            if let Some(worker) = self.worker.get() {
                worker.enqueue();
            }
            if let Some(deferred) = self.deferred.get() {
                deferred.enqueue();
            }
            return false;
        }
        self.state.lock().dispatching += 1;
        true
    }

    fn next_step(self) -> Step {
        let mut state = self.state.lock();
        let step = self.find_step(&mut state);
        if matches!(step, Step::Done) {
            state.dispatching -= 1;
        }
        step
    }

    fn find_step(self, state: &mut State) -> Step {
        if let Some(request) = state.due(Due::Cancel) {
            return Step::Cancel(request);
        }
        if let Some(request) = state.due(Due::CancelOnQueue) {
            return Step::CancelOnQueue(request);
        }
        let alone = state.dispatching == 1;
        if alone
            && state.has_none_with_driver()
            && let Some(waiter) = state.idle.take()
        {
            state.cancelling = false;
            return Step::Tell(waiter);
        }
        if alone
            && state.is_empty()
            && let Some(waiter) = state.drained.take()
        {
            state.cancelling = false;
            return Step::TellApart(waiter);
        }
        if state.held || !state.presenting {
            return Step::Done;
        }
        let has = state.with_driver.as_slice().len();
        match self.config.DispatchType {
            DispatchType::WdfIoQueueDispatchManual => ready(state),
            DispatchType::WdfIoQueueDispatchSequential if has > 0 => Step::Done,
            DispatchType::WdfIoQueueDispatchParallel if has >= parallel(&self.config) as usize => Step::Done,
            _ => take(state).map_or(Step::Done, Step::Present),
        }
    }

    /// Calls the event of a request.
    fn present(self, request: Obj<Request>) {
        let Some(irp) = request.irp.get() else { return };
        let (config, queue, handle) = (&self.config, self.handle(), request.handle());
        let stack = irp.stack();
        let major = stack.MajorFunction;
        if self.is_nothing_to_transfer(request) {
            request::complete(request, STATUS_SUCCESS);
            return;
        }
        request.was_presented.set(true);
        self.apart(|| {
            let done = match major {
                major::READ => invoke!(config.EvtIoRead, queue, handle, stack.transfer().0 as usize),
                major::WRITE => invoke!(config.EvtIoWrite, queue, handle, stack.transfer().0 as usize),
                major::DEVICE_CONTROL | major::INTERNAL_DEVICE_CONTROL => {
                    let control = stack.io_control();
                    let (output, input) = (control.output as usize, control.input as usize);
                    let internal = major == major::INTERNAL_DEVICE_CONTROL;
                    let event = if internal {
                        config.EvtIoInternalDeviceControl
                    } else {
                        config.EvtIoDeviceControl
                    };
                    invoke!(event, queue, handle, output, input, control.code)
                }
                _ => None,
            };
            if done
                .or_else(|| invoke!(config.EvtIoDefault, queue, handle))
                .is_none()
            {
                request::complete(request, STATUS_INVALID_DEVICE_REQUEST);
            }
        });
    }

    /// Whether it is a read or write of no bytes that the framework answers itself.
    pub(super) fn is_nothing_to_transfer(self, request: Obj<Request>) -> bool {
        let stack = request.irp.get().map(Irp::stack);
        let transfers = |stack: &wdk_sys::IO_STACK_LOCATION| {
            matches!(stack.MajorFunction, major::READ | major::WRITE)
                && self.has_event(stack.MajorFunction)
                && stack.transfer().0 == 0
        };
        self.config.AllowZeroLengthRequests == 0 && stack.as_ref().is_some_and(transfers)
    }

    /// The driver is done with a request.
    pub fn let_go(self, request: Obj<Request>) {
        self.withdraw(request);
        self.dispatch_changes();
    }

    /// Takes requests out that wait, and ends them as cancelled; those that are being cancelled are left to their cancel routine.
    pub(super) fn cancel_waiting(self, mut wanted: impl FnMut(&Obj<Request>) -> bool) {
        loop {
            let next = {
                let mut state = self.state.lock();
                state
                    .waiting
                    .remove_where(|request| wanted(request) && request.stop_waiting())
            };
            let Some(request) = next else { return };
            self.end_cancelled(request);
        }
    }

    /// Ends a request that was cancelled while it waited, and that nobody else finds any more.
    pub(super) fn end_cancelled(self, request: Obj<Request>) {
        if self.config.EvtIoCanceledOnQueue.is_some() && request.was_presented.get() {
            request.due.set(Due::CancelOnQueue);
            request.stop.set(Stop::Untold);
            // `put` made the room.
            let _noted = self.state.lock().with_driver.push(request);
            return;
        }
        if let Some(irp) = request.irp.get() {
            irp.set_information(0);
        }
        request.queue.set(None);
        request::complete(request, STATUS_CANCELLED);
    }

    /// In the cancel routine of a waiting request.
    pub fn cancelled(self, request: Obj<Request>) {
        let found = {
            let mut state = self.state.lock();
            state.waiting.remove_where(|other| *other == request)
        };
        if found.is_some() {
            self.end_cancelled(request);
            self.dispatch_changes();
        }
    }

    /// Whether this request waits.
    pub fn has_waiting(self, request: Obj<Request>) -> bool {
        self.state.lock().waiting.as_slice().contains(&request)
    }

    /// Whether a request of the driver is cancelled as soon as it can be: the queue was purged.
    pub fn is_cancelling(self) -> bool {
        self.state.lock().cancelling
    }
}

/// The first request that nobody cancels right now goes to the driver's side.
fn take(state: &mut State) -> Option<Obj<Request>> {
    let request = state.waiting.remove_where(|request| request.stop_waiting())?;
    Some(hand_over(state, request))
}

/// Notes that the driver has a request now.
pub(super) fn hand_over(state: &mut State, request: Obj<Request>) -> Obj<Request> {
    // `put` made the room.
    let _noted = state.with_driver.push(request);
    request.stop.set(Stop::Untold);
    request
}

/// A manual queue tells that it got requests.
const fn ready(state: &mut State) -> Step {
    if state.ready.callback.is_none() || !state.fresh {
        return Step::Done;
    }
    state.fresh = false;
    Step::TellApart(state.ready)
}

fn queue_above(helper: Option<Obj<Header>>) -> Option<Obj<Queue>> {
    helper.and_then(Obj::parent).and_then(Obj::try_narrow::<Queue>)
}

/// The worker of a passive queue, which hangs under it.
pub(super) extern "C" fn work(item: WDFWORKITEM) {
    if let Some(queue) = queue_above(Obj::from_handle(item.cast())) {
        queue.dispatch();
    }
}

/// The DPC of any other queue.
pub(super) extern "C" fn deferred(dpc: WDFDPC) {
    if let Some(queue) = queue_above(Obj::from_handle(dpc.cast())) {
        queue.dispatch();
    }
}
