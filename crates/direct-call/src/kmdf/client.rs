//! A driver that uses an interface, of its own device stack or of another one.
#![allow(unsafe_code, reason = "framework calls")]

use core::mem::MaybeUninit;
use core::ptr;

use wdk_sys::{INTERFACE, NTSTATUS};

use super::device::{Device, guid_of};
use super::target::Target;
use crate::call_wdf;
use crate::{Client, Failure, Interface, QueryError};

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
        Self::query_with(device, MaybeUninit::zeroed())
    }

    /// As [`Client::query`], with a table into which the client has written what a two-way interface wants.
    pub(super) fn query_with(device: Device<'_>, table: MaybeUninit<I::Table>) -> Result<Self, QueryError> {
        Self::ask(table, |guid, table| {
            // SAFETY: a valid handle, by `Device`; the table has SIZE bytes, and both pointers outlive the call, by `ask`.
            unsafe {
                call_wdf!(
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
        Self::ask(MaybeUninit::zeroed(), |guid, table| {
            // SAFETY: a valid handle, by `Target`; the table has SIZE bytes, and both pointers outlive the call, by `ask`.
            unsafe {
                call_wdf!(
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

    /// Has `query` fill a table of SIZE bytes that was zeroed at first, and checks it.
    fn ask(
        mut table: MaybeUninit<I::Table>,
        query: impl FnOnce(*const wdk_sys::GUID, *mut INTERFACE) -> NTSTATUS,
    ) -> Result<Self, QueryError> {
        let guid = guid_of(I::GUID);
        let status = query(&raw const guid, table.as_mut_ptr().cast());
        Failure::check(status).map_err(QueryError::Query)?;
        // SAFETY: every caller has zeroed the table; a provider answered to the GUID, which means by `Interface` that it filled
        // this table, and the query's reference is ours.
        unsafe { Self::accept(table) }
    }
}
