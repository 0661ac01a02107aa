//! Counted UTF-16 strings from ASCII constants, without an allocation.

use wdk_sys::UNICODE_STRING;

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

/// `text` ended by the decimal digits of a number of at most two: `01` for 1.
pub fn numbered<const N: usize>(mut text: [u16; N], number: u32) -> [u16; N] {
    if let [.., tens, ones] = text.as_mut_slice() {
        *tens = digit(number / 10);
        *ones = digit(number);
    }
    text
}

const fn digit(number: u32) -> u16 {
    b'0' as u16 + (number % 10) as u16
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
