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
    // SAFETY: `lock` is an initialized spin lock, as `# Safety` asks.
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
    // SAFETY: `entry` is a link of an initialized list whose lock the caller holds (`# Safety`).
    unsafe { entry.read() }
}

/// Makes two entries neighbours.
///
/// # Safety
///
/// Both belong to lists whose lock is held, or are new.
unsafe fn join(before: *mut LIST_ENTRY, behind: *mut LIST_ENTRY) {
    // SAFETY: `before` is new or in a list whose lock is held (`# Safety`), so nobody else reads its `Flink`.
    unsafe { (*before).Flink = behind };
    // SAFETY: the same holds of `behind` and its `Blink`.
    unsafe { (*behind).Blink = before };
}

/// Puts an entry between two neighbours.
///
/// # Safety
///
/// As for [`join`].
unsafe fn insert(before: *mut LIST_ENTRY, entry: *mut LIST_ENTRY, behind: *mut LIST_ENTRY) {
    // SAFETY: `entry` is new and `behind` belongs to the locked list: what [`join`] asks of its two.
    unsafe { join(entry, behind) };
    // SAFETY: `before` belongs to the locked list; `entry` is the new one, joined to `behind` above.
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
        // SAFETY: `head` is a list head that the driver initialized (InitializeListHead); `locked` holds its
        // lock.
        let first = unsafe { read(head) }.Flink;
        // SAFETY: `first` is the locked list's first link or `head`; `entry` is in no list yet, by the DDI
        // contract.
        unsafe { insert(head, entry, first) };
        unless_head(first, head)
    };
    // SAFETY: `lock` is the spin lock that the driver initialized for the list at `head`.
    unsafe { locked(lock, insert_first) }
}

unsafe extern "win64" fn ExInterlockedInsertTailList(
    head: *mut LIST_ENTRY,
    entry: *mut LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut LIST_ENTRY {
    let insert_last = || {
        // SAFETY: the driver initialized `head` before its first insertion; this closure runs with the list's
        // lock.
        let last = unsafe { read(head) }.Blink;
        // SAFETY: `last` is the locked list's last link or `head`; the driver inserts an `entry` that is in
        // no list.
        unsafe { insert(last, entry, head) };
        unless_head(last, head)
    };
    // SAFETY: the driver guards this list with `lock`, which it passed through KeInitializeSpinLock.
    unsafe { locked(lock, insert_last) }
}

unsafe extern "win64" fn ExInterlockedRemoveHeadList(
    head: *mut LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut LIST_ENTRY {
    let remove_first = || {
        // SAFETY: `head` is the driver's initialized list head, and `locked` keeps others from the list.
        let first = unsafe { read(head) }.Flink;
        // SAFETY: `first` was just read from the locked `head`: a member of the list, or `head` itself.
        let second = unsafe { read(first) }.Flink;
        // SAFETY: `second` follows `first` in the same locked list; in an empty list both are `head`.
        unsafe { join(head, second) };
        unless_head(first, head)
    };
    // SAFETY: `lock` is the driver's initialized spin lock, the one that its insertions also take.
    unsafe { locked(lock, remove_first) }
}

unsafe extern "win64" fn ExInterlockedPushEntryList(
    head: *mut SINGLE_LIST_ENTRY,
    entry: *mut SINGLE_LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut SINGLE_LIST_ENTRY {
    let push = || {
        // SAFETY: `head` is a singly linked list head that the driver zeroed or filled; `locked` holds its
        // lock.
        let first = unsafe { std::mem::replace(&mut (*head).Next, entry) };
        // SAFETY: `entry` is the driver's, writable, and until this push in no list; the lock is held.
        unsafe { (*entry).Next = first };
        first
    };
    // SAFETY: by the DDI contract `lock` is an initialized spin lock in resident memory.
    unsafe { locked(lock, push) }
}

unsafe extern "win64" fn ExInterlockedPopEntryList(
    head: *mut SINGLE_LIST_ENTRY,
    lock: *mut KSPIN_LOCK,
) -> *mut SINGLE_LIST_ENTRY {
    let pop = || {
        // SAFETY: `head` is the driver's list head, set up before the first push; no push runs while the lock
        // is held.
        let first = unsafe { (*head).Next };
        // SAFETY: `first` is null or an entry that a push linked; the driver keeps entries valid while they
        // are linked.
        if let Some(entry) = unsafe { first.as_ref() } {
            // SAFETY: `head` is the head that was read above, and the lock is still held.
            unsafe { (*head).Next = entry.Next };
        }
        first
    };
    // SAFETY: `lock` is the initialized spin lock that the driver also gives to ExInterlockedPushEntryList.
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
