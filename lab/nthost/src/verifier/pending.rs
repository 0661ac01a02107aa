//! What a dispatch routine says of an IRP, and what becomes of it: `STATUS_PENDING` and `IoMarkIrpPending` belong together.

use std::sync::{Arc, Mutex, PoisonError};

use super::rules::{self, Rule};
use super::{Owner, broken};
use crate::abi::{NTSTATUS, STATUS_PENDING};

/// How an IRP went up past a stack location.
#[derive(Clone, Copy, Debug)]
struct Passed {
    marked: bool,
    status: NTSTATUS,
}

/// What is known so far; the dispatch routine may return before or after the IRP goes up.
#[derive(Debug, Default)]
struct State {
    returned: Option<NTSTATUS>,
    passed: Option<Passed>,
}

/// An IRP in a dispatch routine, seen from the routine and from the IRP.
#[derive(Clone, Debug)]
pub struct Dispatched {
    location: i8,
    routine: usize,
    state: Arc<Mutex<State>>,
}

impl Dispatched {
    /// An IRP that is about to be given to a dispatch routine, with the stack location of this number.
    #[must_use]
    pub fn new(location: i8, routine: usize) -> Self {
        Self {
            location,
            routine,
            state: Arc::default(),
        }
    }

    /// The number of the stack location.
    #[must_use]
    pub const fn location(&self) -> i8 {
        self.location
    }

    /// Where the dispatch routine is.
    #[must_use]
    pub const fn routine(&self) -> usize {
        self.routine
    }

    /// Whether both are the same.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let (returned, passed) = (state.returned, state.passed);
        drop(state);
        if let Some((returned, passed)) = returned.zip(passed) {
            self.compare(returned, passed);
        }
    }

    /// The IRP goes up past the location, which is or is not marked pending.
    pub fn passed(&self, marked: bool, status: NTSTATUS) {
        self.update(|state| state.passed = Some(Passed { marked, status }));
    }

    /// The routine returned.
    pub fn returned(&self, status: NTSTATUS) {
        self.update(|state| state.returned = Some(status));
    }

    /// The routine returned something final, and the IRP is still where it was.
    pub fn forgotten(&self, status: NTSTATUS) -> ! {
        let what =
            format!("the dispatch routine returned {status}, and has neither completed the IRP nor sent it");
        broken(rules::IRP_FORGOTTEN, &what, Owner::at(self.routine))
    }

    fn compare(&self, returned: NTSTATUS, passed: Passed) {
        let (rule, what): (&Rule, _) = match (returned == STATUS_PENDING, passed.marked) {
            (true, false) => (
                rules::PENDING_NOT_MARKED,
                String::from(
                    "the dispatch routine returned STATUS_PENDING, and the IRP was not marked pending",
                ),
            ),
            (false, true) => (
                rules::PENDING_NOT_RETURNED,
                format!("the dispatch routine marked the IRP pending and returned {returned}"),
            ),
            (false, false) if returned != passed.status => (
                rules::STATUS_DIFFERS,
                format!(
                    "the dispatch routine returned {returned}, and the IRP was completed with {}",
                    passed.status
                ),
            ),
            _ => return,
        };
        broken(rule, &what, Owner::at(self.routine));
    }
}
