//! Lists under a spin lock, and what else of the executive is small.
#![allow(unsafe_code, reason = "the lists lie in drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use crate::abi::{GUID, KSPIN_LOCK, LIST_ENTRY, NTSTATUS, SINGLE_LIST_ENTRY, STATUS_SUCCESS};
use crate::ke::spin_lock;

crate::exports! {
    ExInterlockedInsertHeadList <= HIGH_LEVEL;
    ExInterlockedInsertTailList <= HIGH_LEVEL;
    ExInterlockedRemoveHeadList <= HIGH_LEVEL;
    ExInterlockedPushEntryList <= HIGH_LEVEL;
    ExInterlockedPopEntryList <= HIGH_LEVEL;
    ExUuidCreate <= APC_LEVEL;
    ExSystemTimeToLocalTime <= HIGH_LEVEL;
    ExLocalTimeToSystemTime <= HIGH_LEVEL;
}

/// Runs `f` with the lock held.
///
/// # Safety
///
/// `lock` is an initialized spin lock.
unsafe fn locked<R>(lock: *mut KSPIN_LOCK, f: impl FnOnce() -> R) -> R {
    // SAFETY: the caller's promise.
    unsafe { spin_lock::acquire(lock) };
    let result = f();
    // SAFETY: the caller's promise; the lock was taken above.
    unsafe { spin_lock::release(lock) };
    result
}

/// Reads a link.
///
/// # Safety
///
/// `entry` belongs to an initialized list whose lock is held.
const unsafe fn read(entry: *mut LIST_ENTRY) -> LIST_ENTRY {
    // SAFETY: the caller's promise.
    unsafe { entry.read() }
}

/// Makes two entries neighbours.
///
/// # Safety
///
/// Both belong to lists whose lock is held, or are new.
unsafe fn join(before: *mut LIST_ENTRY, behind: *mut LIST_ENTRY) {
    // SAFETY: the caller's promise.
    unsafe { (*before).Flink = behind };
    // SAFETY: the caller's promise.
    unsafe { (*behind).Blink = before };
}

/// Puts an entry between two neighbours.
///
/// # Safety
///
/// As for [`join`].
unsafe fn insert(before: *mut LIST_ENTRY, entry: *mut LIST_ENTRY, behind: *mut LIST_ENTRY) {
    // SAFETY: the caller's promise.
    unsafe { join(entry, behind) };
    // SAFETY: the caller's promise.
    unsafe { join(before, entry) };
}

/// The entry, or null if it is the list's head itself: what these exports say of an empty list.
fn unless_head(entry: *mut LIST_ENTRY, head: *mut LIST_ENTRY) -> *mut LIST_ENTRY {
    if entry == head {
        std::ptr::null_mut()
    } else {
        entry
    }
}

unsafe extern "win64" fn ExInterlockedInsertHeadList(
    head: *mut LIST_ENTRY,
    entry: *mut LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut LIST_ENTRY {
    let insert_first = || {
        // SAFETY: the driver gives an initialized list, and its lock is held.
        let first = unsafe { read(head) }.Flink;
        // SAFETY: as above; the entry is new.
        unsafe { insert(head, entry, first) };
        unless_head(first, head)
    };
    // SAFETY: the driver gives an initialized lock.
    unsafe { locked(lock, insert_first) }
}

unsafe extern "win64" fn ExInterlockedInsertTailList(
    head: *mut LIST_ENTRY,
    entry: *mut LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut LIST_ENTRY {
    let insert_last = || {
        // SAFETY: the driver gives an initialized list, and its lock is held.
        let last = unsafe { read(head) }.Blink;
        // SAFETY: as above; the entry is new.
        unsafe { insert(last, entry, head) };
        unless_head(last, head)
    };
    // SAFETY: the driver gives an initialized lock.
    unsafe { locked(lock, insert_last) }
}

unsafe extern "win64" fn ExInterlockedRemoveHeadList(
    head: *mut LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut LIST_ENTRY {
    let remove_first = || {
        // SAFETY: the driver gives an initialized list, and its lock is held.
        let first = unsafe { read(head) }.Flink;
        // SAFETY: as above.
        let second = unsafe { read(first) }.Flink;
        // SAFETY: as above.
        unsafe { join(head, second) };
        unless_head(first, head)
    };
    // SAFETY: the driver gives an initialized lock.
    unsafe { locked(lock, remove_first) }
}

unsafe extern "win64" fn ExInterlockedPushEntryList(
    head: *mut SINGLE_LIST_ENTRY,
    entry: *mut SINGLE_LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut SINGLE_LIST_ENTRY {
    let push = || {
        // SAFETY: the driver gives an initialized list, and its lock is held.
        let first = unsafe { std::mem::replace(&mut (*head).Next, entry) };
        // SAFETY: the driver gives a new entry.
        unsafe { (*entry).Next = first };
        first
    };
    // SAFETY: the driver gives an initialized lock.
    unsafe { locked(lock, push) }
}

unsafe extern "win64" fn ExInterlockedPopEntryList(
    head: *mut SINGLE_LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut SINGLE_LIST_ENTRY {
    let pop = || {
        // SAFETY: the driver gives an initialized list, and its lock is held.
        let first = unsafe { (*head).Next };
        // SAFETY: a non-null entry belongs to the list.
        if let Some(entry) = unsafe { first.as_ref() } {
            // SAFETY: as for the read above.
            unsafe { (*head).Next = entry.Next };
        }
        first
    };
    // SAFETY: the driver gives an initialized lock.
    unsafe { locked(lock, pop) }
}

unsafe extern "win64" fn ExUuidCreate(uuid: *mut GUID) -> NTSTATUS {
    let mut bytes = [0u8; 16];
    // SAFETY: the buffer has the length given.
    unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    // Version 4, variant 1 of RFC 4122.
    let number = u128::from_le_bytes(bytes);
    let mut value = GUID {
        Data1: (number & 0xFFFF_FFFF) as u32,
        Data2: (number >> 32 & 0xFFFF) as u16,
        Data3: (number >> 48 & 0x0FFF) as u16 | 0x4000,
        Data4: ((number >> 64) as u64).to_le_bytes(),
    };
    value.Data4[0] = (value.Data4[0] & 0x3F) | 0x80;
    // SAFETY: the driver gives a place for the GUID.
    unsafe { uuid.write(value) };
    STATUS_SUCCESS
}

// The lab's local time is UTC.

const unsafe extern "win64" fn ExSystemTimeToLocalTime(system: *const i64, local: *mut i64) {
    // SAFETY: the driver gives a readable and a writable time.
    unsafe { local.copy_from(system, 1) };
}

const unsafe extern "win64" fn ExLocalTimeToSystemTime(local: *const i64, system: *mut i64) {
    // SAFETY: the driver gives a readable and a writable time.
    unsafe { system.copy_from(local, 1) };
}
