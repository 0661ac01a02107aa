//! The children of a bus: which are plugged in.
//!
//! The framework's list does not answer that: it takes a child that is on its way out for one that can be reported missing again, and
//! counts in steps (fxchildlist.cpp, `UpdateAsMissing`, `GetNextDevice`). So the bus keeps a set of its own, and changes both under one
//! lock.
#![allow(unsafe_code, reason = "framework calls")]

use core::ptr;

use direct_call::call_wdf;
use direct_call::kmdf::{Device, SpinLock, size_of_ulong};
use sample_interface::NtStatus;
use wdk_sys::{WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER, WDFCHILDLIST};

use crate::child_count::LIMIT;

/// What identifies a child in the framework's list.
#[repr(C)]
pub struct Identification {
    header: WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
    /// From 1, unique on its bus.
    pub number: u32,
}

impl Identification {
    const fn new(number: u32) -> Self {
        let header = WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER {
            IdentificationDescriptionSize: size_of_ulong::<Self>(),
        };
        Self { header, number }
    }
}

/// The children of a bus device. Every routine may run in any thread, at IRQL <= `DISPATCH_LEVEL`, while the device exists.
pub struct Children {
    list: WDFCHILDLIST,
    plugged: SpinLock<Plugged>,
}

/// A bit for each child, which is set while it is plugged in.
type Plugged = [u64; WORDS];

const WORDS: usize = LIMIT.div_ceil(u64::BITS) as usize;

// SAFETY: the handle of an object that the framework locks, and a lock.
unsafe impl Send for Children {}
// SAFETY: as for Send.
unsafe impl Sync for Children {}

impl Children {
    /// None, on a bus that was made with a default child list.
    pub fn new(bus: Device<'_>) -> Self {
        // SAFETY: `bus::add` made the device with a default child list.
        let list = unsafe { call_wdf!(WdfFdoGetDefaultChildList, bus.raw()) };
        Self {
            list,
            plugged: SpinLock::new([0; WORDS]),
        }
    }

    /// Plugs children 1 to `count` in, all at once.
    ///
    /// # Errors
    ///
    /// Those of [`Self::plug_in`].
    pub fn announce(&self, count: u32) -> Result<(), NtStatus> {
        // SAFETY: the bus's own list, by `new`; a scan that begins here ends below.
        unsafe { call_wdf!(WdfChildListBeginScan, self.list) };
        let outcome = (1..=count).try_for_each(|number| self.plug_in(number));
        // SAFETY: ends the scan begun above, also after a failure.
        unsafe { call_wdf!(WdfChildListEndScan, self.list) };
        outcome
    }

    /// How many children are plugged in, whether the system has found them or not.
    pub fn count(&self) -> u32 {
        self.plugged.lock().iter().map(|word| word.count_ones()).sum()
    }

    /// Plugs a child in; see [`SAMPLE_BUS_INTERFACE`](sample_interface::SAMPLE_BUS_INTERFACE).
    ///
    /// # Errors
    ///
    /// `STATUS_INVALID_PARAMETER`, `STATUS_OBJECT_NAME_COLLISION`, `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn plug_in(&self, number: u32) -> Result<(), NtStatus> {
        let mut plugged = self.plugged.lock();
        let (word, bit) = place_of(&mut plugged, number)?;
        if *word & bit != 0 {
            return Err(NtStatus::STATUS_OBJECT_NAME_COLLISION);
        }
        let mut identification = Identification::new(number);
        // SAFETY: the bus's own list, by `new`; the description has the size that the bus announced, and is copied.
        let status = unsafe {
            call_wdf!(
                WdfChildListAddOrUpdateChildDescriptionAsPresent,
                self.list,
                (&raw mut identification).cast(),
                ptr::null_mut()
            )
        };
        succeeded(status)?;
        *word |= bit;
        Ok(())
    }

    /// Pulls a child out; see [`SAMPLE_BUS_INTERFACE`](sample_interface::SAMPLE_BUS_INTERFACE).
    ///
    /// # Errors
    ///
    /// `STATUS_INVALID_PARAMETER`, `STATUS_NO_SUCH_DEVICE`.
    pub fn unplug(&self, number: u32) -> Result<(), NtStatus> {
        let mut plugged = self.plugged.lock();
        let (word, bit) = place_of(&mut plugged, number)?;
        if *word & bit == 0 {
            return Err(NtStatus::STATUS_NO_SUCH_DEVICE);
        }
        let mut identification = Identification::new(number);
        // SAFETY: the bus's own list, by `new`; the description has the size that the bus announced, and is only read.
        let status = unsafe {
            call_wdf!(
                WdfChildListUpdateChildDescriptionAsMissing,
                self.list,
                (&raw mut identification).cast()
            )
        };
        succeeded(status)?;
        *word &= !bit;
        Ok(())
    }
}

/// The word and the bit of a child.
///
/// # Errors
///
/// `STATUS_INVALID_PARAMETER` for a number that no child can have.
fn place_of(plugged: &mut Plugged, number: u32) -> Result<(&mut u64, u64), NtStatus> {
    let place = number.wrapping_sub(1);
    if place >= LIMIT {
        return Err(NtStatus::STATUS_INVALID_PARAMETER);
    }
    let word = plugged.get_mut((place / u64::BITS) as usize);
    let word = word.ok_or(NtStatus::STATUS_INVALID_PARAMETER)?;
    Ok((word, 1 << (place % u64::BITS)))
}

const fn succeeded(status: i32) -> Result<(), NtStatus> {
    let status = NtStatus(status);
    if status.is_success() { Ok(()) } else { Err(status) }
}
