//! The exports that allocate and free MDLs.
#![allow(unsafe_code, reason = "writes and frees MDLs that drivers have by pointer")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use crate::abi::{IRP, MDL, PAGE_SIZE, PVOID};
use crate::mm::pool::{self, Kind, Request, Tag};
use crate::verifier;

crate::exports! {
    IoAllocateMdl <= DISPATCH_LEVEL or NULL;
    IoFreeMdl <= DISPATCH_LEVEL;
}

/// What Windows tags the MDLs of the I/O manager with.
const TAG: Tag = Tag(u32::from_le_bytes(*b"Mdl "));

/// An MDL has a page frame number behind it for each page, which nothing in the host reads.
const fn pages(offset: usize, length: usize) -> usize {
    (offset + length).div_ceil(PAGE_SIZE)
}

unsafe extern "win64" fn IoAllocateMdl(
    buffer: PVOID,
    length: u32,
    secondary: u8,
    _charge_quota: u8,
    irp: *mut IRP,
) -> *mut MDL {
    let offset = buffer.addr() % PAGE_SIZE;
    let size = size_of::<MDL>() + pages(offset, length as usize) * size_of::<usize>();
    let mdl = pool::allocate(Request {
        kind: Kind::NonPaged,
        size,
        tag: TAG,
        zeroed: true,
        owner: verifier::owner(),
    })
    .cast::<MDL>();
    if mdl.is_null() {
        return mdl;
    }
    let value = MDL {
        Next: core::ptr::null_mut(),
        Size: i16::try_from(size).unwrap_or(i16::MAX),
        MdlFlags: 0,
        AllocationProcessorNumber: 0,
        Reserved: 0,
        Process: core::ptr::null_mut(),
        MappedSystemVa: core::ptr::null_mut(),
        StartVa: buffer.wrapping_byte_sub(offset),
        ByteCount: length,
        ByteOffset: u32::try_from(offset).unwrap_or(0),
    };
    // SAFETY: the block was just allocated with at least the size of an MDL.
    unsafe { mdl.write(value) };
    // SAFETY: the driver gives null or a packet that it owns.
    if let Some(irp) = unsafe { irp.as_mut() } {
        // SAFETY: the driver's promise about the packet and the MDLs in it.
        unsafe { link(irp, mdl, secondary != 0) };
    }
    mdl
}

/// Puts an MDL into a packet: as its first, or behind those that it has.
///
/// # Safety
/// The packet's MDLs are a list that ends in null.
unsafe fn link(irp: &mut IRP, mdl: *mut MDL, secondary: bool) {
    if !secondary || irp.MdlAddress.is_null() {
        irp.MdlAddress = mdl;
        return;
    }
    let mut last = irp.MdlAddress;
    loop {
        // SAFETY: the caller's promise.
        let next = unsafe { (*last).Next };
        if next.is_null() {
            break;
        }
        last = next;
    }
    // SAFETY: the caller's promise; the last of the list.
    unsafe { (*last).Next = mdl };
}

unsafe extern "win64" fn IoFreeMdl(mdl: *mut MDL) {
    pool::free(mdl.cast(), Some(TAG), verifier::owner());
}
