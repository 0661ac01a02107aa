//! The one thread on which devices come and go.

use std::sync::mpsc::channel;
use std::time::Duration;

use crate::ke::work::{self, Workers};
use crate::verifier;

static WORKER: Workers = Workers::new("PnP", "a PnP action", 1);

/// How long system work items may take until the tree counts as settled.
const SETTLE: Duration = Duration::from_mins(1);

/// Has the worker do something after what it does now.
pub fn post(action: impl FnOnce() + Send + 'static) {
    WORKER.queue(action);
}

/// Has the worker do something and waits for its result and for everything that follows from it.
pub fn run<R: Send + 'static>(action: impl FnOnce() -> R + Send + 'static) -> R {
    let result = ask(action);
    settle();
    result
}

/// Has the worker do something and waits for its result. Only there device stacks stay as they are.
pub(super) fn ask<R: Send + 'static>(action: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, wait) = channel();
    post(move || {
        // The receiver waits below until this arrives.
        let _ = done.send(action());
    });
    wait.recv()
        .unwrap_or_else(|_| verifier::lab_defect("a PnP action ended without a result"))
}

/// Waits until nothing is under way: no `PnP` action, no work item.
pub fn settle() {
    // A PnP action may take as long as the run: the watchdog ends one that does not end.
    while WORKER.wait_idle(Duration::MAX) {
        if !work::SYSTEM.wait_idle(SETTLE) {
            verifier::end(verifier::Outcome::Timeout, "a work item of a driver does not end");
        }
        if WORKER.is_idle() && work::SYSTEM.is_idle() {
            return;
        }
    }
}
