//! WDFQUEUE: requests wait, are presented by the queue's rule, and leave with their completion.
//!
//! A power-managed queue presents only while its device is in D0. Stopping for power or removal tells the
//! driver about each request that it has (`EvtIoStop`) and waits until all are completed, forwarded or
//! acknowledged.

use core::cell::Cell;

use wdk_sys::{
    _WDF_IO_QUEUE_DISPATCH_TYPE as DispatchType, _WDF_REQUEST_STOP_ACTION_FLAGS as StopAction, NTSTATUS,
    PFN_WDF_IO_QUEUE_STATE, STATUS_CANCELLED, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE,
    STATUS_PENDING, STATUS_SUCCESS, ULONG, WDF_IO_QUEUE_CONFIG, WDFCONTEXT, WDFQUEUE,
};

use crate::{
    device::Device,
    dispatch::major,
    failure::{Failure, Outcome},
    object::{Attributes, Header, Obj, create},
    pool::{Array, Tag},
    request::{self, Request},
    unsupported,
    wdm::{
        device_object::MAJOR_FUNCTIONS,
        irp::Irp,
        parameters::Parameters,
        sync::{Event, PASSIVE_LEVEL, SpinLock, irql},
    },
};

pub mod api;

/// A callback that waits for a state of the queue.
#[derive(Clone, Copy)]
struct Notify {
    callback: PFN_WDF_IO_QUEUE_STATE,
    context: WDFCONTEXT,
}

impl Notify {
    const NONE: Self = Self {
        callback: None,
        context: core::ptr::null_mut(),
    };
}

#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own")]
struct State {
    waiting: Array<Obj<Request>>,
    /// Presented, not completed.
    with_driver: Array<Obj<Request>>,
    accepting: bool,
    presenting: bool,
    /// Held for power.
    held: bool,
    /// Somebody presents requests of this sequential queue now.
    busy: bool,
    ready: Notify,
    /// Waits for the driver to have no request.
    stopped: Notify,
    /// Waits for no request at all.
    drained: Notify,
}

/// What a WDFQUEUE stands for.
#[repr(C)]
pub struct Queue {
    header: Header,
    /// Whose queue it is.
    pub device: Obj<Device>,
    config: WDF_IO_QUEUE_CONFIG,
    power_managed: bool,
    passive: bool,
    state: SpinLock<State>,
    changed: Event,
}

framework! {
    Queue: Queue {
        fn dispose(this: Obj<Self>) {
            this.device.queues.forget(this);
        }
    }
}

/// The queues of a device.
pub struct Queues {
    list: SpinLock<Array<Obj<Queue>>>,
    /// The default queue.
    pub default: Cell<Option<Obj<Queue>>>,
    by_major: [Cell<Option<Obj<Queue>>>; MAJOR_FUNCTIONS],
}

impl Queues {
    /// None.
    pub const fn new(tag: Tag) -> Self {
        Self {
            list: SpinLock::new(Array::new(tag)),
            default: Cell::new(None),
            by_major: [const { Cell::new(None) }; MAJOR_FUNCTIONS],
        }
    }

    /// The queue for this major function.
    pub fn for_major(&self, major: u8) -> Option<Obj<Queue>> {
        let own = self.by_major.get(usize::from(major)).and_then(Cell::get);
        // The default queue takes reads, writes and controls; creates go where the driver configured them
        // only.
        own.or_else(|| {
            if major == major::CREATE {
                None
            } else {
                self.default.get()
            }
        })
    }

    fn configure(&self, major: u8, queue: Obj<Queue>) {
        if let Some(place) = self.by_major.get(usize::from(major)) {
            place.set(Some(queue));
        }
    }

    fn forget(&self, queue: Obj<Queue>) {
        self.list.lock().remove_where(|other| *other == queue);
        for place in self
            .by_major
            .iter()
            .chain([&self.default])
            .filter(|place| place.get() == Some(queue))
        {
            place.set(None);
        }
    }

    fn for_each(&self, mut action: impl FnMut(Obj<Queue>)) {
        for at in 0.. {
            let Some(queue) = ({ self.list.lock().as_slice().get(at).copied() }) else {
                break;
            };
            action(queue);
        }
    }

    /// Power is up: power-managed queues present.
    pub fn resume(&self) {
        self.for_each(|queue| {
            if queue.power_managed {
                queue.state.lock().held = false;
                queue.resume_requests();
                queue.pump();
            }
        });
    }

    /// Power goes down: power-managed queues present nothing more, and the driver has let go of what it has.
    pub fn hold(&self) {
        self.for_each(|queue| {
            if queue.power_managed {
                queue.state.lock().held = true;
                queue.stop_requests(StopAction::WdfRequestStopActionSuspend);
                queue.wait_until(State::is_suspended);
            }
        });
    }

    /// The device goes: its queues (or only the power-managed ones) refuse and cancel, and wait for the
    /// driver.
    pub fn purge(&self, managed_only: bool) {
        self.for_each(|queue| {
            if queue.power_managed || !managed_only {
                queue.begin_purge();
                queue.stop_requests(StopAction::WdfRequestStopActionPurge);
                queue.wait_until(State::is_empty);
            }
        });
    }

    /// The device starts again.
    pub fn reopen(&self) {
        self.for_each(|queue| {
            let mut state = queue.state.lock();
            (state.accepting, state.presenting) = (true, true);
        });
    }

    /// A handle is being closed: what it sent and still waits is cancelled.
    pub fn cancel_of(&self, file: wdk_sys::PFILE_OBJECT) {
        self.for_each(|queue| {
            while let Some(request) =
                queue.take_waiting(|request| request.irp.get().is_some_and(|irp| irp.file_object() == file))
            {
                queue.cancel_waiting(request);
            }
        });
    }
}

impl State {
    fn is_suspended(&self) -> bool {
        self.with_driver
            .as_slice()
            .iter()
            .all(|request| request.acknowledged.get())
    }

    const fn has_none_with_driver(&self) -> bool {
        self.with_driver.as_slice().is_empty()
    }

    const fn is_empty(&self) -> bool {
        self.has_none_with_driver() && self.waiting.as_slice().is_empty()
    }

    /// Whether the queue may present one more request.
    const fn may_present(&self, config: &WDF_IO_QUEUE_CONFIG) -> bool {
        let free = match config.DispatchType {
            DispatchType::WdfIoQueueDispatchSequential => self.has_none_with_driver(),
            DispatchType::WdfIoQueueDispatchParallel => self.with_driver.as_slice().len() < limit(config),
            _ => false,
        };
        free && self.presenting && !self.held
    }
}

/// How many requests of a parallel queue the driver may have at a time; 0 says as many as there are.
const fn limit(config: &WDF_IO_QUEUE_CONFIG) -> usize {
    match parallel(config) {
        0 => usize::MAX,
        limit => limit as usize,
    }
}

const fn parallel(config: &WDF_IO_QUEUE_CONFIG) -> ULONG {
    #[allow(unsafe_code, reason = "the settings are a union with one member")]
    // SAFETY: The only member of the union.
    unsafe {
        config.Settings.Parallel.NumberOfPresentedRequests
    }
}

/// Creates a queue.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(device: Obj<Device>, config: WDF_IO_QUEUE_CONFIG, attributes: &Attributes) -> Outcome<Obj<Queue>> {
    let client = device.header.client;
    let power_managed = device.kind != crate::device::Kind::Control
        && crate::device_init::is_on(config.PowerManaged, !device.settings.filter);
    let state = State {
        waiting: Array::new(client.tag()),
        with_driver: Array::new(client.tag()),
        accepting: true,
        presenting: true,
        held: power_managed && !device.is_working(),
        busy: false,
        ready: Notify::NONE,
        stopped: Notify::NONE,
        drained: Notify::NONE,
    };
    let queue = Queue {
        header: Header::new::<Queue>(client),
        device,
        config,
        power_managed,
        passive: attributes.is_passive() || device.passive,
        state: SpinLock::new(state),
        changed: Event::zeroed(),
    };
    let queue = create(
        queue,
        attributes,
        Some(attributes.parent.unwrap_or_else(|| device.header())),
    )?;
    queue.changed.reset_to(false);
    // Deleting the queue takes the lock again.
    let listed = device.queues.list.lock().push(queue);
    if let Err(failure) = listed {
        queue.delete();
        return Err(failure);
    }
    Ok(queue)
}

/// Handles reads, writes and controls: a request for the queue of the function. A filter passes on what it
/// has no queue or no event for.
pub fn dispatch(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let queue = device.queues.for_major(irp.major());
    match (queue, device.attached.get()) {
        (None, Some(below)) if device.settings.filter => irp.pass(below),
        (Some(queue), Some(below)) if device.settings.filter && !queue.has_event(irp.major()) => {
            irp.pass(below)
        }
        (None, _) => irp.complete_with(STATUS_INVALID_DEVICE_REQUEST),
        (Some(queue), _) => match request::from_io(device, irp) {
            Ok(request) => queue.accept(request),
            Err(failure) => irp.complete_with(failure.status()),
        },
    }
}

impl Obj<Queue> {
    /// Whether the queue has an event for this function, or is manual.
    fn has_event(self, major: u8) -> bool {
        let own = match major {
            major::READ => self.config.EvtIoRead.is_some(),
            major::WRITE => self.config.EvtIoWrite.is_some(),
            major::DEVICE_CONTROL => self.config.EvtIoDeviceControl.is_some(),
            major::INTERNAL_DEVICE_CONTROL => self.config.EvtIoInternalDeviceControl.is_some(),
            _ => false,
        };
        own || self.config.EvtIoDefault.is_some() || self.is_manual()
    }

    fn is_manual(self) -> bool {
        self.config.DispatchType == DispatchType::WdfIoQueueDispatchManual
    }

    /// Takes a new request from its dispatch routine.
    pub fn accept(self, request: Obj<Request>) -> NTSTATUS {
        if let Some(irp) = request.irp.get() {
            irp.mark_pending();
        }
        if let Err(status) = self.enqueue(request, false) {
            request::complete(request, status);
        }
        STATUS_PENDING
    }

    /// Puts a request behind (or before) the others and presents what may be presented.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE` when the queue takes no requests, `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn enqueue(self, request: Obj<Request>, first: bool) -> Result<(), NTSTATUS> {
        let mut state = self.state.lock();
        if !state.accepting {
            return Err(STATUS_INVALID_DEVICE_STATE);
        }
        let was_empty = state.waiting.as_slice().is_empty();
        // Once a request waits, the driver gets it without any more memory.
        let room = state.waiting.as_slice().len() + state.with_driver.as_slice().len() + 1;
        state.with_driver.reserve(room).map_err(Failure::status)?;
        state.waiting.push(request).map_err(Failure::status)?;
        if first {
            state.waiting.as_mut_slice().rotate_right(1);
        }
        request.queue.set(Some(self));
        let cancelled = request.wait_cancellable();
        let ready = if was_empty { state.ready } else { Notify::NONE };
        drop(state);
        if cancelled && self.take_exactly(request) {
            self.cancel_waiting(request);
        } else {
            invoke!(ready.callback, self.handle(), ready.context);
        }
        self.pump();
        Ok(())
    }

    /// Takes a request out that waits; one that is being cancelled is left to its cancel routine.
    fn take_waiting(self, mut wanted: impl FnMut(&Obj<Request>) -> bool) -> Option<Obj<Request>> {
        let mut state = self.state.lock();
        state
            .waiting
            .remove_where(|request| wanted(request) && request.stop_waiting())
    }

    fn take_exactly(self, request: Obj<Request>) -> bool {
        self.state
            .lock()
            .waiting
            .remove_where(|other| *other == request)
            .is_some()
    }

    /// Ends a request that was cancelled while it waited.
    fn cancel_waiting(self, request: Obj<Request>) {
        if self.config.EvtIoCanceledOnQueue.is_some() && request.was_presented.get() {
            let pushed = self.state.lock().with_driver.push(request);
            if pushed.is_ok() {
                invoke!(self.config.EvtIoCanceledOnQueue, self.handle(), request.handle());
                return;
            }
        }
        request.queue.set(None);
        request::complete(request, STATUS_CANCELLED);
        self.notify();
    }

    /// In the cancel routine of a waiting request.
    pub fn cancelled(self, request: Obj<Request>) {
        if self.take_exactly(request) {
            self.cancel_waiting(request);
        }
    }

    /// Moves the next request that may be presented to the driver's side.
    fn next_to_present(self) -> Option<Obj<Request>> {
        let mut state = self.state.lock();
        if !state.may_present(&self.config) {
            return None;
        }
        let request = state.waiting.remove_where(|request| request.stop_waiting())?;
        Some(hand_over(&mut state, request))
    }

    /// Presents as long as the queue's rule lets it. A sequential queue is served by one caller at a time, so
    /// that a request that is completed in its event does not nest the next event in it.
    pub fn pump(self) {
        let sequential = self.config.DispatchType == DispatchType::WdfIoQueueDispatchSequential;
        if sequential && core::mem::replace(&mut self.state.lock().busy, true) {
            return;
        }
        self.reference();
        loop {
            while let Some(request) = self.next_to_present() {
                self.present(request);
            }
            if !sequential {
                break;
            }
            let mut state = self.state.lock();
            state.busy = false;
            // A request that came or went while `busy` was still set found nobody to serve it.
            if !state.may_present(&self.config) || state.waiting.as_slice().is_empty() {
                break;
            }
            state.busy = true;
            drop(state);
        }
        self.release();
    }

    /// Calls the event of a request.
    fn present(self, request: Obj<Request>) {
        let Some(irp) = request.irp.get() else { return };
        if self.passive && irql() != PASSIVE_LEVEL {
            unsupported::stop_for(c"a request for a queue of the passive level that comes at a raised IRQL");
        }
        request.was_presented.set(true);
        let (config, queue, handle) = (&self.config, self.handle(), request.handle());
        let stack = irp.stack();
        let major = stack.MajorFunction;
        if matches!(major, major::READ | major::WRITE) && self.is_nothing_to_transfer(stack.transfer().0) {
            request::complete(request, STATUS_SUCCESS);
            return;
        }
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
    }

    fn is_nothing_to_transfer(self, length: u32) -> bool {
        length == 0 && self.config.AllowZeroLengthRequests == 0
    }

    /// The driver is done with a request.
    pub fn let_go(self, request: Obj<Request>) {
        self.withdraw(request);
        self.notify();
        self.pump();
    }

    /// The driver does not have this request any more.
    pub fn withdraw(self, request: Obj<Request>) {
        self.state
            .lock()
            .with_driver
            .remove_where(|other| *other == request);
    }

    /// The driver has it again: no other queue took it.
    pub fn take_back(self, request: Obj<Request>) {
        request.queue.set(Some(self));
        // The array has room: the request was just withdrawn from it.
        let _noted = self.state.lock().with_driver.push(request);
    }

    /// Something changed: wakes who waits, calls who wanted to know.
    pub fn notify(self) {
        let (mut stopped, mut drained) = (Notify::NONE, Notify::NONE);
        {
            let mut state = self.state.lock();
            if state.has_none_with_driver() {
                stopped = core::mem::replace(&mut state.stopped, Notify::NONE);
            }
            if state.is_empty() {
                drained = core::mem::replace(&mut state.drained, Notify::NONE);
            }
        }
        self.changed.set();
        for notify in [stopped, drained] {
            invoke!(notify.callback, self.handle(), notify.context);
        }
    }

    /// Waits for a state of the queue. IRQL: `PASSIVE_LEVEL`.
    fn wait_until(self, mut reached: impl FnMut(&State) -> bool) {
        loop {
            self.changed.clear();
            if reached(&self.state.lock()) {
                return;
            }
            self.changed.wait();
        }
    }

    fn begin_purge(self) {
        {
            let mut state = self.state.lock();
            (state.accepting, state.presenting) = (false, false);
        }
        while let Some(request) = self.take_waiting(|_| true) {
            self.cancel_waiting(request);
        }
    }

    /// Tells the driver about each request that it has.
    fn stop_requests(self, action: i32) {
        for at in 0.. {
            let Some(request) = ({ self.state.lock().with_driver.as_slice().get(at).copied() }) else {
                break;
            };
            let cancelable = if request.is_cancelable() {
                StopAction::WdfRequestStopRequestCancelable
            } else {
                0
            };
            invoke!(
                self.config.EvtIoStop,
                self.handle(),
                request.handle(),
                (action | cancelable).cast_unsigned()
            );
        }
    }

    /// Tells it that those which it kept may go on.
    fn resume_requests(self) {
        for at in 0.. {
            let Some(request) = ({ self.state.lock().with_driver.as_slice().get(at).copied() }) else {
                break;
            };
            if request.acknowledged.replace(false) {
                invoke!(self.config.EvtIoResume, self.handle(), request.handle());
            }
        }
    }

    /// The next request for a driver that asks itself.
    fn retrieve(self, mut wanted: impl FnMut(&Obj<Request>) -> bool) -> Option<Obj<Request>> {
        let mut state = self.state.lock();
        if state.held || !state.presenting {
            return None;
        }
        let request = state
            .waiting
            .remove_where(|request| wanted(request) && request.stop_waiting())?;
        let request = hand_over(&mut state, request);
        request.was_presented.set(true);
        Some(request)
    }
}

/// Notes that the driver has a request now.
fn hand_over(state: &mut State, request: Obj<Request>) -> Obj<Request> {
    // `enqueue` made the room.
    let _noted = state.with_driver.push(request);
    request.acknowledged.set(false);
    request
}

/// The handle of a queue that may be missing.
pub fn handle(queue: Option<Obj<Queue>>) -> WDFQUEUE {
    queue.map_or(core::ptr::null_mut(), Obj::handle)
}
