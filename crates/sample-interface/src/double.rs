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

/// From this many values on, vector registers pay: fewer are doubled one by one, which takes a caller no register to save.
pub const MANY: usize = 8;

/// How many values [`double_many`] looks at before it doubles them: few enough to be in the first cache the second time.
const BLOCK: usize = 256;

/// Doubles values in their order, up to the first whose double does not fit; returns how many were doubled.
pub fn double_values(values: &mut [i32]) -> usize {
    if values.len() < MANY {
        double_few(values)
    } else {
        double_many(values)
    }
}

/// [`double_values`], one by one.
#[inline]
pub fn double_few(values: &mut [i32]) -> usize {
    values
        .iter_mut()
        .map_while(|value| {
            *value = double_value(*value).ok()?;
            Some(())
        })
        .count()
}

/// [`double_values`], block by block.
///
/// The compiler takes vector registers for both loops, as neither ends early. The blocks are slices, not arrays: a loop of a known length it
/// would unroll into single values first.
#[inline]
pub fn double_many(values: &mut [i32]) -> usize {
    let mut done = 0;
    for block in values.chunks_mut(BLOCK) {
        if !are_doublable(block) {
            return done + double_few(block);
        }
        for value in &mut *block {
            *value = value.wrapping_mul(2);
        }
        done += block.len();
    }
    done
}

/// Whether each value is from -2^30 to 2^30 - 1: moved up by 2^30 these have no sign, and all others have one.
fn are_doublable(values: &[i32]) -> bool {
    values
        .iter()
        .fold(0, |seen, value| seen | value.wrapping_add(1 << 30))
        >= 0
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{BLOCK, double_few, double_many, double_value, double_values};
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

    #[test]
    fn the_limits_of_the_range_at_every_place_among_many() {
        const COUNT: usize = BLOCK + 19;
        for (value, fits) in [
            (i32::MAX / 2, true),
            (i32::MAX / 2 + 1, false),
            (i32::MAX, false),
            (i32::MIN / 2, true),
            (i32::MIN / 2 - 1, false),
            (i32::MIN, false),
        ] {
            for place in 0..COUNT {
                let mut values = [1; COUNT];
                values[place] = value;
                assert_eq!(double_many(&mut values), if fits { COUNT } else { place });
                assert_eq!(values[place], if fits { value * 2 } else { value });
            }
        }
    }

    /// Mostly values that fit, so that runs are long.
    fn any_value() -> impl Strategy<Value = i32> {
        prop_oneof![240 => i32::MIN / 2..=i32::MAX / 2, 1 => any::<i32>()]
    }

    proptest! {
        #[test]
        fn values_are_doubled_up_to_the_first_that_does_not_fit(before in prop::collection::vec(any_value(), 0..4 * BLOCK)) {
            for double in [double_values, double_few, double_many] {
                let mut after = before.clone();
                let done = double(&mut after);
                let doubled: Vec<_> = before.iter().map_while(|value| double_value(*value).ok()).collect();
                prop_assert_eq!(done, doubled.len());
                prop_assert_eq!(&after[..done], doubled);
                prop_assert_eq!(&after[done..], &before[done..]);
            }
        }

        #[test]
        fn agrees_with_wider_arithmetic(value: i32) {
            let wide = i64::from(value) * 2;
            let expected = i32::try_from(wide).map_err(|_| NtStatus::STATUS_INTEGER_OVERFLOW);
            prop_assert_eq!(double_value(value), expected);
        }
    }
}
