//! WDFCMRESLIST: the resources that a device has.
#![allow(unsafe_code, reason = "reads the count of a resource list")]

use core::ptr;

use wdk_sys::{
    CM_PARTIAL_RESOURCE_DESCRIPTOR, CM_RESOURCE_LIST, PCM_PARTIAL_RESOURCE_DESCRIPTOR, PCM_RESOURCE_LIST,
    STATUS_ACCESS_DENIED, ULONG, WDFCMRESLIST,
};

use super::descriptors::Descriptors;
use crate::{
    ddi::{Call, Claimed},
    device::Device,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, create},
};

/// The bytes of a descriptor.
const BYTES: usize = size_of::<CM_PARTIAL_RESOURCE_DESCRIPTOR>();

/// What a WDFCMRESLIST stands for.
#[repr(C)]
pub struct ResourceList {
    header: Header,
    descriptors: Descriptors<BYTES>,
    /// Whether the driver may change it.
    changeable: bool,
}

framework! {
    ResourceList: ResourceList {
        const DELETABLE: bool = false;
    }
}

impl ResourceList {
    /// How many resources there are.
    pub fn count(&self) -> ULONG {
        self.descriptors.count()
    }
}

/// A list without resources.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(device: Obj<Device>, changeable: bool) -> Outcome<Obj<ResourceList>> {
    let client = device.header.client;
    let list = ResourceList {
        header: Header::new::<ResourceList>(client),
        descriptors: Descriptors::new(client.tag()),
        changeable,
    };
    create(list, &Attributes::NONE, Some(device.header()))
}

/// Takes the resources of `IRP_MN_START_DEVICE`.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn assign(device: Obj<Device>, raw: PCM_RESOURCE_LIST, translated: PCM_RESOURCE_LIST) -> Outcome {
    if !is_empty(raw) || !is_empty(translated) {
        super::stop();
    }
    if device.resources.get().is_none() {
        let raw = new(device, false)?;
        device.resources.set(Some((raw, new(device, false)?)));
    }
    Ok(())
}

const fn is_empty(list: *const CM_RESOURCE_LIST) -> bool {
    if list.is_null() {
        return true;
    }
    // SAFETY: Not null; the PnP manager keeps the list during the IRP.
    unsafe { (*list).Count == 0 }
}

/// The handles of raw and translated resources for the driver's callbacks.
pub fn handles(device: Obj<Device>) -> (WDFCMRESLIST, WDFCMRESLIST) {
    device
        .resources
        .get()
        .map_or((ptr::null_mut(), ptr::null_mut()), |(raw, translated)| {
            (raw.handle(), translated.handle())
        })
}

fn bytes(call: &Call, descriptor: Claimed<CM_PARTIAL_RESOURCE_DESCRIPTOR>) -> [u8; BYTES] {
    call.claim(descriptor.pointer().cast::<[u8; BYTES]>())
        .required(call)
}

fn insert(list: Obj<ResourceList>, descriptor: [u8; BYTES], at: ULONG) -> Outcome {
    if !list.changeable {
        return fail(STATUS_ACCESS_DENIED);
    }
    list.descriptors.insert(at, descriptor)
}

ddi! {
    /// How many resources there are.
    fn WdfCmResourceListGetCount: PFN_WDFCMRESOURCELISTGETCOUNT(call, list: WDFCMRESLIST) -> ULONG {
        list.object(call).count()
    }

    /// The resource at this place, null behind the end.
    fn WdfCmResourceListGetDescriptor: PFN_WDFCMRESOURCELISTGETDESCRIPTOR(
        call, list: WDFCMRESLIST, at: ULONG,
    ) -> PCM_PARTIAL_RESOURCE_DESCRIPTOR {
        let shown = list.object(call).descriptors.show(at);
        shown.map_or(ptr::null_mut(), |shown| shown.as_ptr().cast())
    }

    /// Inserts a resource.
    ///
    /// # Errors
    /// `STATUS_ACCESS_DENIED` (the list of a start), `STATUS_ARRAY_BOUNDS_EXCEEDED`,
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfCmResourceListInsertDescriptor: PFN_WDFCMRESOURCELISTINSERTDESCRIPTOR(
        call, list: WDFCMRESLIST, descriptor: PCM_PARTIAL_RESOURCE_DESCRIPTOR, at: ULONG,
    ) -> NTSTATUS {
        insert(list.object(call), bytes(call, descriptor), at)
    }

    /// Appends a resource.
    ///
    /// # Errors
    /// those of `WdfCmResourceListInsertDescriptor`.
    fn WdfCmResourceListAppendDescriptor: PFN_WDFCMRESOURCELISTAPPENDDESCRIPTOR(
        call, list: WDFCMRESLIST, descriptor: PCM_PARTIAL_RESOURCE_DESCRIPTOR,
    ) -> NTSTATUS {
        insert(list.object(call), bytes(call, descriptor), ULONG::MAX)
    }

    /// Removes the resource at this place, if there is one and the list may be changed.
    fn WdfCmResourceListRemove: PFN_WDFCMRESOURCELISTREMOVE(call, list: WDFCMRESLIST, at: ULONG) {
        let list = list.object(call);
        if list.changeable {
            list.descriptors.remove(at);
        }
    }

    /// Removes the first resource that is equal to this one.
    fn WdfCmResourceListRemoveByDescriptor: PFN_WDFCMRESOURCELISTREMOVEBYDESCRIPTOR(
        call, list: WDFCMRESLIST, descriptor: PCM_PARTIAL_RESOURCE_DESCRIPTOR,
    ) {
        let (list, descriptor) = (list.object(call), bytes(call, descriptor));
        if list.changeable {
            list.descriptors.remove_equal(descriptor);
        }
    }
}
