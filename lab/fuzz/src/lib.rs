//! What the lab and the drivers make of any bytes: one module for each target of `cargo xtask fuzz`, with a `run` that panics where
//! the bytes show a mistake.
//!
//! [`loader`], [`inf`], [`registry`] and [`command_line`] are the lab's own readers. [`requests`] and [`parameters`] send the bytes to sample.sys and
//! child.sys, the release images, in a lab that runs in this process ([`kernel`]).
//!
//! The programs in `targets/` give `run` to libFuzzer; the test in `tests/` gives it every file of `corpus/`, with the stable compiler.
#![forbid(unsafe_code)]

pub mod command_line;
pub mod inf;
pub mod kernel;
pub mod loader;
pub mod parameters;
pub mod registry;
pub mod requests;

use arbitrary::{Arbitrary, Unstructured};

/// The structured input that the bytes stand for; `None` where they are too few.
fn input<'a, T: Arbitrary<'a>>(data: &'a [u8]) -> Option<T> {
    T::arbitrary_take_rest(Unstructured::new(data)).ok()
}
