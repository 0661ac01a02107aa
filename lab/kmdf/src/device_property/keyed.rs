//! Properties that a key names (`DEVPROPKEY`), each with its type.
#![allow(
    unsafe_code,
    reason = "calls IoGetDevicePropertyData and IoSetDevicePropertyData with buffers of the driver"
)]

use core::ptr;

use wdk_sys::{
    DEVPROPTYPE, PDEVPROPTYPE, POOL_TYPE, PULONG, PVOID, PWDF_DEVICE_PROPERTY_DATA, PWDF_OBJECT_ATTRIBUTES,
    PWDFDEVICE_INIT, STATUS_BUFFER_TOO_SMALL, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER, ULONG, WDF_DEVICE_PROPERTY_DATA, WDFDEVICE,
    WDFMEMORY,
    ntddk::{IoGetDevicePropertyData, IoSetDevicePropertyData},
};

use crate::{
    ddi::{Call, Claimed},
    device::{Device, Kind},
    device_init::Role,
    failure::{Outcome, check, fail},
    memory,
    object::{Attributes, Obj, Parent},
    wdm::{
        device_object::DeviceObject,
        sync::{APC_LEVEL, PASSIVE_LEVEL, irql},
    },
};

/// A property's size and type.
struct Found {
    length: ULONG,
    kind: DEVPROPTYPE,
}

/// Reads a property; what is known of it when it is there.
fn read(
    physical: DeviceObject,
    property: &WDF_DEVICE_PROPERTY_DATA,
    length: ULONG,
    buffer: PVOID,
) -> (Outcome, Found) {
    let mut found = Found { length: 0, kind: 0 };
    // SAFETY: A PDO, the driver's key, a buffer of this length, and places for size and type.
    let status = unsafe {
        IoGetDevicePropertyData(
            physical.pointer(),
            property.PropertyKey,
            property.Lcid,
            0,
            length,
            buffer,
            &raw mut found.length,
            &raw mut found.kind,
        )
    };
    (check(status), found)
}

fn query(
    physical: Outcome<DeviceObject>,
    property: &WDF_DEVICE_PROPERTY_DATA,
    (length, buffer): (ULONG, PVOID),
    (result, kind): (Claimed<ULONG>, Claimed<DEVPROPTYPE>),
) -> Outcome {
    result.put(0);
    kind.put(0);
    let (outcome, found) = read(physical?, property, length, buffer);
    let known = outcome.is_ok() || outcome == fail(STATUS_BUFFER_TOO_SMALL);
    if known {
        result.put(found.length);
        kind.put(found.kind);
    }
    outcome
}

fn allocate(
    call: &Call,
    physical: Outcome<DeviceObject>,
    property: &WDF_DEVICE_PROPERTY_DATA,
    attributes: &Attributes,
    (memory, kind): (Claimed<WDFMEMORY>, Claimed<DEVPROPTYPE>),
) -> Outcome {
    let physical = physical?;
    let (outcome, found) = read(physical, property, 0, ptr::null_mut());
    if outcome != fail(STATUS_BUFFER_TOO_SMALL) {
        return outcome;
    }
    let object = memory::allocate(call, attributes, None, found.length as usize)?;
    let (outcome, found) = read(physical, property, found.length, object.buffer().cast());
    match outcome {
        Ok(()) => {
            memory.put(object.handle());
            kind.put(found.kind);
        }
        Err(_) => object.delete(),
    }
    outcome
}

/// The PDO of a device that the `PnP` manager knows.
fn known(device: Obj<Device>) -> Outcome<DeviceObject> {
    match device.physical.get() {
        None => fail(STATUS_INVALID_DEVICE_REQUEST),
        // A child has properties once its bus was asked for it and it was started.
        Some(_) if device.kind == Kind::Pdo && device.is_being_set_up() => fail(STATUS_INVALID_DEVICE_STATE),
        Some(physical) => Ok(physical),
    }
}

/// The PDO below an FDO that is about to be created.
fn below(call: &Call, init: Claimed<wdk_sys::WDFDEVICE_INIT>) -> Outcome<DeviceObject> {
    match init.init(call).role {
        Role::Fdo(physical) => Ok(physical),
        _ => fail(STATUS_INVALID_DEVICE_REQUEST),
    }
}

fn checked(
    call: &Call,
    property: Claimed<WDF_DEVICE_PROPERTY_DATA>,
    highest: wdk_sys::KIRQL,
) -> Outcome<WDF_DEVICE_PROPERTY_DATA> {
    let property = property.required(call);
    if property.Size as usize != size_of::<WDF_DEVICE_PROPERTY_DATA>() {
        return fail(STATUS_INFO_LENGTH_MISMATCH);
    }
    if irql() > highest {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    Ok(property)
}

ddi! {
    /// Reads a property. IRQL: at most `APC_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_DEVICE_REQUEST` (IRQL, a control device), `STATUS_INVALID_PARAMETER` (a buffer without a
    /// length, or the opposite), `STATUS_INVALID_DEVICE_STATE` (a child before its start), `STATUS_BUFFER_TOO_SMALL` with the size,
    /// what `IoGetDevicePropertyData` returns.
    fn WdfDeviceQueryPropertyEx: PFN_WDFDEVICEQUERYPROPERTYEX(
        call, device: WDFDEVICE, property: PWDF_DEVICE_PROPERTY_DATA, length: ULONG, buffer: PVOID,
        result: PULONG, kind: PDEVPROPTYPE,
    ) -> NTSTATUS {
        let device = device.object(call);
        let property = checked(call, property, APC_LEVEL)?;
        let answer = (result.not_null(call), kind.not_null(call));
        if (length == 0) != buffer.is_null() {
            return fail(STATUS_INVALID_PARAMETER);
        }
        query(known(device), &property, (length, buffer.pointer()), answer)
    }

    /// Reads a property into memory that is allocated for it. IRQL: at most `APC_LEVEL`.
    ///
    /// # Errors
    /// as above, those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceAllocAndQueryPropertyEx: PFN_WDFDEVICEALLOCANDQUERYPROPERTYEX(
        call, device: WDFDEVICE, property: PWDF_DEVICE_PROPERTY_DATA, _pool: POOL_TYPE,
        attributes: PWDF_OBJECT_ATTRIBUTES, memory: *mut WDFMEMORY, kind: PDEVPROPTYPE,
    ) -> NTSTATUS {
        let device = device.object(call);
        let property = checked(call, property, APC_LEVEL)?;
        kind.not_null(call);
        memory.not_null(call).put(ptr::null_mut());
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        allocate(call, known(device), &property, &attributes, (memory, kind))
    }

    /// Writes a property, or takes it away. IRQL: at most `APC_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_DEVICE_REQUEST` (IRQL, a control device), `STATUS_INVALID_PARAMETER` (a buffer without a
    /// length), `STATUS_INVALID_DEVICE_STATE` (a child before its start), what `IoSetDevicePropertyData` returns.
    fn WdfDeviceAssignProperty: PFN_WDFDEVICEASSIGNPROPERTY(
        call, device: WDFDEVICE, property: PWDF_DEVICE_PROPERTY_DATA, kind: DEVPROPTYPE, length: ULONG,
        buffer: PVOID,
    ) -> NTSTATUS {
        let device = device.object(call);
        let property = checked(call, property, APC_LEVEL)?;
        if length == 0 && !buffer.is_null() {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let physical = known(device)?;
        // SAFETY: A PDO, the driver's key, and a buffer of this length.
        check(unsafe {
            IoSetDevicePropertyData(
                physical.pointer(),
                property.PropertyKey,
                property.Lcid,
                property.Flags,
                kind,
                length,
                buffer.pointer(),
            )
        })
    }

    /// Reads a property of the device before it exists. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_DEVICE_REQUEST` (IRQL, another kind of device), those of reading it.
    fn WdfFdoInitQueryPropertyEx: PFN_WDFFDOINITQUERYPROPERTYEX(
        call, init: PWDFDEVICE_INIT, property: PWDF_DEVICE_PROPERTY_DATA, length: ULONG, buffer: PVOID,
        result: PULONG, kind: PDEVPROPTYPE,
    ) -> NTSTATUS {
        let answer = (result.not_null(call), kind);
        let property = checked(call, property, PASSIVE_LEVEL)?;
        if length > 0 {
            buffer.not_null(call);
        }
        query(below(call, init), &property, (length, buffer.pointer()), answer)
    }

    /// The same, into memory that is allocated for it.
    ///
    /// # Errors
    /// as above, those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfFdoInitAllocAndQueryPropertyEx: PFN_WDFFDOINITALLOCANDQUERYPROPERTYEX(
        call, init: PWDFDEVICE_INIT, property: PWDF_DEVICE_PROPERTY_DATA, _pool: POOL_TYPE,
        attributes: PWDF_OBJECT_ATTRIBUTES, memory: *mut WDFMEMORY, kind: PDEVPROPTYPE,
    ) -> NTSTATUS {
        memory.not_null(call).put(ptr::null_mut());
        let property = checked(call, property, PASSIVE_LEVEL)?;
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        allocate(call, below(call, init), &property, &attributes, (memory, kind))
    }
}
