//! WDFREQUEST: an IRP on its way through the driver, completed exactly once.

use core::{
    cell::{Cell, RefCell},
    ffi::c_void,
    ptr,
};

use wdk_sys::{
    _WDF_REQUEST_FORWARD_OPTIONS_FLAGS as ForwardFlags, CCHAR, KPROCESSOR_MODE, NTSTATUS, PDEVICE_OBJECT,
    PFN_WDF_REQUEST_CANCEL, PIRP, PWDF_REQUEST_FORWARD_OPTIONS, PWDF_REQUEST_PARAMETERS, STATUS_CANCELLED,
    STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, ULONG,
    WDF_REQUEST_FORWARD_OPTIONS, WDF_REQUEST_PARAMETERS, WDFFILEOBJECT, WDFQUEUE, WDFREQUEST,
};

use crate::{
    ddi::{Call, Claimed},
    device::Device,
    dispatch::major,
    failure::{Outcome, fail},
    file_object,
    io_target::Sent,
    memory::Memory,
    object::{Header, Obj, create},
    queue::{self, Queue},
    wdm::{
        bugcheck::Violation,
        irp::{Irp, WdmFile, release_cancel_lock},
        mdl::OwnMdl,
        parameters::Parameters,
    },
};

pub mod own;

/// Where `EvtIoStop` of a request stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Not called.
    Untold,
    /// Called, not answered.
    Told,
    /// The driver keeps the request and has stopped working on it.
    Kept,
}

/// What a queue is going to tell the driver of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Nothing,
    /// `EvtRequestCancel`
    Cancel,
    /// `EvtIoCanceledOnQueue`
    CancelOnQueue,
}

/// What a WDFREQUEST stands for.
#[repr(C)]
pub struct Request {
    /// The shared part.
    pub header: Header,
    /// The device that has it; none for a request that the driver made.
    pub device: Cell<Option<Obj<Device>>>,
    /// The IRP, until it is completed.
    pub irp: Cell<Option<Irp>>,
    /// Whether the driver made the request, with an IRP that it, or the framework, allocated.
    pub owns_irp: bool,
    /// Whether the IRP is freed with the request.
    pub frees_irp: Cell<bool>,
    /// The queue that has it or presented it.
    pub queue: Cell<Option<Obj<Queue>>>,
    /// The queue that it goes to when the driver has had its look at it in the sender's context.
    pub intended: Cell<Option<Obj<Queue>>>,
    /// Whether a driver has seen it.
    pub was_presented: Cell<bool>,
    /// What the driver was told, and said, about its power going down.
    pub stop: Cell<Stop>,
    /// What the queue still has to tell the driver.
    pub due: Cell<Due>,
    cancel: Cell<PFN_WDF_REQUEST_CANCEL>,
    /// Input and output as memory objects, once asked for.
    pub memories: [Cell<Option<Obj<Memory>>>; 2],
    /// An MDL of a buffer that came without one, with the buffer.
    pub mdl: RefCell<Option<(*mut c_void, OwnMdl)>>,
    /// What sending it to a target needs.
    pub sent: Sent,
}

framework! {
    Request: Request
}

impl Request {
    /// Which of the IRP's four words names its request while it waits or can be cancelled.
    pub const CONTEXT: usize = 3;

    /// A request around an IRP.
    pub fn new(client: crate::client::Client, device: Option<Obj<Device>>, irp: Irp, owns_irp: bool) -> Self {
        Self {
            header: Header::new::<Self>(client),
            device: Cell::new(device),
            irp: Cell::new(Some(irp)),
            owns_irp,
            frees_irp: Cell::new(owns_irp),
            queue: Cell::new(None),
            intended: Cell::new(None),
            was_presented: Cell::new(false),
            stop: Cell::new(Stop::Untold),
            due: Cell::new(Due::Nothing),
            cancel: Cell::new(None),
            memories: [const { Cell::new(None) }; 2],
            mdl: RefCell::new(None),
            sent: Sent::new(),
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.sent.free_buffer();
        self.free_timer();
        if let Some(irp) = self.irp.get().filter(|_| self.frees_irp.get()) {
            irp.free();
        }
        if let Some(device) = self.device.get() {
            device.release();
        }
    }
}

/// A request for an IRP that came to the device.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn from_io(device: Obj<Device>, irp: Irp) -> Outcome<Obj<Request>> {
    let request = Request::new(device.header.client, Some(device.reference()), irp, false);
    let request = create(request, &device.settings.request_attributes, None)?;
    request.set_deletable(false);
    Ok(request)
}

/// Completes a request with this status; its information stays.
pub fn complete(request: Obj<Request>, status: NTSTATUS) {
    complete_boosted(request, status, 0);
}

fn complete_boosted(request: Obj<Request>, status: NTSTATUS, boost: CCHAR) {
    let Some(irp) = request.irp.take() else { return };
    let queue = request.queue.take();
    irp.set_status(status);
    // The driver's contexts are cleaned up before whoever sent the IRP goes on.
    request.dispose_early();
    if irp.major() == major::CREATE
        && let Some(device) = request.device.get()
    {
        file_object::create_completed(device, irp, status);
    }
    irp.complete_boosted(boost);
    if let Some(queue) = queue {
        queue.let_go(request);
    }
    request.delete();
}

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

    /// The queue that presented it; a request without one cannot be made cancellable.
    fn own_queue(self) -> Outcome<Obj<Queue>> {
        self.queue
            .get()
            .map_or_else(|| fail(STATUS_INVALID_DEVICE_REQUEST), Ok)
    }

    /// The IRP; the run ends when it was completed.
    pub fn irp(self, call: &Call) -> Irp {
        match self.irp.get() {
            Some(irp) => irp,
            None => call.violation(Violation::Request, self.handle::<c_void>() as usize),
        }
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

/// Fills the driver's structure with the parameters of a request.
pub fn get_parameters(request: Obj<Request>, place: Claimed<WDF_REQUEST_PARAMETERS>) {
    let (Some(irp), Some(mut answer)) = (request.irp.get(), place.get()) else {
        return;
    };
    let stack = irp.stack();
    answer.Type = i32::from(stack.MajorFunction);
    answer.MinorFunction = stack.MinorFunction;
    match stack.MajorFunction {
        major::READ | major::WRITE => {
            let (length, key, offset) = stack.transfer();
            answer.Parameters.Read.Length = length as usize;
            answer.Parameters.Read.Key = key;
            answer.Parameters.Read.DeviceOffset = offset;
        }
        major::DEVICE_CONTROL => {
            let control = stack.io_control();
            answer.Parameters.DeviceIoControl.OutputBufferLength = control.output as usize;
            answer.Parameters.DeviceIoControl.InputBufferLength = control.input as usize;
            answer.Parameters.DeviceIoControl.IoControlCode = control.code;
            answer.Parameters.DeviceIoControl.Type3InputBuffer = control.type3;
        }
        // The layout of all other functions is that of four words.
        _ => {
            let [first, second, third, fourth] = stack.others();
            answer.Parameters.Others.Arg1 = first;
            answer.Parameters.Others.Arg2 = second;
            answer.Parameters.Others.IoControlCode = control_code(third);
            answer.Parameters.Others.Arg4 = fourth;
        }
    }
    place.put(answer);
}

/// The third word of a request, which is 32 bits of an I/O control.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the structure of the driver has 32 bits for it"
)]
fn control_code(word: *mut c_void) -> ULONG {
    word.addr() as ULONG
}

/// Ends the run unless the driver may complete this request now.
fn check_completable(call: &Call, request: Obj<Request>) {
    request.irp(call);
    if request.owns_irp {
        call.violation(Violation::Request, request.handle::<c_void>() as usize);
    }
    // A request that can still be cancelled would be completed twice.
    if request.is_cancelable() && !request.stop_waiting() {
        call.violation(Violation::Request, request.handle::<c_void>() as usize);
    }
}

ddi! {
    /// Completes a request.
    fn WdfRequestComplete: PFN_WDFREQUESTCOMPLETE(call, request: WDFREQUEST, status: NTSTATUS) {
        let request = request.object(call);
        check_completable(call, request);
        complete(request, status);
    }

    /// Completes a request and says how many bytes it moved.
    fn WdfRequestCompleteWithInformation: PFN_WDFREQUESTCOMPLETEWITHINFORMATION(
        call, request: WDFREQUEST, status: NTSTATUS, information: u64,
    ) {
        let request = request.object(call);
        check_completable(call, request);
        request.irp(call).set_information(information);
        complete(request, status);
    }

    /// Completes a request and raises the priority of the thread that waits for it.
    fn WdfRequestCompleteWithPriorityBoost: PFN_WDFREQUESTCOMPLETEWITHPRIORITYBOOST(
        call, request: WDFREQUEST, status: NTSTATUS, boost: CCHAR,
    ) {
        let request = request.object(call);
        check_completable(call, request);
        complete_boosted(request, status, boost);
    }

    /// The parameters of a request.
    fn WdfRequestGetParameters: PFN_WDFREQUESTGETPARAMETERS(
        call, request: WDFREQUEST, parameters: PWDF_REQUEST_PARAMETERS,
    ) {
        let request = request.object(call);
        request.irp(call);
        get_parameters(request, parameters.not_null(call));
    }

    /// How many bytes were moved.
    fn WdfRequestSetInformation: PFN_WDFREQUESTSETINFORMATION(call, request: WDFREQUEST, information: u64) {
        request.object(call).irp(call).set_information(information);
    }

    /// How many bytes were moved.
    fn WdfRequestGetInformation: PFN_WDFREQUESTGETINFORMATION(call, request: WDFREQUEST) -> u64 {
        request.object(call).irp(call).information()
    }

    /// The status of a request: of the IRP as the target left it.
    fn WdfRequestGetStatus: PFN_WDFREQUESTGETSTATUS(call, request: WDFREQUEST) -> i32 {
        let request = request.object(call);
        request.sent.status.get().unwrap_or_else(|| request.irp(call).status())
    }

    /// The mode of the sender.
    fn WdfRequestGetRequestorMode: PFN_WDFREQUESTGETREQUESTORMODE(
        call, request: WDFREQUEST,
    ) -> KPROCESSOR_MODE {
        request.object(call).irp(call).requestor_mode()
    }

    /// The file that a request belongs to, null when it has none.
    fn WdfRequestGetFileObject: PFN_WDFREQUESTGETFILEOBJECT(call, request: WDFREQUEST) -> WDFFILEOBJECT {
        let request = request.object(call);
        let file = WdmFile::of(request.irp(call).file_object());
        let found = request.device.get().zip(file).and_then(|(device, file)| file_object::find(device, file));
        found.map_or(ptr::null_mut(), Obj::handle)
    }

    /// The IRP.
    fn WdfRequestWdmGetIrp: PFN_WDFREQUESTWDMGETIRP(call, request: WDFREQUEST) -> PIRP {
        request.object(call).irp(call).pointer()
    }

    /// The queue that presented a request.
    fn WdfRequestGetIoQueue: PFN_WDFREQUESTGETIOQUEUE(call, request: WDFREQUEST) -> WDFQUEUE {
        queue::handle(request.object(call).queue.get())
    }

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

    /// The process that sent a request.
    fn WdfRequestGetRequestorProcessId: PFN_WDFREQUESTGETREQUESTORPROCESSID(
        call, request: WDFREQUEST,
    ) -> ULONG {
        request.object(call).irp(call).requestor_process()
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

    /// Whether the sender is a 32-bit process: the lab has none.
    fn WdfRequestIsFrom32BitProcess: PFN_WDFREQUESTISFROM32BITPROCESS(call, request: WDFREQUEST) -> u8 {
        request.object(call).irp(call);
        0
    }

    /// Whether it is one of the reserve for low memory: a queue that asks for one is refused by name.
    fn WdfRequestIsReserved: PFN_WDFREQUESTISRESERVED(call, request: WDFREQUEST) -> u8 {
        request.object(call);
        0
    }
}
