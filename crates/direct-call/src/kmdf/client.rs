//! A driver that uses an interface, of its own device stack or of another one.
#![allow(unsafe_code, reason = "a table filled by another driver")]

use core::mem::MaybeUninit;
use core::ptr;
use core::slice;

use wdk_sys::{INTERFACE, NTSTATUS, call_unsafe_wdf_function_binding};

use super::device::{Device, guid_of};
use super::target::Target;
use crate::negotiation::{ENTRY, Extent, client_accepts};
use crate::{Failure, Header, Interface, QueryError};

/// A checked table, and one reference on its provider. Dropping it gives the reference back, exactly once.
///
/// Drop it in `EvtDeviceReleaseHardware` at the latest: afterwards the function device sends the removal down
/// and its provider goes.
#[derive(Debug)]
pub struct Client<I: Interface> {
    table: I::Table,
}

// SAFETY: the table is plain data: function pointers and a context that the provider lets any thread use.
unsafe impl<I: Interface> Send for Client<I> {}
// SAFETY: as for Send; nothing writes to the table.
unsafe impl<I: Interface> Sync for Client<I> {}

impl<I: Interface> Client<I> {
    /// Asks the whole stack of `device`, from its top.
    ///
    /// # Errors
    ///
    /// [`QueryError`], which says what failed: the query (with its NTSTATUS), or which check of the table. A
    /// table that does not pass is given back.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn query(device: Device<'_>) -> Result<Self, QueryError> {
        Self::ask(|guid, table| {
            // SAFETY: a valid handle, by `Device`; the table has SIZE bytes, and both pointers outlive the call, by `ask`.
            unsafe {
                call_unsafe_wdf_function_binding!(
                    WdfFdoQueryForInterface,
                    device.raw(),
                    guid,
                    table,
                    I::SIZE,
                    I::VERSION,
                    ptr::null_mut()
                )
            }
        })
    }

    /// Asks the stack that `target` is open on, from its top.
    ///
    /// Such a client is told when the other device is about to go ([`TargetEvents`](super::TargetEvents)) and gives its interface back
    /// then. The provider must count its references: what the documentation allows for clients of the same stack is not enough.
    ///
    /// # Errors
    ///
    /// As [`Client::query`]; `STATUS_INVALID_DEVICE_REQUEST` for a target that is closed.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn query_target(target: Target<'_>) -> Result<Self, QueryError> {
        Self::ask(|guid, table| {
            // SAFETY: a valid handle, by `Target`; the table has SIZE bytes, and both pointers outlive the call, by `ask`.
            unsafe {
                call_unsafe_wdf_function_binding!(
                    WdfIoTargetQueryForInterface,
                    target.raw(),
                    guid,
                    table,
                    I::SIZE,
                    I::VERSION,
                    ptr::null_mut()
                )
            }
        })
    }

    /// Has `query` fill a zeroed table of SIZE bytes, and checks it.
    fn ask(query: impl FnOnce(*const wdk_sys::GUID, *mut INTERFACE) -> NTSTATUS) -> Result<Self, QueryError> {
        let mut table = MaybeUninit::<I::Table>::zeroed();
        let guid = guid_of(I::GUID);
        let status = query(&raw const guid, table.as_mut_ptr().cast());
        Failure::check(status).map_err(QueryError::Query)?;
        Self::accept(&table)
    }

    /// The table: call its entries as their documentation says.
    #[must_use]
    pub const fn table(&self) -> &I::Table {
        &self.table
    }

    fn accept(table: &MaybeUninit<I::Table>) -> Result<Self, QueryError> {
        let header = header_of::<I>(table);
        if let Err(error) = client_accepts(&header, entries_of::<I>(table), Extent::of::<I>()) {
            give_back(&header);
            return Err(error);
        }
        // SAFETY: `client_accepts` found every entry filled, and `Interface` promises that entries are all
        // there is after the header.
        let table = unsafe { table.assume_init() };
        Ok(Self { table })
    }
}

impl<I: Interface> Drop for Client<I> {
    fn drop(&mut self) {
        // SAFETY: `Interface` promises that a table begins with the header.
        let header = unsafe { (&raw const self.table).cast::<Header>().read() };
        give_back(&header);
    }
}

/// Gives the one reference of a successful query back.
fn give_back(header: &Header) {
    if let Some(dereference) = header.dereference {
        // SAFETY: the provider's own routine with the provider's own context; the reference is the query's,
        // and both callers have it to give.
        unsafe { dereference(header.context) };
    }
}

const fn header_of<I: Interface>(table: &MaybeUninit<I::Table>) -> Header {
    // SAFETY: zeroed at first, so initialised; `Interface` promises that a table begins with the header,
    // every bit pattern of which is valid.
    unsafe { table.as_ptr().cast::<Header>().read() }
}

const fn entries_of<I: Interface>(table: &MaybeUninit<I::Table>) -> &[usize] {
    const { assert!(I::SIZE as usize >= size_of::<Header>()) };
    let count = (I::SIZE as usize - size_of::<Header>()) / ENTRY;
    // SAFETY: the header lies within the table, as asserted above.
    let first = unsafe { table.as_ptr().cast::<Header>().add(1) };
    // SAFETY: SIZE is the size of the table and a multiple of ENTRY; zeroed at first, so initialised; aligned
    // as the header is.
    unsafe { slice::from_raw_parts(first.cast(), count) }
}
