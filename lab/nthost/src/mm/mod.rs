//! Memory: the pool, and the few exports of the memory manager that drivers of software devices use.

mod exports;
mod pages;
pub mod pool;
mod ranges;

pub use exports::EXPORTS;
