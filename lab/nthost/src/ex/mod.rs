//! The executive: pool, work items, locks, run-down protection, lists.

mod lists;
mod locks;
mod pool;
pub mod resource;
mod rundown;
mod work;

use crate::exports::Export;

/// The tables of this component's exports.
pub const TABLES: &[&[Export]] = &[
    lists::EXPORTS,
    locks::EXPORTS,
    pool::EXPORTS,
    resource::EXPORTS,
    rundown::EXPORTS,
    work::EXPORTS,
];
