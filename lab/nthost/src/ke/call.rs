//! The one way from the host into driver code.

use core::sync::atomic::Ordering;

use super::processor::{self, Caller};
use crate::verifier::{self, Owner, rules};

/// Calls into driver code through `f`. `target` is the driver routine's address and `what` names the call in reports
/// (`"DriverEntry"`, `"the dispatch routine of IRP_MJ_PNP"`).
///
/// Afterwards the identity of the outer caller is what it was, and a changed IRQL is a bugcheck that names the
/// routine: `IRQL_UNEXPECTED_VALUE`.
pub fn call<R>(what: &str, target: usize, f: impl FnOnce() -> R) -> R {
    let processor = processor::current();
    let outer = processor.caller();
    let level = processor.irql();
    processor.set_caller(Caller::default());
    let caller = processor.routine.swap(target, Ordering::Relaxed);
    let depth = processor.depth.fetch_add(1, Ordering::Relaxed);
    let result = f();
    processor.depth.fetch_sub(1, Ordering::Relaxed);
    processor.routine.store(caller, Ordering::Relaxed);
    verifier::locks::check_return(what, target, depth);
    let after = processor.irql();
    if after != level {
        let text = format!("{what} was called at IRQL {level} and returned at IRQL {after}");
        verifier::broken(rules::IRQL_NOT_RESTORED, &text, Owner::at(target));
    }
    processor.set_caller(outer);
    result
}
