//! Memory and C strings: what compilers call, and what the WDK's inline functions call.
#![allow(unsafe_code, reason = "exports read and write drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::{CStr, c_char, c_int, c_void};

crate::exports! {
    memcpy <= HIGH_LEVEL;
    memmove <= HIGH_LEVEL;
    memset <= HIGH_LEVEL;
    memcmp <= HIGH_LEVEL;
    RtlCopyMemory <= HIGH_LEVEL;
    RtlMoveMemory <= HIGH_LEVEL;
    RtlFillMemory <= HIGH_LEVEL;
    RtlZeroMemory <= HIGH_LEVEL;
    RtlSecureZeroMemory <= HIGH_LEVEL;
    RtlCompareMemory <= HIGH_LEVEL;
    RtlEqualMemory <= HIGH_LEVEL;
    strlen <= HIGH_LEVEL;
    strcmp <= HIGH_LEVEL;
    strncmp <= HIGH_LEVEL;
    strcpy <= HIGH_LEVEL;
    strncpy <= HIGH_LEVEL;
    strchr <= HIGH_LEVEL;
    strrchr <= HIGH_LEVEL;
    strstr <= HIGH_LEVEL;
    wcslen <= HIGH_LEVEL;
    wcsnlen <= HIGH_LEVEL;
    strnlen <= HIGH_LEVEL;
    wcscpy <= HIGH_LEVEL;
    wcscmp <= HIGH_LEVEL;
    wcsncmp <= HIGH_LEVEL;
    wcschr <= HIGH_LEVEL;
    _wcsicmp <= HIGH_LEVEL;
    _wcsnicmp <= HIGH_LEVEL;
    _stricmp <= HIGH_LEVEL;
    __chkstk <= HIGH_LEVEL;
}

// The win64 convention keeps registers that the C library's own functions do not: each needs a wrapper.

unsafe extern "win64" fn memcpy(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void {
    // SAFETY: the driver gives ranges of `size` bytes; overlap is tolerated, as Windows' routine does.
    unsafe { libc::memmove(to, from, size) }
}

unsafe extern "win64" fn memmove(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void {
    // SAFETY: the driver gives ranges of `size` bytes.
    unsafe { libc::memmove(to, from, size) }
}

unsafe extern "win64" fn RtlCopyMemory(to: *mut c_void, from: *const c_void, size: usize) {
    // SAFETY: the driver gives ranges of `size` bytes.
    unsafe { libc::memmove(to, from, size) };
}

unsafe extern "win64" fn RtlMoveMemory(to: *mut c_void, from: *const c_void, size: usize) {
    // SAFETY: the driver gives ranges of `size` bytes.
    unsafe { libc::memmove(to, from, size) };
}

unsafe extern "win64" fn memset(to: *mut c_void, value: c_int, size: usize) -> *mut c_void {
    // SAFETY: the driver gives a range of `size` bytes.
    unsafe { libc::memset(to, value, size) }
}

const unsafe extern "win64" fn RtlFillMemory(to: *mut c_void, size: usize, value: u8) {
    // SAFETY: the driver gives a range of `size` bytes.
    unsafe { to.write_bytes(value, size) };
}

const unsafe extern "win64" fn RtlZeroMemory(to: *mut c_void, size: usize) {
    // SAFETY: the driver gives a range of `size` bytes.
    unsafe { to.write_bytes(0, size) };
}

unsafe extern "win64" fn RtlSecureZeroMemory(to: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the driver gives a range of `size` bytes; a call into the C library is not optimized away.
    unsafe { libc::memset(to, 0, size) }
}

unsafe extern "win64" fn memcmp(one: *const c_void, other: *const c_void, size: usize) -> c_int {
    // SAFETY: the driver gives ranges of `size` bytes.
    unsafe { libc::memcmp(one, other, size) }
}

/// The number of bytes that are equal.
unsafe extern "win64" fn RtlCompareMemory(one: *const u8, other: *const u8, size: usize) -> usize {
    // SAFETY: `one` has `size` readable bytes, by RtlCompareMemory's contract.
    let one = unsafe { std::slice::from_raw_parts(one, size) };
    // SAFETY: `other` has `size` readable bytes too: the contract gives one length for both.
    let other = unsafe { std::slice::from_raw_parts(other, size) };
    one.iter()
        .zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

unsafe extern "win64" fn RtlEqualMemory(one: *const c_void, other: *const c_void, size: usize) -> u8 {
    // SAFETY: the driver gives ranges of `size` bytes.
    u8::from(unsafe { libc::memcmp(one, other, size) } == 0)
}

unsafe extern "win64" fn strlen(text: *const c_char) -> usize {
    // SAFETY: the driver gives a terminated string.
    unsafe { libc::strlen(text) }
}

unsafe extern "win64" fn strnlen(text: *const c_char, limit: usize) -> usize {
    // SAFETY: the driver gives a string that is terminated or has `limit` bytes.
    unsafe { libc::strnlen(text, limit) }
}

unsafe extern "win64" fn strcmp(one: *const c_char, other: *const c_char) -> c_int {
    // SAFETY: the driver gives terminated strings.
    unsafe { libc::strcmp(one, other) }
}

unsafe extern "win64" fn strncmp(one: *const c_char, other: *const c_char, limit: usize) -> c_int {
    // SAFETY: the driver gives strings that are terminated or have `limit` bytes.
    unsafe { libc::strncmp(one, other, limit) }
}

unsafe extern "win64" fn _stricmp(one: *const c_char, other: *const c_char) -> c_int {
    // SAFETY: the driver gives terminated strings.
    unsafe { libc::strcasecmp(one, other) }
}

unsafe extern "win64" fn strcpy(to: *mut c_char, from: *const c_char) -> *mut c_char {
    // SAFETY: the driver gives a terminated string and room for it.
    unsafe { libc::strcpy(to, from) }
}

unsafe extern "win64" fn strncpy(to: *mut c_char, from: *const c_char, limit: usize) -> *mut c_char {
    // SAFETY: the driver gives a string and room for `limit` bytes.
    unsafe { libc::strncpy(to, from, limit) }
}

unsafe extern "win64" fn strchr(text: *const c_char, character: c_int) -> *const c_char {
    // SAFETY: the driver gives a terminated string.
    unsafe { libc::strchr(text, character) }
}

unsafe extern "win64" fn strrchr(text: *const c_char, character: c_int) -> *const c_char {
    // SAFETY: the driver gives a terminated string.
    unsafe { libc::strrchr(text, character) }
}

unsafe extern "win64" fn strstr(text: *const c_char, part: *const c_char) -> *const c_char {
    // SAFETY: the driver gives terminated strings.
    unsafe { libc::strstr(text, part) }
}

// Wide strings: Windows' units are 16 bits, the C library's 32.

/// The units of a terminated wide string, up to `limit`.
///
/// # Safety
///
/// `text` is readable up to its NUL or to `limit` units.
unsafe fn units(text: *const u16, limit: usize) -> Vec<u16> {
    // SAFETY: the caller's promise, unit by unit.
    (0..limit)
        .map(|index| unsafe { text.wrapping_add(index).read() })
        .take_while(|unit| *unit != 0)
        .collect()
}

fn compare(one: &[u16], other: &[u16]) -> c_int {
    one.cmp(other) as c_int
}

fn lower(units: &mut [u16]) {
    for unit in units {
        *unit = super::unicode::downcase(*unit);
    }
}

const unsafe extern "win64" fn wcslen(text: *const u16) -> usize {
    // SAFETY: the driver gives a terminated string.
    unsafe { super::unicode::length(text) }
}

unsafe extern "win64" fn wcsnlen(text: *const u16, limit: usize) -> usize {
    // SAFETY: the driver gives a string that is terminated or has `limit` units.
    unsafe { units(text, limit) }.len()
}

const unsafe extern "win64" fn wcscpy(to: *mut u16, from: *const u16) -> *mut u16 {
    // SAFETY: the driver gives a terminated string.
    let count = unsafe { super::unicode::length(from) } + 1;
    // SAFETY: the driver gives room for the string and its NUL.
    unsafe { to.copy_from(from, count) };
    to
}

unsafe extern "win64" fn wcscmp(one: *const u16, other: *const u16) -> c_int {
    // SAFETY: the driver gives terminated strings.
    unsafe { wcsncmp(one, other, usize::MAX) }
}

unsafe extern "win64" fn wcsncmp(one: *const u16, other: *const u16, limit: usize) -> c_int {
    // SAFETY: `one` is terminated or has `limit` units, by wcsncmp's contract.
    let one = unsafe { units(one, limit) };
    // SAFETY: wcsncmp asks the same of `other`: a NUL, or `limit` units.
    compare(&one, &unsafe { units(other, limit) })
}

unsafe extern "win64" fn _wcsicmp(one: *const u16, other: *const u16) -> c_int {
    // SAFETY: the driver gives terminated strings.
    unsafe { compare_ignoring_case(one, other, usize::MAX) }
}

unsafe extern "win64" fn _wcsnicmp(one: *const u16, other: *const u16, limit: usize) -> c_int {
    // SAFETY: the driver gives strings that are terminated or have `limit` units.
    unsafe { compare_ignoring_case(one, other, limit) }
}

/// Compares two wide strings, lower-cased as the C library does it.
///
/// # Safety
///
/// As for [`units`], for both.
unsafe fn compare_ignoring_case(one: *const u16, other: *const u16, limit: usize) -> c_int {
    // SAFETY: `one` is readable up to its NUL or `limit` (`# Safety`).
    let mut one = unsafe { units(one, limit) };
    // SAFETY: `other` is readable up to its own NUL or `limit` (`# Safety`).
    let mut other = unsafe { units(other, limit) };
    lower(&mut one);
    lower(&mut other);
    compare(&one, &other)
}

unsafe extern "win64" fn wcschr(text: *const u16, character: u16) -> *const u16 {
    // SAFETY: the driver gives a terminated string.
    let count = unsafe { super::unicode::length(text) };
    // SAFETY: the units up to the NUL were just read.
    let found = (0..=count).find(|index| unsafe { text.wrapping_add(*index).read() } == character);
    found.map_or(std::ptr::null(), |index| text.wrapping_add(index))
}

/// The compiler's stack probe: touches each page of the `rax` bytes that the caller is about to allocate. It keeps
/// every register, so that it cannot be a Rust function; the host's stacks are mapped as a whole, so that it need not
/// do anything: the guard page below is found by whoever touches it.
#[unsafe(naked)]
unsafe extern "win64" fn __chkstk() {
    core::arch::naked_asm!("ret")
}

/// A string that a C driver gave.
///
/// # Safety
///
/// `text` is null or terminated.
pub(super) unsafe fn c_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: `text` is not null (checked above), so it is terminated (`# Safety`).
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
