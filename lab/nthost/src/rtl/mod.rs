//! The run-time library: strings, memory, and the compiler's helpers.

mod exports;
mod memory;
mod printf;
mod strings;
pub mod unicode;

use crate::exports::Export;

/// The tables of this component's exports.
pub const TABLES: &[&[Export]] = &[
    exports::EXPORTS,
    memory::EXPORTS,
    printf::EXPORTS,
    strings::EXPORTS,
];
