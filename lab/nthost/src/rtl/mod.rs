//! The run-time library: strings, memory, and the compiler's helpers.

pub mod exception;
mod exports;
mod memory;
mod printf;
mod strings;
pub mod unicode;

use crate::exports::Export;

/// The tables of this component's exports.
pub const TABLES: &[&[Export]] = &[
    exception::EXPORTS,
    exports::EXPORTS,
    memory::EXPORTS,
    printf::EXPORTS,
    strings::EXPORTS,
];
