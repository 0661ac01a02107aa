//! A caller's pointer: claimed, not proven.

use sample_interface::NtStatus;

/// A pointer that is not null and is aligned. That it leads to what the caller says is the caller's promise: nothing in the kernel can
/// check it.
#[derive(Clone, Copy)]
pub struct Claimed<T>(*mut T);

impl<T> Claimed<T> {
    /// # Errors
    ///
    /// `STATUS_INVALID_PARAMETER` for null, `STATUS_DATATYPE_MISALIGNMENT`.
    pub fn new(pointer: *mut T) -> Result<Self, NtStatus> {
        if pointer.is_null() {
            Err(NtStatus::STATUS_INVALID_PARAMETER)
        } else if pointer.is_aligned() {
            Ok(Self(pointer))
        } else {
            Err(NtStatus::STATUS_DATATYPE_MISALIGNMENT)
        }
    }

    /// The pointer.
    pub const fn pointer(self) -> *mut T {
        self.0
    }
}

/// The status of a routine that a client calls.
pub fn status_of(result: Result<(), NtStatus>) -> NtStatus {
    result.err().unwrap_or(NtStatus::STATUS_SUCCESS)
}
