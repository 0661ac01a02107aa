//! `PnP` requests of the framework's own to other stacks.
#![allow(
    unsafe_code,
    reason = "reads the structure that a bus driver returns by address"
)]

use core::ptr;

use wdk_sys::{
    _DEVICE_RELATION_TYPE, DEVICE_CAPABILITIES, DEVICE_RELATIONS, IO_STACK_LOCATION,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_NOT_SUPPORTED,
};

use super::{
    device_object::{DeviceObject, zeroed},
    irp::Irp,
    parameters::Parameters,
};
use crate::{
    dispatch::major,
    failure::{Outcome, check, fail},
    pool,
};

/// wdm.h
const IRP_MN_QUERY_DEVICE_RELATIONS: u8 = 0x07;
const IRP_MN_QUERY_CAPABILITIES: u8 = 0x09;

/// Sends a request to the top of a device's stack and waits; where its answer is, if it has one. IRQL: `PASSIVE_LEVEL`.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`, what a driver of the stack answers, `STATUS_NOT_SUPPORTED` when none does.
pub fn send(device: DeviceObject, minor: u8, prepare: impl FnOnce(&mut IO_STACK_LOCATION)) -> Outcome<usize> {
    let Some(top) = device.top() else {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    };
    let outcome = Irp::allocate(top.stack_size()).and_then(|irp| {
        irp.set_status(STATUS_NOT_SUPPORTED);
        let mut next = irp.next();
        next.MajorFunction = major::PNP;
        next.MinorFunction = minor;
        prepare(&mut next);
        irp.set_next(next);
        let status = irp.send_prepared_and_wait(top, None);
        let answer = irp.information_address();
        irp.free();
        check(status).map(|()| answer)
    });
    top.dereference();
    outcome
}

/// What the stack of a device can do.
///
/// # Errors
/// Those of [`send`].
pub fn capabilities(device: DeviceObject) -> Outcome<DEVICE_CAPABILITIES> {
    let mut answer = DEVICE_CAPABILITIES {
        Size: u16::try_from(size_of::<DEVICE_CAPABILITIES>()).unwrap_or(u16::MAX),
        Version: 1,
        // wdm.h: no address and no number.
        Address: u32::MAX,
        UINumber: u32::MAX,
        ..zeroed()
    };
    let place = &raw mut answer;
    send(device, IRP_MN_QUERY_CAPABILITIES, |next| {
        next.set_capabilities(place);
    })?;
    Ok(answer)
}

/// The PDO of a device's stack, with a reference.
///
/// # Errors
/// Those of [`send`].
pub fn physical_device(device: DeviceObject) -> Outcome<Option<DeviceObject>> {
    let answer = send(device, IRP_MN_QUERY_DEVICE_RELATIONS, |next| {
        next.set_relations(_DEVICE_RELATION_TYPE::TargetDeviceRelation);
    })?;
    let relations = ptr::with_exposed_provenance_mut::<DEVICE_RELATIONS>(answer);
    if relations.is_null() {
        return Ok(None);
    }
    // SAFETY: What a bus driver returns for this relation: the structure, with one device object, which it referenced.
    let physical = DeviceObject::of(unsafe { (*relations).Objects[0] });
    // The asker frees the structure.
    pool::free_foreign(relations.cast());
    Ok(physical)
}
