//! Properties of a device as the `PnP` manager knows them.
#![allow(unsafe_code, reason = "calls IoGetDeviceProperty with a buffer of the driver")]

use core::ptr;

use wdk_sys::{
    DEVICE_REGISTRY_PROPERTY, POOL_TYPE, PULONG, PVOID, PWDF_OBJECT_ATTRIBUTES, STATUS_BUFFER_TOO_SMALL,
    STATUS_INVALID_DEVICE_REQUEST, ULONG, WDFDEVICE, WDFMEMORY, ntddk::IoGetDeviceProperty,
};

use crate::{
    ddi::{Call, Claimed},
    failure::{Outcome, check, fail},
    memory,
    object::{Attributes, Parent},
    wdm::device_object::DeviceObject,
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
