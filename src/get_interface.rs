//! `IOCTL_INTERNAL_SAMPLE_GET_INTERFACE`: a table for callers that are in no stack with a provider.
#![allow(
    unsafe_code,
    reason = "a caller's structure, and tables in a request's buffer"
)]

use direct_call::kmdf::{Plain, Provider, Request};
use direct_call::negotiation::{Extent, provider_accepts};
use direct_call::{Failure, Interface};
use sample_interface::{NtStatus, RAW_GUID, SAMPLE_GET_INTERFACE};

use crate::context_routines::Calls;
use crate::interfaces::{self, SampleInterface, SampleInterface2};

/// The structure as it comes out of a buffer.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Asked(SAMPLE_GET_INTERFACE);

// SAFETY: integers, whose sizes add up to the structure's: 16 of the GUID, 2 and 2.
unsafe impl Plain for Asked {}

/// Answers the request; returns the number of bytes written.
///
/// # Errors
///
/// Those of [`IOCTL_INTERNAL_SAMPLE_GET_INTERFACE`](sample_interface::IOCTL_INTERNAL_SAMPLE_GET_INTERFACE).
pub fn answer(provider: &Provider<Calls>, request: &Request) -> Result<usize, Failure> {
    // A table is full of kernel addresses.
    if !request.is_from_kernel_mode() {
        return Err(Failure::new(NtStatus::STATUS_INVALID_DEVICE_REQUEST.0));
    }
    let Asked(asked) = request.input()?;
    if asked.InterfaceType == RAW_GUID::new(SampleInterface::GUID) {
        hand_out::<SampleInterface>(provider, asked, request, interfaces::first_table())
    } else if asked.InterfaceType == RAW_GUID::new(SampleInterface2::GUID) {
        hand_out::<SampleInterface2>(provider, asked, request, interfaces::second_table())
    } else {
        Err(Failure::new(NtStatus::STATUS_NOT_SUPPORTED.0))
    }
}

fn hand_out<I: Interface>(
    provider: &Provider<Calls>,
    asked: SAMPLE_GET_INTERFACE,
    request: &Request,
    table: I::Table,
) -> Result<usize, Failure> {
    let requested = Extent {
        size: asked.Size,
        version: asked.Version,
    };
    if !provider_accepts(Extent::of::<I>(), requested) {
        return Err(Failure::new(NtStatus::STATUS_INVALID_BUFFER_SIZE.0));
    }
    // The reference comes last: it is taken only where the caller gets it.
    let output = request.output::<I::Table>()?;
    // SAFETY: the sender is in kernel mode, where padding tells nothing new.
    Ok(unsafe { output.write_with_padding(provider.hand_out::<I>(table)) })
}
