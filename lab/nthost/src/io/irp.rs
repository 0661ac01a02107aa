//! I/O request packets: allocation, the way down a stack of devices, and the way up again.
//!
//! Every IRP is in a table from its allocation to its end. What is not in the table is no IRP, or one that has been completed or
//! freed: that is how double completion is noticed, and what remains at the end of a run is a lost request.
#![allow(
    unsafe_code,
    reason = "IRPs and their stack locations are shared with drivers by pointer"
)]

use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};

use super::device::Device;
use super::{mdl, query_trace, user_output};
use crate::abi::{
    DEVICE_OBJECT, IO_STACK_LOCATION, IO_STATUS_BLOCK, IO_TYPE_IRP, IRP, KernelMode, NTSTATUS,
    SL_INVOKE_ON_CANCEL, SL_INVOKE_ON_ERROR, SL_INVOKE_ON_SUCCESS, SL_PENDING_RETURNED,
    STATUS_MORE_PROCESSING_REQUIRED, STATUS_NOT_SUPPORTED, STATUS_PENDING,
};
use crate::ke::{self, thread};
use crate::mm::pool::{self, HOST_TAG, Kind, Request};
use crate::verifier::{self, AddressMap, Dispatched, Leak, Owner, rules};

/// What ends a request: runs once, when the IRP has left the top of the stack, with the IRP still there.
pub type Finish = Box<dyn FnOnce(Irp) + Send>;

struct Record {
    owner: Owner,
    /// None for an IRP of `IoAllocateIrp`: its driver takes it back in a completion routine and frees it.
    finish: Option<Finish>,
    /// Why devices did not answer it.
    notes: Vec<String>,
    /// The dispatch routines that have it or had it below its current location.
    dispatched: Vec<Dispatched>,
}

static IRPS: Mutex<Option<AddressMap<Record>>> = Mutex::new(None);

fn with_irps<R>(f: impl FnOnce(&mut AddressMap<Record>) -> R) -> R {
    f(IRPS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(|| {
            verifier::register_auditor(leaks);
            AddressMap::default()
        }))
}

fn leaks() -> Vec<Leak> {
    let describe = |(address, record): (&usize, &Record)| Leak {
        rule: rules::IRP_LOST,
        what: format!("IRP {address:#x}, allocated and neither completed nor freed"),
        owner: record.owner,
    };
    with_irps(|irps| irps.iter().map(describe).collect())
}

/// How many requests are under way.
#[must_use]
pub fn requests_outstanding() -> usize {
    with_irps(|irps| irps.len())
}

/// The host's requests that drivers have and did not complete: the packet, and the dispatch routine that got it last.
#[must_use]
pub fn kept_requests() -> Vec<(String, Owner)> {
    with_irps(|irps| {
        let hosts = irps.iter().filter(|(_, record)| record.owner.is_host());
        hosts
            .filter_map(|(address, record)| {
                let last = record.dispatched.last()?;
                Some((format!("IRP {address:#x}"), Owner::at(last.routine())))
            })
            .collect()
    })
}

/// A request packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Irp(*mut IRP);

// The packet belongs to one driver at a time; the host passes only its address on.
// SAFETY: every access goes through `read` and `update`, which the protocol of IRPs serializes.
unsafe impl Send for Irp {}

impl Irp {
    /// Allocates a packet with room for `stack_size` devices; `None` without memory.
    #[must_use]
    pub fn allocate(stack_size: i8, finish: Option<Finish>) -> Option<Self> {
        let owner = verifier::owner();
        let size = Self::size(stack_size);
        let memory = pool::allocate(Request {
            kind: Kind::Irp,
            size,
            tag: HOST_TAG,
            zeroed: true,
            owner,
        });
        if memory.is_null() {
            return None;
        }
        let irp = Self(memory.cast());
        irp.initialize(stack_size);
        let record = Record {
            owner,
            finish,
            notes: Vec::new(),
            dispatched: Vec::new(),
        };
        with_irps(|irps| irps.insert(memory.addr(), record));
        Some(irp)
    }

    /// `IoSizeOfIrp`: the bytes of a packet with its stack.
    const fn size(stack_size: i8) -> usize {
        size_of::<IRP>() + stack_size.unsigned_abs() as usize * size_of::<IO_STACK_LOCATION>()
    }

    /// Sets the fields of a zeroed packet as `IoInitializeIrp` does.
    pub(super) fn initialize(self, stack_size: i8) {
        let location = self.location_pointer(stack_size + 1);
        self.update(|irp| {
            irp.Type = IO_TYPE_IRP;
            irp.Size = u16::try_from(Self::size(stack_size)).unwrap_or(u16::MAX);
            irp.StackCount = stack_size;
            irp.CurrentLocation = stack_size + 1;
            irp.Tail.Overlay.Location.CurrentStackLocation = location;
            irp.Tail.Overlay.Thread = thread::current();
        });
    }

    /// The packet at an address that a driver gives. What is none ends the run.
    pub(super) fn of_driver(irp: *mut IRP, verb: &str) -> Self {
        if !with_irps(|irps| irps.contains_key(&irp.addr())) {
            let what =
                format!("{verb} {irp:p}, which is no IRP, or one that has been completed or freed already");
            verifier::broken(rules::IRP_COMPLETED_TWICE, &what, verifier::owner());
        }
        Self(irp)
    }

    /// The packet that a dispatch routine of the host's received.
    #[must_use]
    pub const fn received(irp: *mut IRP) -> Self {
        Self(irp)
    }

    /// The pointer, for a driver.
    #[must_use]
    pub const fn as_ptr(self) -> *mut IRP {
        self.0
    }

    /// A copy of the fixed part.
    #[must_use]
    pub const fn read(self) -> IRP {
        // SAFETY: packets live until `free`, and `of_driver` lets none in that has been freed.
        unsafe { self.0.read() }
    }

    /// Changes the fixed part.
    pub fn update(self, change: impl FnOnce(&mut IRP)) {
        // SAFETY: as for `read`; the protocol of IRPs gives the packet to one owner at a time.
        change(unsafe { &mut *self.0 });
    }

    /// The place of location `number`, counted from 1 at the bottom of the stack.
    fn location_pointer(self, number: i8) -> *mut IO_STACK_LOCATION {
        let first = self.0.wrapping_add(1).cast::<IO_STACK_LOCATION>();
        first.wrapping_offset(isize::from(number) - 1)
    }

    /// Changes a stack location; the next one down is `CurrentLocation - 1`.
    ///
    /// # Panics
    /// The packet has no such location: a defect of the host.
    pub fn update_location(self, number: i8, change: impl FnOnce(&mut IO_STACK_LOCATION)) {
        assert!(
            number >= 1 && number <= self.read().StackCount,
            "the location lies in the packet's stack"
        );
        // SAFETY: the number is in the stack that `allocate` made room for.
        change(unsafe { &mut *self.location_pointer(number) });
    }

    /// A copy of a stack location.
    ///
    /// # Panics
    /// The packet has no such location: a defect of the host.
    #[must_use]
    pub fn location(self, number: i8) -> IO_STACK_LOCATION {
        assert!(
            number >= 1 && number <= self.read().StackCount,
            "the location lies in the packet's stack"
        );
        // SAFETY: the number is in the stack that `allocate` made room for.
        unsafe { self.location_pointer(number).read() }
    }

    /// Changes the location that the first driver of the stack receives.
    pub fn update_next(self, change: impl FnOnce(&mut IO_STACK_LOCATION)) {
        self.update_location(self.read().CurrentLocation - 1, change);
    }

    fn move_to(self, number: i8) {
        let location = self.location_pointer(number);
        self.update(|irp| {
            irp.CurrentLocation = number;
            irp.Tail.Overlay.Location.CurrentStackLocation = location;
        });
    }

    /// Whether the I/O manager ends the packet, so that its driver may not free it.
    pub(super) fn has_finish(self) -> bool {
        with_record(self, |record| record.finish.is_some()) == Some(true)
    }

    /// Sets what ends the request.
    pub(super) fn set_finish(self, finish: Finish) {
        with_irps(|irps| {
            if let Some(record) = irps.get_mut(&self.0.addr()) {
                record.finish = Some(finish);
            }
        });
    }

    /// Frees the packet.
    pub fn free(self) {
        with_irps(|irps| irps.remove(&self.0.addr()));
        pool::free(self.0.cast(), None, verifier::owner());
    }
}

/// `IofCallDriver`: hands the packet to a device's driver.
#[allow(clippy::must_use_candidate, reason = "called for its effect")]
pub fn call_driver(device: Device, irp: Irp) -> NTSTATUS {
    let number = irp.read().CurrentLocation - 1;
    if number < 1 {
        let what = format!("{irp:?} has no stack location left for {}", device.describe());
        verifier::broken(rules::NO_STACK_LOCATION, &what, verifier::owner());
    }
    check_sent(irp, number);
    irp.move_to(number);
    irp.update_location(number, |location| location.DeviceObject = device.as_ptr());
    let major = irp.location(number).MajorFunction;
    let routine = device.dispatch_routine(major);
    let dispatched = Dispatched::new(number, routine as usize);
    with_record(irp, |record| record.dispatched.push(dispatched.clone()));
    let status = device.dispatch(routine, irp.as_ptr());
    let is_there = |record: &mut Record| record.dispatched.iter().any(|known| known.is(&dispatched));
    if !dispatched.returned(status) && status != STATUS_PENDING && with_record(irp, is_there) == Some(true) {
        dispatched.forgotten(status);
    }
    status
}

/// What a driver must have seen to before it sends a request on to location `next`.
fn check_sent(irp: Irp, next: i8) {
    let fields = irp.read();
    if fields.CancelRoutine.is_some() {
        let what = format!("{irp:?} is sent with a cancel routine set");
        verifier::broken(rules::SENT_WITH_CANCEL_ROUTINE, &what, verifier::owner());
    }
    if next >= fields.StackCount {
        return;
    }
    let (below, own) = (irp.location(next), irp.location(next + 1));
    let address = |location: &IO_STACK_LOCATION| location.CompletionRoutine.map(|routine| routine as usize);
    let Some(routine) = address(&below).filter(|routine| address(&own) == Some(*routine)) else {
        return;
    };
    // A driver that is in a stack twice sets its own routine again, and rightly.
    if below.Context == own.Context && verifier::owner().image() != Owner::at(routine).image() {
        let what = format!("{irp:?} is sent with the completion routine of the location above");
        verifier::broken(rules::LOCATION_COPIED, &what, verifier::owner());
    }
}

fn with_record<R>(irp: Irp, f: impl FnOnce(&mut Record) -> R) -> Option<R> {
    with_irps(|irps| irps.get_mut(&irp.0.addr()).map(f))
}

/// Tells the dispatch routines of a location that the packet goes up past it.
fn passed(irp: Irp, number: i8, marked: bool) {
    let status = irp.read().IoStatus.Status;
    with_record(irp, |record| {
        record.dispatched.retain(|dispatched| {
            let passes = dispatched.location() == number;
            if passes {
                dispatched.passed(marked, status);
            }
            !passes
        });
    });
}

/// `IofCompleteRequest`: takes the packet up the stack, from completion routine to completion routine.
pub fn complete(irp: Irp) {
    check_completion(irp);
    loop {
        let number = irp.read().CurrentLocation;
        let top = irp.read().StackCount;
        if number > top {
            return finish(irp);
        }
        let location = irp.location(number);
        irp.move_to(number + 1);
        let pending = location.Control & SL_PENDING_RETURNED != 0;
        irp.update(|irp| irp.PendingReturned = u8::from(pending));
        passed(irp, number, pending);
        if number == top {
            query_ended(irp, &location);
        }
        if wants(irp, &location) {
            if run_completion_routine(irp, &location) == STATUS_MORE_PROCESSING_REQUIRED {
                return;
            }
        } else if pending && number < top {
            irp.update_location(number + 1, |above| above.Control |= SL_PENDING_RETURNED);
        }
    }
}

/// What a driver must have seen to before it completes a request.
fn check_completion(irp: Irp) {
    let fields = irp.read();
    if fields.CurrentLocation > fields.StackCount + 1 {
        let what = format!("{irp:?} is completed more often than there are stack locations");
        verifier::broken(rules::IRP_COMPLETED_TWICE, &what, verifier::owner());
    }
    if fields.CancelRoutine.is_some() {
        let what = format!("{irp:?} is completed with a cancel routine set");
        verifier::broken(rules::COMPLETED_WITH_CANCEL_ROUTINE, &what, verifier::owner());
    }
    if fields.IoStatus.Status == STATUS_PENDING {
        let what = format!("{irp:?} is completed with STATUS_PENDING");
        verifier::broken(rules::COMPLETED_WITH_PENDING, &what, verifier::owner());
    }
}

fn wants(irp: Irp, location: &IO_STACK_LOCATION) -> bool {
    let fields = irp.read();
    let on = |flag: u8| location.Control & flag != 0;
    location.CompletionRoutine.is_some()
        && (on(if fields.IoStatus.Status.is_success() {
            SL_INVOKE_ON_SUCCESS
        } else {
            SL_INVOKE_ON_ERROR
        }) || (fields.Cancel != 0 && on(SL_INVOKE_ON_CANCEL)))
}

fn run_completion_routine(irp: Irp, location: &IO_STACK_LOCATION) -> NTSTATUS {
    let Some(routine) = location.CompletionRoutine else {
        return STATUS_NOT_SUPPORTED;
    };
    let fields = irp.read();
    // The routine belongs to the driver above; the sender's own has no device.
    let above = fields.CurrentLocation <= fields.StackCount;
    let device = if above {
        irp.location(fields.CurrentLocation).DeviceObject
    } else {
        core::ptr::null_mut::<DEVICE_OBJECT>()
    };
    ke::call("a completion routine", routine as usize, || {
        // SAFETY: the driver set the routine for this packet, with this context.
        unsafe { routine(device, irp.as_ptr(), location.Context) }
    })
}

/// Adds to why devices did not answer a packet.
pub(super) fn add_note(irp: Irp, note: String) {
    with_irps(|irps| {
        if let Some(record) = irps.get_mut(&irp.0.addr()) {
            record.notes.push(note);
        }
    });
}

/// Who sent a packet, and why devices did not answer it.
pub(super) fn take_notes(irp: Irp) -> (Owner, Vec<String>) {
    with_irps(|irps| {
        let record = irps.get_mut(&irp.0.addr());
        record.map_or((Owner::HOST, Vec::new()), |record| {
            (record.owner, std::mem::take(&mut record.notes))
        })
    })
}

/// Tells the verifier of an interface that a driver is about to receive, and the trace of one that it does not get.
fn query_ended(irp: Irp, location: &IO_STACK_LOCATION) {
    if !query_trace::is_query(location) {
        return;
    }
    if !irp.read().IoStatus.Status.is_success() {
        return query_trace::refused(irp, location);
    }
    let (owner, _) = take_notes(irp);
    // SAFETY: the location's minor code says which of its parameters are set.
    let query = unsafe { location.Parameters.QueryInterface };
    // SAFETY: whoever asks for an interface gives the GUID by pointer until the request ends.
    let guid = unsafe { query.InterfaceType.read() };
    let asked = Device::of_driver(location.DeviceObject).bottom().as_ptr().addr();
    // SAFETY: the request succeeded, so its provider filled the table in.
    unsafe { verifier::interfaces::on_query_interface_completed(&guid, query.Interface, owner, asked) };
}

/// The packet has left the top of the stack.
fn finish(irp: Irp) {
    user_output::check(irp);
    mdl::free_of_request(irp);
    let record = with_irps(|irps| {
        irps.get_mut(&irp.0.addr())
            .map(|record| (record.finish.take(), record.owner))
    });
    match record {
        Some((Some(finish), _)) => {
            finish(irp);
            irp.free();
        }
        Some((None, owner)) => {
            let what = "an IRP of IoAllocateIrp was completed to its end: its driver must take it back in a completion routine \
                        (STATUS_MORE_PROCESSING_REQUIRED) and free it";
            verifier::broken(rules::OWN_IRP_NOT_TAKEN_BACK, what, owner);
        }
        None => verifier::lab_defect("an IRP left the table while it was being completed"),
    }
}

/// Sends a request of the host's to the top of a stack and waits for its end. `setup` fills the first stack location.
#[must_use]
pub fn call(
    top: Device,
    preset: NTSTATUS,
    setup: impl FnOnce(Irp, &mut IO_STACK_LOCATION),
) -> IO_STATUS_BLOCK {
    let (done, wait) = channel();
    let finish: Finish = Box::new(move |irp| {
        // The receiver waits below until this arrives.
        let _ = done.send(irp.read().IoStatus);
    });
    let Some(irp) = Irp::allocate(top.read().StackSize, Some(finish)) else {
        verifier::environment_error("the system gives no memory for an IRP");
    };
    irp.update(|fields| {
        fields.IoStatus.Status = preset;
        fields.RequestorMode = KernelMode;
    });
    irp.update_next(|location| setup(irp, location));
    let _activity = thread::activity("a request of the host's to a device stack");
    call_driver(top, irp);
    wait.recv()
        .unwrap_or_else(|_| verifier::lab_defect("a request ended without its status"))
}
