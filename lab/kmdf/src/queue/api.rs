//! `WdfIoQueue`… and the choice of queues by function.

use core::ptr;

use wdk_sys::{
    _WDF_IO_QUEUE_DISPATCH_TYPE as DispatchType, _WDF_IO_QUEUE_STATE as Is, PFN_WDF_IO_QUEUE_STATE, PULONG,
    PWDF_IO_QUEUE_CONFIG, PWDF_OBJECT_ATTRIBUTES, PWDF_REQUEST_PARAMETERS, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER,
    STATUS_INVALID_PARAMETER_4, STATUS_NO_MORE_ENTRIES, STATUS_NOT_FOUND, ULONG, WDF_IO_QUEUE_CONFIG,
    WDF_IO_QUEUE_STATE, WDF_REQUEST_TYPE, WDFCONTEXT, WDFDEVICE, WDFFILEOBJECT, WDFQUEUE, WDFREQUEST,
};

use super::{Notify, Queue, State, handle, new};
use crate::{
    ddi::Claimed,
    device::{Device, Kind},
    dispatch::major,
    failure::{Outcome, STATUS_WDF_PAUSED, fail},
    object::{Attributes, Obj, Parent},
    pnp::Stage,
    request, unsupported,
};

ddi! {
    /// Creates a queue.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER_4` (nowhere to put
    /// the handle), `STATUS_INVALID_DEVICE_STATE` (a default queue after start), `STATUS_INVALID_PARAMETER`,
    /// `STATUS_UNSUCCESSFUL` (a second default queue), `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfIoQueueCreate: PFN_WDFIOQUEUECREATE(
        call, device: WDFDEVICE, config: PWDF_IO_QUEUE_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES,
        queue: *mut WDFQUEUE,
    ) -> NTSTATUS {
        let device = device.object(call);
        let config = config.required(call);
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        check_config(device, &config, queue.is_null())?;
        if attributes.asks_for_serialization() {
            unsupported::stop_for(c"WdfIoQueueCreate with a synchronization scope");
        }
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
        flags(&state)
    }

    /// Accepts and presents again.
    fn WdfIoQueueStart: PFN_WDFIOQUEUESTART(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        {
            let mut state = queue.state.lock();
            (state.accepting, state.presenting) = (true, true);
        }
        queue.pump();
    }

    /// Accepts, but presents nothing; the callback runs when the driver has no request.
    fn WdfIoQueueStop: PFN_WDFIOQUEUESTOP(
        call, queue: WDFQUEUE, done: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) {
        let queue = queue.object(call);
        {
            let mut state = queue.state.lock();
            state.presenting = false;
            state.stopped = Notify { callback: done, context: context.pointer() };
        }
        queue.notify();
    }

    /// The same, and waits. IRQL: `PASSIVE_LEVEL`.
    fn WdfIoQueueStopSynchronously: PFN_WDFIOQUEUESTOPSYNCHRONOUSLY(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        queue.state.lock().presenting = false;
        queue.wait_until(State::has_none_with_driver);
    }

    /// Refuses new requests and presents the rest; the callback runs when there is none.
    fn WdfIoQueueDrain: PFN_WDFIOQUEUEDRAIN(
        call, queue: WDFQUEUE, done: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) {
        drain(queue.object(call), Notify { callback: done, context: context.pointer() });
    }

    /// The same, and waits. IRQL: `PASSIVE_LEVEL`.
    fn WdfIoQueueDrainSynchronously: PFN_WDFIOQUEUEDRAINSYNCHRONOUSLY(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        drain(queue, Notify::NONE);
        queue.wait_until(State::is_empty);
    }

    /// Refuses new requests and cancels those that wait; the callback runs when there is none.
    fn WdfIoQueuePurge: PFN_WDFIOQUEUEPURGE(
        call, queue: WDFQUEUE, done: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) {
        let queue = queue.object(call);
        queue.begin_purge();
        queue.state.lock().drained = Notify { callback: done, context: context.pointer() };
        queue.notify();
    }

    /// The same, and waits. IRQL: `PASSIVE_LEVEL`.
    fn WdfIoQueuePurgeSynchronously: PFN_WDFIOQUEUEPURGESYNCHRONOUSLY(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        queue.begin_purge();
        queue.wait_until(State::is_empty);
    }

    /// Accepts, presents nothing, and cancels those that wait; the callback runs when there is none.
    fn WdfIoQueueStopAndPurge: PFN_WDFIOQUEUESTOPANDPURGE(
        call, queue: WDFQUEUE, done: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) {
        let queue = queue.object(call);
        queue.begin_purge();
        {
            let mut state = queue.state.lock();
            state.accepting = true;
            state.drained = Notify { callback: done, context: context.pointer() };
        }
        queue.notify();
    }

    /// The same, and waits. IRQL: `PASSIVE_LEVEL`.
    fn WdfIoQueueStopAndPurgeSynchronously: PFN_WDFIOQUEUESTOPANDPURGESYNCHRONOUSLY(call, queue: WDFQUEUE) {
        let queue = queue.object(call);
        queue.begin_purge();
        queue.wait_until(State::has_none_with_driver);
        queue.state.lock().accepting = true;
    }

    /// The next request of a queue that the driver asks.
    ///
    /// # Errors
    /// `STATUS_WDF_PAUSED` (held or stopped), `STATUS_NO_MORE_ENTRIES`.
    fn WdfIoQueueRetrieveNextRequest: PFN_WDFIOQUEUERETRIEVENEXTREQUEST(
        call, queue: WDFQUEUE, request: *mut WDFREQUEST,
    ) -> NTSTATUS {
        retrieve(queue.object(call), request.not_null(call), |_| true)
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
    /// `STATUS_NO_MORE_ENTRIES`, `STATUS_NOT_FOUND` (the other one left).
    fn WdfIoQueueFindRequest: PFN_WDFIOQUEUEFINDREQUEST(
        call, queue: WDFQUEUE, after: WDFREQUEST, file: WDFFILEOBJECT, parameters: PWDF_REQUEST_PARAMETERS,
        found: *mut WDFREQUEST,
    ) -> NTSTATUS {
        let (queue, after) = (queue.object(call), after.optional(call));
        let file = file.optional(call).map(|file| file.wdm.pointer());
        found.not_null(call).put(ptr::null_mut());
        let state = queue.state.lock();
        let waiting = state.waiting.as_slice();
        let start = match after {
            None => 0,
            Some(after) => match waiting.iter().position(|request| *request == after) {
                Some(at) => at + 1,
                None => return fail(STATUS_NOT_FOUND),
            },
        };
        let wanted = |request: &&Obj<request::Request>| {
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
    /// `STATUS_NOT_FOUND`.
    fn WdfIoQueueRetrieveFoundRequest: PFN_WDFIOQUEUERETRIEVEFOUNDREQUEST(
        call, queue: WDFQUEUE, found: WDFREQUEST, request: *mut WDFREQUEST,
    ) -> NTSTATUS {
        let found = found.object(call);
        match retrieve(queue.object(call), request.not_null(call), |request| *request == found) {
            Err(failure) if failure.status() == STATUS_NO_MORE_ENTRIES => fail(STATUS_NOT_FOUND),
            outcome => outcome,
        }
    }

    /// Has a callback run whenever an empty manual queue gets a request.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (the queue is not manual, or has a callback already).
    fn WdfIoQueueReadyNotify: PFN_WDFIOQUEUEREADYNOTIFY(
        call, queue: WDFQUEUE, ready: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT,
    ) -> NTSTATUS {
        let queue = queue.object(call);
        let mut state = queue.state.lock();
        if !queue.is_manual() || (ready.is_some() && state.ready.callback.is_some()) {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        state.ready = Notify { callback: ready, context: context.pointer() };
        Ok(())
    }

    /// The default queue, null when there is none.
    fn WdfDeviceGetDefaultQueue: PFN_WDFDEVICEGETDEFAULTQUEUE(call, device: WDFDEVICE) -> WDFQUEUE {
        handle(device.object(call).queues.default.get())
    }

    /// Sends one kind of request to this queue.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (the kind), `STATUS_WDF_BUSY` never, `STATUS_INVALID_DEVICE_STATE` (the
    /// kind has its queue).
    fn WdfDeviceConfigureRequestDispatching: PFN_WDFDEVICECONFIGUREREQUESTDISPATCHING(
        call, device: WDFDEVICE, queue: WDFQUEUE, kind: WDF_REQUEST_TYPE,
    ) -> NTSTATUS {
        let (device, queue) = (device.object(call), queue.object(call));
        let Some(major) = u8::try_from(kind).ok().filter(|kind| is_dispatched(*kind)) else {
            return fail(STATUS_INVALID_PARAMETER);
        };
        device.queues.configure(major, queue);
        Ok(())
    }

    /// Hands a request to the queue of its function, from outside a queue.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INVALID_DEVICE_STATE`.
    fn WdfDeviceEnqueueRequest: PFN_WDFDEVICEENQUEUEREQUEST(
        call, device: WDFDEVICE, request: WDFREQUEST,
    ) -> NTSTATUS {
        let (device, request) = (device.object(call), request.object(call));
        let queue = request.irp.get().and_then(|irp| device.queues.for_major(irp.major()));
        let Some(queue) = queue else { return fail(STATUS_INVALID_DEVICE_REQUEST) };
        request::forward(request, queue)
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
    if default && device.kind != Kind::Control && device.stage.get() != Stage::Initial {
        return fail(STATUS_INVALID_DEVICE_STATE);
    }
    let has_event = config.EvtIoDefault.is_some()
        || config.EvtIoRead.is_some()
        || config.EvtIoWrite.is_some()
        || config.EvtIoDeviceControl.is_some()
        || config.EvtIoInternalDeviceControl.is_some();
    let valid = match config.DispatchType {
        DispatchType::WdfIoQueueDispatchManual => !has_event && super::parallel(config) == 0,
        // wdfio.h: the parallel setting of a configuration that was initialized for it is not 0.
        DispatchType::WdfIoQueueDispatchParallel => has_event,
        DispatchType::WdfIoQueueDispatchSequential => has_event && super::parallel(config) == 0,
        _ => false,
    };
    if valid {
        Ok(())
    } else {
        fail(STATUS_INVALID_PARAMETER)
    }
}

fn flags(state: &State) -> WDF_IO_QUEUE_STATE {
    let mut flags = 0;
    for (on, flag) in [
        (state.accepting, Is::WdfIoQueueAcceptRequests),
        (state.presenting, Is::WdfIoQueueDispatchRequests),
        (state.waiting.as_slice().is_empty(), Is::WdfIoQueueNoRequests),
        (state.has_none_with_driver(), Is::WdfIoQueueDriverNoRequests),
        (state.held, Is::WdfIoQueuePnpHeld),
    ] {
        if on {
            flags |= flag;
        }
    }
    flags
}

fn drain(queue: Obj<Queue>, done: Notify) {
    {
        let mut state = queue.state.lock();
        (state.accepting, state.presenting) = (false, true);
        state.drained = done;
    }
    queue.pump();
    queue.notify();
}

fn retrieve(
    queue: Obj<Queue>,
    place: Claimed<WDFREQUEST>,
    wanted: impl FnMut(&Obj<request::Request>) -> bool,
) -> Outcome {
    place.put(ptr::null_mut());
    if let Some(request) = queue.retrieve(wanted) {
        place.put(request.handle());
        return Ok(());
    }
    let state = queue.state.lock();
    let paused = state.held || !state.presenting;
    fail(if paused {
        STATUS_WDF_PAUSED
    } else {
        STATUS_NO_MORE_ENTRIES
    })
}
