//! Two-way interfaces: the client's query carries a table of its own, with the routines that the provider may call.
//!
//! The client's part is the table of an ordinary interface, with a header and a count of its own, so everything that holds for one
//! direction holds for the other: the provider is a [`Client`] of the client, its calls keep the client's device from going, and
//! answer `STATUS_DEVICE_REMOVED` after it has gone. Both parts belong to the same version.
//!
//! In KMDF's words this is an `ImportInterface`: the framework copies nothing, and the provider's callback must set or clear the reference
//! routines of the table on every path ([`answer`]).
#![allow(unsafe_code, reason = "tables of other drivers")]

use core::mem::MaybeUninit;
use core::ptr;

use crate::client::header_of;
use crate::negotiation::Extent;
use crate::{Client, Failure, Header, Interface, QueryError};

/// An interface whose client brings a table of its own.
///
/// # Safety
///
/// The table of `Callbacks` lies at the offset `CALLBACKS`, at the end of [`Interface::Table`].
pub unsafe trait TwoWay: Interface {
    /// The interface that the client offers to the provider.
    type Callbacks: Interface + From<Client<Self::Callbacks>>;
    /// Where its table lies.
    const CALLBACKS: usize;
}

/// What a provider does with the callbacks of a client that asks for `I`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it does with the callbacks of a client of `{I}`",
    note = "implement `direct_call::Connect<{I}>`"
)]
pub trait Connect<I: TwoWay> {
    /// A client asks. To keep the callbacks is to keep a reference on the client: give it back when they are not needed any more, which the
    /// provider learns by a routine of the interface, or by `STATUS_DEVICE_REMOVED` from a callback.
    ///
    /// # Errors
    ///
    /// Refuses the client. `STATUS_NOT_SUPPORTED` lets a driver further down the stack answer instead.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    fn connect(&self, callbacks: I::Callbacks) -> Result<(), Failure>;
}

/// The table that a client's query carries: zero but for the size, the version, and the client's own table.
#[must_use]
pub const fn request<I: TwoWay>(callbacks: <I::Callbacks as Interface>::Table) -> MaybeUninit<I::Table> {
    let mut table = MaybeUninit::<I::Table>::zeroed();
    let header = Header {
        size: I::SIZE,
        version: I::VERSION,
        context: ptr::null_mut(),
        reference: None,
        dereference: None,
    };
    let place = table.as_mut_ptr();
    // SAFETY: `Interface` promises that a table begins with the header.
    unsafe { place.cast::<Header>().write(header) };
    let place = place
        .wrapping_byte_add(I::CALLBACKS)
        .cast::<<I::Callbacks as Interface>::Table>();
    // SAFETY: `TwoWay` promises that such a table lies there, within the whole.
    unsafe { place.write(callbacks) };
    table
}

/// A provider's answer to a query that carries `asked`. `filled` is what the provider gives out, `connect` gets the callbacks.
///
/// # Errors
///
/// `STATUS_INVALID_BUFFER_SIZE` or `STATUS_REVISION_MISMATCH` for a client of another size or version, `STATUS_UNSUCCESSFUL` for a table of
/// callbacks with holes, and what `connect` answers. The reference routines are NULL then, and no reference is left.
///
/// # Safety
///
/// `asked` has the size of a table of `I`, is initialised and writable; by its header's size and version a client of `I` has filled it,
/// and holds the client's own table until this returns.
pub unsafe fn answer<I: TwoWay>(
    asked: *mut I::Table,
    filled: I::Table,
    connect: impl FnOnce(I::Callbacks) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // SAFETY: readable, by the caller's promise; a MaybeUninit takes any bytes.
    let copy = unsafe { asked.cast::<MaybeUninit<I::Table>>().read() };
    // SAFETY: a copy of the table that the client zeroed and filled, by the caller's promise.
    let connected = unsafe { callbacks_of::<I>(&copy) }
        .map_err(QueryError::failure)
        .and_then(connect);
    // SAFETY: writable, by the caller's promise.
    unsafe { refuse(asked.cast()) };
    if connected.is_ok() {
        let (from, to) = ((&raw const filled).cast::<u8>(), asked.cast());
        // SAFETY: the table's beginning, up to the client's own part; a value on the stack overlaps with nothing.
        unsafe { ptr::copy_nonoverlapping(from, to, I::CALLBACKS) };
    }
    connected
}

/// Clears the reference routines of a table, as every refusal must.
///
/// # Safety
///
/// A table, which is writable, begins there.
pub unsafe fn refuse(asked: *mut Header) {
    // SAFETY: a header, by the caller's promise; every bit pattern is a value.
    let header = unsafe { asked.read() };
    let cleared = Header {
        reference: None,
        dereference: None,
        ..header
    };
    // SAFETY: writable, by the caller's promise.
    unsafe { asked.write(cleared) };
}

/// # Safety
///
/// Initialised, and by its size and version filled by a client of `I`, who holds its own table.
unsafe fn callbacks_of<I: TwoWay>(asked: &MaybeUninit<I::Table>) -> Result<I::Callbacks, QueryError> {
    // SAFETY: `asked` is a client's table, initialised as a whole by the caller's promise.
    let header = unsafe { header_of::<I>(asked) };
    Extent::of::<I>().compare(&header)?;
    let place = asked.as_ptr().wrapping_byte_add(I::CALLBACKS);
    // SAFETY: `TwoWay` promises that such a table lies there, within the whole.
    let table = unsafe { place.cast::<MaybeUninit<_>>().read() };
    // SAFETY: initialised, filled and held, by the caller's promise.
    unsafe { Client::<I::Callbacks>::share(table) }.map(Into::into)
}
