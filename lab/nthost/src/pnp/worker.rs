//! The one thread on which devices come and go.

use std::collections::VecDeque;
use std::sync::mpsc::channel;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ke::{thread, work};
use crate::verifier;

type Action = Box<dyn FnOnce() + Send>;

struct Queue {
    actions: VecDeque<Action>,
    started: bool,
    busy: bool,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    actions: VecDeque::new(),
    started: false,
    busy: false,
});
static CHANGED: Condvar = Condvar::new();

/// How long system work items may take until the tree counts as settled.
const SETTLE: Duration = Duration::from_mins(1);

fn lock() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the worker do something after what it does now.
pub fn post(action: impl FnOnce() + Send + 'static) {
    let mut queue = lock();
    queue.actions.push_back(Box::new(action));
    let start = !std::mem::replace(&mut queue.started, true);
    drop(queue);
    CHANGED.notify_all();
    if start {
        // The worker lives as long as the process.
        drop(thread::spawn("PnP", serve));
    }
}

fn serve() {
    let mut queue = lock();
    loop {
        if let Some(action) = queue.actions.pop_front() {
            queue.busy = true;
            drop(queue);
            {
                let _activity = thread::activity("a PnP action");
                action();
            }
            queue = lock();
            queue.busy = false;
            CHANGED.notify_all();
        } else {
            queue = CHANGED.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Has the worker do something and waits for its result and for everything that follows from it.
pub fn run<R: Send + 'static>(action: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, wait) = channel();
    post(move || {
        // The receiver waits below until this arrives.
        let _ = done.send(action());
    });
    let result = wait
        .recv()
        .unwrap_or_else(|_| verifier::lab_defect("a PnP action ended without a result"));
    settle();
    result
}

/// Waits until nothing is under way: no `PnP` action, no work item.
pub fn settle() {
    loop {
        let mut queue = lock();
        while queue.busy || !queue.actions.is_empty() {
            queue = CHANGED.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        drop(queue);
        if !work::wait_idle(SETTLE) {
            verifier::end(verifier::Outcome::Timeout, "a work item of a driver does not end");
        }
        let queue = lock();
        if !queue.busy && queue.actions.is_empty() && work::is_idle() {
            return;
        }
    }
}
