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
    _WDF_RETRIEVE_CHILD_FLAGS as Which, DEVICE_RELATIONS, PDEVICE_OBJECT,
    PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER as Address,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER as Identification, STATUS_INVALID_PARAMETER,
    STATUS_NO_SUCH_DEVICE, STATUS_OBJECT_NAME_EXISTS, STATUS_RETRY, STATUS_SUCCESS, ULONG,
    WDF_CHILD_ADDRESS_DESCRIPTION_HEADER, WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER, WDF_CHILD_LIST_CONFIG,
};

use crate::{
    ddi::Claimed,
    device::Device,
    device_init::DeviceInit,
    failure::{Failure, Outcome, check, fail},
    object::{Attributes, Header, Obj, create},
    pool::{self, Array, NO_MEMORY, Tag},
    trace,
    wdm::{device_object::DeviceObject, size32, sync::SpinLock},
};

pub mod api;

/// What names an entry of a list; never used twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EntryId(u64);

/// Where a child stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Present; its PDO comes with the next query for relations.
    New,
    /// Present; `EvtChildListCreateDevice` is running for it.
    InCreation,
    /// Present, with a PDO.
    Present,
    /// Missing, which the `PnP` manager has not heard yet.
    Missing,
    /// Missing, and the `PnP` manager knows.
    ReportedMissing,
}

impl Presence {
    /// Whether the bus says that the child is there.
    pub const fn is_present(self) -> bool {
        matches!(self, Self::New | Self::InCreation | Self::Present)
    }

    /// Whether `WDF_RETRIEVE_CHILD_FLAGS` ask for such a child.
    pub const fn is_wanted(self, flags: ULONG) -> bool {
        let wanted = match self {
            Self::Present => Which::WdfRetrievePresentChildren,
            Self::New | Self::InCreation => Which::WdfRetrievePendingChildren,
            Self::Missing | Self::ReportedMissing => Which::WdfRetrieveMissingChildren,
        };
        flags.cast_signed() & wanted != 0
    }
}

/// One child.
#[derive(Clone, Copy)]
pub struct Entry {
    id: EntryId,
    identification: Identification,
    address: Address,
    /// Its PDO, once there is one.
    pub pdo: Option<Obj<Device>>,
    /// Where it stands.
    pub presence: Presence,
    found_in_scan: bool,
    /// Whether `EvtDeviceReportedMissing` is still to be called.
    report: bool,
}

struct Entries {
    list: Array<Entry>,
    next_id: u64,
    scans: u32,
    invalidate: bool,
}

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
        while let Some(entry) = { self.entries.lock().list.remove(0) } {
            free_descriptions(tag, &entry);
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
    if let Err(failure) = device.child_lists.lock().push(list) {
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

    fn same(self, first: Identification, second: Identification) -> bool {
        let compare = self.config.EvtChildListIdentificationDescriptionCompare;
        match invoke!(compare, self.handle(), first, second) {
            Some(answer) => answer != 0,
            None => {
                bytes(first.cast(), self.identification_size())
                    == bytes(second.cast(), self.identification_size())
            }
        }
    }

    const fn identification_size(self) -> usize {
        config(&self).IdentificationDescriptionSize as usize
    }

    const fn address_size(self) -> usize {
        config(&self).AddressDescriptionSize as usize
    }

    /// The newest entry for this child, whatever its presence.
    fn find(self, entries: &mut Entries, wanted: Identification) -> Option<&mut Entry> {
        let at = entries
            .list
            .as_slice()
            .iter()
            .rposition(|entry| self.same(entry.identification, wanted))?;
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
        let entry = Entry {
            id,
            identification: self.duplicate_identification(identification)?,
            address: ptr::null_mut(),
            pdo: None,
            presence: Presence::New,
            found_in_scan: true,
            report: false,
        };
        let added = self
            .duplicate_address(address)
            .and_then(|address| entries.list.push(Entry { address, ..entry }));
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
        let Some(at) = entries.list.as_slice().iter().position(|entry| entry.id == id) else {
            return;
        };
        let Some(entry) = entries.list.as_mut_slice().get_mut(at) else {
            return;
        };
        match entry.presence {
            Presence::New if entry.pdo.is_none() => {
                if let Some(entry) = entries.list.remove(at) {
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
            while let Some(id) = unfound(&entries) {
                self.lose(&mut entries, id);
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
        self.entries
            .lock()
            .list
            .as_slice()
            .iter()
            .find(|entry| entry.id == id)
            .copied()
    }

    fn update(self, id: EntryId, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self
            .entries
            .lock()
            .list
            .as_mut_slice()
            .iter_mut()
            .find(|entry| entry.id == id)
        {
            change(entry);
        }
    }

    /// Has the driver scan, if it asked for that.
    pub fn scan(self) {
        invoke!(self.config.EvtChildListScanForChildren, self.handle());
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

/// A present child that the scan did not find.
fn unfound(entries: &Entries) -> Option<EntryId> {
    entries
        .list
        .as_slice()
        .iter()
        .find(|entry| entry.presence.is_present() && !entry.found_in_scan)
        .map(|entry| entry.id)
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

/// The children of a bus for `IRP_MN_QUERY_DEVICE_RELATIONS`: what is there, added to what the IRP carries.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn bus_relations(
    device: Obj<Device>,
    prior: *mut DEVICE_RELATIONS,
) -> Outcome<Option<*mut DEVICE_RELATIONS>> {
    let mut objects = Relations::of(device, prior)?;
    for at in 0.. {
        let Some(list) = ({ device.child_lists.lock().as_slice().get(at).copied() }) else {
            break;
        };
        list.enumerate(&mut objects)?;
    }
    let answer = objects.finish(prior)?;
    for at in 0.. {
        let Some(list) = ({ device.child_lists.lock().as_slice().get(at).copied() }) else {
            break;
        };
        list.report_missing();
    }
    Ok(answer)
}

/// The answer that names this device's own PDO.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn only(device: Obj<Device>) -> Outcome<*mut DEVICE_RELATIONS> {
    let mut relations = Relations {
        objects: Array::new(device.header.client.tag()),
        tag: device.header.client.tag(),
        changed: true,
    };
    report(&mut relations, device)?;
    relations
        .finish(ptr::null_mut())
        .map(|answer| answer.unwrap_or(ptr::null_mut()))
}

/// The device objects of an answer, each with a reference.
struct Relations {
    objects: Array<PDEVICE_OBJECT>,
    tag: Tag,
    changed: bool,
}

impl Relations {
    fn of(device: Obj<Device>, prior: *mut DEVICE_RELATIONS) -> Outcome<Self> {
        let tag = device.header.client.tag();
        let mut objects = Array::new(tag);
        if !prior.is_null() {
            // SAFETY: What a driver above put into the IRP; the layout carries its own count.
            let count = unsafe { (*prior).Count } as usize;
            // SAFETY: As above.
            let start = unsafe { (&raw const (*prior).Objects).cast::<PDEVICE_OBJECT>() };
            // SAFETY: As above.
            objects.extend(unsafe { core::slice::from_raw_parts(start, count) })?;
        }
        Ok(Self {
            objects,
            tag,
            changed: false,
        })
    }

    /// The structure for the `PnP` manager, `None` when nothing changed.
    fn finish(self, prior: *mut DEVICE_RELATIONS) -> Outcome<Option<*mut DEVICE_RELATIONS>> {
        if !self.changed {
            return Ok(None);
        }
        let objects = self.objects.as_slice();
        let count = ULONG::try_from(objects.len()).map_err(|_| NO_MEMORY)?;
        let bytes = mem::size_of::<DEVICE_RELATIONS>() + mem::size_of_val(objects);
        let answer = pool::allocate(self.tag, bytes)?
            .cast::<DEVICE_RELATIONS>()
            .as_ptr();
        // SAFETY: A fresh block with room for the count.
        unsafe { (*answer).Count = count };
        // SAFETY: As above, for the place of the objects.
        let start = unsafe { (&raw mut (*answer).Objects).cast::<PDEVICE_OBJECT>() };
        // SAFETY: The block has room for this many behind the count.
        unsafe { ptr::copy_nonoverlapping(objects.as_ptr(), start, objects.len()) };
        pool::free_foreign(prior.cast());
        Ok(Some(answer))
    }
}

impl Obj<ChildList> {
    /// Creates what is new, reports what is there, notes what is missing.
    fn enumerate(self, relations: &mut Relations) -> Outcome {
        let mut again = false;
        for at in 0.. {
            let Some(entry) = self.at(at) else { break };
            match entry.presence {
                Presence::New => {
                    relations.changed = true;
                    match self.instantiate(entry) {
                        Ok(pdo) => report(relations, pdo)?,
                        Err(failure) => again |= failure == Failure::new(STATUS_RETRY),
                    }
                }
                Presence::Present => {
                    relations.changed = true;
                    if let Some(pdo) = entry.pdo {
                        report(relations, pdo)?;
                    }
                }
                Presence::Missing => {
                    relations.changed = true;
                    self.update(entry.id, |entry| {
                        (entry.presence, entry.report) = (Presence::ReportedMissing, true);
                    });
                }
                Presence::InCreation | Presence::ReportedMissing => {}
            }
        }
        if again && let Some(physical) = self.device.physical.get() {
            physical.invalidate_relations();
        }
        Ok(())
    }

    /// Has the driver create the PDO of a child.
    fn instantiate(self, entry: Entry) -> Outcome<Obj<Device>> {
        if let Some(pdo) = entry.pdo {
            self.update(entry.id, |entry| entry.presence = Presence::Present);
            return Ok(pdo);
        }
        let init = DeviceInit::for_child(self.device, self, entry.id)?;
        self.update(entry.id, |entry| entry.presence = Presence::InCreation);
        let create = self.config.EvtChildListCreateDevice;
        let answer =
            invoke!(create, self.handle(), entry.identification, init.pointer()).map_or(Ok(()), check);
        let created = init.created.get();
        let retry = answer == fail(STATUS_RETRY);
        let pdo = init
            .finish(answer)
            .and_then(|()| created.ok_or(Failure::new(STATUS_NO_SUCH_DEVICE)));
        match pdo {
            Ok(pdo) => self.update(entry.id, |entry| {
                entry.pdo = Some(pdo);
                // It may have gone missing meanwhile.
                if entry.presence == Presence::InCreation {
                    entry.presence = Presence::Present;
                }
            }),
            Err(failure) => {
                trace::failed(c"EvtChildListCreateDevice", failure.status());
                self.update(entry.id, |entry| entry.presence = Presence::New);
                if !retry {
                    self.lose(&mut self.entries.lock(), entry.id);
                }
            }
        }
        pdo
    }

    /// Calls `EvtDeviceReportedMissing` for each child that was just reported missing.
    fn report_missing(self) {
        for at in 0.. {
            let Some(entry) = self.at(at) else { break };
            if entry.report {
                self.update(entry.id, |entry| entry.report = false);
                if let Some(pdo) = entry.pdo {
                    invoke!(pdo.settings.pdo.EvtDeviceReportedMissing, pdo.handle());
                }
            }
        }
    }

    /// Whether a child that is being removed is gone for good: then its entry goes, and the caller deletes
    /// the PDO.
    pub fn forget_if_missing(self, id: EntryId) -> bool {
        let mut entries = self.entries.lock();
        let entry = entries
            .list
            .remove_where(|entry| entry.id == id && entry.presence == Presence::ReportedMissing);
        drop(entries);
        if let Some(entry) = entry {
            self.clean(&entry);
        }
        entry.is_some()
    }

    /// The driver's own clean-up of descriptions that it duplicated, and the memory.
    fn clean(self, entry: &Entry) {
        invoke!(
            self.config.EvtChildListIdentificationDescriptionCleanup,
            self.handle(),
            entry.identification
        );
        if !entry.address.is_null() {
            invoke!(
                self.config.EvtChildListAddressDescriptionCleanup,
                self.handle(),
                entry.address
            );
        }
        free_descriptions(self.header.client.tag(), entry);
    }

    /// The bus is being removed: all children are missing. Those that the `PnP` manager has finished with go
    /// now; one whose surprise removal waits for its last handle goes with its own `IRP_MN_REMOVE_DEVICE`.
    pub fn lose_all(self) {
        let mut kept = 0;
        while let Some(entry) = self.at(kept) {
            match entry.pdo {
                Some(pdo) if pdo.is_removal_pending() => {
                    self.update(entry.id, |entry| entry.presence = Presence::ReportedMissing);
                    kept += 1;
                }
                _ => self.discard(entry),
            }
        }
    }

    fn discard(self, entry: Entry) {
        let removed = self
            .entries
            .lock()
            .list
            .remove_where(|other| other.id == entry.id);
        if let Some(removed) = removed {
            self.clean(&removed);
        }
        if let Some(pdo) = entry.pdo {
            pdo.abandon();
        }
    }
}

fn report(relations: &mut Relations, pdo: Obj<Device>) -> Outcome {
    let Some(wdm) = pdo.wdm.get() else { return Ok(()) };
    relations.objects.push(wdm.pointer())?;
    DeviceObject::reference(wdm);
    Ok(())
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
/// `STATUS_INVALID_PARAMETER`.
pub fn retrieve_identification(
    device: Obj<Device>,
    to: Claimed<WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER>,
) -> Outcome {
    let Some((list, entry)) = described(device) else {
        return fail(STATUS_INVALID_PARAMETER);
    };
    let size = to
        .get()
        .map_or(0, |header| header.IdentificationDescriptionSize as usize);
    if size != list.identification_size() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    list.describe(&entry, to.pointer(), ptr::null_mut());
    Ok(())
}

/// `WdfPdoRetrieveAddressDescription`.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER`.
pub fn retrieve_address(device: Obj<Device>, to: Claimed<WDF_CHILD_ADDRESS_DESCRIPTION_HEADER>) -> Outcome {
    let Some((list, entry)) = described(device) else {
        return fail(STATUS_INVALID_PARAMETER);
    };
    let size = to
        .get()
        .map_or(0, |header| header.AddressDescriptionSize as usize);
    if size != list.address_size() || entry.address.is_null() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    list.describe(&entry, ptr::null_mut(), to.pointer());
    Ok(())
}

fn described(device: Obj<Device>) -> Option<(Obj<ChildList>, Entry)> {
    let (list, id) = device.entry.get()?;
    if list.is_static() {
        return None;
    }
    Some((list, list.entry(id)?))
}
