//! The arithmetic behind `SampleDouble`, apart from pointers.

use crate::NtStatus;

/// Twice `value`.
///
/// # Errors
///
/// `STATUS_INTEGER_OVERFLOW` when the result does not fit.
pub const fn double_value(value: i32) -> Result<i32, NtStatus> {
    match value.checked_mul(2) {
        Some(doubled) => Ok(doubled),
        None => Err(NtStatus::STATUS_INTEGER_OVERFLOW),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::double_value;
    use crate::NtStatus;

    #[test]
    fn the_limits_of_the_range() {
        assert_eq!(double_value(19), Ok(38));
        assert_eq!(double_value(i32::MAX / 2), Ok(i32::MAX - 1));
        assert_eq!(double_value(i32::MIN / 2), Ok(i32::MIN));
        assert_eq!(
            double_value(i32::MAX / 2 + 1),
            Err(NtStatus::STATUS_INTEGER_OVERFLOW)
        );
        assert_eq!(
            double_value(i32::MIN / 2 - 1),
            Err(NtStatus::STATUS_INTEGER_OVERFLOW)
        );
    }

    proptest! {
        #[test]
        fn agrees_with_wider_arithmetic(value: i32) {
            let wide = i64::from(value) * 2;
            let expected = i32::try_from(wide).map_err(|_| NtStatus::STATUS_INTEGER_OVERFLOW);
            prop_assert_eq!(double_value(value), expected);
        }
    }
}
