//! WDFIOTARGET: where a driver sends requests, the stack below its device or another one.

use core::{cell::Cell, ptr};

use wdk_sys::{
    _WDF_IO_TARGET_STATE as TargetState, PFN_WDF_REQUEST_COMPLETION_ROUTINE, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_DEVICE_STATE, WDF_REQUEST_COMPLETION_PARAMS, WDFCONTEXT,
};

use crate::{
    device::Device,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, create},
    queue::{self, Queue},
    request::Request,
    wdm::{
        device_object::{DeviceObject, zeroed},
        irp::Irp,
        size32,
        sync::{PASSIVE_LEVEL, irql},
    },
};

pub mod api;
mod format;
pub mod remote;
pub mod send;
pub mod traffic;

pub use format::Sent;
use remote::{Reason, Remote};
use traffic::Traffic;

/// What a WDFIOTARGET stands for.
#[repr(C)]
pub struct IoTarget {
    header: Header,
    /// The device of the driver that sends.
    pub owner: Obj<Device>,
    /// Where requests go; none while it is closed.
    pub device: Cell<Option<DeviceObject>>,
    /// Whether it is the device's own, and requests go to this queue of it, or else to that of their function.
    pub own: Option<Cell<Option<Obj<Queue>>>>,
    /// What it holds of another stack.
    pub remote: Remote,
    /// Requests that it has.
    pub traffic: Traffic,
}

framework! {
    IoTarget: IoTarget {
        fn dispose(this: Obj<Self>) {
            this.close(Reason::Delete);
        }
    }
}

/// The target of a device: what lies below it.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn create_default(owner: Obj<Device>, below: DeviceObject) -> Outcome<Obj<IoTarget>> {
    let target = new(
        owner,
        Some(below),
        TargetState::WdfIoTargetStarted,
        &Attributes::NONE,
        Some(owner.header()),
    )?;
    target.set_deletable(false);
    Ok(target)
}

/// The target of a device that is the device itself.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn create_self(owner: Obj<Device>, device: DeviceObject) -> Outcome<Obj<IoTarget>> {
    let mut target = unattached(owner, Some(device), TargetState::WdfIoTargetStarted);
    target.own = Some(Cell::new(None));
    let target = connect(target, &Attributes::NONE, Some(owner.header()))?;
    target.set_deletable(false);
    Ok(target)
}

fn unattached(owner: Obj<Device>, device: Option<DeviceObject>, state: i32) -> IoTarget {
    IoTarget {
        header: Header::new::<IoTarget>(owner.header.client),
        owner,
        device: Cell::new(device),
        own: None,
        remote: Remote::new(),
        traffic: Traffic::new(owner.header.client.tag(), state),
    }
}

fn connect(target: IoTarget, attributes: &Attributes, parent: Option<Obj<Header>>) -> Outcome<Obj<IoTarget>> {
    let target = create(target, attributes, parent)?;
    target.remote.ready();
    target.traffic.ready();
    Ok(target)
}

fn new(
    owner: Obj<Device>,
    device: Option<DeviceObject>,
    state: i32,
    attributes: &Attributes,
    parent: Option<Obj<Header>>,
) -> Outcome<Obj<IoTarget>> {
    connect(unattached(owner, device, state), attributes, parent)
}

impl Obj<IoTarget> {
    /// The PDO of the target's stack, as far as it is known.
    fn physical(self) -> Option<DeviceObject> {
        if self.owner.target.get() == Some(self) {
            self.owner.physical.get()
        } else {
            self.remote.physical()
        }
    }

    fn physical_at_passive_level(self) -> Outcome<DeviceObject> {
        let known = self.physical().filter(|_| irql() == PASSIVE_LEVEL);
        known.map_or_else(|| fail(STATUS_INVALID_DEVICE_REQUEST), Ok)
    }

    /// Where a request goes, none for a closed target.
    pub fn destination(self) -> Option<DeviceObject> {
        self.device.get()
    }

    /// Hands an IRP whose next location is prepared to the target.
    fn call(self, irp: Irp) {
        let Some(device) = self.destination() else {
            irp.complete_with(STATUS_INVALID_DEVICE_STATE);
            return;
        };
        let Some(own) = &self.own else {
            device.call(irp.pointer());
            return;
        };
        // As if it came from above: the device's own queue gets it (fxiotargetself.cpp).
        irp.advance(device);
        let queue = own.get().or_else(|| self.owner.queues.for_major(irp.major()));
        queue::dispatch_to(self.owner, irp, queue, self.owner.settings.in_caller_context);
    }
}

/// A completion routine of the driver.
#[derive(Clone, Copy)]
pub struct Completion {
    routine: PFN_WDF_REQUEST_COMPLETION_ROUTINE,
    context: WDFCONTEXT,
}

impl Completion {
    /// Whether there is none.
    pub const fn is_none(&self) -> bool {
        self.routine.is_none()
    }

    /// None.
    pub const NONE: Self = Self {
        routine: None,
        context: ptr::null_mut(),
    };
}

/// Calls the driver's completion routine.
fn call_completion(request: Obj<Request>, irp: Irp, target: Obj<IoTarget>) {
    let completion = request.sent.completion.replace(Completion::NONE);
    let mut parameters = WDF_REQUEST_COMPLETION_PARAMS {
        Size: size32::<WDF_REQUEST_COMPLETION_PARAMS>(),
        Type: i32::from(request.sent.major.get()),
        ..zeroed()
    };
    parameters.IoStatus.__bindgen_anon_1.Status = irp.status();
    parameters.IoStatus.Information = irp.information();
    invoke!(
        completion.routine,
        request.handle(),
        target.handle(),
        &raw mut parameters,
        completion.context
    );
}
