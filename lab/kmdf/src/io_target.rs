//! WDFIOTARGET: where a driver sends requests, the stack below its device or another one.

use core::{cell::Cell, ptr};

use wdk_sys::{
    _WDF_IO_TARGET_STATE as TargetState, NTSTATUS, PDEVICE_OBJECT, PFILE_OBJECT,
    PFN_WDF_REQUEST_COMPLETION_ROUTINE, PIRP, PVOID, STATUS_MORE_PROCESSING_REQUIRED,
    WDF_REQUEST_COMPLETION_PARAMS, WDFCONTEXT,
};

use crate::{
    device::Device,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, create},
    request::Request,
    wdm::{
        device_object::{DeviceObject, zeroed},
        file,
        irp::Irp,
        size32,
    },
};

pub mod api;
mod format;
pub mod send;

pub use format::Sent;

/// What a WDFIOTARGET stands for.
#[repr(C)]
pub struct IoTarget {
    header: Header,
    /// The device of the driver that sends.
    pub owner: Obj<Device>,
    /// Where requests go; none while it is closed.
    pub device: Cell<Option<DeviceObject>>,
    /// The file object that an opened target holds.
    file: Cell<PFILE_OBJECT>,
    /// Whether the target holds a reference to its device object.
    holds_device: Cell<bool>,
    state: Cell<i32>,
}

framework! {
    IoTarget: IoTarget {
        fn dispose(this: Obj<Self>) {
            this.close(TargetState::WdfIoTargetDeleted);
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
        file: Cell::new(ptr::null_mut()),
        holds_device: Cell::new(false),
        state: Cell::new(state),
    };
    create(target, attributes, parent)
}

impl Obj<IoTarget> {
    /// Points the target at a device object that somebody else keeps open.
    fn open_existing(self, device: DeviceObject, file: PFILE_OBJECT) {
        device.reference();
        self.holds_device.set(true);
        self.opened(device, file);
    }

    fn opened(self, device: DeviceObject, file: PFILE_OBJECT) {
        self.file.set(file);
        self.device.set(Some(device));
        self.state.set(TargetState::WdfIoTargetStarted);
    }

    /// Lets go of what opening took; the target of a device keeps pointing below it.
    fn close(self, state: i32) {
        self.state.set(state);
        if self.owner.target.get() == Some(self) {
            return;
        }
        let device = self.device.take();
        if let Some(device) = device.filter(|_| self.holds_device.replace(false)) {
            device.dereference();
        } else {
            file::dereference(self.file.replace(ptr::null_mut()));
        }
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
