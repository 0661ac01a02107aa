//! A driver that uses an interface of its own device stack.
#![allow(unsafe_code, reason = "framework calls")]

use core::mem::MaybeUninit;
use core::ptr;

use wdk_sys::call_unsafe_wdf_function_binding;

use super::device::{Device, guid_of};
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
    pub(super) fn query_with(
        device: Device<'_>,
        mut table: MaybeUninit<I::Table>,
    ) -> Result<Self, QueryError> {
        let guid = guid_of(I::GUID);
        // SAFETY: a valid handle, by `Device`; the table has SIZE bytes and outlives the call.
        let status = unsafe {
            call_unsafe_wdf_function_binding!(
                WdfFdoQueryForInterface,
                device.raw(),
                &raw const guid,
                table.as_mut_ptr().cast(),
                I::SIZE,
                I::VERSION,
                ptr::null_mut()
            )
        };
        Failure::check(status).map_err(QueryError::Query)?;
        // SAFETY: both callers have zeroed the table; a provider answered to the GUID, which means by `Interface` that it filled
        // this table, and the query's reference is ours.
        unsafe { Self::accept(table) }
    }
}
