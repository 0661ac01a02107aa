//! The interrupt request level of the calling thread.

use super::processor;
use crate::abi::{DISPATCH_LEVEL, KIRQL, PASSIVE_LEVEL};
use crate::verifier::{self, rules};

/// The current level.
#[must_use]
pub fn current() -> KIRQL {
    processor::current().irql()
}

/// Raises the level and returns the one before. A lower level than the current one is the caller's error:
/// `IRQL_NOT_GREATER_OR_EQUAL`.
#[must_use]
pub fn raise(to: KIRQL) -> KIRQL {
    let from = current();
    if to < from {
        let what = format!("the IRQL is {from} and cannot be raised to {to}");
        verifier::broken(rules::IRQL_RAISED_DOWN, &what, verifier::owner());
    }
    processor::current().set_irql(to)
}

/// Lowers the level. A higher level than the current one is the caller's error: `IRQL_NOT_LESS_OR_EQUAL`.
pub fn lower(to: KIRQL) {
    let from = current();
    if to > from {
        let what = format!("the IRQL is {from} and cannot be lowered to {to}");
        verifier::broken(rules::IRQL_LOWERED_UP, &what, verifier::owner());
    }
    processor::current().set_irql(to);
}

/// Runs `f` at `DISPATCH_LEVEL`, for callbacks that Windows makes there.
pub fn at_dispatch<R>(f: impl FnOnce() -> R) -> R {
    let old = raise(DISPATCH_LEVEL);
    let result = f();
    lower(old);
    result
}

/// Whether a thread at this level may block or touch paged memory.
#[must_use]
pub fn is_passive() -> bool {
    current() == PASSIVE_LEVEL
}
