//! The binary interface of KMDF 1.33 and WDM on x64 as data, and the assertions that follow from it.
//!
//! Whoever declares one of these structures, in C or in Rust, takes its assertions from here, so that a wrong offset fails to
//! compile. Not covered: bit fields have no offset that either language can assert; their neighbours are.

mod assertions;
mod data;

pub use assertions::{c_layout_asserts, rust_layout_asserts, wdffuncenum};
pub use data::{Abi, Field, Layout, kmdf_functions};
