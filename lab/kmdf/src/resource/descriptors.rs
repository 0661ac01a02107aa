//! The descriptors of a list. They are compared and kept as the bytes that the driver gave, as the framework does.
#![allow(
    unsafe_code,
    reason = "descriptors live in pool, where the driver sees copies of them"
)]

use core::ptr::NonNull;

use wdk_sys::{STATUS_ARRAY_BOUNDS_EXCEEDED, ULONG};

use crate::{
    failure::{Outcome, fail},
    pool::{self, Array, Tag},
    wdm::sync::SpinLock,
};

/// A descriptor, and the copy that the driver gets to see: changing it changes nothing.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Item<const BYTES: usize> {
    value: [u8; BYTES],
    shown: [u8; BYTES],
}

/// Descriptors of this size in their order.
pub struct Descriptors<const BYTES: usize> {
    items: SpinLock<Array<NonNull<Item<BYTES>>>>,
    tag: Tag,
}

impl<const BYTES: usize> Descriptors<BYTES> {
    /// No descriptors.
    pub const fn new(tag: Tag) -> Self {
        Self {
            items: SpinLock::new(Array::new(tag)),
            tag,
        }
    }

    /// How many there are.
    pub fn count(&self) -> ULONG {
        ULONG::try_from(self.items.lock().as_slice().len()).unwrap_or(ULONG::MAX)
    }

    /// Inserts one before this place; at the end for the place behind the last one and for
    /// `WDF_INSERT_AT_END`.
    ///
    /// # Errors
    /// `STATUS_ARRAY_BOUNDS_EXCEEDED`, `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn insert(&self, at: ULONG, value: [u8; BYTES]) -> Outcome {
        let item = pool::give(self.tag, &[Item { value, shown: value }])?;
        let Some(item) = NonNull::new(item) else {
            return Err(pool::NO_MEMORY);
        };
        let inserted = insert(&mut self.items.lock(), at, item);
        inserted.inspect_err(|_| pool::free(item.cast(), self.tag))
    }

    /// The copy for the driver, which stays until the descriptor is removed.
    pub fn show(&self, at: ULONG) -> Option<NonNull<[u8; BYTES]>> {
        let items = self.items.lock();
        let mut item = *items.as_slice().get(at as usize)?;
        // SAFETY: An item of the list, which is freed when it leaves the list; the lock is held.
        let item = unsafe { item.as_mut() };
        item.shown = item.value;
        Some(NonNull::from(&mut item.shown))
    }

    /// Overwrites one; whether there is one at this place.
    pub fn update(&self, at: ULONG, value: [u8; BYTES]) -> bool {
        let items = self.items.lock();
        let Some(item) = items.as_slice().get(at as usize) else {
            return false;
        };
        // SAFETY: An item of the list, which is freed when it leaves the list; the lock is held.
        unsafe { (*item.as_ptr()).value = value };
        true
    }

    /// Removes the one at this place; whether there was one.
    pub fn remove(&self, at: ULONG) -> bool {
        let removed = self.items.lock().remove(at as usize);
        self.free(removed)
    }

    /// Removes the first one with these bytes; whether there was one.
    pub fn remove_equal(&self, value: [u8; BYTES]) -> bool {
        let removed = self.items.lock().remove_where(|item| {
            // SAFETY: An item of the list, which is freed when it leaves the list; the lock is held.
            unsafe { item.as_ref() }.value == value
        });
        self.free(removed)
    }

    fn free(&self, item: Option<NonNull<Item<BYTES>>>) -> bool {
        item.map(|item| pool::free(item.cast(), self.tag)).is_some()
    }
}

impl<const BYTES: usize> Drop for Descriptors<BYTES> {
    fn drop(&mut self) {
        while self.remove(0) {}
    }
}

/// Inserts into an array as `FxResourceCollection::AddAt` does.
///
/// # Errors
/// `STATUS_ARRAY_BOUNDS_EXCEEDED`, `STATUS_INSUFFICIENT_RESOURCES`.
pub fn insert<T: Copy>(array: &mut Array<T>, at: ULONG, value: T) -> Outcome {
    /// wdfresource.h
    const WDF_INSERT_AT_END: ULONG = ULONG::MAX;
    let count = array.as_slice().len();
    let at = if at == WDF_INSERT_AT_END {
        count
    } else {
        at as usize
    };
    if at > count {
        return fail(STATUS_ARRAY_BOUNDS_EXCEEDED);
    }
    array.push(value)?;
    if let Some(behind) = array.as_mut_slice().get_mut(at..) {
        behind.rotate_right(1);
    }
    Ok(())
}
