//! Counted and NUL-terminated UTF-16 text.
#![allow(unsafe_code, reason = "reads text through the pointers of UNICODE_STRING")]

use core::slice;

use wdk_sys::{PCUNICODE_STRING, STATUS_INVALID_PARAMETER, UNICODE_STRING};

use crate::{
    ddi::Claimed,
    failure::{Outcome, fail},
    pool::{Array, Tag},
};

/// Text in pool, with a NUL behind it that does not count.
pub struct Wide(Array<u16>);

impl Wide {
    /// A copy of this text.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn of(tag: Tag, text: &[u16]) -> Outcome<Self> {
        Self::join(tag, &[text])
    }

    /// The pieces one after the other.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn join(tag: Tag, pieces: &[&[u16]]) -> Outcome<Self> {
        let mut array = Array::new(tag);
        for piece in pieces {
            array.extend(piece)?;
        }
        array.push(0)?;
        Ok(Self(array))
    }

    /// The text without its NUL.
    pub fn text(&self) -> &[u16] {
        self.with_nul().split_last().map_or(&[], |(_, text)| text)
    }

    /// The text with its NUL.
    pub const fn with_nul(&self) -> &[u16] {
        self.0.as_slice()
    }

    /// A `UNICODE_STRING` that points into this text and must not outlive it.
    pub fn counted(&self) -> UNICODE_STRING {
        counted(self.text())
    }
}

/// A `UNICODE_STRING` over this text; text beyond what one can count is cut.
pub fn counted(text: &[u16]) -> UNICODE_STRING {
    // The longest even number of bytes that 16 bits hold.
    let bytes = u16::try_from(text.len() * 2).unwrap_or(u16::MAX - 1);
    UNICODE_STRING {
        Length: bytes,
        MaximumLength: bytes,
        Buffer: text.as_ptr().cast_mut(),
    }
}

impl Claimed<UNICODE_STRING> {
    /// The text that the driver's string counts; empty when it passed none.
    pub fn text(&self) -> &[u16] {
        self.get().map_or(&[], |string| text_of(&string))
    }

    /// The text of a string that must be well formed.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` for odd lengths, a length above the maximum length, or a length without a
    /// buffer.
    pub fn valid_text(&self) -> Outcome<&[u16]> {
        match self.get() {
            Some(string) if string.Length & 1 != 0 || string.MaximumLength < string.Length => {
                fail(STATUS_INVALID_PARAMETER)
            }
            Some(string) if string.Length != 0 && string.Buffer.is_null() => fail(STATUS_INVALID_PARAMETER),
            Some(string) => Ok(text_of(&string)),
            None => Ok(&[]),
        }
    }
}

/// The text that a counted string of a driver or of the kernel counts.
fn text_of<'a>(string: &UNICODE_STRING) -> &'a [u16] {
    if string.Buffer.is_null() {
        return &[];
    }
    // SAFETY: A UNICODE_STRING's buffer holds `Length` bytes; whoever passed it keeps it during the call.
    unsafe { slice::from_raw_parts(string.Buffer, usize::from(string.Length / 2)) }
}

/// The text of a string that the kernel passes to the framework.
pub fn kernel_text<'a>(string: PCUNICODE_STRING) -> &'a [u16] {
    if string.is_null() {
        return &[];
    }
    // SAFETY: Not null, and the I/O manager passes a valid string for the duration of the call.
    text_of(&unsafe { string.read() })
}

/// The ASCII letters of a name as UTF-16.
pub const fn wide<const N: usize>(name: &[u8; N]) -> [u16; N] {
    let mut text = [0; N];
    let mut at = 0;
    while at < N {
        text[at] = name[at] as u16;
        at += 1;
    }
    text
}
