//! Devices that go with a device: removal and ejection relations, and those that a usage notification reaches.

use core::ops::Deref;

use wdk_sys::{
    _DEVICE_RELATION_TYPE, PDEVICE_OBJECT, STATUS_DUPLICATE_OBJECTID, STATUS_INVALID_PARAMETER, WDFDEVICE,
};

use crate::{
    ddi::{Call, Claimed},
    device::{Device, Kind},
    failure::{Outcome, fail},
    object::Obj,
    pool::{Array, Tag},
    wdm::{device_object::DeviceObject, sync::SpinLock},
};

/// Device objects of other stacks, each with a reference.
pub struct Related(SpinLock<Array<DeviceObject>>);

/// The lists of a device.
pub struct RelatedDevices {
    /// What has to be removed with it.
    pub removal: Related,
    /// What is ejected with it.
    pub ejection: Related,
    /// What else takes part when it is in the path of a special file.
    pub usage: Related,
}

impl RelatedDevices {
    /// None.
    pub const fn new(tag: Tag) -> Self {
        Self {
            removal: Related::new(tag),
            ejection: Related::new(tag),
            usage: Related::new(tag),
        }
    }

    /// The list that answers for this kind of relation.
    pub const fn of(&self, kind: i32) -> Option<&Related> {
        match kind {
            _DEVICE_RELATION_TYPE::RemovalRelations => Some(&self.removal),
            _DEVICE_RELATION_TYPE::EjectionRelations => Some(&self.ejection),
            _ => None,
        }
    }
}

impl Related {
    const fn new(tag: Tag) -> Self {
        Self(SpinLock::new(Array::new(tag)))
    }

    fn add(&self, device: DeviceObject) -> Outcome {
        let mut list = self.0.lock();
        if list.as_slice().contains(&device) {
            return fail(STATUS_DUPLICATE_OBJECTID);
        }
        list.push(device)?;
        device.reference();
        Ok(())
    }

    fn remove(&self, device: DeviceObject) {
        let removed = self.0.lock().remove_where(|other| *other == device);
        if let Some(device) = removed {
            device.dereference();
        }
    }

    fn clear(&self) {
        while let Some(device) = { self.0.lock().remove(0) } {
            device.dereference();
        }
    }

    /// The devices, while nobody else changes the list.
    pub fn devices(&self) -> impl Deref<Target = Array<DeviceObject>> {
        self.0.lock()
    }
}

impl Drop for Related {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A device object that a function cannot do without.
fn required(call: &Call, device: Claimed<wdk_sys::DEVICE_OBJECT>) -> Outcome<DeviceObject> {
    DeviceObject::of(device.not_null(call).pointer()).map_or_else(|| fail(STATUS_INVALID_PARAMETER), Ok)
}

/// A PDO: only a child has ejection relations.
fn child(call: &Call, device: Claimed<wdk_sys::WDFDEVICE__>) -> Outcome<Obj<Device>> {
    let device = device.object(call);
    if device.kind == Kind::Pdo {
        Ok(device)
    } else {
        fail(STATUS_INVALID_PARAMETER)
    }
}

ddi! {
    /// Has another stack's device removed with this one.
    ///
    /// # Errors
    /// `STATUS_DUPLICATE_OBJECTID`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceAddRemovalRelationsPhysicalDevice: PFN_WDFDEVICEADDREMOVALRELATIONSPHYSICALDEVICE(
        call, device: WDFDEVICE, other: PDEVICE_OBJECT,
    ) -> NTSTATUS {
        device.object(call).related.removal.add(required(call, other)?)
    }

    /// Takes that back; a device that is not in the list is left out.
    fn WdfDeviceRemoveRemovalRelationsPhysicalDevice: PFN_WDFDEVICEREMOVEREMOVALRELATIONSPHYSICALDEVICE(
        call, device: WDFDEVICE, other: PDEVICE_OBJECT,
    ) {
        let device = device.object(call);
        if let Ok(other) = required(call, other) {
            device.related.removal.remove(other);
        }
    }

    /// Takes all back.
    fn WdfDeviceClearRemovalRelationsDevices: PFN_WDFDEVICECLEARREMOVALRELATIONSDEVICES(
        call, device: WDFDEVICE,
    ) {
        device.object(call).related.removal.clear();
    }

    /// Has another stack's device ejected with this child.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (no PDO), `STATUS_DUPLICATE_OBJECTID`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfPdoAddEjectionRelationsPhysicalDevice: PFN_WDFPDOADDEJECTIONRELATIONSPHYSICALDEVICE(
        call, device: WDFDEVICE, other: PDEVICE_OBJECT,
    ) -> NTSTATUS {
        let device = child(call, device);
        let other = required(call, other)?;
        device?.related.ejection.add(other)
    }

    /// Takes that back.
    fn WdfPdoRemoveEjectionRelationsPhysicalDevice: PFN_WDFPDOREMOVEEJECTIONRELATIONSPHYSICALDEVICE(
        call, device: WDFDEVICE, other: PDEVICE_OBJECT,
    ) {
        let device = child(call, device);
        if let (Ok(other), Ok(device)) = (required(call, other), device) {
            device.related.ejection.remove(other);
        }
    }

    /// Takes all back.
    fn WdfPdoClearEjectionRelationsDevices: PFN_WDFPDOCLEAREJECTIONRELATIONSDEVICES(
        call, device: WDFDEVICE,
    ) {
        if let Ok(device) = child(call, device) {
            device.related.ejection.clear();
        }
    }

    /// Has usage notifications reach another device too. There are none in the lab (see `pnp::usage`).
    ///
    /// # Errors
    /// `STATUS_DUPLICATE_OBJECTID`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceAddDependentUsageDeviceObject: PFN_WDFDEVICEADDDEPENDENTUSAGEDEVICEOBJECT(
        call, device: WDFDEVICE, dependent: PDEVICE_OBJECT,
    ) -> NTSTATUS {
        device.object(call).related.usage.add(required(call, dependent)?)
    }

    /// Takes that back.
    fn WdfDeviceRemoveDependentUsageDeviceObject: PFN_WDFDEVICEREMOVEDEPENDENTUSAGEDEVICEOBJECT(
        call, device: WDFDEVICE, dependent: PDEVICE_OBJECT,
    ) {
        let device = device.object(call);
        if let Ok(dependent) = required(call, dependent) {
            device.related.usage.remove(dependent);
        }
    }
}
