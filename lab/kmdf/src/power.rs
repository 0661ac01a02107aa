//! Power: into D0 and out of it, with the callbacks in the framework's order, and power IRPs.
//!
//! Starting a device implies D0 and removing it D3, without power IRPs, as in the framework. A system power
//! request moves the device between D0 and D3; wake and idle are not modelled.

use core::ffi::c_void;

use wdk_sys::{
    _DEVICE_POWER_STATE, _POWER_STATE_TYPE, _SYSTEM_POWER_STATE, _WDF_POWER_DEVICE_STATE as DeviceState,
    NTSTATUS, PDEVICE_OBJECT, PIO_STATUS_BLOCK, POWER_STATE, STATUS_PENDING, STATUS_SUCCESS, UCHAR,
};

use crate::{
    device::Device,
    failure::{Failure, Outcome, check},
    object::Obj,
    pnp::Stage,
    trace,
    wdm::{device_object::DeviceObject, irp::Irp, parameters::Parameters, work},
};

/// wdm.h: minor functions of `IRP_MJ_POWER`.
const IRP_MN_SET_POWER: u8 = 0x02;
const IRP_MN_QUERY_POWER: u8 = 0x03;

/// The state of a device that is being removed or not started yet.
pub const D3_FINAL: i32 = DeviceState::WdfPowerDeviceD3Final;

/// The first power-up, during start.
///
/// # Errors
/// What the driver's callbacks return; then the device is powered down again.
pub fn up_first(device: Obj<Device>) -> Outcome {
    up(device, D3_FINAL)
}

fn up(device: Obj<Device>, previous: i32) -> Outcome {
    let events = &device.settings.pnp;
    invoke!(events.EvtDeviceD0Entry, device.handle(), previous).map_or(Ok(()), check)?;
    let outcome = invoke!(
        events.EvtDeviceD0EntryPostInterruptsEnabled,
        device.handle(),
        previous
    )
    .map_or(Ok(()), check);
    let outcome = outcome.and_then(|()| {
        scan(device);
        device.powered.set(true);
        device.queues.resume();
        start_self_managed(device)
    });
    if outcome.is_err() {
        leave_d0(device, D3_FINAL);
    }
    outcome
}

fn scan(device: Obj<Device>) {
    for at in 0.. {
        let Some(list) = ({ device.child_lists.lock().as_slice().get(at).copied() }) else {
            break;
        };
        list.scan();
    }
}

/// `EvtDeviceSelfManagedIoInit` the first time, `EvtDeviceSelfManagedIoRestart` later.
fn start_self_managed(device: Obj<Device>) -> Outcome {
    let events = &device.settings.pnp;
    let again = device.self_managed.replace(true);
    let callback = if again {
        events.EvtDeviceSelfManagedIoRestart
    } else {
        events.EvtDeviceSelfManagedIoInit
    };
    invoke!(callback, device.handle()).map_or(Ok(()), check)
}

/// Powers a device down that is in D0: self-managed I/O, then the queues, then the hardware.
pub fn down(device: Obj<Device>, target: i32) {
    if !device.powered.get() {
        return;
    }
    let suspended = invoke!(device.settings.pnp.EvtDeviceSelfManagedIoSuspend, device.handle());
    note(c"EvtDeviceSelfManagedIoSuspend", suspended);
    leave_d0(device, target);
}

fn leave_d0(device: Obj<Device>, target: i32) {
    device.powered.set(false);
    device.queues.hold();
    let events = &device.settings.pnp;
    let early = invoke!(
        events.EvtDeviceD0ExitPreInterruptsDisabled,
        device.handle(),
        target
    );
    note(c"EvtDeviceD0ExitPreInterruptsDisabled", early);
    let exit = invoke!(events.EvtDeviceD0Exit, device.handle(), target);
    note(c"EvtDeviceD0Exit", exit);
}

/// A failure on the way down stops nothing; the driver's author wants to know.
fn note(what: &core::ffi::CStr, status: Option<NTSTATUS>) {
    if let Some(Err(failure)) = status.map(check) {
        trace::failed(what, failure.status());
    }
}

/// Handles `IRP_MJ_POWER`.
pub fn dispatch(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let (kind, state) = irp.stack().power();
    let about_device = kind == _POWER_STATE_TYPE::DevicePowerState;
    match irp.minor() {
        IRP_MN_SET_POWER if about_device => set_device_power(device, irp, state),
        IRP_MN_SET_POWER if device.is_power_policy_owner() && device.stage.get() == Stage::Started => {
            set_system_power(device, irp, state)
        }
        IRP_MN_SET_POWER | IRP_MN_QUERY_POWER => {
            irp.set_status(STATUS_SUCCESS);
            pass(device, irp)
        }
        _ => pass(device, irp),
    }
}

fn pass(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    if let Some(below) = device.attached.get() {
        irp.pass_power(below)
    } else {
        irp.start_next_power();
        irp.complete_with(irp.status())
    }
}

/// Device power: up after the stack below, down before it.
fn set_device_power(device: Obj<Device>, irp: Irp, state: i32) -> NTSTATUS {
    let started = device.stage.get() == Stage::Started;
    if state == _DEVICE_POWER_STATE::PowerDeviceD0 {
        if let Some(below) = device.attached.get() {
            irp.send_and_wait(below);
        }
        if started && !device.powered.get() {
            note(
                c"the device does not return to D0",
                up(device, DeviceState::WdfPowerDeviceD3)
                    .err()
                    .map(Failure::status),
            );
        }
        irp.start_next_power();
        return irp.complete_with(STATUS_SUCCESS);
    }
    if started {
        down(device, state);
    }
    irp.set_status(STATUS_SUCCESS);
    pass(device, irp)
}

/// System power at the policy owner: it asks for the device power that goes with it, and completes when that
/// is done.
fn set_system_power(device: Obj<Device>, irp: Irp, state: i32) -> NTSTATUS {
    let working = state == _SYSTEM_POWER_STATE::PowerSystemWorking;
    let wanted = if working {
        _DEVICE_POWER_STATE::PowerDeviceD0
    } else {
        _DEVICE_POWER_STATE::PowerDeviceD3
    };
    let Some(wdm) = device.wdm.get() else {
        return pass(device, irp);
    };
    irp.mark_pending();
    irp.set_status(STATUS_SUCCESS);
    if request(wdm, wanted, irp) {
        return STATUS_PENDING;
    }
    // Without a device power IRP the system's request still goes on.
    pass(device, irp);
    STATUS_PENDING
}

fn request(wdm: DeviceObject, wanted: i32, irp: Irp) -> bool {
    let state = POWER_STATE { DeviceState: wanted };
    work::request_power(
        wdm,
        IRP_MN_SET_POWER,
        state,
        finish_system_power,
        irp.pointer().cast(),
    )
}

/// The device power is done: the system's request goes on.
extern "C" fn finish_system_power(
    wdm: PDEVICE_OBJECT,
    _minor: UCHAR,
    _state: POWER_STATE,
    context: *mut c_void,
    _status: PIO_STATUS_BLOCK,
) {
    let device = DeviceObject::of(wdm).and_then(Obj::<Device>::of);
    if let (Some(device), Some(irp)) = (device, Irp::of(context.cast())) {
        pass(device, irp);
    }
}
