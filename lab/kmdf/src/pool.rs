//! Memory of a client: nonpaged pool with the client's tag, and a growable array in it.
#![allow(unsafe_code, reason = "allocates pool and hands out slices of it")]

use core::{cell::Cell, ffi::c_void, mem, ptr, ptr::NonNull, slice};

use wdk_sys::{
    POOL_FLAG_NON_PAGED, STATUS_INSUFFICIENT_RESOURCES, ULONG,
    ntddk::{ExAllocatePool2, ExFreePoolWithTag},
};

use crate::failure::{Failure, Outcome};

/// A pool tag: four characters, the first in the lowest byte.
#[derive(Clone, Copy)]
pub struct Tag(pub ULONG);

/// The failure of an allocation.
pub const NO_MEMORY: Failure = Failure::new(STATUS_INSUFFICIENT_RESOURCES);

/// Zeroed nonpaged memory. IRQL: at most `DISPATCH_LEVEL`.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn allocate(tag: Tag, bytes: usize) -> Outcome<NonNull<u8>> {
    // SAFETY: The routine takes any size; every caller runs at or below DISPATCH_LEVEL, as the framework's
    // functions do.
    let block = unsafe { ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes.max(1) as _, tag.0) };
    NonNull::new(block.cast::<u8>()).ok_or(NO_MEMORY)
}

/// Frees what [`allocate`] gave.
pub fn free(block: NonNull<u8>, tag: Tag) {
    // SAFETY: The callers of this module pass each block once, with the tag that it was allocated with.
    unsafe { ExFreePoolWithTag(block.as_ptr().cast::<c_void>(), tag.0) }
}

/// Frees pool that a kernel routine or a lower driver allocated with a tag of its own.
pub fn free_foreign(block: *mut c_void) {
    if !block.is_null() {
        // SAFETY: Not null; the routine that gave the block documents that the caller frees it; tag 0 stands
        // for any tag.
        unsafe { ExFreePoolWithTag(block, 0) }
    }
}

/// Leaves a copy of these values in pool for whoever gets the address, who frees it.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn give<T: Copy>(tag: Tag, values: &[T]) -> Outcome<*mut T> {
    let block = allocate(tag, mem::size_of_val(values))?.cast::<T>().as_ptr();
    // SAFETY: The block was allocated with this many bytes a line above, aligned to 16, and overlaps nothing.
    unsafe { ptr::copy_nonoverlapping(values.as_ptr(), block, values.len()) };
    Ok(block)
}

/// A growable array of plain values in pool.
pub struct Array<T: Copy> {
    start: *mut T,
    length: usize,
    capacity: usize,
    tag: Tag,
}

impl<T: Copy> Array<T> {
    /// An empty array, which has no memory yet.
    pub const fn new(tag: Tag) -> Self {
        Self {
            start: ptr::null_mut(),
            length: 0,
            capacity: 0,
            tag,
        }
    }

    /// An array with these values.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn of(tag: Tag, values: &[T]) -> Outcome<Self> {
        let mut array = Self::new(tag);
        array.extend(values)?;
        Ok(array)
    }

    /// Appends a value.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`; the array is as it was.
    pub fn push(&mut self, value: T) -> Outcome {
        self.extend(slice::from_ref(&value))
    }

    /// Appends values.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`; the array is as it was.
    pub fn extend(&mut self, values: &[T]) -> Outcome {
        let length = self.length.checked_add(values.len()).ok_or(NO_MEMORY)?;
        self.reserve(length)?;
        // SAFETY: `reserve` made room for `length` values, so the end of the present ones lies inside the
        // block.
        let end = unsafe { self.start.add(self.length) };
        // SAFETY: The room behind `end` holds `values.len()` values, and the block is ours alone.
        unsafe { ptr::copy_nonoverlapping(values.as_ptr(), end, values.len()) };
        self.length = length;
        Ok(())
    }

    /// Makes room for this many values.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`; the array is as it was.
    pub fn reserve(&mut self, capacity: usize) -> Outcome {
        if capacity <= self.capacity && !self.start.is_null() {
            return Ok(());
        }
        let capacity = capacity.max(self.capacity.saturating_mul(2));
        let bytes = capacity.checked_mul(mem::size_of::<T>()).ok_or(NO_MEMORY)?;
        let start = allocate(self.tag, bytes)?.cast::<T>().as_ptr();
        let length = self.length;
        if length > 0 {
            // SAFETY: The new block has room for `capacity`, which is more than `length`, and is another
            // block.
            unsafe { ptr::copy_nonoverlapping(self.start, start, length) };
        }
        self.release();
        (self.start, self.length, self.capacity) = (start, length, capacity);
        Ok(())
    }

    /// Puts a value before the one at this place.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`; the array is as it was.
    pub fn insert(&mut self, at: usize, value: T) -> Outcome {
        self.push(value)?;
        if let Some(rest) = self.as_mut_slice().get_mut(at..) {
            rest.rotate_right(1);
        }
        Ok(())
    }

    /// Takes the value at this place out.
    pub fn remove(&mut self, at: usize) -> Option<T> {
        let value = self.as_slice().get(at).copied()?;
        self.as_mut_slice().copy_within(at + 1.., at);
        self.length -= 1;
        Some(value)
    }

    /// Takes the first value out for which this holds.
    pub fn remove_where(&mut self, wanted: impl FnMut(&T) -> bool) -> Option<T> {
        let at = self.as_slice().iter().position(wanted)?;
        self.remove(at)
    }

    /// The values.
    pub const fn as_slice(&self) -> &[T] {
        if self.start.is_null() {
            return &[];
        }
        // SAFETY: The block holds `length` values that `extend` wrote.
        unsafe { slice::from_raw_parts(self.start, self.length) }
    }

    /// The values, to be changed.
    pub const fn as_mut_slice(&mut self) -> &mut [T] {
        if self.start.is_null() {
            return &mut [];
        }
        // SAFETY: The block holds `length` values that `extend` wrote, and `self` is borrowed for as long.
        unsafe { slice::from_raw_parts_mut(self.start, self.length) }
    }

    fn release(&mut self) {
        if let Some(block) = NonNull::new(self.start.cast::<u8>()) {
            free(block, self.tag);
        }
        (self.start, self.length, self.capacity) = (ptr::null_mut(), 0, 0);
    }
}

impl<T: Copy> Drop for Array<T> {
    fn drop(&mut self) {
        self.release();
    }
}

/// A list that only grows, each value in a block of its own that stays where it is.
pub struct Chain<T> {
    first: Cell<Option<NonNull<Link<T>>>>,
    tag: Tag,
}

struct Link<T> {
    next: Cell<Option<NonNull<Self>>>,
    value: T,
}

impl<T> Chain<T> {
    /// An empty list.
    pub const fn new(tag: Tag) -> Self {
        Self {
            first: Cell::new(None),
            tag,
        }
    }

    /// Appends a value.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn push(&self, value: T) -> Outcome<&T> {
        let block = allocate(self.tag, mem::size_of::<Link<T>>())?.cast::<Link<T>>();
        // SAFETY: A fresh block of this size, aligned to 16.
        unsafe {
            block.write(Link {
                next: Cell::new(None),
                value,
            });
        };
        match self.links().last() {
            Some(last) => last.next.set(Some(block)),
            None => self.first.set(Some(block)),
        }
        // SAFETY: Written above; it stays until the list is dropped.
        Ok(unsafe { &block.as_ref().value })
    }

    /// The values in their order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.links().map(|link| &link.value)
    }

    fn links(&self) -> impl Iterator<Item = &Link<T>> {
        let mut at = self.first.get();
        core::iter::from_fn(move || {
            // SAFETY: A link that `push` wrote; links stay until the list is dropped.
            let link = unsafe { at?.as_ref() };
            at = link.next.get();
            Some(link)
        })
    }
}

impl<T> Drop for Chain<T> {
    fn drop(&mut self) {
        while let Some(block) = self.first.get() {
            // SAFETY: A link that `push` wrote, read out once: the list goes on behind it.
            let link = unsafe { block.read() };
            self.first.set(link.next.get());
            free(block.cast(), self.tag);
        }
    }
}
