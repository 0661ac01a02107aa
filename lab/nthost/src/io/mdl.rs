//! MDLs: those of the I/O manager's own, which describe a buffer that is always mapped and never paged, and those that drivers allocate.
#![allow(unsafe_code, reason = "MDLs are shared with drivers by pointer")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;

use super::irp::Irp;
use crate::abi::{
    BOOLEAN, IRP, MDL, MDL_ALLOCATED_FIXED_SIZE, MDL_PAGES_LOCKED, MDL_SOURCE_IS_NONPAGED_POOL, PAGE_SIZE,
};
use crate::mm::pool::{self, Kind, Request, Tag};
use crate::verifier::{self, Owner};

crate::exports! {
    IoAllocateMdl <= DISPATCH_LEVEL or NULL;
    IoFreeMdl <= DISPATCH_LEVEL;
}

/// The tag of an MDL in Windows' pool.
const MDL_TAG: Tag = Tag(u32::from_le_bytes(*b"Mdl "));

/// An MDL that describes a buffer and maps nothing; the driver's until `IoFreeMdl`, or until the end of the request that it is given to.
unsafe extern "win64" fn IoAllocateMdl(
    buffer: *mut c_void,
    length: u32,
    secondary: BOOLEAN,
    _charge_quota: BOOLEAN,
    irp: *mut IRP,
) -> *mut MDL {
    let mdl = allocate(buffer, length);
    if irp.is_null() || mdl.is_null() {
        return mdl;
    }
    let irp = Irp::of_driver(irp, "attaches an MDL to");
    let first = irp.read().MdlAddress;
    if secondary == 0 || first.is_null() {
        irp.update(|fields| fields.MdlAddress = mdl);
        return mdl;
    }
    let last = chain(first).last().unwrap_or(first);
    // SAFETY: the last MDL of the chain is the request's, which the driver has.
    unsafe { (*last).Next = mdl };
    mdl
}

unsafe extern "win64" fn IoFreeMdl(mdl: *mut MDL) {
    pool::free(mdl.cast(), None, verifier::owner());
}

fn allocate(buffer: *mut c_void, length: u32) -> *mut MDL {
    let offset = buffer.addr() % PAGE_SIZE;
    let pages = (offset + length as usize).div_ceil(PAGE_SIZE);
    let size = size_of::<MDL>() + pages * size_of::<usize>();
    let mdl = pool::allocate(Request {
        kind: Kind::NonPaged,
        size,
        tag: MDL_TAG,
        zeroed: true,
        owner: verifier::owner(),
    });
    if mdl.is_null() {
        return mdl.cast();
    }
    let mdl = mdl.cast::<MDL>();
    // SAFETY: the block was just allocated, zeroed, with the size of an MDL and more; all-zero bytes are one.
    let fields = unsafe { &mut *mdl };
    fields.Size = i16::try_from(size).unwrap_or(i16::MAX);
    fields.MdlFlags = MDL_ALLOCATED_FIXED_SIZE;
    fields.StartVa = buffer.wrapping_byte_sub(offset);
    fields.ByteOffset = u32::try_from(offset).unwrap_or(0);
    fields.ByteCount = length;
    mdl
}

/// An MDL and those behind it.
fn chain(first: *mut MDL) -> impl Iterator<Item = *mut MDL> {
    let mut next = first;
    std::iter::from_fn(move || {
        let mdl = next;
        if mdl.is_null() {
            return None;
        }
        // SAFETY: the MDLs of a request are alive while it is, and the last one's `Next` is null.
        next = unsafe { (*mdl).Next };
        Some(mdl)
    })
}

/// Frees the MDLs that drivers left with a request that ends, as Windows' I/O manager does.
pub(super) fn free_of_request(irp: Irp) {
    let left: Vec<_> = chain(irp.read().MdlAddress).collect();
    for mdl in left {
        // SAFETY: an MDL of the request that ends now.
        if unsafe { (*mdl).MdlFlags } & MDL_ALLOCATED_FIXED_SIZE != 0 {
            pool::free(mdl.cast(), None, Owner::HOST);
        }
    }
}

/// Describes a buffer of nonpaged pool.
pub(super) fn describe(buffer: *mut c_void, length: usize) -> *mut MDL {
    let mdl = pool::allocate_host(size_of::<MDL>()).cast::<MDL>();
    if mdl.is_null() {
        verifier::environment_error("the system gives no memory for an MDL");
    }
    let offset = buffer.addr() % PAGE_SIZE;
    let value = MDL {
        Next: core::ptr::null_mut(),
        Size: i16::try_from(size_of::<MDL>()).unwrap_or(i16::MAX),
        MdlFlags: MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL,
        AllocationProcessorNumber: 0,
        Reserved: 0,
        Process: core::ptr::null_mut(),
        MappedSystemVa: buffer,
        StartVa: buffer.wrapping_byte_sub(offset),
        ByteCount: u32::try_from(length).unwrap_or(u32::MAX),
        ByteOffset: u32::try_from(offset).unwrap_or(0),
    };
    // SAFETY: the block was just allocated with the size of an MDL.
    unsafe { mdl.write(value) };
    mdl
}

/// Frees what [`describe`] returned.
pub(super) fn free(mdl: *mut MDL) {
    pool::free(mdl.cast(), None, Owner::HOST);
}
