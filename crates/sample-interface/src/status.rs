//! The NTSTATUS values that the contract speaks of (ntstatus.h).

/// An NTSTATUS: negative values are errors (`NT_ERROR`) or warnings, the others success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
#[must_use]
pub struct NtStatus(
    /// The value as it crosses the interface.
    pub i32,
);

impl NtStatus {
    /// `STATUS_SUCCESS`.
    pub const STATUS_SUCCESS: Self = Self(0);
    /// `STATUS_INVALID_PARAMETER`: an argument is wrong, here a NULL pointer.
    pub const STATUS_INVALID_PARAMETER: Self = Self::from_bits(0xC000_000D);
    /// `STATUS_NO_SUCH_DEVICE`: the bus has no child of that number.
    pub const STATUS_NO_SUCH_DEVICE: Self = Self::from_bits(0xC000_000E);
    /// `STATUS_DATATYPE_MISALIGNMENT`: a pointer is not a multiple of its type's alignment. A warning, so no success.
    pub const STATUS_DATATYPE_MISALIGNMENT: Self = Self::from_bits(0x8000_0002);
    /// `STATUS_OBJECT_NAME_COLLISION`: the bus has a child of that number.
    pub const STATUS_OBJECT_NAME_COLLISION: Self = Self::from_bits(0xC000_0035);
    /// `STATUS_INVALID_DEVICE_REQUEST`: the device does not know this request.
    pub const STATUS_INVALID_DEVICE_REQUEST: Self = Self::from_bits(0xC000_0010);
    /// `STATUS_BUFFER_TOO_SMALL`: a buffer is too short for the fixed-size structure it must hold.
    pub const STATUS_BUFFER_TOO_SMALL: Self = Self::from_bits(0xC000_0023);
    /// `STATUS_NOT_SUPPORTED`: nobody serves the interface, or the version at hand does not have the routine.
    pub const STATUS_NOT_SUPPORTED: Self = Self::from_bits(0xC000_00BB);
    /// `STATUS_INTEGER_OVERFLOW`: the result does not fit its type.
    pub const STATUS_INTEGER_OVERFLOW: Self = Self::from_bits(0xC000_0095);
    /// `STATUS_DEVICE_NOT_READY`: the device holds no interface at present.
    pub const STATUS_DEVICE_NOT_READY: Self = Self::from_bits(0xC000_00A3);
    /// `STATUS_INVALID_BUFFER_SIZE`: the room or the version that a query names is less than the table's.
    pub const STATUS_INVALID_BUFFER_SIZE: Self = Self::from_bits(0xC000_0206);
    /// `STATUS_DEVICE_REMOVED`: the device behind the interface is gone.
    pub const STATUS_DEVICE_REMOVED: Self = Self::from_bits(0xC000_02B6);

    /// The status whose hexadecimal form in ntstatus.h is `bits`.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits.cast_signed())
    }

    /// `NT_SUCCESS`, ntdef.h.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 >= 0
    }
}

#[cfg(test)]
mod tests {
    use super::NtStatus;

    #[test]
    fn success_is_the_sign() {
        assert!(NtStatus::STATUS_SUCCESS.is_success());
        assert!(!NtStatus::STATUS_INTEGER_OVERFLOW.is_success());
        assert_eq!(NtStatus::STATUS_INVALID_PARAMETER.0, -1_073_741_811);
    }
}
