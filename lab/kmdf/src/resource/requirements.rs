//! WDFIORESREQLIST and WDFIORESLIST: alternatives of what a device needs, each a list of descriptors.

use core::{cell::Cell, ptr};

use wdk_sys::{
    INTERFACE_TYPE, IO_RESOURCE_DESCRIPTOR, PIO_RESOURCE_DESCRIPTOR, PWDF_OBJECT_ATTRIBUTES,
    STATUS_INVALID_DEVICE_REQUEST, ULONG, WDFIORESLIST, WDFIORESREQLIST,
};

use super::descriptors::{self, Descriptors};
use crate::{
    client::Client,
    ddi::{Call, Claimed},
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    pool::Array,
    wdm::sync::SpinLock,
};

/// The bytes of a descriptor.
const BYTES: usize = size_of::<IO_RESOURCE_DESCRIPTOR>();

/// What a WDFIORESREQLIST stands for.
#[repr(C)]
pub struct Requirements {
    header: Header,
    alternatives: SpinLock<Array<Obj<Alternative>>>,
    slot: Cell<ULONG>,
    interface: Cell<INTERFACE_TYPE>,
    changed: Cell<bool>,
}

framework! {
    Requirements: Requirements {
        const DELETABLE: bool = false;

        fn dispose(this: Obj<Self>) {
            while let Some(list) = { this.alternatives.lock().remove(0) } {
                list.release();
            }
        }
    }
}

/// What a WDFIORESLIST stands for.
#[repr(C)]
pub struct Alternative {
    header: Header,
    descriptors: Descriptors<BYTES>,
    owner: Obj<Requirements>,
}

framework! {
    Alternative: Alternative {
        const DELETABLE: bool = false;
    }
}

impl Requirements {
    /// Whether the driver changed anything.
    pub const fn is_changed(&self) -> bool {
        self.changed.get()
    }

    /// How many alternatives there are.
    pub fn count(&self) -> ULONG {
        ULONG::try_from(self.alternatives.lock().as_slice().len()).unwrap_or(ULONG::MAX)
    }

    fn change(&self) {
        self.changed.set(true);
    }
}

/// No requirements.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(client: Client) -> Outcome<Obj<Requirements>> {
    /// wdm.h: `InterfaceTypeUndefined`
    const UNDEFINED: INTERFACE_TYPE = -1;
    let list = Requirements {
        header: Header::new::<Requirements>(client),
        alternatives: SpinLock::new(Array::new(client.tag())),
        slot: Cell::new(0),
        interface: Cell::new(UNDEFINED),
        changed: Cell::new(false),
    };
    create(list, &Attributes::NONE, None)
}

fn insert_alternative(owner: Obj<Requirements>, list: Obj<Alternative>, at: ULONG) -> Outcome {
    if list.owner != owner {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    let inserted = descriptors::insert(&mut owner.alternatives.lock(), at, list);
    // As in the framework, the list is gone when it cannot be added.
    inserted.inspect_err(|_| list.delete())?;
    list.reference();
    owner.change();
    Ok(())
}

/// Deletes a list that was taken out.
fn drop_alternative(owner: Obj<Requirements>, removed: Option<Obj<Alternative>>) {
    if let Some(list) = removed {
        owner.change();
        list.delete();
        list.release();
    }
}

fn bytes(call: &Call, descriptor: Claimed<IO_RESOURCE_DESCRIPTOR>) -> [u8; BYTES] {
    call.claim(descriptor.pointer().cast::<[u8; BYTES]>())
        .required(call)
}

fn insert(list: Obj<Alternative>, descriptor: [u8; BYTES], at: ULONG) -> Outcome {
    list.descriptors.insert(at, descriptor)?;
    list.owner.change();
    Ok(())
}

ddi! {
    /// Sets the slot number.
    fn WdfIoResourceRequirementsListSetSlotNumber: PFN_WDFIORESOURCEREQUIREMENTSLISTSETSLOTNUMBER(
        call, requirements: WDFIORESREQLIST, slot: ULONG,
    ) {
        let requirements = requirements.object(call);
        if requirements.slot.replace(slot) != slot {
            requirements.change();
        }
    }

    /// Sets the kind of bus.
    fn WdfIoResourceRequirementsListSetInterfaceType: PFN_WDFIORESOURCEREQUIREMENTSLISTSETINTERFACETYPE(
        call, requirements: WDFIORESREQLIST, interface: INTERFACE_TYPE,
    ) {
        let requirements = requirements.object(call);
        if requirements.interface.replace(interface) != interface {
            requirements.change();
        }
    }

    /// Appends an alternative.
    ///
    /// # Errors
    /// those of `WdfIoResourceRequirementsListInsertIoResList`.
    fn WdfIoResourceRequirementsListAppendIoResList: PFN_WDFIORESOURCEREQUIREMENTSLISTAPPENDIORESLIST(
        call, requirements: WDFIORESREQLIST, list: WDFIORESLIST,
    ) -> NTSTATUS {
        insert_alternative(requirements.object(call), list.object(call), ULONG::MAX)
    }

    /// Inserts an alternative, which is deleted where that fails for its place.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (made for other requirements), `STATUS_ARRAY_BOUNDS_EXCEEDED`,
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfIoResourceRequirementsListInsertIoResList: PFN_WDFIORESOURCEREQUIREMENTSLISTINSERTIORESLIST(
        call, requirements: WDFIORESREQLIST, list: WDFIORESLIST, at: ULONG,
    ) -> NTSTATUS {
        insert_alternative(requirements.object(call), list.object(call), at)
    }

    /// How many alternatives there are.
    fn WdfIoResourceRequirementsListGetCount: PFN_WDFIORESOURCEREQUIREMENTSLISTGETCOUNT(
        call, requirements: WDFIORESREQLIST,
    ) -> ULONG {
        requirements.object(call).count()
    }

    /// The alternative at this place, null behind the end.
    fn WdfIoResourceRequirementsListGetIoResList: PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST(
        call, requirements: WDFIORESREQLIST, at: ULONG,
    ) -> WDFIORESLIST {
        let list = requirements.object(call).alternatives.lock().as_slice().get(at as usize).copied();
        list.map_or(ptr::null_mut(), Obj::handle)
    }

    /// Deletes the alternative at this place, if there is one.
    fn WdfIoResourceRequirementsListRemove: PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVE(
        call, requirements: WDFIORESREQLIST, at: ULONG,
    ) {
        let requirements = requirements.object(call);
        let removed = requirements.alternatives.lock().remove(at as usize);
        drop_alternative(requirements, removed);
    }

    /// Deletes an alternative, if it is one of these.
    fn WdfIoResourceRequirementsListRemoveByIoResList: PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVEBYIORESLIST(
        call, requirements: WDFIORESREQLIST, list: WDFIORESLIST,
    ) {
        let (requirements, list) = (requirements.object(call), list.object(call));
        let removed = requirements.alternatives.lock().remove_where(|other| *other == list);
        drop_alternative(requirements, removed);
    }

    /// Creates an alternative, which is not added yet.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfIoResourceListCreate: PFN_WDFIORESOURCELISTCREATE(
        call, requirements: WDFIORESREQLIST, attributes: PWDF_OBJECT_ATTRIBUTES, list: *mut WDFIORESLIST,
    ) -> NTSTATUS {
        let requirements = requirements.object(call);
        list.not_null(call).put(ptr::null_mut());
        let attributes = Attributes::of(call, attributes, Parent::Forbidden)?;
        let object = Alternative {
            header: Header::new::<Alternative>(call.client),
            descriptors: Descriptors::new(call.client.tag()),
            owner: requirements,
        };
        list.put(create(object, &attributes, Some(requirements.header()))?.handle());
        Ok(())
    }

    /// Appends a descriptor.
    ///
    /// # Errors
    /// those of `WdfIoResourceListInsertDescriptor`.
    fn WdfIoResourceListAppendDescriptor: PFN_WDFIORESOURCELISTAPPENDDESCRIPTOR(
        call, list: WDFIORESLIST, descriptor: PIO_RESOURCE_DESCRIPTOR,
    ) -> NTSTATUS {
        insert(list.object(call), bytes(call, descriptor), ULONG::MAX)
    }

    /// Inserts a descriptor.
    ///
    /// # Errors
    /// `STATUS_ARRAY_BOUNDS_EXCEEDED`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfIoResourceListInsertDescriptor: PFN_WDFIORESOURCELISTINSERTDESCRIPTOR(
        call, list: WDFIORESLIST, descriptor: PIO_RESOURCE_DESCRIPTOR, at: ULONG,
    ) -> NTSTATUS {
        insert(list.object(call), bytes(call, descriptor), at)
    }

    /// Overwrites the descriptor at this place, if there is one.
    fn WdfIoResourceListUpdateDescriptor: PFN_WDFIORESOURCELISTUPDATEDESCRIPTOR(
        call, list: WDFIORESLIST, descriptor: PIO_RESOURCE_DESCRIPTOR, at: ULONG,
    ) {
        let list = list.object(call);
        if list.descriptors.update(at, bytes(call, descriptor)) {
            list.owner.change();
        }
    }

    /// How many descriptors there are.
    fn WdfIoResourceListGetCount: PFN_WDFIORESOURCELISTGETCOUNT(call, list: WDFIORESLIST) -> ULONG {
        list.object(call).descriptors.count()
    }

    /// The descriptor at this place, null behind the end.
    fn WdfIoResourceListGetDescriptor: PFN_WDFIORESOURCELISTGETDESCRIPTOR(
        call, list: WDFIORESLIST, at: ULONG,
    ) -> PIO_RESOURCE_DESCRIPTOR {
        let shown = list.object(call).descriptors.show(at);
        shown.map_or(ptr::null_mut(), |shown| shown.as_ptr().cast())
    }

    /// Removes the descriptor at this place, if there is one.
    fn WdfIoResourceListRemove: PFN_WDFIORESOURCELISTREMOVE(call, list: WDFIORESLIST, at: ULONG) {
        let list = list.object(call);
        if list.descriptors.remove(at) {
            list.owner.change();
        }
    }

    /// Removes the first descriptor that is equal to this one.
    fn WdfIoResourceListRemoveByDescriptor: PFN_WDFIORESOURCELISTREMOVEBYDESCRIPTOR(
        call, list: WDFIORESLIST, descriptor: PIO_RESOURCE_DESCRIPTOR,
    ) {
        let (list, descriptor) = (list.object(call), bytes(call, descriptor));
        if list.descriptors.remove_equal(descriptor) {
            list.owner.change();
        }
    }
}
