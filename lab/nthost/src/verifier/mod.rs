//! The rules that drivers must keep, and the end of the run when one is broken.
//!
//! The components call the verifier at their edges; it calls none of them except the loader, to name code.

mod address;
mod audit;
mod bugcheck;
pub mod faults;
pub mod interfaces;
pub mod locks;
mod outcome;
mod owner;
mod pending;
pub mod rules;

pub use address::AddressMap;
pub use audit::{Leak, audit, register_auditor};
pub use bugcheck::{BugCheck, broken, broken_rules, broken_with, note_broken, stopped_by_driver};
pub use outcome::{Outcome, end, environment_error, lab_defect, set_background, set_end_hook, unsupported};
pub use owner::{Owner, owner};
pub use pending::Dispatched;
