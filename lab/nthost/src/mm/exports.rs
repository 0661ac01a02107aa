//! The exports of the memory manager.
#![allow(unsafe_code, reason = "exports read and write drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use crate::abi::{
    BOOLEAN, KPROCESSOR_MODE, MDL, MDL_MAPPED_TO_SYSTEM_VA, MDL_PAGES_LOCKED, MDL_SOURCE_IS_NONPAGED_POOL,
    PAGE_SIZE, PVOID, UNICODE_STRING,
};
use crate::exports;
use crate::rtl::unicode;

crate::exports! {
    MmGetSystemRoutineAddress <= PASSIVE_LEVEL;
    MmBuildMdlForNonPagedPool <= DISPATCH_LEVEL;
    MmProbeAndLockPages <= DISPATCH_LEVEL;
    MmUnlockPages <= DISPATCH_LEVEL;
    MmMapLockedPagesSpecifyCache <= DISPATCH_LEVEL or NULL;
    MmUnmapLockedPages <= DISPATCH_LEVEL;
    MmIsAddressValid <= HIGH_LEVEL;
    MmLockPagableDataSection <= APC_LEVEL;
    MmUnlockPagableImageSection <= APC_LEVEL;
    MmPageEntireDriver <= APC_LEVEL;
    MmResetDriverPaging <= APC_LEVEL;
}

unsafe extern "win64" fn MmGetSystemRoutineAddress(name: *const UNICODE_STRING) -> PVOID {
    // SAFETY: `name` is the driver's counted string that names a routine, with `Length` readable bytes.
    let name = unsafe { unicode::text(name) };
    exports::routine_address(&name).map_or(std::ptr::null_mut(), std::ptr::with_exposed_provenance_mut)
}

/// Marks an MDL as describing memory that is mapped where it is: the host has one address space.
///
/// # Safety
///
/// `mdl` is an MDL that `IoAllocateMdl` made, which nobody else uses during the call.
unsafe fn map_in_place(mdl: *mut MDL, flags: i16) -> PVOID {
    // SAFETY: `mdl` is an initialized MDL of IoAllocateMdl's (`# Safety`); its driver uses it alone
    // meanwhile.
    let mdl = unsafe { &mut *mdl };
    mdl.MdlFlags |= flags;
    mdl.MappedSystemVa = mdl.StartVa.wrapping_byte_add(mdl.ByteOffset as usize);
    mdl.MappedSystemVa
}

unsafe extern "win64" fn MmBuildMdlForNonPagedPool(mdl: *mut MDL) {
    // SAFETY: the driver gives an MDL.
    unsafe { map_in_place(mdl, MDL_SOURCE_IS_NONPAGED_POOL) };
}

/// A page that is not there faults, and the fault is the driver's exception (`ke::exception` knows this routine by its name).
unsafe extern "win64" fn MmProbeAndLockPages(mdl: *mut MDL, _mode: KPROCESSOR_MODE, operation: i32) {
    /// `IoReadAccess` of `LOCK_OPERATION`; the others write.
    const IO_READ_ACCESS: i32 = 0;
    // SAFETY: the driver gives an MDL.
    let fields = unsafe { mdl.read() };
    let first = fields.StartVa.wrapping_byte_add(fields.ByteOffset as usize);
    let end = first.addr() + fields.ByteCount as usize;
    for page in (fields.StartVa.addr()..end).step_by(PAGE_SIZE) {
        let byte = first.with_addr(page.max(first.addr())).cast::<u8>();
        // SAFETY: none is needed: what is not there faults, which is what a probe is for.
        let value = unsafe { byte.read_volatile() };
        if operation != IO_READ_ACCESS {
            // SAFETY: as above; the value is the one that is there.
            unsafe { byte.write_volatile(value) };
        }
    }
    // SAFETY: the driver gives an MDL.
    unsafe { map_in_place(mdl, MDL_PAGES_LOCKED) };
}

unsafe extern "win64" fn MmUnlockPages(mdl: *mut MDL) {
    // SAFETY: the driver gives an MDL.
    let flags = unsafe { &mut (*mdl).MdlFlags };
    *flags &= !(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
}

unsafe extern "win64" fn MmMapLockedPagesSpecifyCache(
    mdl: *mut MDL,
    _mode: KPROCESSOR_MODE,
    _cache: i32,
    _requested: PVOID,
    _bugcheck: u32,
    _priority: u32,
) -> PVOID {
    // SAFETY: the driver gives an MDL.
    unsafe { map_in_place(mdl, MDL_MAPPED_TO_SYSTEM_VA) }
}

unsafe extern "win64" fn MmUnmapLockedPages(_address: PVOID, mdl: *mut MDL) {
    // SAFETY: the driver gives an MDL.
    let flags = unsafe { &mut (*mdl).MdlFlags };
    *flags &= !MDL_MAPPED_TO_SYSTEM_VA;
}

unsafe extern "win64" fn MmIsAddressValid(address: PVOID) -> BOOLEAN {
    let page = address.map_addr(|address| address & !(crate::abi::PAGE_SIZE - 1));
    let mut resident = 0;
    // SAFETY: mincore reads nothing of the range; it fails for what is not mapped.
    u8::from(unsafe { libc::mincore(page, 1, &raw mut resident) } == 0)
}

// Nothing is paged, so that locking and paging sections changes nothing.

const unsafe extern "win64" fn MmLockPagableDataSection(address: PVOID) -> PVOID {
    address
}

const unsafe extern "win64" fn MmUnlockPagableImageSection(_section: PVOID) {}

const unsafe extern "win64" fn MmPageEntireDriver(address: PVOID) -> PVOID {
    address
}

const unsafe extern "win64" fn MmResetDriverPaging(_address: PVOID) {}
