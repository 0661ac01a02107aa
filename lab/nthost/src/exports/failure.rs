//! How an export fails when the run is told to let it fail.

use crate::abi::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_NO_SUCH_DEVICE};

/// What an export returns that has done nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(u64);

impl Failure {
    /// A null pointer: there is no memory.
    pub const NULL: Self = Self(0);
    /// The status for want of memory, handles or names.
    pub const STATUS_INSUFFICIENT_RESOURCES: Self = Self::status(STATUS_INSUFFICIENT_RESOURCES);
    /// The status of a stack that is on its way out.
    pub const STATUS_NO_SUCH_DEVICE: Self = Self::status(STATUS_NO_SUCH_DEVICE);

    const fn status(status: NTSTATUS) -> Self {
        // The upper half of the register is nobody's.
        Self(status.0.cast_unsigned() as u64)
    }

    /// The register that the caller finds.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}
