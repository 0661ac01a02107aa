//! Counted UTF-16 strings from ASCII constants, without an allocation.

use wdk_sys::UNICODE_STRING;

use crate::child_count::LIMIT;

/// An ASCII literal in UTF-16, made at compile time when it is a constant.
pub const fn ascii<const N: usize>(text: &[u8; N]) -> [u16; N] {
    let mut units = [0; N];
    let mut at = 0;
    while at < N {
        units[at] = text[at] as u16;
        at += 1;
    }
    units
}

/// How many digits the number of a child has.
pub const DIGITS: usize = LIMIT.ilog10() as usize + 1;

/// An ASCII literal in UTF-16 with a zero behind it for each digit: what [`numbered`] takes.
pub const fn before_digits<const N: usize, const M: usize>(text: &[u8; N]) -> [u16; M] {
    const {
        assert!(M == N + DIGITS);
    }
    let mut units = [b'0' as u16; M];
    let mut at = 0;
    while at < N {
        units[at] = text[at] as u16;
        at += 1;
    }
    units
}

/// `text` with a number in place of its last digits: `01` for 1.
pub fn numbered<const N: usize>(mut text: [u16; N], mut number: u32) -> [u16; N] {
    for unit in text.iter_mut().rev().take(DIGITS) {
        *unit = u16::from(b'0') + (number % 10) as u16;
        number /= 10;
    }
    text
}

/// A `UNICODE_STRING` over `units`; whoever receives it must copy it before `units` goes.
pub const fn unicode_string<const N: usize>(units: &[u16; N]) -> UNICODE_STRING {
    const {
        assert!(N * size_of::<u16>() <= u16::MAX as usize);
    }
    #[expect(clippy::cast_possible_truncation, reason = "asserted in the lines above")]
    let bytes = (N * size_of::<u16>()) as u16;
    UNICODE_STRING {
        Length: bytes,
        MaximumLength: bytes,
        Buffer: units.as_ptr().cast_mut(),
    }
}
