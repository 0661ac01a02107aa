//! WDFIOTARGET: where a driver sends requests, the stack below its device or another one.

use core::{cell::Cell, ptr};

use wdk_sys::{
    _WDF_IO_TARGET_STATE as TargetState, NTSTATUS, PDEVICE_OBJECT, PFN_WDF_REQUEST_COMPLETION_ROUTINE, PIRP,
    PVOID, STATUS_INVALID_DEVICE_REQUEST, STATUS_MORE_PROCESSING_REQUIRED, WDF_REQUEST_COMPLETION_PARAMS, WDFCONTEXT,
};

use crate::{
    device::Device,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, create},
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

pub use format::Sent;
use remote::{Reason, Remote};

/// What a WDFIOTARGET stands for.
#[repr(C)]
pub struct IoTarget {
    header: Header,
    /// The device of the driver that sends.
    pub owner: Obj<Device>,
    /// Where requests go; none while it is closed.
    pub device: Cell<Option<DeviceObject>>,
    /// What it holds of another stack.
    pub remote: Remote,
    state: Cell<i32>,
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

fn new(
    owner: Obj<Device>,
    device: Option<DeviceObject>,
    state: i32,
    attributes: &Attributes,
    parent: Option<Obj<Header>>,
) -> Outcome<Obj<IoTarget>> {
    let target = IoTarget {
        header: Header::new::<IoTarget>(owner.header.client),
        owner,
        device: Cell::new(device),
        remote: Remote::new(),
        state: Cell::new(state),
    };
    let target = create(target, attributes, parent)?;
    target.remote.ready();
    Ok(target)
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

    /// Where a request goes.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE` when the target is closed or stopped.
    pub fn destination(self, ignore_state: bool) -> Outcome<DeviceObject> {
        match self.device.get() {
            Some(device) if ignore_state || self.state.get() == TargetState::WdfIoTargetStarted => Ok(device),
            _ => fail(wdk_sys::STATUS_INVALID_DEVICE_STATE),
        }
    }
}

/// A completion routine of the driver.
#[derive(Clone, Copy)]
pub struct Completion {
    routine: PFN_WDF_REQUEST_COMPLETION_ROUTINE,
    context: WDFCONTEXT,
}

impl Completion {
    /// None.
    pub const NONE: Self = Self {
        routine: None,
        context: ptr::null_mut(),
    };
}

/// The target is done with a request that was sent asynchronously.
extern "C" fn completed(_device: PDEVICE_OBJECT, irp: PIRP, context: PVOID) -> NTSTATUS {
    let (Some(request), Some(irp)) = (Obj::<Request>::from_pointer(context.cast()), Irp::of(irp)) else {
        return STATUS_MORE_PROCESSING_REQUIRED;
    };
    request.sent.finish(irp);
    let target = request.sent.target.take();
    let completion = request.sent.completion.replace(Completion::NONE);
    let mut parameters = WDF_REQUEST_COMPLETION_PARAMS {
        Size: size32::<WDF_REQUEST_COMPLETION_PARAMS>(),
        Type: i32::from(request.sent.major.get()),
        ..zeroed()
    };
    parameters.IoStatus.__bindgen_anon_1.Status = irp.status();
    parameters.IoStatus.Information = irp.information();
    let handle = target.map_or(ptr::null_mut(), Obj::handle);
    invoke!(
        completion.routine,
        request.handle(),
        handle,
        &raw mut parameters,
        completion.context
    );
    if let Some(target) = target {
        target.release();
    }
    request.release();
    STATUS_MORE_PROCESSING_REQUIRED
}
