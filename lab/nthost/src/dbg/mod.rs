//! Debug output: `DbgPrint` and its formats, and the log of what drivers printed.

mod exports;
pub mod format;
mod log;

pub use exports::EXPORTS;
pub use log::{lines, print};
