//! Remove locks: `IoAcquireRemoveLock` and its kin.
#![allow(unsafe_code, reason = "the lock lies in the driver's memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::mem::offset_of;
use core::sync::atomic::{AtomicI32, Ordering};

use crate::abi::{
    IO_REMOVE_LOCK_COMMON_BLOCK, KEVENT, NTSTATUS, PVOID, STATUS_DELETE_PENDING, STATUS_SUCCESS,
    SynchronizationEvent,
};
use crate::ke::dispatcher;

crate::exports! {
    IoInitializeRemoveLockEx <= PASSIVE_LEVEL;
    IoAcquireRemoveLockEx <= DISPATCH_LEVEL;
    IoReleaseRemoveLockEx <= DISPATCH_LEVEL;
    IoReleaseRemoveLockAndWaitEx <= PASSIVE_LEVEL;
}

type Lock = *mut IO_REMOVE_LOCK_COMMON_BLOCK;

/// # Safety
/// The lock is a driver's, initialized, and outlives the result.
unsafe fn count<'a>(lock: Lock) -> &'a AtomicI32 {
    // SAFETY: the caller's promise; the field lies in the lock.
    let place = unsafe { &raw mut (*lock).IoCount };
    // SAFETY: the field is an aligned i32 that everyone accesses atomically.
    unsafe { AtomicI32::from_ptr(place) }
}

/// Where the event of a lock is.
const fn event(lock: Lock) -> *mut KEVENT {
    lock.wrapping_byte_add(offset_of!(IO_REMOVE_LOCK_COMMON_BLOCK, RemoveEvent))
        .cast()
}

unsafe extern "win64" fn IoInitializeRemoveLockEx(
    lock: Lock,
    _tag: u32,
    _minutes: u32,
    _high: u32,
    _size: u32,
) {
    // SAFETY: the driver gives room for a lock.
    let block = unsafe { &mut *lock };
    block.Removed = 0;
    block.IoCount = 1;
    // SAFETY: the event lies in the driver's lock.
    unsafe { dispatcher::initialize_event(&raw mut block.RemoveEvent, SynchronizationEvent, false) };
}

unsafe extern "win64" fn IoAcquireRemoveLockEx(
    lock: Lock,
    _tag: PVOID,
    _file: PVOID,
    _line: u32,
    _size: u32,
) -> NTSTATUS {
    // SAFETY: `lock` lies in the driver's device extension, and IoInitializeRemoveLock set it up.
    unsafe { count(lock) }.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the lock is initialized, so the flag is 0 or 1.
    if unsafe { (*lock).Removed } == 0 {
        return STATUS_SUCCESS;
    }
    // SAFETY: the acquisition above is given back.
    unsafe { leave(lock) };
    STATUS_DELETE_PENDING
}

unsafe extern "win64" fn IoReleaseRemoveLockEx(lock: Lock, _tag: PVOID, _size: u32) {
    // SAFETY: `lock` is initialized, and the driver gives back its own IoAcquireRemoveLock.
    unsafe { leave(lock) };
}

/// # Safety
/// The lock is a driver's, initialized and acquired.
unsafe fn leave(lock: Lock) {
    // SAFETY: `lock` is initialized and acquired (`# Safety`), so it stays until its count drops.
    if unsafe { count(lock) }.fetch_sub(1, Ordering::SeqCst) == 1 {
        // SAFETY: the event was initialized with the lock.
        unsafe { dispatcher::set_event(event(lock)) };
    }
}

unsafe extern "win64" fn IoReleaseRemoveLockAndWaitEx(lock: Lock, _tag: PVOID, _size: u32) {
    // SAFETY: `lock` is the initialized one that the driver acquired for the removal; `Removed` is a field of
    // it.
    unsafe { (*lock).Removed = 1 };
    // SAFETY: this gives back the acquisition of the removal itself.
    unsafe { leave(lock) };
    // SAFETY: this gives back the count that the initialization set.
    if unsafe { count(lock) }.fetch_sub(1, Ordering::SeqCst) > 1 {
        let event = event(lock);
        // SAFETY: the event was initialized with the lock. A wait without a limit ends with the event.
        let _ = unsafe { dispatcher::wait(event.cast(), None) };
    }
}
