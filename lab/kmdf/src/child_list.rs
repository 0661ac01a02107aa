//! Child lists: which children a bus has, and what becomes of them when the `PnP` manager asks.
//!
//! A child is new until the `PnP` manager asks for the bus's relations, which creates its PDO; a child that
//! went missing keeps its PDO until the `PnP` manager has heard of it and removed it. Descriptions are the
//! driver's data, compared and copied by it.
#![allow(
    unsafe_code,
    reason = "descriptions are raw memory whose size the driver chose"
)]

use core::{mem, ptr};

use wdk_sys::{
    PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER as Address,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER as Identification, STATUS_INVALID_PARAMETER,
    STATUS_NO_SUCH_DEVICE, STATUS_OBJECT_NAME_EXISTS, STATUS_SUCCESS, WDF_CHILD_ADDRESS_DESCRIPTION_HEADER,
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER, WDF_CHILD_LIST_CONFIG,
};

use crate::{
    ddi::Claimed,
    device::Device,
    failure::{Outcome, check, fail},
    object::{Attributes, Header, Obj, create},
    pool::{self, Array, Tag},
    wdm::{size32, sync::SpinLock},
};

pub mod api;
mod entries;
mod relations;

use entries::{Entries, hash};
pub use entries::{Entry, EntryId, Presence};
pub use relations::{bus_relations, only, with_related};

/// What a WDFCHILDLIST stands for.
#[repr(C)]
pub struct ChildList {
    header: Header,
    /// The bus.
    pub device: Obj<Device>,
    config: WDF_CHILD_LIST_CONFIG,
    entries: SpinLock<Entries>,
}

framework! {
    ChildList: ChildList {
        const DELETABLE: bool = false;
    }
}

impl Drop for ChildList {
    fn drop(&mut self) {
        let tag = self.header.client.tag();
        for entry in self.entries.lock().list.as_slice() {
            free_descriptions(tag, entry);
        }
    }
}

/// Adds a list to a bus.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(
    device: Obj<Device>,
    config: WDF_CHILD_LIST_CONFIG,
    attributes: &Attributes,
) -> Outcome<Obj<ChildList>> {
    if (config.IdentificationDescriptionSize as usize)
        < mem::size_of::<WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER>()
    {
        return fail(STATUS_INVALID_PARAMETER);
    }
    let client = device.header.client;
    let entries = Entries {
        list: Array::new(client.tag()),
        by_hash: Array::new(client.tag()),
        next_id: 1,
        scans: 0,
        invalidate: false,
    };
    let list = ChildList {
        header: Header::new::<ChildList>(client),
        device,
        config,
        entries: SpinLock::new(entries),
    };
    let list = create(list, attributes, Some(device.header()))?;
    // Deleting the list calls the driver, which must not run under the lock.
    let listed = device.child_lists.lock().push(list);
    if let Err(failure) = listed {
        list.delete();
        return Err(failure);
    }
    Ok(list)
}

impl Obj<ChildList> {
    /// Whether the driver creates the children itself.
    fn is_static(self) -> bool {
        self.device.static_list.get() == Some(self)
    }

    /// What the driver's comparison says; `None` when it has none.
    fn compared(self, first: Identification, second: Identification) -> Option<bool> {
        let compare = self.config.EvtChildListIdentificationDescriptionCompare;
        invoke!(compare, self.handle(), first, second).map(|answer| answer != 0)
    }

    const fn identity(&self, description: Identification) -> &[u8] {
        bytes(description.cast(), self.identification_size())
    }

    const fn identification_size(self) -> usize {
        config(&self).IdentificationDescriptionSize as usize
    }

    const fn address_size(self) -> usize {
        config(&self).AddressDescriptionSize as usize
    }

    /// The newest entry for this child, whatever its presence.
    fn find(self, entries: &mut Entries, wanted: Identification) -> Option<&mut Entry> {
        if self.config.EvtChildListIdentificationDescriptionCompare.is_none() {
            let bytes = self.identity(wanted);
            let same = |entry: &Entry| self.identity(entry.identification) == bytes;
            let id = entries.newest(hash(bytes), same)?;
            return entries.get_mut(id);
        }
        let same = |entry: &Entry| self.compared(entry.identification, wanted) == Some(true);
        let at = entries.list.as_slice().iter().rposition(same)?;
        entries.list.as_mut_slice().get_mut(at)
    }

    /// Reports a child as present.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (sizes), `STATUS_INSUFFICIENT_RESOURCES`, what the driver's duplicate
    /// callback returns. The success code `STATUS_OBJECT_NAME_EXISTS` says that it was there already.
    pub fn add(self, identification: Identification, address: Address) -> Outcome<i32> {
        let mut entries = self.entries.lock();
        if let Some(entry) = self
            .find(&mut entries, identification)
            .filter(|entry| entry.presence.is_present())
        {
            entry.found_in_scan = true;
            let to = entry.address;
            self.copy_address(address, to);
            return Ok(STATUS_OBJECT_NAME_EXISTS);
        }
        self.insert(&mut entries, identification, address)?;
        entries.invalidate = true;
        drop(entries);
        self.announce();
        Ok(STATUS_SUCCESS)
    }

    fn insert(
        self,
        entries: &mut Entries,
        identification: Identification,
        address: Address,
    ) -> Outcome<EntryId> {
        let id = EntryId(entries.next_id);
        let identification = self.duplicate_identification(identification)?;
        let entry = Entry {
            id,
            hash: hash(self.identity(identification)),
            identification,
            address: ptr::null_mut(),
            pdo: None,
            presence: Presence::New,
            found_in_scan: true,
            report: false,
        };
        let added = self
            .duplicate_address(address)
            .and_then(|address| entries.push(Entry { address, ..entry }));
        if let Err(failure) = added {
            free_descriptions(self.header.client.tag(), &entry);
            return Err(failure);
        }
        entries.next_id += 1;
        Ok(id)
    }

    /// Reports a child as missing.
    ///
    /// # Errors
    /// `STATUS_NO_SUCH_DEVICE`.
    pub fn mark_missing(self, identification: Identification) -> Outcome {
        let mut entries = self.entries.lock();
        let Some(id) = self.find(&mut entries, identification).map(|entry| entry.id) else {
            return fail(STATUS_NO_SUCH_DEVICE);
        };
        self.lose(&mut entries, id);
        drop(entries);
        self.announce();
        Ok(())
    }

    /// Makes a present child missing; one without a PDO is simply forgotten.
    fn lose(self, entries: &mut Entries, id: EntryId) {
        let Some(at) = entries.place(id) else { return };
        let Some(entry) = entries.list.as_mut_slice().get_mut(at) else {
            return;
        };
        match entry.presence {
            Presence::New if entry.pdo.is_none() => {
                if let Some(entry) = entries.remove(id) {
                    free_descriptions(self.header.client.tag(), &entry);
                }
            }
            Presence::New | Presence::InCreation | Presence::Present => {
                entry.presence = Presence::Missing;
                entries.invalidate = true;
            }
            Presence::Missing | Presence::ReportedMissing => {}
        }
    }

    /// Begins a scan: what is not reported before its end is missing.
    pub fn begin_scan(self) {
        let mut entries = self.entries.lock();
        entries.scans += 1;
        for entry in entries.list.as_mut_slice() {
            entry.found_in_scan = false;
        }
    }

    /// Ends a scan.
    pub fn end_scan(self) {
        let mut entries = self.entries.lock();
        entries.scans = entries.scans.saturating_sub(1);
        if entries.scans == 0 {
            let mut next = EntryId(0);
            while let Some(id) = entries.unfound(next) {
                self.lose(&mut entries, id);
                next = id;
            }
        }
        drop(entries);
        self.announce();
    }

    /// Says that all children are still there.
    pub fn keep_all(self) {
        for entry in self.entries.lock().list.as_mut_slice() {
            entry.found_in_scan = true;
        }
    }

    /// Tells the `PnP` manager about changes, not in the middle of a scan.
    fn announce(self) {
        let mut entries = self.entries.lock();
        let due = entries.scans == 0 && entries.invalidate;
        if due {
            entries.invalidate = false;
        }
        drop(entries);
        if due && let Some(physical) = self.device.physical.get() {
            physical.invalidate_relations();
        }
    }

    /// A copy of the entry.
    fn entry(self, id: EntryId) -> Option<Entry> {
        self.entries.lock().get_mut(id).copied()
    }

    fn update(self, id: EntryId, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.lock().get_mut(id) {
            change(entry);
        }
    }

    /// Has the driver scan, if it asked for that.
    pub fn scan(self) {
        invoke!(self.config.EvtChildListScanForChildren, self.handle());
    }

    /// The name of the entry that is added next.
    fn next_id(self) -> EntryId {
        EntryId(self.entries.lock().next_id)
    }

    /// The entry at this place of the list.
    pub fn at(self, place: usize) -> Option<Entry> {
        self.entries.lock().list.as_slice().get(place).copied()
    }

    /// The newest entry of this child.
    pub fn lookup(self, identification: Identification) -> Option<Entry> {
        self.find(&mut self.entries.lock(), identification).copied()
    }

    /// Copies the descriptions of an entry into places of the driver that may be null.
    pub fn describe(self, entry: &Entry, identification: Identification, address: Address) {
        self.copy_identification(entry.identification, identification);
        self.copy_address(entry.address, address);
    }

    fn duplicate_identification(self, from: Identification) -> Outcome<Identification> {
        let tag = self.header.client.tag();
        let to: Identification = pool::give(tag, bytes(from.cast(), self.identification_size()))?.cast();
        let duplicate = self.config.EvtChildListIdentificationDescriptionDuplicate;
        match invoke!(duplicate, self.handle(), from, to).map_or(Ok(()), check) {
            Ok(()) => Ok(to),
            Err(failure) => {
                release(tag, to.cast());
                Err(failure)
            }
        }
    }

    fn duplicate_address(self, from: Address) -> Outcome<Address> {
        if from.is_null() || self.address_size() == 0 {
            return Ok(ptr::null_mut());
        }
        let tag = self.header.client.tag();
        let to: Address = pool::give(tag, bytes(from.cast(), self.address_size()))?.cast();
        let duplicate = self.config.EvtChildListAddressDescriptionDuplicate;
        match invoke!(duplicate, self.handle(), from, to).map_or(Ok(()), check) {
            Ok(()) => Ok(to),
            Err(failure) => {
                release(tag, to.cast());
                Err(failure)
            }
        }
    }

    fn copy_identification(self, from: Identification, to: Identification) {
        if from.is_null() || to.is_null() {
            return;
        }
        if invoke!(
            self.config.EvtChildListIdentificationDescriptionCopy,
            self.handle(),
            from,
            to
        )
        .is_none()
        {
            overwrite(from.cast(), to.cast(), self.identification_size());
        }
    }

    fn copy_address(self, from: Address, to: Address) {
        if from.is_null() || to.is_null() {
            return;
        }
        if invoke!(
            self.config.EvtChildListAddressDescriptionCopy,
            self.handle(),
            from,
            to
        )
        .is_none()
        {
            overwrite(from.cast(), to.cast(), self.address_size());
        }
    }
}

const fn config(list: &Obj<ChildList>) -> &WDF_CHILD_LIST_CONFIG {
    // SAFETY: The list is alive as long as somebody has this value.
    unsafe { &(*list.pointer()).config }
}

fn free_descriptions(tag: Tag, entry: &Entry) {
    release(tag, entry.identification.cast());
    release(tag, entry.address.cast());
}

fn release(tag: Tag, block: *mut u8) {
    if let Some(block) = ptr::NonNull::new(block) {
        pool::free(block, tag);
    }
}

const fn bytes<'a>(start: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: A description of this list: the driver or the list made it with the size that the list's
    // configuration says.
    unsafe { core::slice::from_raw_parts(start, length) }
}

const fn overwrite(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: Two descriptions of this list, both of the configured size; one may be the other.
    unsafe { ptr::copy(from, to, length) }
}

/// `WdfPdoMarkMissing`.
///
/// # Errors
/// `STATUS_NO_SUCH_DEVICE`.
pub fn mark_missing(device: Obj<Device>) -> Outcome {
    let Some((list, id)) = device.entry.get() else {
        return fail(STATUS_NO_SUCH_DEVICE);
    };
    list.lose(&mut list.entries.lock(), id);
    list.announce();
    Ok(())
}

/// Adds a child that the driver created itself.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn add_static(list: Obj<ChildList>, pdo: Obj<Device>) -> Outcome {
    // A static child is described by its handle; the list compares and copies it as bytes.
    let mut description = StaticDescription {
        header: WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER {
            IdentificationDescriptionSize: size32::<StaticDescription>(),
        },
        pdo: pdo.pointer() as usize,
    };
    let mut entries = list.entries.lock();
    let id = list.insert(&mut entries, (&raw mut description).cast(), ptr::null_mut())?;
    if let Some(entry) = entries.list.as_mut_slice().last_mut() {
        entry.pdo = Some(pdo);
    }
    entries.invalidate = true;
    drop(entries);
    pdo.entry.set(Some((list.reference(), id)));
    pdo.set_deletable(false);
    list.announce();
    Ok(())
}

#[repr(C)]
struct StaticDescription {
    header: WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
    pdo: usize,
}

/// The configuration of a list of static children.
pub fn static_config() -> WDF_CHILD_LIST_CONFIG {
    WDF_CHILD_LIST_CONFIG {
        Size: size32::<WDF_CHILD_LIST_CONFIG>(),
        IdentificationDescriptionSize: size32::<StaticDescription>(),
        ..Default::default()
    }
}

/// `WdfPdoRetrieveIdentificationDescription`.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER` (no PDO), `STATUS_INVALID_DEVICE_REQUEST` (a static child, sizes).
pub fn retrieve_identification(
    device: Obj<Device>,
    to: Claimed<WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER>,
) -> Outcome {
    let (list, entry) = described(device)?;
    let size = to
        .get()
        .map_or(0, |header| header.IdentificationDescriptionSize as usize);
    if size != list.identification_size() {
        return fail(wdk_sys::STATUS_INVALID_DEVICE_REQUEST);
    }
    list.describe(&entry, to.pointer(), ptr::null_mut());
    Ok(())
}

/// `WdfPdoRetrieveAddressDescription`.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER` (no PDO), `STATUS_INVALID_DEVICE_REQUEST` (a static child, sizes).
pub fn retrieve_address(device: Obj<Device>, to: Claimed<WDF_CHILD_ADDRESS_DESCRIPTION_HEADER>) -> Outcome {
    let (list, entry) = described(device)?;
    let size = to
        .get()
        .map_or(0, |header| header.AddressDescriptionSize as usize);
    if size != list.address_size() || entry.address.is_null() {
        return fail(wdk_sys::STATUS_INVALID_DEVICE_REQUEST);
    }
    list.describe(&entry, ptr::null_mut(), to.pointer());
    Ok(())
}

/// `WdfPdoUpdateAddressDescription`.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER` (no PDO), `STATUS_INVALID_DEVICE_REQUEST` (a static child, sizes).
pub fn update_address(device: Obj<Device>, from: Claimed<WDF_CHILD_ADDRESS_DESCRIPTION_HEADER>) -> Outcome {
    let (list, entry) = described(device)?;
    let size = from
        .get()
        .map_or(0, |header| header.AddressDescriptionSize as usize);
    if size != list.address_size() || entry.address.is_null() {
        return fail(wdk_sys::STATUS_INVALID_DEVICE_REQUEST);
    }
    list.copy_address(from.pointer(), entry.address);
    Ok(())
}

fn described(device: Obj<Device>) -> Outcome<(Obj<ChildList>, Entry)> {
    if device.parent.is_none() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    let found = device.entry.get().filter(|(list, _)| !list.is_static());
    match found.and_then(|(list, id)| Some((list, list.entry(id)?))) {
        Some(found) => Ok(found),
        None => fail(wdk_sys::STATUS_INVALID_DEVICE_REQUEST),
    }
}
