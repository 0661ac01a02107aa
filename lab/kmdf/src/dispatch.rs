//! The dispatch routine of all client drivers: which part of the framework an IRP belongs to.

use wdk_sys::{
    NTSTATUS, PDEVICE_OBJECT, PIRP, STATUS_DELETE_PENDING, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_PARAMETER, STATUS_NO_SUCH_DEVICE,
};

use crate::{
    control,
    device::{Device, Kind},
    file_object,
    object::Obj,
    pnp, power, queue,
    wdm::{device_object::DeviceObject, irp::Irp},
};

/// wdm.h: major functions.
pub mod major {
    pub const CREATE: u8 = 0x00;
    pub const CLOSE: u8 = 0x02;
    pub const READ: u8 = 0x03;
    pub const WRITE: u8 = 0x04;
    pub const DEVICE_CONTROL: u8 = 0x0E;
    pub const INTERNAL_DEVICE_CONTROL: u8 = 0x0F;
    pub const SHUTDOWN: u8 = 0x10;
    pub const CLEANUP: u8 = 0x12;
    pub const POWER: u8 = 0x16;
    pub const SYSTEM_CONTROL: u8 = 0x17;
    pub const PNP: u8 = 0x1B;
}

/// `DRIVER_OBJECT.MajorFunction`, for every function.
pub extern "C" fn dispatch(wdm: PDEVICE_OBJECT, irp: PIRP) -> NTSTATUS {
    let (Some(wdm), Some(irp)) = (DeviceObject::of(wdm), Irp::of(irp)) else {
        return STATUS_INVALID_PARAMETER;
    };
    let Some(device) = Obj::<Device>::of(wdm) else {
        return irp.complete_with(STATUS_NO_SUCH_DEVICE);
    };
    // The device may be deleted while it handles its own removal.
    device.reference();
    let status = match preprocess(device, wdm, irp) {
        Some(status) => status,
        None => preprocessed(device, irp),
    };
    device.release();
    status
}

/// Shows the IRP to the driver's preprocess callback, if it has one for this function.
fn preprocess(device: Obj<Device>, _wdm: DeviceObject, irp: Irp) -> Option<NTSTATUS> {
    let (major, minor) = (irp.major(), irp.minor());
    let settings = &device.settings;
    let wanted = settings.preprocess.as_slice().iter().find(|entry| {
        let minors = settings
            .minors
            .as_slice()
            .get(entry.minors.0..entry.minors.1)
            .unwrap_or(&[]);
        entry.major == major && (minors.is_empty() || minors.contains(&minor))
    })?;
    invoke!(wanted.callback, device.handle(), irp.pointer())
}

/// Handles an IRP that the driver has seen, or did not want to.
pub fn preprocessed(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    match irp.major() {
        major::PNP if device.kind != Kind::Control => return pnp::dispatch(device, irp),
        major::POWER if device.kind != Kind::Control => return power::dispatch(device, irp),
        // A handle can be closed after the device went; its file object needs the framework until then.
        major::CLEANUP | major::CLOSE => return file_object::dispatch(device, irp),
        _ => {}
    }
    if !device.in_progress.enter() {
        return irp.complete_with(STATUS_DELETE_PENDING);
    }
    let status = match irp.major() {
        major::CREATE => file_object::dispatch(device, irp),
        major::READ | major::WRITE | major::DEVICE_CONTROL | major::INTERNAL_DEVICE_CONTROL => {
            queue::dispatch(device, irp)
        }
        major::SHUTDOWN if device.kind == Kind::Control => control::shutdown(device, irp),
        _ => other(device, irp),
    };
    device.in_progress.leave();
    status
}

/// A function that the framework has no event for: a filter passes it on, WMI goes down the stack.
fn other(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    match device.attached.get() {
        Some(below) if device.settings.filter || irp.major() == major::SYSTEM_CONTROL => irp.pass(below),
        None if irp.major() == major::SYSTEM_CONTROL => irp.complete_with(irp.status()),
        _ => irp.complete_with(STATUS_INVALID_DEVICE_REQUEST),
    }
}
