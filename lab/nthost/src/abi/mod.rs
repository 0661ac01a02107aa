//! The Windows driver model as data: the structures, statuses and constants that driver images and
//! the host share.
//!
//! Names, fields and values are those of the WDK's `wdm.h`, `ntstatus.h` and `ntdef.h` for x64; the
//! layouts are asserted at compile time against `lab/abi/data` (see `build.rs`).
#![allow(
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    reason = "the names are Windows' own, and the WDK documents them"
)]

mod constants;
mod exception;
mod irp;
mod object;
mod scalar;
mod status;
mod sync;

pub use constants::*;
pub use exception::*;
pub use irp::*;
pub use object::*;
pub use scalar::*;
pub use status::*;
pub use sync::*;

/// The layout assertions that `build.rs` renders from `lab/abi/data`.
#[allow(
    clippy::wildcard_imports,
    unused_imports,
    reason = "the generated text names every type"
)]
mod layout {
    use super::*;
    include!(concat!(env!("OUT_DIR"), "/layout_asserts.rs"));
}
