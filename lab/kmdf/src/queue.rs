//! WDFQUEUE: requests wait, are presented by the queue's rule, and leave with their completion.
//!
//! [`dispatch`] is the loop that calls the driver, [`power`] what starts, holds and purges queues with their device, [`api`] the driver's side.

use core::cell::Cell;

use wdk_sys::{
    _WDF_IO_QUEUE_DISPATCH_TYPE as DispatchType, NTSTATUS, PFN_WDF_IO_IN_CALLER_CONTEXT,
    PFN_WDF_IO_QUEUE_STATE, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE,
    STATUS_INVALID_PARAMETER, STATUS_PENDING, ULONG, WDF_IO_QUEUE_CONFIG, WDFCONTEXT, WDFQUEUE,
};

use crate::{
    callback_lock::{CallbackLock, Constraints},
    device::{Device, Kind, wdm_dispatch},
    device_init::is_on,
    dispatch::major,
    dpc::{self, Dpc},
    failure::{Outcome, STATUS_WDF_BUSY, fail},
    object::{Attributes, Header, Obj, create},
    pool::{Array, Tag},
    request::{self, Request},
    wdm::{
        device_object::MAJOR_FUNCTIONS,
        irp::Irp,
        sync::{Event, SpinLock},
    },
    work_item::{self, WorkItem},
};

pub mod api;
mod dispatch;
mod power;

/// A callback that waits for a state of the queue.
#[derive(Clone, Copy)]
struct Waiter {
    callback: PFN_WDF_IO_QUEUE_STATE,
    context: WDFCONTEXT,
}

impl Waiter {
    const NONE: Self = Self {
        callback: None,
        context: core::ptr::null_mut(),
    };

    /// Takes it out when there is one.
    const fn take(&mut self) -> Option<Self> {
        if self.callback.is_none() {
            return None;
        }
        Some(core::mem::replace(self, Self::NONE))
    }
}

#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own")]
struct State {
    waiting: Array<Obj<Request>>,
    /// Presented, not completed.
    with_driver: Array<Obj<Request>>,
    accepting: bool,
    presenting: bool,
    /// The device goes: the queue accepts nothing, whatever the driver asks for.
    shutdown: bool,
    /// Held for power.
    held: bool,
    /// What the driver gives back is cancelled: the queue was purged.
    cancelling: bool,
    /// How many threads are in the loop that calls the driver.
    dispatching: u32,
    /// The queue got requests that no ready notification told of.
    fresh: bool,
    /// The next request is told of, although others wait.
    force_fresh: bool,
    ready: Waiter,
    /// Waits for the driver to have no request.
    idle: Waiter,
    /// Waits for no request at all.
    drained: Waiter,
}

/// What a WDFQUEUE stands for.
#[repr(C)]
pub struct Queue {
    header: Header,
    /// Whose queue it is.
    pub device: Obj<Device>,
    config: WDF_IO_QUEUE_CONFIG,
    power_managed: bool,
    /// How the driver wants its callbacks.
    pub constraints: Constraints,
    /// Keeps them apart, unless the scope is the device.
    lock: CallbackLock,
    /// Calls the driver where a thread cannot: that comes at a raised IRQL to a passive queue, or holds the lock of the callbacks.
    worker: Cell<Option<Obj<WorkItem>>>,
    deferred: Cell<Option<Obj<Dpc>>>,
    state: SpinLock<State>,
    changed: Event,
}

framework! {
    Queue: Queue {
        fn dispose(this: Obj<Self>) {
            this.device.queues.forget(this);
            this.end();
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
        // The default queue takes reads, writes and controls; creates go where the driver configured them
        // only.
        self.configured(major).or_else(|| {
            if major == major::CREATE {
                None
            } else {
                self.default.get()
            }
        })
    }

    /// The queue that the driver configured for this major function.
    fn configured(&self, major: u8) -> Option<Obj<Queue>> {
        self.by_major.get(usize::from(major)).and_then(Cell::get)
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

    /// A handle is being closed: what it sent and still waits is cancelled.
    pub fn cancel_of(&self, file: wdk_sys::PFILE_OBJECT) {
        self.for_each(|queue| {
            queue.cancel_waiting(|request| request.irp.get().is_some_and(|irp| irp.file_object() == file));
            queue.dispatch();
        });
    }
}

/// How many requests of a parallel queue the driver may have at a time. The macro that initializes a configuration sets the highest number;
/// a driver that leaves 0 is presented none (fxioqueue.cpp).
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
/// `STATUS_INVALID_DEVICE_REQUEST` (a parent that does not hang under the device), `STATUS_INVALID_PARAMETER` (a device-wide scope with
/// another execution level than the device's), those of the configuration, `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(device: Obj<Device>, config: WDF_IO_QUEUE_CONFIG, attributes: &Attributes) -> Outcome<Obj<Queue>> {
    let parent = attributes.parent.unwrap_or_else(|| device.header());
    if parent.device() != Some(device) {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    let constraints = Constraints::of(attributes, device.constraints);
    if constraints.is_device_wide() && constraints.is_passive() != device.constraints.is_passive() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    api::check_callbacks(&config)?;
    let queue = create(unconnected(device, config, constraints), attributes, Some(parent))?;
    queue.changed.reset_to(false);
    queue.lock.ready();
    if let Err(failure) = connect(queue) {
        queue.delete();
        return Err(failure);
    }
    Ok(queue)
}

fn unconnected(device: Obj<Device>, config: WDF_IO_QUEUE_CONFIG, constraints: Constraints) -> Queue {
    let client = device.header.client;
    let power_managed = device.kind != Kind::Control && is_on(config.PowerManaged, !device.settings.filter);
    let state = State {
        waiting: Array::new(client.tag()),
        with_driver: Array::new(client.tag()),
        accepting: true,
        presenting: true,
        shutdown: false,
        held: power_managed && !device.is_working(),
        cancelling: false,
        dispatching: 0,
        fresh: false,
        force_fresh: false,
        ready: Waiter::NONE,
        idle: Waiter::NONE,
        drained: Waiter::NONE,
    };
    Queue {
        header: Header::new::<Queue>(client),
        device,
        config,
        power_managed,
        constraints,
        lock: CallbackLock::new(constraints.is_passive()),
        worker: Cell::new(None),
        deferred: Cell::new(None),
        state: SpinLock::new(state),
        changed: Event::zeroed(),
    }
}

/// The queue gets its helpers and becomes one of its device's.
fn connect(queue: Obj<Queue>) -> Outcome {
    if queue.constraints.is_passive() {
        let worker = work_item::new(queue.header(), Some(dispatch::work), false, &Attributes::NONE)?;
        queue.worker.set(Some(worker));
    } else {
        let deferred = dpc::new(queue.header(), Some(dispatch::deferred), false, &Attributes::NONE)?;
        queue.deferred.set(Some(deferred));
    }
    queue.device.queues.list.lock().push(queue)
}

/// Handles reads, writes and controls: a request for the queue of the function. A filter passes on what it has no queue for, or what its
/// default queue has no event for.
pub fn dispatch(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    wdm_dispatch::show(device, irp).unwrap_or_else(|| dispatch_below(device, irp))
}

/// The same for an IRP that the driver's own dispatch routine saw, if it has one.
pub fn dispatch_below(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let major = irp.major();
    let queue = device.queues.for_major(major);
    let in_context = device.settings.in_caller_context;
    if let Some(below) = device
        .attached
        .get()
        .filter(|_| device.settings.filter && in_context.is_none())
    {
        let is_default = queue == device.queues.default.get();
        if queue.is_none_or(|queue| is_default && !queue.has_event(major)) {
            return irp.pass(below);
        }
    }
    if queue.is_none() && in_context.is_none() {
        return irp.complete_with(STATUS_INVALID_DEVICE_REQUEST);
    }
    dispatch_to(device, irp, queue, in_context)
}

/// Makes a request of an IRP, for the driver's own look at it in the sender's context, else for this queue.
pub fn dispatch_to(
    device: Obj<Device>,
    irp: Irp,
    queue: Option<Obj<Queue>>,
    in_context: PFN_WDF_IO_IN_CALLER_CONTEXT,
) -> NTSTATUS {
    if queue.is_none() && in_context.is_none() {
        return irp.complete_with(STATUS_INVALID_DEVICE_STATE);
    }
    let request = match request::from_io(device, irp) {
        Ok(request) => request,
        Err(failure) => return irp.complete_with(failure.status()),
    };
    if in_context.is_some() {
        irp.mark_pending();
        request.was_presented.set(true);
        request.intended.set(queue);
        invoke!(in_context, device.handle(), request.handle());
        return STATUS_PENDING;
    }
    queue.map_or(STATUS_INVALID_DEVICE_REQUEST, |queue| queue.accept(request))
}

impl Obj<Queue> {
    /// Whether the queue has an event for this function, or is manual.
    pub fn has_event(self, major: u8) -> bool {
        let own = match major {
            major::READ => self.config.EvtIoRead.is_some(),
            major::WRITE => self.config.EvtIoWrite.is_some(),
            major::DEVICE_CONTROL => self.config.EvtIoDeviceControl.is_some(),
            major::INTERNAL_DEVICE_CONTROL => self.config.EvtIoInternalDeviceControl.is_some(),
            _ => false,
        };
        own || self.config.EvtIoDefault.is_some() || self.is_manual()
    }

    /// Whether the driver asks for requests itself.
    pub fn is_manual(self) -> bool {
        self.config.DispatchType == DispatchType::WdfIoQueueDispatchManual
    }

    /// The lock of the callbacks: the device's for a scope that is as wide.
    pub fn callback_lock(&self) -> &CallbackLock {
        if self.constraints.is_device_wide() {
            &self.device.lock
        } else {
            &self.lock
        }
    }

    /// Takes a new request from its dispatch routine.
    pub fn accept(self, request: Obj<Request>) -> NTSTATUS {
        let taken = self.put(request, false, STATUS_INVALID_DEVICE_STATE);
        if let Err(failure) = taken {
            if let Some(irp) = request.irp.get() {
                irp.set_information(0);
            }
            request::complete(request, failure.status());
            return failure.status();
        }
        self.dispatch();
        STATUS_PENDING
    }

    /// Puts a request that a driver had behind (or before) the others and presents what may be presented.
    ///
    /// # Errors
    /// `STATUS_WDF_BUSY` when the queue takes no requests, `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn take_over(self, request: Obj<Request>, first: bool) -> Outcome {
        self.put(request, first, STATUS_WDF_BUSY)?;
        self.dispatch();
        Ok(())
    }

    fn put(self, request: Obj<Request>, first: bool, refusal: NTSTATUS) -> Outcome {
        let mut state = self.state.lock();
        // What goes back to its own queue was accepted before.
        if !state.accepting && !first {
            return fail(refusal);
        }
        // Once a request waits, the driver gets it without any more memory.
        let room = state.waiting.as_slice().len() + state.with_driver.as_slice().len() + 1;
        state.with_driver.reserve(room)?;
        state.waiting.push(request)?;
        if first {
            state.waiting.as_mut_slice().rotate_right(1);
        }
        request.queue.set(Some(self));
        if let Some(irp) = request.irp.get() {
            irp.mark_pending();
        }
        if state.waiting.as_slice().len() == 1 || state.force_fresh {
            (state.fresh, state.force_fresh) = (true, false);
        }
        // One that was cancelled already, or goes back to a queue that was purged, does not wait.
        let cancelled = request.wait_cancellable() || (state.cancelling && first && request.stop_waiting());
        if cancelled {
            state.waiting.remove_where(|other| *other == request);
            drop(state);
            self.end_cancelled(request);
        }
        Ok(())
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
}

/// The handle of a queue that may be missing.
pub fn handle(queue: Option<Obj<Queue>>) -> WDFQUEUE {
    queue.map_or(core::ptr::null_mut(), Obj::handle)
}
