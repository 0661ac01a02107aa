//! The entries of a child list, by age and by identification.

use wdk_sys::{
    _WDF_RETRIEVE_CHILD_FLAGS as Which, PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER as Address,
    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER as Identification, ULONG,
};

use crate::{device::Device, failure::Outcome, object::Obj, pool::Array};

/// What names an entry of a list; never used twice, later ones higher.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub(super) u64);

impl EntryId {
    /// Whether the entry is older than another one. A list has its entries in the order of their age.
    pub const fn is_before(self, other: Self) -> bool {
        self.0 < other.0
    }
}

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
    pub(super) id: EntryId,
    /// Of the identification's bytes.
    pub(super) hash: u64,
    pub(super) identification: Identification,
    pub(super) address: Address,
    /// Its PDO, once there is one.
    pub pdo: Option<Obj<Device>>,
    /// Where it stands.
    pub presence: Presence,
    pub(super) found_in_scan: bool,
    /// Whether `EvtDeviceReportedMissing` is still to be called.
    pub(super) report: bool,
}

/// The children of a list, and how one is found.
pub(super) struct Entries {
    /// In the order of their IDs, as they came.
    pub(super) list: Array<Entry>,
    /// In this order, so that a child among many is found where the driver leaves the comparison to the list.
    pub(super) by_hash: Array<(u64, EntryId)>,
    pub(super) next_id: u64,
    pub(super) scans: u32,
    pub(super) invalidate: bool,
}

impl Entries {
    pub(super) fn place(&self, id: EntryId) -> Option<usize> {
        let entries = self.list.as_slice();
        entries.binary_search_by_key(&id, |entry| entry.id).ok()
    }

    pub(super) fn get_mut(&mut self, id: EntryId) -> Option<&mut Entry> {
        let place = self.place(id)?;
        self.list.as_mut_slice().get_mut(place)
    }

    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`; then nothing was added.
    pub(super) fn push(&mut self, entry: Entry) -> Outcome {
        let key = (entry.hash, entry.id);
        let at = self.by_hash.as_slice().partition_point(|known| *known < key);
        self.list.push(entry)?;
        self.by_hash.insert(at, key).inspect_err(|_| {
            self.list.remove(self.list.as_slice().len() - 1);
        })
    }

    pub(super) fn remove(&mut self, id: EntryId) -> Option<Entry> {
        let place = self.place(id)?;
        let entry = self.list.remove(place)?;
        let key = (entry.hash, id);
        if let Ok(at) = self.by_hash.as_slice().binary_search(&key) {
            self.by_hash.remove(at);
        }
        Some(entry)
    }

    /// The newest of those with this hash for which `wanted` holds.
    pub(super) fn newest(&self, hash: u64, wanted: impl Fn(&Entry) -> bool) -> Option<EntryId> {
        let all = self.by_hash.as_slice();
        let from = all.partition_point(|(known, _)| *known < hash);
        let same = all.iter().skip(from).take_while(|(known, _)| *known == hash);
        let found = same.filter(|(_, id)| {
            let entry = self.place(*id).and_then(|at| self.list.as_slice().get(at));
            entry.is_some_and(&wanted)
        });
        found.last().map(|(_, id)| *id)
    }

    /// The first present child, from this ID on, that the scan did not find.
    pub(super) fn unfound(&self, from: EntryId) -> Option<EntryId> {
        let list = self.list.as_slice();
        let start = list.partition_point(|entry| entry.id < from);
        list.iter()
            .skip(start)
            .find(|entry| entry.presence.is_present() && !entry.found_in_scan)
            .map(|entry| entry.id)
    }
}

/// FNV-1a, which is short and good enough for descriptions.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
