//! MDLs of the I/O manager's own: a buffer that is always mapped and never paged.
#![allow(unsafe_code, reason = "MDLs are shared with drivers by pointer")]

use core::ffi::c_void;

use crate::abi::{MDL, MDL_PAGES_LOCKED, MDL_SOURCE_IS_NONPAGED_POOL, PAGE_SIZE};
use crate::mm::pool;
use crate::verifier::{self, Owner};

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
