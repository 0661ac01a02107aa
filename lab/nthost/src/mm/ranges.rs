//! Where pool blocks lie: ranges of pages that fault until a block opens them.
//!
//! Many blocks share a mapping, for a process may have 65,530 of these (`vm.max_map_count`), and mappings cost time. Since Linux 6.13
//! pages of a mapping can be made to fault without splitting it; an older kernel has protection only, which makes two mappings of each
//! block, so that some 30,000 blocks are all the pool there is.
#![allow(unsafe_code, reason = "maps and protects memory")]

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::abi::PAGE_SIZE;

/// Makes pages fault and gives their memory back; and the reverse: mman-common.h of Linux 6.13.
const MADV_GUARD_INSTALL: i32 = 102;
const MADV_GUARD_REMOVE: i32 = 103;
/// The size of a shared mapping.
const SHARED: usize = 2 << 20;

/// Whether the kernel knows [`MADV_GUARD_INSTALL`].
static HAS_GUARDS: LazyLock<bool> = LazyLock::new(|| {
    let Some(base) = new_mapping(PAGE_SIZE, false) else {
        return false;
    };
    let known = advise(base, PAGE_SIZE, MADV_GUARD_INSTALL);
    unmap(base, PAGE_SIZE);
    known
});

/// Closed ranges that no block has.
struct Free {
    /// By size.
    ranges: BTreeMap<usize, Vec<usize>>,
    /// The rest of the last mapping: first address and size.
    rest: (usize, usize),
}

static FREE: Mutex<Free> = Mutex::new(Free {
    ranges: BTreeMap::new(),
    rest: (0, 0),
});

/// Whether a shared mapping has room for so many bytes.
pub const fn has_room_for(size: usize) -> bool {
    size <= SHARED
}

/// A closed range of a shared mapping; `None` when the system has no memory.
pub fn take(size: usize) -> Option<usize> {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(base) = free.ranges.get_mut(&size).and_then(Vec::pop) {
        return Some(base);
    }
    if free.rest.1 < size {
        let base = map(SHARED, false)?;
        let (rest, size) = std::mem::replace(&mut free.rest, (base, SHARED));
        if size > 0 {
            free.ranges.entry(size).or_default().push(rest);
        }
    }
    let (base, rest) = free.rest;
    free.rest = (base + size, rest - size);
    Some(base)
}

/// Gives a closed range back.
pub fn put(base: usize, size: usize) {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    free.ranges.entry(size).or_default().push(base);
}

/// A closed mapping for one user; `None` when the system has no memory.
pub fn map(size: usize, execute: bool) -> Option<usize> {
    let base = new_mapping(size, execute)?;
    if !close(base, size) {
        unmap(base, size);
        return None;
    }
    Some(base)
}

fn new_mapping(size: usize, execute: bool) -> Option<usize> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at an address that the system chooses touches nothing that exists.
    let base = unsafe { libc::mmap(std::ptr::null_mut(), size, protection(execute), flags, -1, 0) };
    (base != libc::MAP_FAILED).then(|| base.expose_provenance())
}

/// Ends a mapping.
pub fn unmap(base: usize, size: usize) {
    // SAFETY: a mapping of `map` that nobody uses any more.
    unsafe { libc::munmap(at(base), size) };
}

/// Makes closed pages accessible, and zero; false when the system refuses.
pub fn open(base: usize, size: usize, execute: bool) -> bool {
    if *HAS_GUARDS {
        return advise(base, size, MADV_GUARD_REMOVE);
    }
    // SAFETY: pages of a mapping of `map` that belong to the caller alone.
    unsafe { libc::mprotect(at(base), size, protection(execute)) == 0 }
}

/// Makes pages inaccessible and gives their memory back; false when the system refuses.
pub fn close(base: usize, size: usize) -> bool {
    if *HAS_GUARDS {
        return advise(base, size, MADV_GUARD_INSTALL);
    }
    // SAFETY: pages of a mapping of `map` that nobody uses any more.
    let closed = unsafe { libc::mprotect(at(base), size, libc::PROT_NONE) == 0 };
    closed && advise(base, size, libc::MADV_DONTNEED)
}

const fn protection(execute: bool) -> i32 {
    let execute = if execute { libc::PROT_EXEC } else { 0 };
    libc::PROT_READ | libc::PROT_WRITE | execute
}

fn advise(base: usize, size: usize, advice: i32) -> bool {
    // SAFETY: pages of a mapping of `map`; the advices used here take content from closed pages only.
    unsafe { libc::madvise(at(base), size, advice) == 0 }
}

const fn at(base: usize) -> *mut c_void {
    std::ptr::with_exposed_provenance_mut(base)
}

#[cfg(test)]
mod tests {
    use super::{PAGE_SIZE, SHARED, open, put, take};

    #[test]
    fn a_range_is_given_out_again_and_zero() {
        // A size that no other test asks for.
        let size = 61 * PAGE_SIZE;
        let base = take(size).expect("the test machine has memory");
        assert!(open(base, size, false));
        let first = std::ptr::with_exposed_provenance_mut::<u8>(base);
        // SAFETY: the range was opened in the lines before.
        unsafe { first.write(1) };
        assert!(super::close(base, size));
        put(base, size);
        assert_eq!(take(size), Some(base));
        assert!(open(base, size, false));
        // SAFETY: opened again in the line before.
        assert_eq!(unsafe { first.read() }, 0);
    }

    #[test]
    fn ranges_of_different_mappings_do_not_overlap() {
        let size = 300 * PAGE_SIZE;
        let mut bases: Vec<usize> = (0..5).filter_map(|_| take(size)).collect();
        bases.sort_unstable();
        assert_eq!(bases.len(), 5);
        assert!(bases.windows(2).all(|pair| pair[0] + size <= pair[1]));
        assert!(size <= SHARED);
    }
}
