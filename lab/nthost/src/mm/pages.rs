//! Blocks of memory between two inaccessible pages.
#![allow(unsafe_code, reason = "fills and reads memory by its address")]

use std::ops::Range;

use super::ranges;
use crate::abi::PAGE_SIZE;

/// Windows aligns pool blocks of less than a page to this.
const ALIGNMENT: usize = 16;
/// The first and the last page of a range.
const GUARD_PAGES: usize = 2 * PAGE_SIZE;
/// What fills the bytes of a page around a block; a change is an overrun or an underrun.
const FENCE: u8 = 0xFE;
/// How many bytes of a fence are looked at together.
const WORD: usize = size_of::<u64>();
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
    /// A mapping of its own, for what is large or executable; the others share the mappings of [`ranges`].
    own: bool,
}

impl Pages {
    /// Opens pages for a block of `size` bytes; `None` when the system has no memory.
    pub fn new(size: usize, zeroed: bool, execute: bool) -> Option<Self> {
        let usable = size.max(1).checked_next_multiple_of(PAGE_SIZE)?;
        let all = usable.checked_add(GUARD_PAGES)?;
        let own = execute || !ranges::has_room_for(all);
        let range = if own {
            ranges::map(all, execute)?
        } else {
            ranges::take(all)?
        };
        let base = range + PAGE_SIZE;
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
            own,
        };
        if !ranges::open(base, usable, execute) {
            pages.give_back();
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
        self.first_damage(before).or_else(|| self.first_damage(behind))
    }

    /// A word at a time where that is possible: most of a page is fence.
    fn first_damage(&self, range: Range<usize>) -> Option<usize> {
        const FENCES: u64 = u64::from_ne_bytes([FENCE; WORD]);
        let mut at = range.start;
        while at < range.end {
            if at.is_multiple_of(WORD) && at + WORD <= range.end && self.word(at) == FENCES {
                at += WORD;
            } else if self.byte(at) == FENCE {
                at += 1;
            } else {
                return Some(at);
            }
        }
        None
    }

    /// Makes the block inaccessible and gives its memory back; the range stays reserved.
    pub fn revoke(&self) {
        assert!(
            ranges::close(self.base, self.usable),
            "revoking access to whole pages splits no mapping"
        );
    }

    /// Gives the range of a revoked block back.
    pub fn give_back(&self) {
        let (range, size) = (self.base - PAGE_SIZE, self.usable + GUARD_PAGES);
        if self.own {
            ranges::unmap(range, size);
        } else {
            ranges::put(range, size);
        }
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

    fn word(&self, address: usize) -> u64 {
        debug_assert!(
            self.covers(address) && address.is_multiple_of(WORD),
            "reads within the pages"
        );
        // SAFETY: as for `byte`; the caller looked that all of the word is in the pages, and aligned.
        unsafe { std::ptr::with_exposed_provenance::<u64>(address).read_volatile() }
    }

    fn byte(&self, address: usize) -> u8 {
        debug_assert!(self.covers(address), "reads within the pages");
        // SAFETY: the address lies in the readable pages of a block that is not freed.
        unsafe { std::ptr::with_exposed_provenance::<u8>(address).read_volatile() }
    }
}
