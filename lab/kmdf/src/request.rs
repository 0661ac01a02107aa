//! WDFREQUEST: an IRP on its way through the driver, completed exactly once.

use core::{
    cell::{Cell, RefCell},
    ffi::c_void,
    ptr,
};

use wdk_sys::{
    CCHAR, KPROCESSOR_MODE, NTSTATUS, PFN_WDF_REQUEST_CANCEL, PIRP, PWDF_REQUEST_PARAMETERS,
    STATUS_INVALID_DEVICE_REQUEST, ULONG, WDF_REQUEST_PARAMETERS, WDFFILEOBJECT, WDFQUEUE, WDFREQUEST,
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
        irp::{Irp, WdmFile},
        mdl::OwnMdl,
        parameters::Parameters,
    },
};

pub mod cancel;
pub mod forward;
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

impl Obj<Request> {
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

    /// The process that sent a request.
    fn WdfRequestGetRequestorProcessId: PFN_WDFREQUESTGETREQUESTORPROCESSID(
        call, request: WDFREQUEST,
    ) -> ULONG {
        request.object(call).irp(call).requestor_process()
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
