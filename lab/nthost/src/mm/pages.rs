//! Blocks of memory between two inaccessible pages.
#![allow(unsafe_code, reason = "maps, fills and protects memory")]

use crate::abi::PAGE_SIZE;

/// Windows aligns pool blocks of less than a page to this.
const ALIGNMENT: usize = 16;
/// The first and the last page of a mapping.
const GUARD_PAGES: usize = 2 * PAGE_SIZE;
/// What fills the bytes of a page around a block; a change is an overrun or an underrun.
const FENCE: u8 = 0xFE;
/// What fills memory that was asked for uninitialized.
const UNINITIALIZED: u8 = 0xCD;

/// A block's pages, with a guard page before and one behind. A small block ends as close to the latter as its alignment allows.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    /// Where the usable pages begin, behind the first guard page.
    base: usize,
    /// The size of the usable pages, without the guard pages.
    usable: usize,
    address: usize,
    size: usize,
}

impl Pages {
    /// Maps a block of `size` bytes; `None` when the system has no memory.
    pub fn new(size: usize, zeroed: bool, execute: bool) -> Option<Self> {
        let usable = size.max(1).checked_next_multiple_of(PAGE_SIZE)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address that the system chooses touches nothing that exists.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                usable.checked_add(GUARD_PAGES)?,
                libc::PROT_NONE,
                flags,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return None;
        }
        let base = base.wrapping_byte_add(PAGE_SIZE);
        let execute = if execute { libc::PROT_EXEC } else { 0 };
        // SAFETY: the pages belong to the mapping just made.
        let result = unsafe { libc::mprotect(base, usable, libc::PROT_READ | libc::PROT_WRITE | execute) };
        let base = base.expose_provenance();
        // A block of a page or more begins at a page, as Windows promises; a smaller one ends at the guard page.
        let offset = if size >= PAGE_SIZE {
            0
        } else {
            usable - size.next_multiple_of(ALIGNMENT).max(ALIGNMENT)
        };
        let pages = Self {
            base,
            usable,
            address: base + offset,
            size,
        };
        if result != 0 {
            pages.unmap();
            return None;
        }
        pages.fill(pages.base, offset, FENCE);
        pages.fill(pages.end(), pages.base + usable - pages.end(), FENCE);
        if !zeroed {
            pages.fill(pages.address, size, UNINITIALIZED);
        }
        Some(pages)
    }

    /// The block's first address.
    pub const fn address(&self) -> usize {
        self.address
    }

    /// The block's size in bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    const fn end(&self) -> usize {
        self.address + self.size
    }

    /// Whether the address lies in the block's pages or in a guard page.
    pub const fn covers(&self, address: usize) -> bool {
        address >= self.base - PAGE_SIZE && address < self.base + self.usable + PAGE_SIZE
    }

    /// The first address in the block's pages, outside of the block, whose fence byte was changed.
    pub fn damage(&self) -> Option<usize> {
        let before = self.base..self.address;
        let behind = self.end()..self.base + self.usable;
        before.chain(behind).find(|address| self.byte(*address) != FENCE)
    }

    /// Makes the block inaccessible and gives its memory back; the range stays reserved.
    pub fn revoke(&self) {
        let base = std::ptr::with_exposed_provenance_mut(self.base);
        // SAFETY: the pages are the block's own, and its owner gave it up.
        let result = unsafe { libc::mprotect(base, self.usable, libc::PROT_NONE) };
        // SAFETY: as above; the content is not needed any more.
        unsafe { libc::madvise(base, self.usable, libc::MADV_DONTNEED) };
        assert_eq!(result, 0, "revoking access to whole pages splits no mapping");
    }

    /// Gives the range back.
    pub fn unmap(&self) {
        let start = std::ptr::with_exposed_provenance_mut(self.base - PAGE_SIZE);
        // SAFETY: the range is the one mapped in `new`, and its owner forgets it.
        unsafe { libc::munmap(start, self.usable + GUARD_PAGES) };
    }

    fn fill(&self, address: usize, size: usize, byte: u8) {
        debug_assert!(
            address >= self.base && address + size <= self.base + self.usable,
            "fills within the pages"
        );
        let start = std::ptr::with_exposed_provenance_mut::<u8>(address);
        // SAFETY: the range lies in the writable pages, and the block was not handed out yet.
        unsafe { start.write_bytes(byte, size) };
    }

    fn byte(&self, address: usize) -> u8 {
        debug_assert!(self.covers(address), "reads within the pages");
        // SAFETY: the address lies in the readable pages of a block that is not freed.
        unsafe { std::ptr::with_exposed_provenance::<u8>(address).read_volatile() }
    }
}
