//! Debug output: `DbgPrint` and its formats, the log of what drivers printed, and the trace.

mod exports;
pub mod format;
mod log;
mod traces;

pub use exports::EXPORTS;
pub use log::{lines, print, silence};
pub use traces::{trace, traces};
