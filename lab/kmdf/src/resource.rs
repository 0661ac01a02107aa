//! Resource lists: what `EvtDevicePrepareHardware` gets. Software devices have none, so the lists are empty;
//! a device that is given hardware resources stops the run, because interrupts and memory are not modelled.
#![allow(unsafe_code, reason = "reads the count of a resource list")]

use core::ptr;

use wdk_sys::{CM_RESOURCE_LIST, PCM_PARTIAL_RESOURCE_DESCRIPTOR, PCM_RESOURCE_LIST, ULONG, WDFCMRESLIST};

use crate::{
    device::Device,
    failure::Outcome,
    object::{Attributes, Header, Obj, create},
    unsupported,
};

/// What a WDFCMRESLIST stands for.
#[repr(C)]
pub struct ResourceList {
    header: Header,
}

framework! {
    ResourceList: ResourceList {
        const DELETABLE: bool = false;
    }
}

/// Takes the resources of `IRP_MN_START_DEVICE`.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn assign(device: Obj<Device>, raw: PCM_RESOURCE_LIST, translated: PCM_RESOURCE_LIST) -> Outcome {
    if !is_empty(raw) || !is_empty(translated) {
        unsupported::stop_for(c"hardware resources");
    }
    if device.resources.get().is_none() {
        let raw = new(device)?;
        device.resources.set(Some((raw, new(device)?)));
    }
    Ok(())
}

fn new(device: Obj<Device>) -> Outcome<Obj<ResourceList>> {
    let list = ResourceList {
        header: Header::new::<ResourceList>(device.header.client),
    };
    create(list, &Attributes::NONE, Some(device.header()))
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

ddi! {
    /// How many resources there are: none.
    fn WdfCmResourceListGetCount: PFN_WDFCMRESOURCELISTGETCOUNT(call, list: WDFCMRESLIST) -> ULONG {
        list.object(call);
        0
    }

    /// The resource at this place: there is none.
    fn WdfCmResourceListGetDescriptor: PFN_WDFCMRESOURCELISTGETDESCRIPTOR(
        call, list: WDFCMRESLIST, _index: ULONG,
    ) -> PCM_PARTIAL_RESOURCE_DESCRIPTOR {
        list.object(call);
        ptr::null_mut()
    }
}
