//! `WdfIoQueue`… and the choice of queues by function.

use core::{ffi::c_void, ptr};

use wdk_sys::{
    _WDF_IO_QUEUE_DISPATCH_TYPE as DispatchType, _WDF_IO_QUEUE_STATE as Is, PFN_WDF_IO_QUEUE_STATE, PULONG,
    PWDF_IO_QUEUE_CONFIG, PWDF_OBJECT_ATTRIBUTES, PWDF_REQUEST_PARAMETERS, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER,
    STATUS_INVALID_PARAMETER_4, STATUS_NO_MORE_ENTRIES, STATUS_NOT_FOUND, STATUS_SUCCESS, ULONG,
    WDF_IO_QUEUE_CONFIG, WDF_IO_QUEUE_STATE, WDF_REQUEST_PARAMETERS, WDF_REQUEST_TYPE, WDFCONTEXT, WDFDEVICE,
    WDFFILEOBJECT, WDFQUEUE, WDFREQUEST,
};

use super::{Queue, State, Waiter, dispatch::hand_over, handle, new, power::and_wait};
use crate::{
    ddi::{Call, Claimed},
    device::Device,
    dispatch::major,
    failure::{Outcome, STATUS_WDF_BUSY, STATUS_WDF_NO_CALLBACK, STATUS_WDF_PAUSED, fail},
    io_target::send,
    object::{Attributes, Obj, Parent},
    request::{self, Request},
    wdm::sync::{PASSIVE_LEVEL, irql},
};

ddi! {
    /// Creates a queue.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER_4` (nowhere to put
    /// the handle), `STATUS_INVALID_DEVICE_STATE` (a default queue after start), those of [`new`],
    /// `STATUS_UNSUCCESSFUL` (a second default queue).
    fn WdfIoQueueCreate: PFN_WDFIOQUEUECREATE(
        call, device: WDFDEVICE, config: PWDF_IO_QUEUE_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES,
        queue: *mut WDFQUEUE,
    ) -> NTSTATUS {
        let device = device.object(call);
        let config = config.required(call);
        let attributes = Attributes::with_callbacks(call, attributes, Parent::Allowed)?;
        check_config(device, &config, queue.is_null())?;
        let created = new(device, config, &attributes)?;
        if config.DefaultQueue != 0 {
            if device.queues.default.get().is_some() {
                created.delete();
                return fail(wdk_sys::STATUS_UNSUCCESSFUL);
            }
            device.queues.default.set(Some(created));
            created.set_deletable(false);
        }
        queue.put(created.handle());
        Ok(())
    }

    /// The device of a queue.
    fn WdfIoQueueGetDevice: PFN_WDFIOQUEUEGETDEVICE(call, queue: WDFQUEUE) -> WDFDEVICE {
        queue.object(call).device.handle()
    }

    /// What the queue does, and how many requests it and the driver have.
    fn WdfIoQueueGetState: PFN_WDFIOQUEUEGETSTATE(
        call, queue: WDFQUEUE, waiting: PULONG, with_driver: PULONG,
    ) -> WDF_IO_QUEUE_STATE {
        let queue = queue.object(call);
        let state = queue.state.lock();
        let count = |length: usize| ULONG::try_from(length).unwrap_or(ULONG::MAX);
        waiting.put(count(state.waiting.as_slice().len()));
        with_driver.put(count(state.with_driver.as_slice().len()));
        flags(queue, &state)
    }

    /// Accepts and presents again.
    fn WdfIoQueueStart: PFN_WDFIOQUEUESTART(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        {
            let mut state = queue.state.lock();
            state.set_accepting();
            (state.presenting, state.cancelling) = (true, false);
        }
        queue.tell_again();
        queue.dispatch();
    }

    /// Accepts, but presents nothing; the callback runs when the driver has no request. The run ends when another one waits for that.
    fn WdfIoQueueStop: PFN_WDFIOQUEUESTOP(
        call, queue: WDFQUEUE, done: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) {
        stop(call, queue.object(call), waiter(done, context), false);
    }

    /// The same, and waits. IRQL: `PASSIVE_LEVEL`; else nothing happens.
    fn WdfIoQueueStopSynchronously: PFN_WDFIOQUEUESTOPSYNCHRONOUSLY(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        if irql() == PASSIVE_LEVEL {
            and_wait(|waiter| stop(call, queue, waiter, false));
        }
    }

    /// Refuses new requests and goes on with the rest; the callback runs when there is none.
    fn WdfIoQueueDrain: PFN_WDFIOQUEUEDRAIN(
        call, queue: WDFQUEUE, done: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) {
        drain(call, queue.object(call), waiter(done, context));
    }

    /// The same, and waits. IRQL: `PASSIVE_LEVEL`; else nothing happens.
    fn WdfIoQueueDrainSynchronously: PFN_WDFIOQUEUEDRAINSYNCHRONOUSLY(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        if irql() == PASSIVE_LEVEL {
            and_wait(|waiter| drain(call, queue, waiter));
        }
    }

    /// Refuses new requests, cancels those that wait and those that the driver lets be cancelled; the callback runs when there is none.
    fn WdfIoQueuePurge: PFN_WDFIOQUEUEPURGE(
        call, queue: WDFQUEUE, done: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) {
        purge(call, queue.object(call), waiter(done, context));
    }

    /// The same, and waits. IRQL: `PASSIVE_LEVEL`; else nothing happens.
    fn WdfIoQueuePurgeSynchronously: PFN_WDFIOQUEUEPURGESYNCHRONOUSLY(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        if irql() == PASSIVE_LEVEL {
            and_wait(|waiter| purge(call, queue, waiter));
        }
    }

    /// Accepts, presents nothing, and cancels as a purge does; the callback runs when the driver has no request.
    fn WdfIoQueueStopAndPurge: PFN_WDFIOQUEUESTOPANDPURGE(
        call, queue: WDFQUEUE, done: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) {
        stop(call, queue.object(call), waiter(done, context), true);
    }

    /// The same, and waits. IRQL: `PASSIVE_LEVEL`; else nothing happens.
    fn WdfIoQueueStopAndPurgeSynchronously: PFN_WDFIOQUEUESTOPANDPURGESYNCHRONOUSLY(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        if irql() == PASSIVE_LEVEL {
            and_wait(|waiter| stop(call, queue, waiter, true));
        }
    }

    /// The next request of a queue that the driver asks.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE` (a parallel queue), `STATUS_WDF_PAUSED` (held or stopped), `STATUS_NO_MORE_ENTRIES`.
    fn WdfIoQueueRetrieveNextRequest: PFN_WDFIOQUEUERETRIEVENEXTREQUEST(
        call, queue: WDFQUEUE, request: *mut WDFREQUEST,
    ) -> NTSTATUS {
        let queue = queue.object(call);
        let outcome = retrieve(queue, request.not_null(call), |_| true);
        if outcome == fail(STATUS_NO_MORE_ENTRIES) {
            // All that wait are being cancelled: the next one is told of all the same.
            let mut state = queue.state.lock();
            state.force_fresh = !state.waiting.as_slice().is_empty();
        }
        outcome
    }

    /// The next request of a file.
    ///
    /// # Errors
    /// as above.
    fn WdfIoQueueRetrieveRequestByFileObject: PFN_WDFIOQUEUERETRIEVEREQUESTBYFILEOBJECT(
        call, queue: WDFQUEUE, file: WDFFILEOBJECT, request: *mut WDFREQUEST,
    ) -> NTSTATUS {
        let file = file.object(call).wdm;
        retrieve(queue.object(call), request.not_null(call), |request| {
            request.irp.get().is_some_and(|irp| irp.file_object() == file.pointer())
        })
    }

    /// A waiting request without taking it, the first or the one after another; with a reference.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER_4` (parameters of another version), `STATUS_NO_MORE_ENTRIES`, `STATUS_NOT_FOUND` (the other one left).
    fn WdfIoQueueFindRequest: PFN_WDFIOQUEUEFINDREQUEST(
        call, queue: WDFQUEUE, after: WDFREQUEST, file: WDFFILEOBJECT, parameters: PWDF_REQUEST_PARAMETERS,
        found: *mut WDFREQUEST,
    ) -> NTSTATUS {
        let (queue, after) = (queue.object(call), after.optional(call));
        let file = file.optional(call).map(|file| file.wdm.pointer());
        found.not_null(call).put(ptr::null_mut());
        if parameters.get().is_some_and(|parameters| usize::from(parameters.Size) < size_of::<WDF_REQUEST_PARAMETERS>()) {
            return fail(STATUS_INVALID_PARAMETER_4);
        }
        let state = queue.state.lock();
        let waiting = state.waiting.as_slice();
        let start = match after {
            None => 0,
            Some(after) => match waiting.iter().position(|request| *request == after) {
                Some(at) => at + 1,
                None => return fail(STATUS_NOT_FOUND),
            },
        };
        let wanted = |request: &&Obj<Request>| {
            file.is_none_or(|file| request.irp.get().is_some_and(|irp| irp.file_object() == file))
        };
        let Some(request) = waiting.iter().skip(start).find(wanted) else { return fail(STATUS_NO_MORE_ENTRIES) };
        request::get_parameters(*request, parameters);
        found.put(request.reference().handle());
        Ok(())
    }

    /// Takes a request that was found.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (the queue is not manual), `STATUS_WDF_PAUSED`, `STATUS_NOT_FOUND`.
    fn WdfIoQueueRetrieveFoundRequest: PFN_WDFIOQUEUERETRIEVEFOUNDREQUEST(
        call, queue: WDFQUEUE, found: WDFREQUEST, request: *mut WDFREQUEST,
    ) -> NTSTATUS {
        let (queue, found) = (queue.object(call), found.object(call));
        if !queue.is_manual() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        match retrieve(queue, request.not_null(call), |request| *request == found) {
            Err(failure) if failure.status() == STATUS_NO_MORE_ENTRIES => fail(STATUS_NOT_FOUND),
            outcome => outcome,
        }
    }

    /// Has a callback run whenever an empty manual queue gets a request.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (the queue is not manual, has a callback already, or has none to be taken away or is not stopped).
    fn WdfIoQueueReadyNotify: PFN_WDFIOQUEUEREADYNOTIFY(
        call, queue: WDFQUEUE, ready: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) -> NTSTATUS {
        let queue = queue.object(call);
        {
            let mut state = queue.state.lock();
            let has_one = state.ready.callback.is_some();
            let takes_away = ready.is_none();
            if !queue.is_manual() || has_one != takes_away || (takes_away && state.presenting) {
                return fail(STATUS_INVALID_DEVICE_REQUEST);
            }
            state.ready = waiter(ready, context);
        }
        queue.dispatch();
        Ok(())
    }

    /// The default queue, null when there is none.
    fn WdfDeviceGetDefaultQueue: PFN_WDFDEVICEGETDEFAULTQUEUE(call, device: WDFDEVICE) -> WDFQUEUE {
        handle(device.object(call).queues.default.get())
    }

    /// Sends one kind of request to this queue.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (the kind; creates have a queue already), `STATUS_INVALID_DEVICE_REQUEST` (another device's queue, the default
    /// queue, one without an event for the kind), `STATUS_INVALID_DEVICE_STATE` (after the start), `STATUS_WDF_BUSY` (the kind has its queue).
    fn WdfDeviceConfigureRequestDispatching: PFN_WDFDEVICECONFIGUREREQUESTDISPATCHING(
        call, device: WDFDEVICE, queue: WDFQUEUE, kind: WDF_REQUEST_TYPE,
    ) -> NTSTATUS {
        let device = device.object(call);
        let Some(major) = u8::try_from(kind).ok().filter(|kind| is_dispatched(*kind)) else {
            return fail(STATUS_INVALID_PARAMETER);
        };
        let queue = queue.object(call);
        if queue.device != device {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        if !device.is_being_set_up() {
            return fail(STATUS_INVALID_DEVICE_STATE);
        }
        let creates = major == major::CREATE;
        if !queue.has_event(major) || (!creates && device.queues.default.get() == Some(queue)) {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        if device.queues.configured(major).is_some() {
            return fail(if creates { STATUS_INVALID_PARAMETER } else { STATUS_WDF_BUSY });
        }
        device.queues.configure(major, queue);
        if !creates {
            queue.set_deletable(false);
        }
        Ok(())
    }

    /// Hands a request to the queue of its function, from `EvtIoInCallerContext`; a filter without a queue for it passes it on.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_WDF_BUSY`.
    fn WdfDeviceEnqueueRequest: PFN_WDFDEVICEENQUEUEREQUEST(
        call, device: WDFDEVICE, request: WDFREQUEST,
    ) -> NTSTATUS {
        let (device, request) = (device.object(call), request.object(call));
        let irp = request.irp(call);
        if request.queue.get().is_some() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let queue = request.intended.take().or_else(|| device.queues.for_major(irp.major()));
        let below = device.attached.get().filter(|_| device.settings.filter);
        match (queue, below) {
            (None, None) => fail(STATUS_INVALID_DEVICE_REQUEST),
            (Some(queue), Some(below)) if device.queues.default.get() == Some(queue) && !queue.has_event(irp.major()) => {
                send::pass_on(request, irp, below);
                Ok(())
            }
            (Some(queue), _) => queue.take_over(request, false),
            (None, Some(below)) => {
                send::pass_on(request, irp, below);
                Ok(())
            }
        }
    }
}

const fn is_dispatched(major: u8) -> bool {
    matches!(
        major,
        major::CREATE | major::READ | major::WRITE | major::DEVICE_CONTROL | major::INTERNAL_DEVICE_CONTROL
    )
}

fn check_config(device: Obj<Device>, config: &WDF_IO_QUEUE_CONFIG, no_place: bool) -> Outcome {
    if config.Size as usize != size_of::<WDF_IO_QUEUE_CONFIG>() {
        return fail(STATUS_INFO_LENGTH_MISMATCH);
    }
    let default = config.DefaultQueue != 0;
    if !default && no_place {
        return fail(STATUS_INVALID_PARAMETER_4);
    }
    if default && !device.is_being_set_up() {
        return fail(STATUS_INVALID_DEVICE_STATE);
    }
    Ok(())
}

/// What a configuration must have for its way of presenting requests.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER`, `STATUS_WDF_NO_CALLBACK`.
pub(super) fn check_callbacks(config: &WDF_IO_QUEUE_CONFIG) -> Outcome {
    let manual = config.DispatchType == DispatchType::WdfIoQueueDispatchManual;
    let known = DispatchType::WdfIoQueueDispatchSequential..=DispatchType::WdfIoQueueDispatchManual;
    if !known.contains(&config.DispatchType) {
        return fail(STATUS_INVALID_PARAMETER);
    }
    let has_event = config.EvtIoDefault.is_some()
        || config.EvtIoRead.is_some()
        || config.EvtIoWrite.is_some()
        || config.EvtIoDeviceControl.is_some()
        || config.EvtIoInternalDeviceControl.is_some();
    if !manual && !has_event {
        return fail(STATUS_WDF_NO_CALLBACK);
    }
    let limited =
        config.DispatchType != DispatchType::WdfIoQueueDispatchParallel && super::parallel(config) != 0;
    if (manual && has_event) || limited {
        return fail(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

fn flags(queue: Obj<Queue>, state: &State) -> WDF_IO_QUEUE_STATE {
    let mut flags = 0;
    for (on, flag) in [
        (state.accepting, Is::WdfIoQueueAcceptRequests),
        (state.presenting, Is::WdfIoQueueDispatchRequests),
        (state.waiting.as_slice().is_empty(), Is::WdfIoQueueNoRequests),
        (state.has_none_with_driver(), Is::WdfIoQueueDriverNoRequests),
        (state.held && queue.power_managed, Is::WdfIoQueuePnpHeld),
    ] {
        if on {
            flags |= flag;
        }
    }
    flags
}

const fn waiter(callback: PFN_WDF_IO_QUEUE_STATE, context: Claimed<c_void>) -> Waiter {
    Waiter {
        callback,
        context: context.pointer(),
    }
}

fn stop(call: &Call, queue: Obj<Queue>, done: Waiter, cancel: bool) {
    queue.wait_for(call, |state| &mut state.idle, done);
    {
        let mut state = queue.state.lock();
        state.set_accepting();
        state.presenting = false;
        state.cancelling |= cancel;
    }
    if cancel {
        queue.cancel_all();
    } else {
        queue.dispatch();
    }
}

fn drain(call: &Call, queue: Obj<Queue>, done: Waiter) {
    queue.wait_for(call, |state| &mut state.drained, done);
    queue.state.lock().accepting = false;
    queue.dispatch();
}

fn purge(call: &Call, queue: Obj<Queue>, done: Waiter) {
    queue.wait_for(call, |state| &mut state.drained, done);
    queue.purge();
}

/// The next request for a driver that asks itself.
fn retrieve(
    queue: Obj<Queue>,
    place: Claimed<WDFREQUEST>,
    mut wanted: impl FnMut(&Obj<Request>) -> bool,
) -> Outcome {
    place.put(ptr::null_mut());
    if queue.config.DispatchType == DispatchType::WdfIoQueueDispatchParallel {
        return fail(STATUS_INVALID_DEVICE_STATE);
    }
    loop {
        let request = {
            let mut state = queue.state.lock();
            if state.held || !state.presenting {
                return fail(STATUS_WDF_PAUSED);
            }
            let next = state
                .waiting
                .remove_where(|request| wanted(request) && request.stop_waiting());
            let Some(request) = next else {
                return fail(STATUS_NO_MORE_ENTRIES);
            };
            hand_over(&mut state, request)
        };
        if queue.is_nothing_to_transfer(request) {
            request::complete(request, STATUS_SUCCESS);
            continue;
        }
        request.was_presented.set(true);
        place.put(request.handle());
        return Ok(());
    }
}
