//! `WdfChildList…`: how a driver keeps a list up to date and walks it.

use core::ptr;

use wdk_sys::{
    _WDF_CHILD_LIST_RETRIEVE_DEVICE_STATUS as Retrieved, PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER, PWDF_CHILD_LIST_CONFIG, PWDF_CHILD_LIST_ITERATOR,
    PWDF_CHILD_RETRIEVE_INFO, PWDF_OBJECT_ATTRIBUTES, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_NO_MORE_ENTRIES, STATUS_NO_SUCH_DEVICE,
    WDF_CHILD_LIST_CONFIG, WDF_CHILD_LIST_ITERATOR, WDF_CHILD_RETRIEVE_INFO, WDFCHILDLIST, WDFDEVICE,
};

use super::{ChildList, Entry, new};
use crate::{
    ddi::{Call, Claimed},
    device::Kind,
    failure::{Outcome, fail},
    object::{Attributes, Obj, Parent},
};

ddi! {
    /// A further list of children.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (no bus, no identification, no callback), those of the attributes,
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfChildListCreate: PFN_WDFCHILDLISTCREATE(
        call, device: WDFDEVICE, config: PWDF_CHILD_LIST_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES,
        list: *mut WDFCHILDLIST,
    ) -> NTSTATUS {
        let device = device.object(call);
        let config = config.required(call);
        if config.Size as usize != size_of::<WDF_CHILD_LIST_CONFIG>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let is_usable = config.IdentificationDescriptionSize != 0 && config.EvtChildListCreateDevice.is_some();
        if device.kind != Kind::Fdo || !is_usable {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let attributes = Attributes::of(call, attributes, Parent::Forbidden)?;
        list.not_null(call).put(new(device, config, &attributes)?.handle());
        Ok(())
    }

    /// The bus of a list.
    fn WdfChildListGetDevice: PFN_WDFCHILDLISTGETDEVICE(call, list: WDFCHILDLIST) -> WDFDEVICE {
        list.object(call).device.handle()
    }

    /// Begins a scan: children that are not reported before its end are missing.
    fn WdfChildListBeginScan: PFN_WDFCHILDLISTBEGINSCAN(call, list: WDFCHILDLIST) {
        list.object(call).begin_scan();
    }

    /// Ends a scan.
    fn WdfChildListEndScan: PFN_WDFCHILDLISTENDSCAN(call, list: WDFCHILDLIST) {
        list.object(call).end_scan();
    }

    /// Reports a child as present.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (sizes, an address where there is none or none where there is one),
    /// `STATUS_INSUFFICIENT_RESOURCES`. The success code
    /// `STATUS_OBJECT_NAME_EXISTS` says that it was known.
    fn WdfChildListAddOrUpdateChildDescriptionAsPresent: PFN_WDFCHILDLISTADDORUPDATECHILDDESCRIPTIONASPRESENT(
        call, list: WDFCHILDLIST, identification: PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
        address: PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER,
    ) -> i32 {
        let list = list.object(call);
        let size = identification.required(call).IdentificationDescriptionSize as usize;
        let address_size = address.get().map_or(0, |header| header.AddressDescriptionSize as usize);
        if size != list.identification_size() || address_size != list.address_size() {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        list.add(identification.pointer(), address.pointer()).unwrap_or_else(crate::failure::Failure::status)
    }

    /// Reports a child as missing.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (size), `STATUS_NO_SUCH_DEVICE`.
    fn WdfChildListUpdateChildDescriptionAsMissing: PFN_WDFCHILDLISTUPDATECHILDDESCRIPTIONASMISSING(
        call, list: WDFCHILDLIST, identification: PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
    ) -> NTSTATUS {
        let list = list.object(call);
        check_size(list, identification.required(call).IdentificationDescriptionSize)?;
        list.mark_missing(identification.pointer())
    }

    /// Reports all children as still present.
    fn WdfChildListUpdateAllChildDescriptionsAsPresent: PFN_WDFCHILDLISTUPDATEALLCHILDDESCRIPTIONSASPRESENT(
        call, list: WDFCHILDLIST,
    ) {
        list.object(call).keep_all();
    }

    /// The address description of a child.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (size), `STATUS_NO_SUCH_DEVICE`.
    fn WdfChildListRetrieveAddressDescription: PFN_WDFCHILDLISTRETRIEVEADDRESSDESCRIPTION(
        call, list: WDFCHILDLIST, identification: PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
        address: PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER,
    ) -> NTSTATUS {
        let list = list.object(call);
        check_size(list, identification.required(call).IdentificationDescriptionSize)?;
        if address.required(call).AddressDescriptionSize as usize != list.address_size() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let Some(entry) = list.lookup(identification.pointer()) else { return fail(STATUS_NO_SUCH_DEVICE) };
        list.describe(&entry, ptr::null_mut(), address.pointer());
        Ok(())
    }

    /// The PDO of a child, null when it has none (the status in the structure says why), and for sizes that are not the list's.
    fn WdfChildListRetrievePdo: PFN_WDFCHILDLISTRETRIEVEPDO(
        call, list: WDFCHILDLIST, info: PWDF_CHILD_RETRIEVE_INFO,
    ) -> WDFDEVICE {
        let list = list.object(call);
        let mut answer = info.required(call);
        let identification = call.claim(answer.IdentificationDescription).get();
        let address = call.claim(answer.AddressDescription).get();
        let fits = identification.is_some_and(|header| check_size(list, header.IdentificationDescriptionSize).is_ok())
            && address.is_none_or(|header| header.AddressDescriptionSize as usize == list.address_size());
        if answer.Size as usize != size_of::<WDF_CHILD_RETRIEVE_INFO>() || !fits {
            return ptr::null_mut();
        }
        let entry = list.lookup(answer.IdentificationDescription);
        answer.Status = retrieved(entry.as_ref());
        if let Some(entry) = &entry {
            list.describe(entry, ptr::null_mut(), answer.AddressDescription);
        }
        info.put(answer);
        entry.and_then(|entry| entry.pdo).map_or(ptr::null_mut(), Obj::handle)
    }

    /// Begins to walk the children. The list may change meanwhile; a change shows in what follows.
    fn WdfChildListBeginIteration: PFN_WDFCHILDLISTBEGINITERATION(
        call, list: WDFCHILDLIST, iterator: PWDF_CHILD_LIST_ITERATOR,
    ) {
        list.object(call);
        let start = iterator.required(call);
        iterator.put(WDF_CHILD_LIST_ITERATOR { Reserved: [ptr::null_mut(); 4], ..start });
    }

    /// The next child.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (flags, sizes), `STATUS_INVALID_DEVICE_REQUEST` (an address where there is
    /// none), `STATUS_NO_MORE_ENTRIES`.
    fn WdfChildListRetrieveNextDevice: PFN_WDFCHILDLISTRETRIEVENEXTDEVICE(
        call, list: WDFCHILDLIST, iterator: PWDF_CHILD_LIST_ITERATOR, device: *mut WDFDEVICE,
        info: PWDF_CHILD_RETRIEVE_INFO,
    ) -> NTSTATUS {
        let list = list.object(call);
        let mut place = iterator.required(call);
        device.not_null(call).put(ptr::null_mut());
        if place.Size as usize != size_of::<WDF_CHILD_LIST_ITERATOR>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        if place.Flags & !ALL_CHILDREN != 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        check_info(call, list, info)?;
        let mut at = place.Reserved[0] as usize;
        while let Some(entry) = list.at(at) {
            at += 1;
            if !entry.presence.is_wanted(place.Flags) || !is_asked_for(list, &entry, info) {
                continue;
            }
            place.Reserved[0] = ptr::without_provenance_mut(at);
            iterator.put(place);
            device.put(entry.pdo.map_or(ptr::null_mut(), Obj::handle));
            fill_info(list, &entry, info);
            return Ok(());
        }
        fail(STATUS_NO_MORE_ENTRIES)
    }

    /// Ends a walk.
    fn WdfChildListEndIteration: PFN_WDFCHILDLISTENDITERATION(
        call, list: WDFCHILDLIST, iterator: PWDF_CHILD_LIST_ITERATOR,
    ) {
        list.object(call);
        iterator.required(call);
    }
}

/// wdfchildlist.h: `WdfRetrieveAllChildren`
const ALL_CHILDREN: u32 = 7;

/// Whether the driver's own comparison, if it has one, wants this child.
fn is_asked_for(list: Obj<ChildList>, entry: &Entry, info: Claimed<WDF_CHILD_RETRIEVE_INFO>) -> bool {
    let Some(info) = info.get() else { return true };
    let equal = invoke!(
        info.EvtChildListIdentificationDescriptionCompare,
        list.handle(),
        info.IdentificationDescription,
        entry.identification
    );
    equal.is_none_or(|equal| equal != 0)
}

const fn check_size(list: Obj<ChildList>, size: u32) -> Outcome {
    if size as usize == list.identification_size() {
        Ok(())
    } else {
        fail(STATUS_INVALID_DEVICE_REQUEST)
    }
}

fn check_info(call: &Call, list: Obj<ChildList>, info: Claimed<WDF_CHILD_RETRIEVE_INFO>) -> Outcome {
    let Some(info) = info.get() else { return Ok(()) };
    if info.Size as usize != size_of::<WDF_CHILD_RETRIEVE_INFO>() {
        return fail(STATUS_INFO_LENGTH_MISMATCH);
    }
    if let Some(identification) = call.claim(info.IdentificationDescription).get()
        && identification.IdentificationDescriptionSize as usize != list.identification_size()
    {
        return fail(STATUS_INVALID_PARAMETER);
    }
    match call.claim(info.AddressDescription).get() {
        Some(_) if list.address_size() == 0 => return fail(STATUS_INVALID_DEVICE_REQUEST),
        Some(address) if address.AddressDescriptionSize as usize != list.address_size() => {
            return fail(STATUS_INVALID_PARAMETER);
        }
        _ => {}
    }
    Ok(())
}

fn fill_info(list: Obj<ChildList>, entry: &Entry, info: Claimed<WDF_CHILD_RETRIEVE_INFO>) {
    let Some(mut answer) = info.get() else { return };
    list.describe(entry, answer.IdentificationDescription, answer.AddressDescription);
    answer.Status = retrieved(Some(entry));
    info.put(answer);
}

const fn retrieved(entry: Option<&Entry>) -> i32 {
    match entry {
        None => Retrieved::WdfChildListRetrieveDeviceNoSuchDevice,
        Some(entry) if entry.pdo.is_none() => Retrieved::WdfChildListRetrieveDeviceNotYetCreated,
        Some(_) => Retrieved::WdfChildListRetrieveDeviceSuccess,
    }
}
