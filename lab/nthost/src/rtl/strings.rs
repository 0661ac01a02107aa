//! Counted strings, GUIDs and numbers.
#![allow(unsafe_code, reason = "exports read and write drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use super::unicode::{self, upcase};
use crate::abi::{
    ANSI_STRING, BOOLEAN, GUID, NTSTATUS, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL,
    STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY, STATUS_SUCCESS, UNICODE_STRING,
};
use crate::mm::pool::{self, Kind, Request, Tag};
use crate::verifier;

crate::exports! {
    RtlInitUnicodeString <= HIGH_LEVEL;
    RtlInitUnicodeStringEx <= HIGH_LEVEL;
    RtlInitAnsiString <= HIGH_LEVEL;
    RtlInitString <= HIGH_LEVEL;
    RtlCopyUnicodeString <= HIGH_LEVEL;
    RtlAppendUnicodeStringToString <= HIGH_LEVEL;
    RtlAppendUnicodeToString <= HIGH_LEVEL;
    RtlCompareUnicodeString <= APC_LEVEL;
    RtlEqualUnicodeString <= APC_LEVEL;
    RtlPrefixUnicodeString <= APC_LEVEL;
    RtlUpcaseUnicodeChar <= APC_LEVEL;
    RtlDowncaseUnicodeChar <= APC_LEVEL;
    RtlUpcaseUnicodeString <= APC_LEVEL;
    RtlHashUnicodeString <= APC_LEVEL;
    RtlFreeUnicodeString <= APC_LEVEL;
    RtlFreeAnsiString <= APC_LEVEL;
    RtlDuplicateUnicodeString <= APC_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    RtlAnsiStringToUnicodeString <= APC_LEVEL;
    RtlUnicodeStringToAnsiString <= APC_LEVEL;
    RtlUnicodeStringToInteger <= APC_LEVEL;
    RtlIntegerToUnicodeString <= APC_LEVEL;
    RtlInt64ToUnicodeString <= APC_LEVEL;
    RtlStringFromGUID <= APC_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    RtlGUIDFromString <= APC_LEVEL;
}

/// The tag of strings that these routines allocate.
const STRING_TAG: Tag = Tag(u32::from_le_bytes(*b"Strg"));

/// Units of a counted string.
///
/// # Safety
///
/// `string` is null or points to a string with `Length` readable bytes.
unsafe fn units(string: *const UNICODE_STRING) -> Vec<u16> {
    // SAFETY: `string` is null or a readable descriptor (`# Safety`); `as_ref` checks for null.
    let Some(string) = (unsafe { string.as_ref() }).filter(|string| !string.Buffer.is_null()) else {
        return Vec::new();
    };
    let count = usize::from(string.Length / 2);
    // SAFETY: the caller promises that many units.
    (0..count)
        .map(|index| unsafe { string.Buffer.wrapping_add(index).read_unaligned() })
        .collect()
}

/// Writes units into a string's buffer from unit `at` on, with a NUL if it fits; false if they do not fit.
///
/// # Safety
///
/// `string` is a string whose buffer has `MaximumLength` writable bytes.
unsafe fn put(string: *mut UNICODE_STRING, at: usize, units: &[u16]) -> bool {
    // SAFETY: `string` is a writable descriptor (`# Safety`), and nothing else refers to it during the call.
    let string = unsafe { &mut *string };
    let room = usize::from(string.MaximumLength / 2);
    let end = at + units.len();
    if end > room {
        return false;
    }
    for (index, unit) in units.iter().chain(&[0]).take(room - at).enumerate() {
        // SAFETY: the place lies before MaximumLength (taken above).
        unsafe { string.Buffer.wrapping_add(at + index).write_unaligned(*unit) };
    }
    string.Length = bytes(end);
    true
}

fn bytes(units: usize) -> u16 {
    u16::try_from(units * 2).unwrap_or(u16::MAX - 1)
}

/// Gives a string a new buffer of the calling driver's for `units` and a NUL.
///
/// # Safety
///
/// `string` is writable.
unsafe fn allocate(string: *mut UNICODE_STRING, units: &[u16]) -> NTSTATUS {
    let Some(size) = u16::try_from((units.len() + 1) * 2).ok() else {
        return STATUS_INVALID_PARAMETER;
    };
    let owner = verifier::owner();
    let request = Request {
        kind: Kind::Paged,
        size: usize::from(size),
        tag: STRING_TAG,
        zeroed: true,
        owner,
    };
    let buffer = pool::allocate(request);
    if buffer.is_null() {
        return STATUS_NO_MEMORY;
    }
    // SAFETY: `string` is writable (`# Safety`); `buffer` is the new block, which was checked above.
    unsafe {
        string.write(UNICODE_STRING {
            Length: 0,
            MaximumLength: size,
            Buffer: buffer.cast(),
        });
    };
    // SAFETY: the buffer was just made with room for the units and the NUL.
    unsafe { put(string, 0, units) };
    STATUS_SUCCESS
}

// Initialization.

unsafe extern "win64" fn RtlInitUnicodeString(string: *mut UNICODE_STRING, source: *const u16) {
    // SAFETY: the driver gives null or a terminated string.
    let length = bytes(unsafe { unicode::length(source) });
    let maximum = if source.is_null() {
        0
    } else {
        length.saturating_add(2)
    };
    let value = UNICODE_STRING {
        Length: length,
        MaximumLength: maximum,
        Buffer: source.cast_mut(),
    };
    // SAFETY: the driver gives a place for the string.
    unsafe { string.write(value) };
}

unsafe extern "win64" fn RtlInitUnicodeStringEx(string: *mut UNICODE_STRING, source: *const u16) -> NTSTATUS {
    // SAFETY: the driver's promises are those of RtlInitUnicodeString.
    unsafe { RtlInitUnicodeString(string, source) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn RtlInitAnsiString(string: *mut ANSI_STRING, source: *mut u8) {
    let length = if source.is_null() {
        0
    } else {
        // SAFETY: the driver gives a terminated string.
        let length = unsafe { libc::strlen(source.cast()) };
        u16::try_from(length).unwrap_or(u16::MAX - 1)
    };
    let maximum = if source.is_null() { 0 } else { length + 1 };
    // SAFETY: the driver gives a place for the string.
    unsafe {
        string.write(ANSI_STRING {
            Length: length,
            MaximumLength: maximum,
            Buffer: source,
        });
    };
}

unsafe extern "win64" fn RtlInitString(string: *mut ANSI_STRING, source: *mut u8) {
    // SAFETY: the driver's promises are those of RtlInitAnsiString.
    unsafe { RtlInitAnsiString(string, source) };
}

// Copying.

unsafe extern "win64" fn RtlCopyUnicodeString(to: *mut UNICODE_STRING, from: *const UNICODE_STRING) {
    // SAFETY: the driver gives null or a readable string.
    let mut units = unsafe { units(from) };
    // SAFETY: `to` is a descriptor that the driver set up with `MaximumLength` and a buffer.
    units.truncate(usize::from(unsafe { (*to).MaximumLength } / 2));
    // SAFETY: `to`'s buffer has the `MaximumLength` bytes it says, and `units` was cut to them.
    unsafe { put(to, 0, &units) };
}

unsafe extern "win64" fn RtlAppendUnicodeStringToString(
    to: *mut UNICODE_STRING,
    from: *const UNICODE_STRING,
) -> NTSTATUS {
    // SAFETY: `from` is null or the driver's counted string, with `Length` readable bytes.
    let units = unsafe { units(from) };
    // SAFETY: the driver gives a string with a buffer.
    unsafe { append(to, &units) }
}

unsafe extern "win64" fn RtlAppendUnicodeToString(to: *mut UNICODE_STRING, from: *const u16) -> NTSTATUS {
    // SAFETY: the driver gives null or a terminated string.
    let units: Vec<u16> = unsafe { unicode::terminated_text(from) }.encode_utf16().collect();
    // SAFETY: the driver gives a string with a buffer.
    unsafe { append(to, &units) }
}

/// Appends units to a string.
///
/// # Safety
///
/// As for [`put`].
unsafe fn append(to: *mut UNICODE_STRING, units: &[u16]) -> NTSTATUS {
    // SAFETY: `to` is an initialized descriptor (`# Safety` of [`put`]), so its `Length` can be read.
    let at = usize::from(unsafe { (*to).Length } / 2);
    // SAFETY: `to`'s buffer has `MaximumLength` writable bytes (`# Safety`); `put` checks that `units` fit.
    if unsafe { put(to, at, units) } {
        STATUS_SUCCESS
    } else {
        STATUS_BUFFER_TOO_SMALL
    }
}

// Comparing.

/// The units of a string, in upper case if the comparison ignores case.
///
/// # Safety
///
/// As for [`units`].
unsafe fn comparable(string: *const UNICODE_STRING, ignore_case: BOOLEAN) -> Vec<u16> {
    // SAFETY: `string` is null or has `Length` readable bytes (`# Safety` of [`units`]).
    let mut units = unsafe { units(string) };
    if ignore_case != 0 {
        for unit in &mut units {
            *unit = upcase(*unit);
        }
    }
    units
}

unsafe extern "win64" fn RtlCompareUnicodeString(
    one: *const UNICODE_STRING,
    other: *const UNICODE_STRING,
    ignore_case: BOOLEAN,
) -> i32 {
    // SAFETY: `one` is a counted string, with `Length` readable bytes by the DDI contract.
    let one = unsafe { comparable(one, ignore_case) };
    // SAFETY: `other` is likewise a counted string of the driver's.
    let other = unsafe { comparable(other, ignore_case) };
    one.cmp(&other) as i32
}

unsafe extern "win64" fn RtlEqualUnicodeString(
    one: *const UNICODE_STRING,
    other: *const UNICODE_STRING,
    ignore_case: BOOLEAN,
) -> BOOLEAN {
    // SAFETY: the driver gives readable strings.
    u8::from(unsafe { RtlCompareUnicodeString(one, other, ignore_case) } == 0)
}

unsafe extern "win64" fn RtlPrefixUnicodeString(
    prefix: *const UNICODE_STRING,
    string: *const UNICODE_STRING,
    ignore_case: BOOLEAN,
) -> BOOLEAN {
    // SAFETY: `prefix` is the driver's counted string; only its `Length` bytes are read.
    let prefix = unsafe { comparable(prefix, ignore_case) };
    // SAFETY: `string`, in which the prefix is looked for, has its own `Length` readable bytes.
    u8::from(unsafe { comparable(string, ignore_case) }.starts_with(&prefix))
}

unsafe extern "win64" fn RtlUpcaseUnicodeChar(unit: u16) -> u16 {
    upcase(unit)
}

unsafe extern "win64" fn RtlDowncaseUnicodeChar(unit: u16) -> u16 {
    unicode::downcase(unit)
}

unsafe extern "win64" fn RtlUpcaseUnicodeString(
    to: *mut UNICODE_STRING,
    from: *const UNICODE_STRING,
    new: BOOLEAN,
) -> NTSTATUS {
    // SAFETY: `from` is the driver's source string, with `Length` readable bytes; it is copied before `to` is
    // written.
    let units = unsafe { comparable(from, 1) };
    // SAFETY: the driver gives a place for the string, with a buffer unless it asks for a new one.
    unsafe { store(to, &units, new) }
}

unsafe extern "win64" fn RtlHashUnicodeString(
    string: *const UNICODE_STRING,
    ignore_case: BOOLEAN,
    algorithm: u32,
    hash: *mut u32,
) -> NTSTATUS {
    /// `HASH_STRING_ALGORITHM_DEFAULT` and `_X65599`.
    const ALGORITHMS: [u32; 2] = [0, 1];
    const FACTOR: u32 = 65599;
    if !ALGORITHMS.contains(&algorithm) {
        return STATUS_INVALID_PARAMETER;
    }
    // SAFETY: `string` is the counted string that the driver wants hashed, readable for its `Length`.
    let units = unsafe { comparable(string, ignore_case) };
    let value = units.iter().fold(0u32, |hash, unit| {
        hash.wrapping_mul(FACTOR).wrapping_add(u32::from(*unit))
    });
    // SAFETY: the driver gives a place for the hash.
    unsafe { hash.write(value) };
    STATUS_SUCCESS
}

// Strings with buffers of their own.

/// Stores units in a string: in a new buffer, or in the one it has.
///
/// # Safety
///
/// As for [`allocate`] or [`put`].
unsafe fn store(to: *mut UNICODE_STRING, units: &[u16], new: BOOLEAN) -> NTSTATUS {
    if new != 0 {
        // SAFETY: `to` is writable: what `# Safety` asks when `new` is set.
        return unsafe { allocate(to, units) };
    }
    // SAFETY: `to` has a buffer of `MaximumLength` bytes: what `# Safety` asks when `new` is 0.
    if unsafe { put(to, 0, units) } {
        STATUS_SUCCESS
    } else {
        STATUS_BUFFER_OVERFLOW
    }
}

unsafe extern "win64" fn RtlFreeUnicodeString(string: *mut UNICODE_STRING) {
    // SAFETY: the driver gives a string that one of these routines allocated.
    let string = unsafe { &mut *string };
    if !string.Buffer.is_null() {
        pool::free(string.Buffer.cast(), None, verifier::owner());
        *string = UNICODE_STRING {
            Length: 0,
            MaximumLength: 0,
            Buffer: std::ptr::null_mut(),
        };
    }
}

unsafe extern "win64" fn RtlFreeAnsiString(string: *mut ANSI_STRING) {
    // SAFETY: the driver gives a string that one of these routines allocated.
    let string = unsafe { &mut *string };
    if !string.Buffer.is_null() {
        pool::free(string.Buffer.cast(), None, verifier::owner());
        *string = ANSI_STRING {
            Length: 0,
            MaximumLength: 0,
            Buffer: std::ptr::null_mut(),
        };
    }
}

unsafe extern "win64" fn RtlDuplicateUnicodeString(
    _flags: u32,
    from: *const UNICODE_STRING,
    to: *mut UNICODE_STRING,
) -> NTSTATUS {
    // SAFETY: `from` is the string to duplicate, which the driver filled in.
    let units = unsafe { units(from) };
    // SAFETY: the driver gives a place for the string.
    unsafe { allocate(to, &units) }
}

unsafe extern "win64" fn RtlAnsiStringToUnicodeString(
    to: *mut UNICODE_STRING,
    from: *const ANSI_STRING,
    new: BOOLEAN,
) -> NTSTATUS {
    // SAFETY: `from` points to the driver's ANSI_STRING; only the descriptor is read here.
    let from = unsafe { from.read() };
    let count = if from.Buffer.is_null() {
        0
    } else {
        usize::from(from.Length)
    };
    // SAFETY: the driver gives a buffer with Length readable bytes.
    let units: Vec<u16> = (0..count)
        .map(|index| u16::from(unsafe { from.Buffer.wrapping_add(index).read() }))
        .collect();
    // SAFETY: the driver gives a place for the string, with a buffer unless it asks for a new one.
    unsafe { store(to, &units, new) }
}

unsafe extern "win64" fn RtlUnicodeStringToAnsiString(
    to: *mut ANSI_STRING,
    from: *const UNICODE_STRING,
    new: BOOLEAN,
) -> NTSTATUS {
    // SAFETY: `from` is the wide string to convert, with `Length` readable bytes in its buffer.
    let units = unsafe { units(from) };
    // What is no byte becomes a question mark, as in the Windows code page.
    let mut text: Vec<u8> = units
        .iter()
        .map(|unit| u8::try_from(*unit).unwrap_or(b'?'))
        .collect();
    text.push(0);
    let Ok(size) = u16::try_from(text.len()) else {
        return STATUS_INVALID_PARAMETER;
    };
    // SAFETY: the driver gives a place for the string.
    let target = unsafe { &mut *to };
    if new != 0 {
        let owner = verifier::owner();
        let request = Request {
            kind: Kind::Paged,
            size: text.len(),
            tag: STRING_TAG,
            zeroed: true,
            owner,
        };
        let buffer = pool::allocate(request);
        if buffer.is_null() {
            return STATUS_NO_MEMORY;
        }
        *target = ANSI_STRING {
            Length: 0,
            MaximumLength: size,
            Buffer: buffer.cast(),
        };
    }
    if target.MaximumLength < size {
        return STATUS_BUFFER_OVERFLOW;
    }
    // SAFETY: the buffer has MaximumLength bytes, which the text does not exceed.
    unsafe { target.Buffer.copy_from(text.as_ptr(), text.len()) };
    target.Length = size - 1;
    STATUS_SUCCESS
}

// Numbers and GUIDs.

unsafe extern "win64" fn RtlUnicodeStringToInteger(
    string: *const UNICODE_STRING,
    base: u32,
    value: *mut u32,
) -> NTSTATUS {
    // SAFETY: `string` holds the digits that the driver wants parsed: `Length` readable bytes, NUL or not.
    let text = unsafe { unicode::text(string) };
    let Some(number) = parse_integer(&text, base) else {
        return STATUS_INVALID_PARAMETER;
    };
    // SAFETY: the driver gives a place for the number.
    unsafe { value.write(number) };
    STATUS_SUCCESS
}

/// Leading blanks, a sign, a prefix `0x`, `0o` or `0b` if the base is zero, then digits up to the first that is none.
fn parse_integer(text: &str, base: u32) -> Option<u32> {
    let text = text.trim_start_matches(|character| character <= ' ');
    let negative = text.starts_with('-');
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)]
        .iter()
        .find_map(|(prefix, base)| Some((text.strip_prefix(prefix)?, *base)));
    let (digits, base) = match base {
        0 => prefixed.unwrap_or((text, 10)),
        2 | 8 | 10 | 16 => (text, base),
        _ => return None,
    };
    let value = digits
        .chars()
        .map_while(|digit| digit.to_digit(base))
        .fold(0u32, |value, digit| value.wrapping_mul(base).wrapping_add(digit));
    Some(if negative { value.wrapping_neg() } else { value })
}

unsafe extern "win64" fn RtlIntegerToUnicodeString(
    value: u32,
    base: u32,
    to: *mut UNICODE_STRING,
) -> NTSTATUS {
    // SAFETY: the driver gives a string with a buffer.
    unsafe { RtlInt64ToUnicodeString(u64::from(value), base, to) }
}

unsafe extern "win64" fn RtlInt64ToUnicodeString(value: u64, base: u32, to: *mut UNICODE_STRING) -> NTSTATUS {
    let text = match base {
        0 | 10 => value.to_string(),
        16 => format!("{value:X}"),
        8 => format!("{value:o}"),
        2 => format!("{value:b}"),
        _ => return STATUS_INVALID_PARAMETER,
    };
    let units: Vec<u16> = text.encode_utf16().collect();
    // SAFETY: the driver gives a string with a buffer.
    unsafe { store(to, &units, 0) }
}

unsafe extern "win64" fn RtlStringFromGUID(guid: *const GUID, to: *mut UNICODE_STRING) -> NTSTATUS {
    // SAFETY: the driver gives a readable GUID.
    let text = unsafe { guid.read() }.to_string();
    let units: Vec<u16> = text.encode_utf16().collect();
    // SAFETY: the driver gives a place for the string.
    unsafe { allocate(to, &units) }
}

unsafe extern "win64" fn RtlGUIDFromString(string: *const UNICODE_STRING, guid: *mut GUID) -> NTSTATUS {
    // SAFETY: `string` is the driver's textual GUID, a counted string; `parse` below judges what it says.
    let text = unsafe { unicode::text(string) };
    let Ok(value) = text.parse::<GUID>() else {
        return STATUS_INVALID_PARAMETER;
    };
    // SAFETY: the driver gives a place for the GUID.
    unsafe { guid.write(value) };
    STATUS_SUCCESS
}

#[cfg(test)]
mod tests {
    use super::{RtlAppendUnicodeToString, RtlCompareUnicodeString, parse_integer};
    use crate::abi::{STATUS_BUFFER_TOO_SMALL, STATUS_SUCCESS, UNICODE_STRING};
    use crate::rtl::unicode::{Unicode, text};

    #[test]
    fn numbers_are_read_as_windows_does() {
        assert_eq!(parse_integer("  42x", 10), Some(42));
        assert_eq!(parse_integer("0x1F", 0), Some(31));
        assert_eq!(parse_integer("-1", 10), Some(u32::MAX));
        assert_eq!(parse_integer("1", 7), None);
    }

    #[test]
    fn appending_respects_the_maximum_length() {
        let mut buffer = [0u16; 6];
        let mut string = UNICODE_STRING {
            Length: 0,
            MaximumLength: 12,
            Buffer: buffer.as_mut_ptr(),
        };
        let more = Unicode::new("abc");
        for expected in [STATUS_SUCCESS, STATUS_SUCCESS, STATUS_BUFFER_TOO_SMALL] {
            // SAFETY: the string has its buffer, and the text is terminated.
            let status = unsafe { RtlAppendUnicodeToString(&raw mut string, more.units().as_ptr()) };
            assert_eq!(status, expected);
        }
        // SAFETY: the string has its buffer.
        assert_eq!(unsafe { text(&raw const string) }, "abcabc");
    }

    #[test]
    fn comparison_ignores_case_on_request() {
        let (mut one, mut other) = (Unicode::new("Straße"), Unicode::new("sTRAßE"));
        let (one, other) = (one.as_mut_ptr(), other.as_mut_ptr());
        // SAFETY: `one` and `other` point into the two `Unicode` strings above, which live to the end of the
        // test.
        assert_eq!(unsafe { RtlCompareUnicodeString(one, other, 1) }, 0);
        // SAFETY: both `Unicode` strings still live; the first comparison only read them.
        assert_ne!(unsafe { RtlCompareUnicodeString(one, other, 0) }, 0);
    }
}
