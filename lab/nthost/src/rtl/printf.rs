//! Formatting into buffers: `_snprintf` and its kin. A variadic call's slots are its arguments in a row.
#![allow(unsafe_code, reason = "exports read and write drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::{c_char, c_int};

use super::unicode;
use crate::dbg::format::{Arguments, format};

crate::exports! {
    _snprintf <= DISPATCH_LEVEL;
    _snwprintf <= DISPATCH_LEVEL;
    sprintf <= DISPATCH_LEVEL;
    swprintf <= DISPATCH_LEVEL;
    _vsnprintf <= DISPATCH_LEVEL;
    _vsnwprintf <= DISPATCH_LEVEL;
}

crate::variadic!(_snprintf, snprintf_slots);
crate::variadic!(_snwprintf, snwprintf_slots);
crate::variadic!(sprintf, sprintf_slots);
crate::variadic!(swprintf, swprintf_slots);

/// Slot `index` of a variadic call.
///
/// # Safety
///
/// The call has that slot.
unsafe fn slot(slots: *const u64, index: usize) -> usize {
    // SAFETY: the call has slot `index` (`# Safety`), so the eight bytes there are readable.
    usize::try_from(unsafe { slots.wrapping_add(index).read() }).unwrap_or(usize::MAX)
}

/// Writes a formatted narrow string: the number of bytes without the NUL, -1 if it did not fit.
///
/// # Safety
///
/// `to` has room for `limit` bytes, `pattern` is terminated, and `first` has the arguments it asks for.
unsafe fn write_narrow(to: *mut u8, limit: usize, pattern: *const c_char, first: *const u64) -> c_int {
    // SAFETY: `pattern` is terminated (`# Safety`).
    let pattern = unsafe { super::memory::c_text(pattern) };
    // SAFETY: `first` is the first of the arguments that `pattern` asks for (`# Safety`).
    let text = format(&pattern, &mut unsafe { Arguments::new(first) }).into_bytes();
    // SAFETY: `to` has room for `limit` bytes (`# Safety`).
    unsafe { write_units(to, limit, &text) }
}

/// The wide form of [`write_narrow`]; `limit` in units.
///
/// # Safety
///
/// As for [`write_narrow`].
unsafe fn write_wide(to: *mut u16, limit: usize, pattern: *const u16, first: *const u64) -> c_int {
    // SAFETY: `pattern` is a terminated wide string (`# Safety` of [`write_narrow`]).
    let pattern = widened(&unsafe { unicode::terminated_text(pattern) });
    // SAFETY: from `first` on lie the arguments that `pattern` asks for; `widened` keeps their number and
    // order.
    let text: Vec<u16> = format(&pattern, &mut unsafe { Arguments::new(first) })
        .encode_utf16()
        .collect();
    // SAFETY: `to` has room for `limit` units (`# Safety`).
    unsafe { write_units(to, limit, &text) }
}

/// In a wide pattern `%s` and `%c` are wide and `%S` and `%C` narrow: exchanges them.
fn widened(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(start) = rest.find('%') {
        out.push_str(&rest[..=start]);
        rest = &rest[start + 1..];
        let end = rest
            .find(|c: char| c == '%' || (c.is_ascii_alphabetic() && !"hlwIzjt".contains(c)))
            .unwrap_or(rest.len());
        let (options, conversion) = rest.split_at(end);
        out.push_str(options);
        let sized = options.contains(['h', 'l', 'w']);
        let exchanged = match conversion.chars().next() {
            Some('s') if !sized => "ws",
            Some('S') if !sized => "hs",
            Some('c') if !sized => "C",
            Some('C') if !sized => "hc",
            _ => &conversion[..conversion.chars().next().map_or(0, char::len_utf8)],
        };
        out.push_str(exchanged);
        rest = &conversion[conversion.chars().next().map_or(0, char::len_utf8)..];
    }
    out.push_str(rest);
    out
}

/// Writes at most `limit` units and a NUL if there is room: the count, or -1 if not all fitted.
///
/// # Safety
///
/// `to` has room for `limit` units.
unsafe fn write_units<T: Copy + Default>(to: *mut T, limit: usize, text: &[T]) -> c_int {
    let count = text.len().min(limit);
    // SAFETY: `count` is at most `limit`.
    unsafe { to.copy_from(text.as_ptr(), count) };
    if count < limit {
        // SAFETY: there is room for one unit more.
        unsafe { to.wrapping_add(count).write(T::default()) };
    }
    if text.len() > limit {
        -1
    } else {
        c_int::try_from(count).unwrap_or(c_int::MAX)
    }
}

/// No limit but the range of the result.
const UNLIMITED: usize = c_int::MAX as usize;

unsafe extern "win64" fn snprintf_slots(slots: *const u64) -> c_int {
    // SAFETY: the call's named arguments are in slots 0 to 2.
    let (to, limit, pattern) = unsafe { three(slots) };
    // SAFETY: the driver keeps the contract of _snprintf.
    unsafe {
        write_narrow(
            pointer(to).cast(),
            limit,
            pointer(pattern).cast(),
            slots.wrapping_add(3),
        )
    }
}

unsafe extern "win64" fn snwprintf_slots(slots: *const u64) -> c_int {
    // SAFETY: the call's named arguments are in slots 0 to 2.
    let (to, limit, pattern) = unsafe { three(slots) };
    // SAFETY: the driver keeps the contract of _snwprintf.
    unsafe {
        write_wide(
            pointer(to).cast(),
            limit,
            pointer(pattern).cast(),
            slots.wrapping_add(3),
        )
    }
}

unsafe extern "win64" fn sprintf_slots(slots: *const u64) -> c_int {
    // SAFETY: the call's named arguments are in slots 0 and 1.
    let (to, pattern, _) = unsafe { three(slots) };
    // SAFETY: the driver keeps the contract of sprintf.
    unsafe {
        write_narrow(
            pointer(to).cast(),
            UNLIMITED,
            pointer(pattern).cast(),
            slots.wrapping_add(2),
        )
    }
}

unsafe extern "win64" fn swprintf_slots(slots: *const u64) -> c_int {
    // SAFETY: the call's named arguments are in slots 0 and 1.
    let (to, pattern, _) = unsafe { three(slots) };
    // SAFETY: the driver keeps the contract of swprintf.
    unsafe {
        write_wide(
            pointer(to).cast(),
            UNLIMITED,
            pointer(pattern).cast(),
            slots.wrapping_add(2),
        )
    }
}

/// The first three slots: the trampoline spilled four.
///
/// # Safety
///
/// `slots` are those of a variadic call.
unsafe fn three(slots: *const u64) -> (usize, usize, usize) {
    // SAFETY: `slots` are a variadic call's (`# Safety`); slot 0 is the first of the four that were spilled.
    let first = unsafe { slot(slots, 0) };
    // SAFETY: slot 1 is the second of the four spilled ones.
    let second = unsafe { slot(slots, 1) };
    // SAFETY: slot 2 is the third of the four spilled ones.
    (first, second, unsafe { slot(slots, 2) })
}

const fn pointer(address: usize) -> *mut u8 {
    std::ptr::with_exposed_provenance_mut(address)
}

unsafe extern "win64" fn _vsnprintf(
    to: *mut u8,
    limit: usize,
    pattern: *const c_char,
    arguments: *const u64,
) -> c_int {
    // SAFETY: the driver keeps the contract of _vsnprintf; a va_list is the address of the slots.
    unsafe { write_narrow(to, limit, pattern, arguments) }
}

unsafe extern "win64" fn _vsnwprintf(
    to: *mut u16,
    limit: usize,
    pattern: *const u16,
    arguments: *const u64,
) -> c_int {
    // SAFETY: the driver keeps the contract of _vsnwprintf; a va_list is the address of the slots.
    unsafe { write_wide(to, limit, pattern, arguments) }
}

#[cfg(test)]
mod tests {
    use super::{widened, write_units};

    #[test]
    fn wide_patterns_exchange_the_meaning_of_s() {
        assert_eq!(widened("%s %S %-5d %ls 100%% %wZ"), "%ws %hs %-5d %ls 100%% %wZ");
    }

    #[test]
    fn a_buffer_that_is_full_gets_no_nul() {
        let mut buffer = [9u8; 4];
        // SAFETY: `buffer` is a local of 4 bytes, the limit given.
        assert_eq!(unsafe { write_units(buffer.as_mut_ptr(), 4, b"abcdef") }, -1);
        assert_eq!(&buffer, b"abcd");
        // SAFETY: `buffer` still has its 4 bytes; the NUL goes to the third.
        assert_eq!(unsafe { write_units(buffer.as_mut_ptr(), 4, b"xy") }, 2);
        assert_eq!(&buffer, b"xy\0d");
    }
}
