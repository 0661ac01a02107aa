//! Failures: statuses that are no success codes.

use wdk_sys::{NT_SUCCESS, NTSTATUS, STATUS_INTERNAL_ERROR, STATUS_SUCCESS};

/// wdfstatus.h: the statuses of the framework itself.
macro_rules! wdf_statuses {
    ($($name:ident = $value:literal,)*) => {$(
        pub const $name: NTSTATUS = u32::cast_signed($value);
    )*};
}

wdf_statuses! {
    STATUS_WDF_PAUSED = 0xC020_0203,
    STATUS_WDF_BUSY = 0xC020_0204,
    STATUS_WDF_DEVICE_REMOVED_NOT_SENT = 0xC020_0206,
    STATUS_WDF_REQUEST_INVALID_STATE = 0xC020_0208,
    STATUS_WDF_OBJECT_ATTRIBUTES_INVALID = 0xC020_0209,
    STATUS_WDF_NO_CALLBACK = 0xC020_020B,
    STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL = 0xC020_020C,
    STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED = 0xC020_020F,
    STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID = 0xC020_0210,
    STATUS_WDF_EXECUTION_LEVEL_INVALID = 0xC020_0211,
    STATUS_WDF_PARENT_NOT_SPECIFIED = 0xC020_0212,
}

/// An NTSTATUS for which `NT_SUCCESS` is false.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Failure(NTSTATUS);

/// What a framework routine gives back.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure; a success code by mistake becomes `STATUS_INTERNAL_ERROR`.
    pub const fn new(status: NTSTATUS) -> Self {
        if NT_SUCCESS(status) {
            Self(STATUS_INTERNAL_ERROR)
        } else {
            Self(status)
        }
    }

    /// The status as an argument of a bugcheck.
    pub const fn argument(self) -> usize {
        self.0.cast_unsigned() as usize
    }

    /// The status.
    pub const fn status(self) -> NTSTATUS {
        self.0
    }
}

/// The failure with this status, as a result.
pub const fn fail<T>(status: NTSTATUS) -> Outcome<T> {
    Err(Failure::new(status))
}

/// A status that a kernel routine or a callback returned.
pub const fn check(status: NTSTATUS) -> Outcome {
    if NT_SUCCESS(status) { Ok(()) } else { fail(status) }
}

/// The status that stands for a result.
pub const fn status(outcome: Outcome) -> NTSTATUS {
    match outcome {
        Ok(()) => STATUS_SUCCESS,
        Err(failure) => failure.0,
    }
}
