//! The components' tables of exports.

use super::Export;
use crate::{cm, dbg, ex, io, ke, mm, ob, rtl};

/// Every table, a line for each component.
pub const TABLES: &[&[&[Export]]] = &[
    &[cm::EXPORTS],
    &[dbg::EXPORTS],
    ex::TABLES,
    io::TABLES,
    &[ke::EXPORTS],
    &[mm::EXPORTS],
    ob::TABLES,
    rtl::TABLES,
];
