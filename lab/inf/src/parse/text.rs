//! From bytes to text.

use super::Wrong;

/// How the text of an INF is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// ASCII, which is the same in every ANSI code page.
    Ascii,
    /// UTF-8 beyond ASCII, or with a byte order mark. Windows reads such a file in the machine's ANSI code page.
    Utf8,
    /// UTF-16, the lower byte first, with a byte order mark.
    Utf16Le,
    /// UTF-16, the higher byte first, with a byte order mark.
    Utf16Be,
}

/// UTF-16 with a byte order mark, else UTF-8.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, Encoding), Wrong> {
    let (text, encoding) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (utf16(rest, u16::from_le_bytes)?, Encoding::Utf16Le),
        [0xFE, 0xFF, rest @ ..] => (utf16(rest, u16::from_be_bytes)?, Encoding::Utf16Be),
        [0xEF, 0xBB, 0xBF, rest @ ..] => (utf8(rest)?, Encoding::Utf8),
        _ if bytes.is_ascii() => (utf8(bytes)?, Encoding::Ascii),
        _ => (utf8(bytes)?, Encoding::Utf8),
    };
    match text.find('\0') {
        Some(at) => Err((
            line_of(text[..at].bytes()),
            String::from("a NUL character: UTF-16 needs a byte order mark"),
        )),
        None => Ok((text, encoding)),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        (
            line_of(bytes[..error.valid_up_to()].iter().copied()),
            String::from("is neither UTF-8 nor UTF-16 with a byte order mark"),
        )
    })?;
    Ok(text.to_owned())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Wrong> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err((0, String::from("is UTF-16 of an odd number of bytes")));
    }
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).map_err(|_| (0, String::from("is UTF-16 with an unpaired surrogate")))
}

/// The number of the line that begins with or goes on behind these bytes.
fn line_of(before: impl Iterator<Item = u8>) -> usize {
    before.filter(|byte| *byte == b'\n').count() + 1
}
