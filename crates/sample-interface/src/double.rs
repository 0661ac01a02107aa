//! The arithmetic behind `SampleDouble`, apart from pointers.

use crate::NtStatus;

/// Twice `value`.
///
/// # Errors
///
/// `STATUS_INTEGER_OVERFLOW` when the result does not fit.
pub const fn double_value(value: i32) -> Result<i32, NtStatus> {
    // The processor's own check of an addition; for a multiplication by 2 the compiler computes one.
    match value.checked_add(value) {
        Some(doubled) => Ok(doubled),
        None => Err(NtStatus::STATUS_INTEGER_OVERFLOW),
    }
}

/// How many values [`double_values`] looks at together. The compiler takes vector registers for a loop of this length; shorter ones it
/// unrolls into single values first, which costs five times as much (`cargo xtask bench`).
const BLOCK: usize = 64;

/// Doubles values in their order, up to the first whose double does not fit; returns how many were doubled.
pub fn double_values(values: &mut [i32]) -> usize {
    let mut done = 0;
    let mut blocks = values.chunks_exact_mut(BLOCK);
    for block in &mut blocks {
        if !block.iter().fold(true, |fits, value| fits & is_doublable(*value)) {
            return done + double_one_by_one(block);
        }
        for value in block {
            *value = value.wrapping_mul(2);
        }
        done += BLOCK;
    }
    done + double_one_by_one(blocks.into_remainder())
}

/// Whether the upper two bits are equal, so that the double has the same sign.
const fn is_doublable(value: i32) -> bool {
    value ^ value.wrapping_mul(2) >= 0
}

fn double_one_by_one(values: &mut [i32]) -> usize {
    values
        .iter_mut()
        .map_while(|value| {
            *value = double_value(*value).ok()?;
            Some(())
        })
        .count()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{BLOCK, double_value, double_values};
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

    /// Mostly values that fit, so that runs are long.
    fn any_value() -> impl Strategy<Value = i32> {
        prop_oneof![240 => i32::MIN / 2..=i32::MAX / 2, 1 => any::<i32>()]
    }

    proptest! {
        #[test]
        fn values_are_doubled_up_to_the_first_that_does_not_fit(before in prop::collection::vec(any_value(), 0..4 * BLOCK)) {
            let mut after = before.clone();
            let done = double_values(&mut after);
            let doubled: Vec<_> = before.iter().map_while(|value| double_value(*value).ok()).collect();
            prop_assert_eq!(done, doubled.len());
            prop_assert_eq!(&after[..done], doubled);
            prop_assert_eq!(&after[done..], &before[done..]);
        }

        #[test]
        fn agrees_with_wider_arithmetic(value: i32) {
            let wide = i64::from(value) * 2;
            let expected = i32::try_from(wide).map_err(|_| NtStatus::STATUS_INTEGER_OVERFLOW);
            prop_assert_eq!(double_value(value), expected);
        }
    }
}
