//! What a dispatch routine says of an IRP, and what becomes of it: `STATUS_PENDING` and `IoMarkIrpPending` belong together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::rules::{self, Rule};
use super::{Owner, broken};
use crate::abi::{NTSTATUS, STATUS_PENDING};

/// One side's word: the status in the lower half, and what it is about.
const RETURNED: u64 = 1 << 32;
const PASSED: u64 = 1 << 33;
/// The stack location was marked pending when the IRP passed it.
const MARKED: u64 = 1 << 34;

/// An IRP in a dispatch routine, seen from the routine and from the IRP. The one that comes second compares the two.
#[derive(Clone, Debug)]
pub struct Dispatched {
    location: i8,
    routine: usize,
    /// The word of the one that came first; zero before.
    first: Arc<AtomicU64>,
}

fn word(kind: u64, status: NTSTATUS) -> u64 {
    kind | u64::from(status.0.cast_unsigned())
}

/// The status in a word.
fn status(word: u64) -> NTSTATUS {
    NTSTATUS(
        u32::try_from(word & u64::from(u32::MAX))
            .unwrap_or(0)
            .cast_signed(),
    )
}

impl Dispatched {
    /// An IRP that is about to be given to a dispatch routine, with the stack location of this number.
    #[must_use]
    pub fn new(location: i8, routine: usize) -> Self {
        Self {
            location,
            routine,
            first: Arc::default(),
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
        Arc::ptr_eq(&self.first, &other.first)
    }

    /// The IRP goes up past the location, which is or is not marked pending.
    pub fn passed(&self, marked: bool, status: NTSTATUS) {
        let passed = word(if marked { PASSED | MARKED } else { PASSED }, status);
        let returned = self.first.swap(passed, Ordering::AcqRel);
        if returned != 0 {
            self.compare(returned, passed);
        }
    }

    /// The routine returned. False if the IRP has not gone up past the location yet.
    #[must_use]
    pub fn returned(&self, status: NTSTATUS) -> bool {
        let returned = word(RETURNED, status);
        let passed = self.first.swap(returned, Ordering::AcqRel);
        if passed != 0 {
            self.compare(returned, passed);
        }
        passed != 0
    }

    /// The routine returned something final, and the IRP is still where it was.
    pub fn forgotten(&self, status: NTSTATUS) -> ! {
        let what =
            format!("the dispatch routine returned {status}, and has neither completed the IRP nor sent it");
        broken(rules::IRP_FORGOTTEN, &what, Owner::at(self.routine))
    }

    fn compare(&self, returned: u64, passed: u64) {
        let (said, done) = (status(returned), status(passed));
        let (rule, what): (&Rule, _) = match (said == STATUS_PENDING, passed & MARKED != 0) {
            (true, false) => (
                rules::PENDING_NOT_MARKED,
                String::from(
                    "the dispatch routine returned STATUS_PENDING, and the IRP was not marked pending",
                ),
            ),
            (false, true) => (
                rules::PENDING_NOT_RETURNED,
                format!("the dispatch routine marked the IRP pending and returned {said}"),
            ),
            (false, false) if said != done => (
                rules::STATUS_DIFFERS,
                format!("the dispatch routine returned {said}, and the IRP was completed with {done}"),
            ),
            _ => return,
        };
        broken(rule, &what, Owner::at(self.routine));
    }
}

#[cfg(test)]
mod tests {
    use super::{MARKED, PASSED, status, word};
    use crate::abi::{NTSTATUS, STATUS_PENDING, STATUS_SUCCESS};

    #[test]
    fn a_word_keeps_its_status_and_is_never_zero() {
        for kept in [STATUS_SUCCESS, STATUS_PENDING, NTSTATUS(i32::MIN), NTSTATUS(-1)] {
            assert_eq!(status(word(PASSED | MARKED, kept)), kept);
            assert_ne!(word(PASSED, kept), 0);
        }
    }
}
