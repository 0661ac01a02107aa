//! `PnP` IRPs: from start to removal, with the driver's callbacks in the framework's order.
//!
//! Start: `EvtDevicePrepareHardware`, power up (see [`power`]), device interfaces on. The end, orderly or by
//! surprise: power down, `EvtDeviceReleaseHardware`, interfaces off, queues emptied, self-managed I/O
//! flushed, children gone, self-managed I/O cleaned up. A function driver then sends the removal down before
//! it deletes its device; a PDO goes only when its bus reported it missing.

use wdk_sys::{
    _DEVICE_RELATION_TYPE, _WDF_TRI_STATE, DEVICE_RELATIONS, NT_SUCCESS, NTSTATUS,
    STATUS_INVALID_DEVICE_STATE, STATUS_NOT_IMPLEMENTED, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
};

use crate::{
    child_list,
    device::{Device, Kind},
    device_interface,
    failure::{Outcome, check, fail, status},
    object::Obj,
    pdo, power,
    query_interface::{self, Answer},
    resource, trace, unsupported,
    wdm::{irp::Irp, parameters::Parameters},
};

/// wdm.h: minor functions of `IRP_MJ_PNP`.
pub mod minor {
    pub const START_DEVICE: u8 = 0x00;
    pub const QUERY_REMOVE_DEVICE: u8 = 0x01;
    pub const REMOVE_DEVICE: u8 = 0x02;
    pub const CANCEL_REMOVE_DEVICE: u8 = 0x03;
    pub const STOP_DEVICE: u8 = 0x04;
    pub const QUERY_STOP_DEVICE: u8 = 0x05;
    pub const CANCEL_STOP_DEVICE: u8 = 0x06;
    pub const QUERY_DEVICE_RELATIONS: u8 = 0x07;
    pub const QUERY_INTERFACE: u8 = 0x08;
    pub const QUERY_CAPABILITIES: u8 = 0x09;
    pub const QUERY_RESOURCES: u8 = 0x0A;
    pub const QUERY_RESOURCE_REQUIREMENTS: u8 = 0x0B;
    pub const QUERY_DEVICE_TEXT: u8 = 0x0C;
    pub const FILTER_RESOURCE_REQUIREMENTS: u8 = 0x0D;
    pub const EJECT: u8 = 0x11;
    pub const QUERY_ID: u8 = 0x13;
    pub const QUERY_PNP_DEVICE_STATE: u8 = 0x14;
    pub const QUERY_BUS_INFORMATION: u8 = 0x15;
    pub const DEVICE_USAGE_NOTIFICATION: u8 = 0x16;
    pub const SURPRISE_REMOVAL: u8 = 0x17;
}

/// wdm.h: the bits of `PNP_DEVICE_STATE`.
mod device_state {
    pub const DISABLED: u64 = 0x1;
    pub const DONT_DISPLAY_IN_UI: u64 = 0x2;
    pub const FAILED: u64 = 0x4;
    pub const REMOVED: u64 = 0x8;
    pub const RESOURCE_REQUIREMENTS_CHANGED: u64 = 0x10;
    pub const NOT_DISABLEABLE: u64 = 0x20;
}

/// Where a device stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Created, or removed and still there.
    Initial,
    /// Started.
    Started,
    /// Stopped, to be started again.
    Stopped,
    /// Asked whether it can go, and it agreed.
    QueryRemoved,
    /// The start failed.
    Failed,
    /// Gone by surprise; `IRP_MN_REMOVE_DEVICE` is still to come.
    SurpriseRemoved,
    /// Being deleted.
    Removed,
}

impl Obj<Device> {
    /// Whether a surprise removal waits for its `IRP_MN_REMOVE_DEVICE`.
    pub fn is_removal_pending(self) -> bool {
        matches!(self.stage.get(), Stage::SurpriseRemoved)
    }
}

/// Handles `IRP_MJ_PNP`.
pub fn dispatch(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    match irp.minor() {
        minor::START_DEVICE => start(device, irp),
        minor::QUERY_REMOVE_DEVICE => query_remove(device, irp),
        minor::CANCEL_REMOVE_DEVICE => cancel_remove(device, irp),
        minor::REMOVE_DEVICE => remove(device, irp),
        minor::SURPRISE_REMOVAL => surprise_remove(device, irp),
        minor::STOP_DEVICE => stop(device, irp),
        minor::QUERY_STOP_DEVICE => query_stop(device, irp),
        minor::CANCEL_STOP_DEVICE => succeed(device, irp),
        minor::QUERY_DEVICE_RELATIONS => query_relations(device, irp),
        minor::QUERY_INTERFACE => query_interface(device, irp),
        minor::QUERY_PNP_DEVICE_STATE => query_state(device, irp),
        minor::QUERY_CAPABILITIES => query_capabilities(device, irp),
        minor::DEVICE_USAGE_NOTIFICATION => usage(device, irp),
        minor::FILTER_RESOURCE_REQUIREMENTS if device.kind == Kind::Fdo => {
            resource::callbacks::filter_requirements(device, irp)
        }
        other if device.kind == Kind::Pdo => irp.complete_with(answer_as_pdo(device, irp, other)),
        _ => pass_down(device, irp),
    }
}

/// Questions about a child that only its bus can answer; what it does not know keeps its status.
fn answer_as_pdo(device: Obj<Device>, irp: Irp, minor: u8) -> NTSTATUS {
    match minor {
        minor::QUERY_ID => pdo::query_id(device, irp),
        minor::QUERY_DEVICE_TEXT => pdo::query_device_text(device, irp),
        minor::QUERY_BUS_INFORMATION => pdo::query_bus_information(device, irp),
        minor::QUERY_RESOURCES => resource::callbacks::query_resources(device, irp),
        minor::QUERY_RESOURCE_REQUIREMENTS => resource::callbacks::query_requirements(device, irp),
        minor::EJECT if device.settings.pdo.EvtDeviceEject.is_some() => {
            unsupported::stop_for(c"EvtDeviceEject")
        }
        _ => irp.status(),
    }
}

/// Sends the IRP on, or completes it with the status it has where nothing is below.
fn pass_down(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    match device.attached.get() {
        Some(below) => irp.pass(below),
        None => irp.complete_with(irp.status()),
    }
}

/// This device is done with it, successfully; so may be the rest of the stack.
fn succeed(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    irp.set_status(STATUS_SUCCESS);
    pass_down(device, irp)
}

fn start(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let below = match device.attached.get() {
        Some(below) => irp.send_and_wait(below),
        None => STATUS_SUCCESS,
    };
    if !NT_SUCCESS(below) {
        return irp.complete_with(below);
    }
    let (raw, translated) = irp.stack().resources();
    let outcome = resource::assigned::assign(device, raw, translated).and_then(|()| bring_up(device));
    device.stage.set(if outcome.is_ok() {
        Stage::Started
    } else {
        Stage::Failed
    });
    if let Err(failure) = outcome {
        trace::failed(c"the device does not start", failure.status());
        device.failed.set(true);
    }
    irp.complete_with(status(outcome))
}

/// Everything between the arrival of the resources and the started device.
fn bring_up(device: Obj<Device>) -> Outcome {
    device.queues.reopen();
    device.prepared.set(true);
    let (raw, translated) = resource::assigned::handles(device);
    let prepared = invoke!(
        device.settings.pnp.EvtDevicePrepareHardware,
        device.handle(),
        raw,
        translated
    );
    let outcome = prepared
        .map_or(Ok(()), check)
        .and_then(|()| power::up_first(device));
    let outcome = outcome.and_then(|()| {
        device_interface::enable(device).inspect_err(|_| power::down(device, power::D3_FINAL))
    });
    if outcome.is_err() {
        // The driver that has begun to own the hardware releases it, also when the preparation itself failed.
        release_hardware(device);
        clean_up(device);
    }
    outcome
}

fn release_hardware(device: Obj<Device>) {
    if device.prepared.replace(false) {
        let (_, translated) = resource::assigned::handles(device);
        let released = invoke!(
            device.settings.pnp.EvtDeviceReleaseHardware,
            device.handle(),
            translated
        );
        if let Some(Err(failure)) = released.map(check) {
            trace::failed(c"EvtDeviceReleaseHardware", failure.status());
        }
    }
}

/// After the hardware is released: nobody finds the device any more, no request stays.
fn clean_up(device: Obj<Device>) {
    device.interfaces.disable_all();
    device.queues.purge(true);
    if device.self_managed.get() {
        invoke!(device.settings.pnp.EvtDeviceSelfManagedIoFlush, device.handle());
    }
}

/// Takes a started device down.
fn tear_down(device: Obj<Device>) {
    if matches!(device.stage.get(), Stage::Started | Stage::QueryRemoved) {
        power::down(device, power::D3_FINAL);
    }
    if matches!(
        device.stage.get(),
        Stage::Started | Stage::QueryRemoved | Stage::Stopped
    ) {
        release_hardware(device);
        clean_up(device);
    }
}

/// Whether the device may go now: what the driver said once, then what it says (pnpstatemachine.cpp).
fn agree(device: Obj<Device>, ask: impl FnOnce() -> Option<NTSTATUS>) -> Outcome {
    if !device.stoppable.get() {
        return fail(STATUS_INVALID_DEVICE_STATE);
    }
    ask().map_or(Ok(()), check)
}

fn query_remove(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    if device.stage.get() == Stage::Started {
        let events = &device.settings.pnp;
        let agreed = agree(device, || invoke!(events.EvtDeviceQueryRemove, device.handle()));
        if let Err(failure) = agreed {
            return irp.complete_with(failure.status());
        }
        device.stage.set(Stage::QueryRemoved);
    }
    succeed(device, irp)
}

fn cancel_remove(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    if device.stage.get() == Stage::QueryRemoved {
        device.stage.set(Stage::Started);
    }
    succeed(device, irp)
}

fn query_stop(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let events = &device.settings.pnp;
    match agree(device, || invoke!(events.EvtDeviceQueryStop, device.handle())) {
        Err(failure) => irp.complete_with(failure.status()),
        Ok(()) => succeed(device, irp),
    }
}

fn stop(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    if device.stage.get() == Stage::Started {
        power::down(device, power::D3_FINAL);
        release_hardware(device);
        device.stage.set(Stage::Stopped);
    }
    succeed(device, irp)
}

fn surprise_remove(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    if device.stage.get() != Stage::Initial {
        invoke!(device.settings.pnp.EvtDeviceSurpriseRemoval, device.handle());
    }
    tear_down(device);
    device.stage.set(Stage::SurpriseRemoved);
    succeed(device, irp)
}

fn remove(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    tear_down(device);
    lose_children(device);
    device.queues.purge(false);
    if device.self_managed.replace(false) {
        invoke!(device.settings.pnp.EvtDeviceSelfManagedIoCleanup, device.handle());
    }
    irp.set_status(STATUS_SUCCESS);
    match device.kind {
        Kind::Pdo => remove_pdo(device, irp),
        Kind::Fdo | Kind::Control => remove_fdo(device, irp),
    }
}

fn lose_children(device: Obj<Device>) {
    for at in 0.. {
        let Some(list) = ({ device.child_lists.lock().as_slice().get(at).copied() }) else {
            break;
        };
        list.lose_all();
    }
}

/// The stack below hears of the removal before the device is deleted.
fn remove_fdo(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    device.stage.set(Stage::Removed);
    device.in_progress.close();
    let status = pass_down(device, irp);
    device.destroy();
    device.delete();
    status
}

/// A PDO that its bus still lists stays, to be started again; one that is missing, or on no list, goes.
fn remove_pdo(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let gone = device
        .entry
        .get()
        .is_none_or(|(list, id)| list.forget_if_missing(id));
    if gone {
        device.stage.set(Stage::Removed);
        device.in_progress.close();
        device.destroy();
        device.delete();
    } else {
        device.stage.set(Stage::Initial);
    }
    irp.complete_with(STATUS_SUCCESS)
}

fn query_interface(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    match query_interface::answer(device, irp) {
        Answer::Known(status) => irp.complete_with(status),
        Answer::Unknown => pass_down(device, irp),
    }
}

fn query_relations(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let kind = irp.stack().relations();
    match kind {
        _DEVICE_RELATION_TYPE::BusRelations => {
            invoke!(device.settings.pnp.EvtDeviceRelationsQuery, device.handle(), kind);
            query_bus_relations(device, irp)
        }
        _DEVICE_RELATION_TYPE::RemovalRelations => query_related(device, irp, kind),
        _DEVICE_RELATION_TYPE::EjectionRelations if device.kind == Kind::Pdo => {
            query_related(device, irp, kind)
        }
        _DEVICE_RELATION_TYPE::TargetDeviceRelation if device.kind == Kind::Pdo => {
            let answer = target_relation(device, irp);
            irp.complete_with(answer)
        }
        _ => pass_down(device, irp),
    }
}

/// The devices that the driver wants removed or ejected with this one; a bus has none below it to ask.
fn query_related(device: Obj<Device>, irp: Irp, kind: i32) -> NTSTATUS {
    let Some(related) = device.related.of(kind) else {
        return pass_down(device, irp);
    };
    invoke!(device.settings.pnp.EvtDeviceRelationsQuery, device.handle(), kind);
    let prior = core::ptr::with_exposed_provenance_mut::<DEVICE_RELATIONS>(irp.information_address());
    match child_list::with_related(device, prior, related) {
        Ok(Some(relations)) => {
            irp.set_information(relations.expose_provenance() as u64);
            succeed(device, irp)
        }
        Ok(None) => pass_down(device, irp),
        Err(failure) => irp.complete_with(failure.status()),
    }
}

/// Paging, hibernation and crash dumps are not modelled: a device that allows a special file in its path stops the run.
fn usage(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let (in_path, kind) = irp.stack().usage();
    let supported = u32::try_from(kind).is_ok_and(|kind| {
        let bit = 1_u32.checked_shl(kind).unwrap_or(0);
        device.special_files.get() & bit != 0
    });
    if in_path && !supported && !device.settings.filter {
        return irp.complete_with(STATUS_NOT_IMPLEMENTED);
    }
    if device.settings.filter {
        return pass_down(device, irp);
    }
    unsupported::stop_for(c"IRP_MN_DEVICE_USAGE_NOTIFICATION for a device that supports it")
}

fn query_bus_relations(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let prior = core::ptr::with_exposed_provenance_mut::<DEVICE_RELATIONS>(irp.information_address());
    match child_list::bus_relations(device, prior) {
        Ok(Some(relations)) => {
            irp.set_information(relations.expose_provenance() as u64);
            succeed(device, irp)
        }
        Ok(None) => pass_down(device, irp),
        Err(failure) => irp.complete_with(failure.status()),
    }
}

/// The PDO of the stack, which is this device.
fn target_relation(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    match child_list::only(device) {
        Ok(relations) => {
            irp.set_information(relations.expose_provenance() as u64);
            STATUS_SUCCESS
        }
        Err(failure) => failure.status(),
    }
}

fn query_capabilities(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let Some(below) = device.attached.get() else {
        return irp.complete_with(pdo::query_capabilities(device, irp));
    };
    let status = irp.send_and_wait(below);
    if NT_SUCCESS(status) {
        pdo::add_fdo_capabilities(device, irp);
    }
    irp.complete_with(status)
}

fn query_state(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let below = match device.attached.get() {
        Some(below) => irp.send_and_wait(below),
        None => STATUS_SUCCESS,
    };
    if !NT_SUCCESS(below) && below != STATUS_NOT_SUPPORTED {
        return irp.complete_with(below);
    }
    let known = if below == STATUS_NOT_SUPPORTED {
        0
    } else {
        irp.information()
    };
    irp.set_information(decided_state(device, known));
    irp.complete_with(STATUS_SUCCESS)
}

/// `PNP_DEVICE_STATE` with what the driver decided.
fn decided_state(device: Obj<Device>, known: u64) -> u64 {
    let state = device.state.get();
    let mut bits = known;
    for (decision, bit) in [
        (state.Disabled, device_state::DISABLED),
        (state.DontDisplayInUI, device_state::DONT_DISPLAY_IN_UI),
        (state.Failed, device_state::FAILED),
        (state.NotDisableable, device_state::NOT_DISABLEABLE),
        (state.Removed, device_state::REMOVED),
        (
            state.ResourcesChanged,
            device_state::RESOURCE_REQUIREMENTS_CHANGED,
        ),
    ] {
        match decision {
            _WDF_TRI_STATE::WdfTrue => bits |= bit,
            _WDF_TRI_STATE::WdfFalse => bits &= !bit,
            _ => {}
        }
    }
    if device.failed.get() {
        bits | device_state::FAILED
    } else {
        bits
    }
}
