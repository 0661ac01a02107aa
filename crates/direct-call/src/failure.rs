//! An NTSTATUS that cannot be a success.

use core::fmt;

/// An NTSTATUS that is not a success: what the `Err` of a driver routine carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Failure(i32);

impl Failure {
    /// `STATUS_UNSUCCESSFUL`, ntstatus.h.
    pub const UNSUCCESSFUL: Self = Self(0xC000_0001_u32.cast_signed());
    /// `STATUS_INVALID_PARAMETER`, ntstatus.h.
    pub const INVALID_PARAMETER: Self = Self(0xC000_000D_u32.cast_signed());
    /// `STATUS_DATATYPE_MISALIGNMENT`, ntstatus.h: a warning, and no success.
    pub const DATATYPE_MISALIGNMENT: Self = Self(0x8000_0002_u32.cast_signed());
    /// `STATUS_INSUFFICIENT_RESOURCES`, ntstatus.h.
    pub const INSUFFICIENT_RESOURCES: Self = Self(0xC000_009A_u32.cast_signed());
    /// `STATUS_DEVICE_REMOVED`, ntstatus.h.
    pub const DEVICE_REMOVED: Self = Self(0xC000_02B6_u32.cast_signed());

    /// The failure `status`, or `STATUS_UNSUCCESSFUL` if `status` claims success.
    #[must_use]
    pub const fn new(status: i32) -> Self {
        if status < 0 {
            Self(status)
        } else {
            Self::UNSUCCESSFUL
        }
    }

    /// Turns a returned NTSTATUS into a result.
    ///
    /// # Errors
    ///
    /// `status` itself, when `NT_SUCCESS(status)` is false.
    pub const fn check(status: i32) -> Result<(), Self> {
        if status < 0 { Err(Self(status)) } else { Ok(()) }
    }

    /// The NTSTATUS of a result: `STATUS_SUCCESS` or the failure.
    #[must_use]
    pub const fn status_of(result: Result<(), Self>) -> i32 {
        match result {
            Ok(()) => 0,
            Err(Self(status)) => status,
        }
    }

    /// The NTSTATUS; always negative.
    #[must_use]
    pub const fn status(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NTSTATUS {:#010x}", self.0)
    }
}

impl core::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::Failure;

    #[test]
    fn a_success_is_none_and_the_text_has_the_status() {
        assert_eq!(Failure::new(0), Failure::UNSUCCESSFUL);
        assert_eq!(Failure::check(-1), Err(Failure::new(-1)));
        assert_eq!(Failure::INVALID_PARAMETER.to_string(), "NTSTATUS 0xc000000d");
    }

    proptest! {
        #[test]
        fn no_failure_is_a_success(status: i32) {
            prop_assert!(Failure::new(status).status() < 0);
            prop_assert_eq!(Failure::check(status).is_ok(), status >= 0);
            prop_assert_eq!(Failure::status_of(Failure::check(status)), status.min(0));
        }
    }
}
