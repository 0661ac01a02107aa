//! A line to the kernel debugger, without a way to panic.
//!
//! `wdk::println!` slices its buffer, and each slice is a bounds check that ends in a panic. They hold, but the panic machinery of
//! `core` stays in the image for them. Here every access is one that may fail.
#![no_std]

#[cfg(any(windows, test))]
mod pieces;

#[cfg(all(windows, not(test)))]
mod debugger;

#[cfg(all(windows, not(test)))]
#[doc(hidden)]
pub use debugger::print;

/// Prints a line to the debugger, in the syntax of [`core::fmt`].
///
/// A line of more than 512 bytes goes there in several pieces. Text behind a NUL is lost with the rest of its piece.
///
/// # IRQL
///
/// That of `DbgPrint`: <= `DIRQL`.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => {
        $crate::print(::core::format_args!("{}\n", ::core::format_args!($($argument)*)))
    };
}
