//! The client's side of one reference, however the table came.
#![allow(unsafe_code, reason = "a table filled by another driver")]

use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::slice;

use crate::negotiation::{ENTRY, Extent, client_accepts};
use crate::{Header, Interface, QueryError};

/// A checked table, and one reference on its provider. Dropping it gives the reference back, exactly once.
///
/// Drop it in `EvtDeviceReleaseHardware` at the latest: afterwards the function device sends the removal down
/// and its provider goes.
pub struct Client<I: Interface> {
    table: I::Table,
}

// SAFETY: the table is plain data: function pointers and a context that the provider lets any thread use.
unsafe impl<I: Interface> Send for Client<I> {}
// SAFETY: as for Send; nothing writes to the table.
unsafe impl<I: Interface> Sync for Client<I> {}

impl<I: Interface> Client<I> {
    /// Checks a table that a provider has filled, and owns its reference from now on.
    ///
    /// # Errors
    ///
    /// Which check failed; the reference is given back then.
    ///
    /// # Safety
    ///
    /// Header and routines of `table` are initialised. Unless they are zero, a provider of `I` has filled them, and has taken a reference
    /// that nobody else gives back.
    pub unsafe fn accept(table: MaybeUninit<I::Table>) -> Result<Self, QueryError> {
        // SAFETY: `accept`'s caller promises that header and routines of `table` are initialised.
        match unsafe { checked::<I>(table) } {
            Ok(table) => Ok(Self { table }),
            Err(error) => {
                // SAFETY: the header of the same table, which was not written to since.
                give_back(&unsafe { header_of::<I>(&table) });
                Err(error)
            }
        }
    }

    /// Checks a table that somebody else holds, and takes a reference of its own.
    ///
    /// # Errors
    ///
    /// Which check failed; no routine of the table was called then.
    ///
    /// # Safety
    ///
    /// Header and routines of `table` are initialised. Unless they are zero, a provider of `I` has filled them, and somebody holds a
    /// reference until this returns.
    pub unsafe fn share(table: MaybeUninit<I::Table>) -> Result<Self, QueryError> {
        // SAFETY: `share`'s caller promises that header and routines of `table` are initialised.
        let table = unsafe { checked::<I>(table) }?;
        // SAFETY: checked in the line before; held, by the caller's promise.
        Ok(unsafe { Self::with_reference(table) })
    }

    /// # Safety
    ///
    /// `table` has passed the checks, and somebody holds a reference on its provider.
    unsafe fn with_reference(table: I::Table) -> Self {
        let client = Self { table };
        if let Some(reference) = client.header().reference {
            // SAFETY: the provider's own routine and context; alive while somebody holds a reference, by the caller's promise.
            unsafe { reference(client.context()) };
        }
        client
    }

    /// The table: call its entries as their documentation says.
    #[must_use]
    pub const fn table(&self) -> &I::Table {
        &self.table
    }

    /// What the routines of the table that take a context are to be given.
    #[must_use]
    pub const fn context(&self) -> *mut c_void {
        self.header().context
    }

    const fn header(&self) -> Header {
        // SAFETY: `Interface` promises that a table begins with the header.
        unsafe { (&raw const self.table).cast::<Header>().read() }
    }
}

/// Takes one more reference. IRQL <= `DISPATCH_LEVEL`.
impl<I: Interface> Clone for Client<I> {
    fn clone(&self) -> Self {
        // SAFETY: `self` is of a checked table, and holds a reference.
        unsafe { Self::with_reference(self.table) }
    }
}

impl<I: Interface> Drop for Client<I> {
    fn drop(&mut self) {
        give_back(&self.header());
    }
}

impl<I: Interface> fmt::Debug for Client<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("header", &self.header())
            .finish_non_exhaustive()
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

/// # Safety
///
/// Header and routines are initialised.
unsafe fn checked<I: Interface>(table: MaybeUninit<I::Table>) -> Result<I::Table, QueryError> {
    // SAFETY: the header is part of what `checked`'s callers promise.
    let header = unsafe { header_of::<I>(&table) };
    // SAFETY: so are the routines.
    let entries = unsafe { entries_of::<I>(&table) };
    client_accepts(&header, entries, Extent::of::<I>())?;
    // SAFETY: `client_accepts` found every routine filled, and `Interface` promises that there is nothing else after the header, but for a
    // part that the client has filled, in which any bytes are a value.
    Ok(unsafe { table.assume_init() })
}

/// # Safety
///
/// Header and routines are initialised.
pub(crate) const unsafe fn header_of<I: Interface>(table: &MaybeUninit<I::Table>) -> Header {
    // SAFETY: initialised, by the caller's promise; `Interface` promises that a table begins with the header,
    // every bit pattern of which is valid.
    unsafe { table.as_ptr().cast::<Header>().read() }
}

/// # Safety
///
/// Header and routines are initialised.
const unsafe fn entries_of<I: Interface>(table: &MaybeUninit<I::Table>) -> &[usize] {
    const { assert!(size_of::<Header>() + I::ROUTINES * ENTRY <= I::SIZE as usize) };
    // SAFETY: SIZE asserts that the header lies within the table.
    let first = unsafe { table.as_ptr().cast::<Header>().add(1) };
    // SAFETY: so many routines lie within the table, as asserted above; initialised, by the caller's promise; aligned as the header is.
    unsafe { slice::from_raw_parts(first.cast(), I::ROUTINES) }
}
