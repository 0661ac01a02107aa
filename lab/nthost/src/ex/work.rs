//! Work items of `WORK_QUEUE_ITEM`.
#![allow(unsafe_code, reason = "calls the routines of drivers' work items")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use crate::abi::WORK_QUEUE_ITEM;
use crate::ke::{call, work};
use crate::verifier::{self, rules};

crate::exports! {
    ExQueueWorkItem <= DISPATCH_LEVEL;
}

unsafe extern "win64" fn ExQueueWorkItem(item: *mut WORK_QUEUE_ITEM, _queue: i32) {
    // SAFETY: `item` passed through the driver's ExInitializeWorkItem, and the driver keeps it until the
    // routine runs.
    let copy = unsafe { item.read() };
    let Some(routine) = copy.WorkerRoutine else {
        verifier::broken(
            rules::WORK_ITEM_INVALID,
            "queues a work item without a routine",
            verifier::owner(),
        );
    };
    let parameter = copy.Parameter.expose_provenance();
    work::SYSTEM.queue(move || {
        call("a work item's routine", routine as usize, || {
            // SAFETY: the routine is the driver's, called with the parameter of its item.
            unsafe { routine(std::ptr::with_exposed_provenance_mut(parameter)) }
        });
    });
}
