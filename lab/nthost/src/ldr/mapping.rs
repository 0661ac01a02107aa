//! The memory of an image: reserved once and kept, so that no later use of an unloaded image hits anything else.
#![allow(unsafe_code, reason = "maps, protects and slices memory")]

use std::io;

use crate::abi::PAGE_SIZE;

/// What may be done with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nothing: every access faults.
    None,
    /// Read.
    Read,
    /// Read and write.
    ReadWrite,
    /// Read and execute.
    ReadExecute,
    /// Read, write and execute, for sections that ask for it.
    All,
}

impl Protection {
    /// The `PROT_…` bits of `mmap(2)`.
    #[must_use]
    pub const fn bits(self) -> i32 {
        match self {
            Self::None => libc::PROT_NONE,
            Self::Read => libc::PROT_READ,
            Self::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
            Self::ReadExecute => libc::PROT_READ | libc::PROT_EXEC,
            Self::All => libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC,
        }
    }
}

/// A range of whole pages that is reserved for as long as the process lives.
#[derive(Debug)]
pub struct Mapping {
    base: usize,
    size: usize,
}

impl Mapping {
    /// Reserves `size` bytes, readable, writable and zero.
    ///
    /// # Errors
    ///
    /// The system's error when there is no memory.
    pub fn new(size: usize) -> io::Result<Self> {
        let size = size.next_multiple_of(PAGE_SIZE);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: an anonymous mapping at an address that the system chooses touches nothing that exists.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size,
                Protection::ReadWrite.bits(),
                flags,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            base: base as usize,
            size,
        })
    }

    /// The first address.
    #[must_use]
    pub const fn base(&self) -> usize {
        self.base
    }

    /// The size in bytes, whole pages.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Whether the address lies in the range.
    #[must_use]
    pub const fn contains(&self, address: usize) -> bool {
        address >= self.base && address - self.base < self.size
    }

    /// Writes `bytes` at `offset`. The pages must be writable, that is, [`Self::protect`] was not called yet.
    ///
    /// # Panics
    ///
    /// When the bytes do not fit: the loader checked them against the image's size.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        assert!(
            offset + bytes.len() <= self.size,
            "the loader writes within the image"
        );
        let target = std::ptr::with_exposed_provenance_mut::<u8>(self.base + offset);
        // SAFETY: the range lies in the mapping (asserted), which is still writable and which no driver runs in yet.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) };
    }

    /// Changes the protection of the pages that `size` bytes at `offset` touch.
    ///
    /// # Errors
    ///
    /// The system's error, when it runs out of mappings.
    pub fn protect(&self, offset: usize, size: usize, protection: Protection) -> io::Result<()> {
        let size = size.next_multiple_of(PAGE_SIZE).min(self.size - offset);
        let start = std::ptr::with_exposed_provenance_mut(self.base + offset);
        // SAFETY: the range lies in the mapping, which belongs to the caller's image alone.
        let result = unsafe { libc::mprotect(start, size, protection.bits()) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}
