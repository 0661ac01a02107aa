//! Properties of a device as the `PnP` manager knows them.
#![allow(unsafe_code, reason = "calls IoGetDeviceProperty with a buffer of the driver")]

use core::ptr;

use wdk_sys::{
    DEVICE_REGISTRY_PROPERTY, POOL_TYPE, PULONG, PVOID, PWDF_OBJECT_ATTRIBUTES, STATUS_BUFFER_TOO_SMALL,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE, ULONG, WDFDEVICE, WDFMEMORY,
    ntddk::IoGetDeviceProperty,
};

use crate::{
    ddi::{Call, Claimed},
    failure::{Outcome, check, fail},
    memory,
    object::{Attributes, Parent},
    pool::{Array, Tag},
    wdm::{device_object::DeviceObject, size32, text::Wide},
};

pub mod keyed;

/// Reads a property into the driver's buffer.
///
/// # Errors
/// `STATUS_BUFFER_TOO_SMALL` with the size that is needed, what `IoGetDeviceProperty` returns.
pub fn query(
    physical: DeviceObject,
    property: DEVICE_REGISTRY_PROPERTY::Type,
    length: ULONG,
    buffer: Claimed<core::ffi::c_void>,
    result: Claimed<ULONG>,
) -> Outcome {
    let (outcome, needed) = read(physical, property, buffer.pointer(), length);
    result.put(needed);
    outcome
}

/// The name of a PDO, for a link to it.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_STATE` (none), `STATUS_INSUFFICIENT_RESOURCES`, what `IoGetDeviceProperty` returns.
pub fn object_name(tag: Tag, physical: DeviceObject) -> Outcome<Wide> {
    const NAME: DEVICE_REGISTRY_PROPERTY::Type =
        DEVICE_REGISTRY_PROPERTY::DevicePropertyPhysicalDeviceObjectName;
    /// Longer than any name of the I/O manager's.
    const LONGEST: usize = 128;
    let mut units = Array::of(tag, &[0_u16; LONGEST])?;
    let (outcome, bytes) = read(
        physical,
        NAME,
        units.as_mut_slice().as_mut_ptr().cast(),
        size32::<[u16; LONGEST]>(),
    );
    outcome?;
    match units
        .as_slice()
        .get(..bytes as usize / 2)
        .and_then(<[u16]>::split_last)
    {
        Some((_, name)) => Wide::of(tag, name),
        None => fail(STATUS_INVALID_DEVICE_STATE),
    }
}

fn read(
    physical: DeviceObject,
    property: DEVICE_REGISTRY_PROPERTY::Type,
    buffer: PVOID,
    length: ULONG,
) -> (Outcome, ULONG) {
    let mut needed = 0;
    let length = if buffer.is_null() { 0 } else { length };
    // SAFETY: A PDO, a buffer of this length that the driver or the framework gives, and a place for the
    // size.
    let status =
        unsafe { IoGetDeviceProperty(physical.pointer(), property, length, buffer, &raw mut needed) };
    (check(status), needed)
}

ddi! {
    /// Reads a property.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (no `PnP` device), those of [`query`].
    fn WdfDeviceQueryProperty: PFN_WDFDEVICEQUERYPROPERTY(
        call, device: WDFDEVICE, property: DEVICE_REGISTRY_PROPERTY::Type, length: ULONG, buffer: PVOID,
        result: PULONG,
    ) -> NTSTATUS {
        match device.object(call).physical.get() {
            Some(physical) => query(physical, property, length, buffer, result),
            None => fail(STATUS_INVALID_DEVICE_REQUEST),
        }
    }

    /// Reads a property into memory that is allocated for it.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (no `PnP` device), those of the attributes,
    /// `STATUS_INSUFFICIENT_RESOURCES`, what `IoGetDeviceProperty` returns.
    fn WdfDeviceAllocAndQueryProperty: PFN_WDFDEVICEALLOCANDQUERYPROPERTY(
        call, device: WDFDEVICE, property: DEVICE_REGISTRY_PROPERTY::Type, _pool: POOL_TYPE,
        attributes: PWDF_OBJECT_ATTRIBUTES, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        let Some(physical) = device.object(call).physical.get() else { return fail(STATUS_INVALID_DEVICE_REQUEST) };
        allocate(call, physical, property, &Attributes::of(call, attributes, Parent::Allowed)?, memory)
    }
}

/// Reads a property into memory that is allocated for it.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`, what `IoGetDeviceProperty` returns.
pub fn allocate(
    call: &Call,
    physical: DeviceObject,
    property: DEVICE_REGISTRY_PROPERTY::Type,
    attributes: &Attributes,
    memory: Claimed<WDFMEMORY>,
) -> Outcome {
    let (outcome, needed) = read(physical, property, ptr::null_mut(), 0);
    match outcome {
        Err(failure) if failure.status() != STATUS_BUFFER_TOO_SMALL => return outcome,
        _ => {}
    }
    let object = memory::allocate(call, attributes, None, needed as usize)?;
    let (outcome, _) = read(physical, property, object.buffer().cast(), needed);
    match outcome {
        Ok(()) => memory.put(object.handle()),
        Err(_) => object.delete(),
    }
    outcome
}
