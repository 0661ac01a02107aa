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
    find(provider, request, asked).inspect_err(|failure| tell(&asked, *failure))
}

fn find(
    provider: &Provider<Calls>,
    request: &Request,
    asked: SAMPLE_GET_INTERFACE,
) -> Result<usize, Failure> {
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

/// One line for each refusal, so that whoever gets the status finds out what was asked. By `DbgPrint`'s own formatting, which costs the image
/// nothing.
fn tell(asked: &SAMPLE_GET_INTERFACE, failure: Failure) {
    let guid = asked.InterfaceType;
    let [high, low, ..] = guid.Data4;
    let clock = u32::from(u16::from_be_bytes([high, low]));
    let node = u64::from_be_bytes(guid.Data4) & 0xFFFF_FFFF_FFFF;
    // SAFETY: one argument for each place of the format, of its size: 32 bits each, and 64 for the last group.
    let _ = unsafe {
        wdk_sys::ntddk::DbgPrint(
            c"sample: no table for {%08X-%04X-%04X-%04X-%012I64X}, size %u, version %u: %08X\n".as_ptr(),
            guid.Data1,
            u32::from(guid.Data2),
            u32::from(guid.Data3),
            clock,
            node,
            u32::from(asked.Size),
            u32::from(asked.Version),
            failure.status(),
        )
    };
}
