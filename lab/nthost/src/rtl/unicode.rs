//! Strings across the border: Windows' counted UTF-16 and the host's own.
#![allow(
    unsafe_code,
    reason = "reads and writes strings through pointers that drivers give"
)]

use crate::abi::{UNICODE_STRING, WCHAR};

/// A `UNICODE_STRING` with its buffer, of the host's own.
#[derive(Debug)]
pub struct Unicode {
    units: Box<[u16]>,
    descriptor: UNICODE_STRING,
}

// SAFETY: the descriptor points into `units`, which the value owns, and only drivers write through it.
unsafe impl Send for Unicode {}

impl Unicode {
    /// Copies `text`; a NUL follows it in the buffer. Text of more than 32766 units is cut.
    #[must_use]
    pub fn new(text: &str) -> Self {
        const MAX: usize = 0x7FFE;
        let mut units: Vec<u16> = text.encode_utf16().take(MAX).collect();
        let length = bytes(units.len());
        units.push(0);
        let mut units = units.into_boxed_slice();
        let maximum = bytes(units.len());
        let descriptor = UNICODE_STRING {
            Length: length,
            MaximumLength: maximum,
            Buffer: units.as_mut_ptr(),
        };
        Self { units, descriptor }
    }

    /// The descriptor, for a driver to read.
    pub const fn as_mut_ptr(&mut self) -> *mut UNICODE_STRING {
        &raw mut self.descriptor
    }

    /// The descriptor by value: valid as long as this string lives.
    #[must_use]
    pub const fn descriptor(&self) -> UNICODE_STRING {
        self.descriptor
    }

    /// The units, with the NUL.
    #[must_use]
    pub const fn units(&self) -> &[u16] {
        &self.units
    }
}

fn bytes(units: usize) -> u16 {
    u16::try_from(units * 2).unwrap_or(u16::MAX)
}

/// The text of a `UNICODE_STRING`; empty for a null pointer or a null buffer.
///
/// # Safety
///
/// `string` is null or points to a string whose buffer has `Length` readable bytes.
#[must_use]
pub unsafe fn text(string: *const UNICODE_STRING) -> String {
    // SAFETY: the caller promises that a non-null pointer is readable.
    let Some(string) = (unsafe { string.as_ref() }) else {
        return String::new();
    };
    // SAFETY: the caller promises Length readable bytes.
    unsafe { units_text(string.Buffer, usize::from(string.Length / 2)) }
}

/// The text of `count` units at `buffer`; empty for null.
///
/// # Safety
///
/// `buffer` is null or has `count` readable units.
#[must_use]
pub unsafe fn units_text(buffer: *const WCHAR, count: usize) -> String {
    if buffer.is_null() {
        return String::new();
    }
    // SAFETY: the caller promises `count` readable units; unaligned strings are read one by one.
    let units = (0..count).map(|index| unsafe { buffer.wrapping_add(index).read_unaligned() });
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// The number of units before the NUL.
///
/// # Safety
///
/// `buffer` is null or readable up to a NUL.
#[must_use]
pub const unsafe fn length(buffer: *const WCHAR) -> usize {
    if buffer.is_null() {
        return 0;
    }
    let mut count = 0;
    // SAFETY: the caller promises readable units up to the NUL, where the loop ends.
    while unsafe { buffer.wrapping_add(count).read_unaligned() } != 0 {
        count += 1;
    }
    count
}

/// The text up to the NUL; empty for null.
///
/// # Safety
///
/// As [`length`].
#[must_use]
pub unsafe fn terminated_text(buffer: *const WCHAR) -> String {
    // SAFETY: the caller's promise is the one `length` asks for.
    let count = unsafe { length(buffer) };
    // SAFETY: `length` found that many units readable.
    unsafe { units_text(buffer, count) }
}

/// The strings of a `MULTI_SZ`, up to the empty one.
///
/// # Safety
///
/// `buffer` is null or readable up to two NULs in a row.
#[must_use]
pub unsafe fn multi_text(buffer: *const WCHAR) -> Vec<String> {
    let mut strings = Vec::new();
    let mut at = buffer;
    loop {
        // SAFETY: `at` stays before the second NUL in a row.
        let text = unsafe { terminated_text(at) };
        if text.is_empty() {
            return strings;
        }
        // The original's length: a unit that is no character was replaced by one of the same length.
        let units = text.encode_utf16().count();
        at = at.wrapping_add(units + 1);
        strings.push(text);
    }
}

/// The upper-case form of a unit, where that is one unit.
#[must_use]
pub fn upcase(unit: u16) -> u16 {
    one_unit(
        unit,
        |character| character.to_uppercase().eq([character]),
        char::to_uppercase,
    )
}

/// The lower-case form of a unit, where that is one unit.
#[must_use]
pub fn downcase(unit: u16) -> u16 {
    one_unit(
        unit,
        |character| character.to_lowercase().eq([character]),
        char::to_lowercase,
    )
}

fn one_unit<I: Iterator<Item = char>>(unit: u16, same: fn(char) -> bool, convert: fn(char) -> I) -> u16 {
    let Some(character) = char::from_u32(u32::from(unit)).filter(|character| !same(*character)) else {
        return unit;
    };
    let mut converted = convert(character);
    let (Some(only), None) = (converted.next(), converted.next()) else {
        return unit;
    };
    u16::try_from(u32::from(only)).unwrap_or(unit)
}
