//! MDLs of the framework's own.
#![allow(unsafe_code, reason = "calls the memory manager with addresses of buffers")]

use core::{ffi::c_void, ptr, ptr::NonNull};

use wdk_sys::{
    _LOCK_OPERATION, MDL, STATUS_ACCESS_VIOLATION,
    ntddk::{
        IoAllocateMdl, IoFreeMdl, MmBuildMdlForNonPagedPool, MmIsAddressValid, MmMapLockedPagesSpecifyCache,
        MmProbeAndLockPages, MmUnlockPages,
    },
};

use crate::{
    failure::{Outcome, fail},
    pool::NO_MEMORY,
};

/// wdm.h: the mapping may fail; priority `NormalPagePriority`, never executable (`MdlMappingNoExecute`).
const MAPPING: u32 = 16 | 0x4000_0000;
/// wdm.h: `MDL_MAPPED_TO_SYSTEM_VA` | `MDL_SOURCE_IS_NONPAGED_POOL`
const MAPPED: i16 = 1 | 4;
/// wdm.h: the modes of a caller.
const KERNEL_MODE: i8 = 0;
const USER_MODE: i8 = 1;
/// wdm.h: `MmCached`
const CACHED: i32 = 1;

/// The memory that an MDL describes, in system space; null when it cannot be mapped, or there is no MDL.
pub fn mapped(mdl: *mut MDL) -> *mut c_void {
    if mdl.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: Not null; an MDL of the I/O manager or of a driver.
    let description = unsafe { mdl.read() };
    if description.MdlFlags & MAPPED != 0 {
        return description.MappedSystemVa;
    }
    // SAFETY: An MDL whose pages are locked; no fixed address, may fail.
    unsafe { MmMapLockedPagesSpecifyCache(mdl, KERNEL_MODE, CACHED, ptr::null_mut(), 0, MAPPING) }
}

/// An MDL that is freed when dropped.
pub struct OwnMdl {
    mdl: NonNull<MDL>,
    locked: bool,
}

impl OwnMdl {
    fn allocate(buffer: *mut c_void, length: usize) -> Outcome<NonNull<MDL>> {
        let length = u32::try_from(length).map_err(|_| NO_MEMORY)?;
        // SAFETY: Any address and length are taken; nothing is read.
        NonNull::new(unsafe { IoAllocateMdl(buffer, length, 0, 0, ptr::null_mut()) }).ok_or(NO_MEMORY)
    }

    /// Describes a buffer in nonpaged memory.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn of_nonpaged(buffer: *mut c_void, length: usize) -> Outcome<Self> {
        let mdl = Self::allocate(buffer, length)?;
        // SAFETY: A fresh MDL of a buffer in nonpaged memory, as the caller says.
        unsafe { MmBuildMdlForNonPagedPool(mdl.as_ptr()) };
        Ok(Self { mdl, locked: false })
    }

    /// Locks a buffer of the sender of a request, in whose context this runs.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`, `STATUS_ACCESS_VIOLATION` for addresses that are none.
    pub fn of_user(buffer: *mut c_void, length: usize, writing: bool) -> Outcome<Self> {
        let last = buffer.wrapping_byte_add(length.saturating_sub(1));
        for place in [buffer, last] {
            // SAFETY: The routine only looks at the address. (Windows raises an exception in MmProbeAndLockPages, which the framework turns
            // into this status.)
            if unsafe { MmIsAddressValid(place) } == 0 {
                return fail(STATUS_ACCESS_VIOLATION);
            }
        }
        let mdl = Self::allocate(buffer, length)?;
        let operation = if writing {
            _LOCK_OPERATION::IoWriteAccess
        } else {
            _LOCK_OPERATION::IoReadAccess
        };
        // SAFETY: A fresh MDL of a buffer that was just found to be there.
        unsafe { MmProbeAndLockPages(mdl.as_ptr(), USER_MODE, operation) };
        Ok(Self { mdl, locked: true })
    }

    /// Its address.
    pub const fn pointer(&self) -> *mut MDL {
        self.mdl.as_ptr()
    }
}

impl Drop for OwnMdl {
    fn drop(&mut self) {
        if self.locked {
            // SAFETY: Locked by `of_user`.
            unsafe { MmUnlockPages(self.mdl.as_ptr()) };
        }
        // SAFETY: Allocated by `allocate`, freed once.
        unsafe { IoFreeMdl(self.mdl.as_ptr()) };
    }
}
