//! The way to `DbgPrint`.
#![allow(unsafe_code, reason = "a variadic routine of the kernel")]

use core::ffi::c_int;
use core::fmt;

use wdk_sys::ntddk::DbgPrint;

use crate::pieces::Pieces;

/// What `println!` calls.
pub fn print(arguments: fmt::Arguments<'_>) {
    let mut pieces = Pieces::new(send);
    // An error can only come from a value's own formatting; what it wrote before is printed.
    let _ = fmt::write(&mut pieces, arguments);
    pieces.flush();
}

fn send(piece: &[u8]) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "a piece has at most 512 bytes"
    )]
    let length = piece.len() as c_int;
    // SAFETY: the format takes a precision and a string, which is read up to that many bytes: those of the piece.
    unsafe { DbgPrint(c"%.*s".as_ptr(), length, piece.as_ptr()) };
}
