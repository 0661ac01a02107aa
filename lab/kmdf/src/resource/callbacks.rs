//! The callbacks that say or change what a device needs. The lab has nothing to give, so a driver that really asks stops the run; one whose
//! callback leaves the list empty goes on.

use wdk_sys::{
    NT_SUCCESS, NTSTATUS, PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
};

use super::{assigned, requirements};
use crate::{
    device::Device,
    failure::{Outcome, check, status},
    object::Obj,
    pool::NO_MEMORY,
    wdm::irp::Irp,
};

/// `IRP_MN_QUERY_RESOURCES` of a child: what it was booted with.
pub fn query_resources(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let Some(_) = device.settings.pdo.EvtDeviceResourcesQuery else {
        return irp.status();
    };
    let list = match assigned::new(device, true) {
        Ok(list) => list,
        Err(failure) => return failure.status(),
    };
    let told = invoke!(
        device.settings.pdo.EvtDeviceResourcesQuery,
        device.handle(),
        list.handle()
    );
    let is_empty = list.count() == 0;
    list.delete();
    match told {
        Some(failed) if !NT_SUCCESS(failed) => failed,
        _ if is_empty => irp.status(),
        _ => super::stop(),
    }
}

/// `IRP_MN_QUERY_RESOURCE_REQUIREMENTS` of a child.
pub fn query_requirements(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let Some(_) = device.settings.pdo.EvtDeviceResourceRequirementsQuery else {
        return STATUS_SUCCESS;
    };
    let list = match requirements::new(device.header.client) {
        Ok(list) => list,
        Err(failure) => return failure.status(),
    };
    let told = invoke!(
        device.settings.pdo.EvtDeviceResourceRequirementsQuery,
        device.handle(),
        list.handle()
    );
    let is_empty = list.count() == 0;
    list.delete();
    match told {
        Some(failed) if !NT_SUCCESS(failed) => failed,
        _ if is_empty => irp.status(),
        _ => super::stop(),
    }
}

/// `IRP_MN_FILTER_RESOURCE_REQUIREMENTS`: on the way down the driver removes, on the way up it adds.
pub fn filter_requirements(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let callbacks = &device.settings.fdo;
    if let Err(failure) = filter(device, irp, callbacks.EvtDeviceFilterRemoveResourceRequirements) {
        return irp.complete_with(failure.status());
    }
    let below = match device.attached.get() {
        Some(below) => irp.send_and_wait(below),
        None => irp.status(),
    };
    if callbacks.EvtDeviceFilterAddResourceRequirements.is_none()
        || !NT_SUCCESS(below) && below != STATUS_NOT_SUPPORTED
    {
        return irp.complete_with(below);
    }
    let added = filter(device, irp, callbacks.EvtDeviceFilterAddResourceRequirements);
    irp.complete_with(status(added))
}

fn filter(device: Obj<Device>, irp: Irp, callback: PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS) -> Outcome {
    if callback.is_none() {
        return Ok(());
    }
    if irp.information() != 0 {
        super::stop();
    }
    let list = requirements::new(device.header.client)?;
    let told = invoke!(callback, device.handle(), list.handle()).unwrap_or(STATUS_SUCCESS);
    let (is_changed, is_empty) = (list.is_changed(), list.count() == 0);
    list.delete();
    check(told)?;
    match (is_changed, is_empty) {
        (false, _) => Ok(()),
        // The framework makes no WDM list of an empty one, and takes that for a lack of memory.
        (true, true) => Err(NO_MEMORY),
        (true, false) => super::stop(),
    }
}
