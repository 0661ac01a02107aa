//! Windows' bugcheck codes, and the report that ends a run.

use core::fmt;
use core::fmt::Write;
use std::sync::Mutex;

use super::rules::{self, Rule};
use super::{Owner, end, owner};
use crate::ke::{irql, processor};
use crate::ldr;

/// A bugcheck code of `bugcodes.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BugCheck(pub u32);

macro_rules! bugchecks {
    ($($name:ident = $value:literal;)*) => {
        /// The codes the host raises itself, by their Windows names.
        #[allow(missing_docs, reason = "the names are those of bugcodes.h")]
        impl BugCheck {
            $(pub const $name: Self = Self($value);)*

            /// The name of the code, for those the host knows.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

bugchecks! {
    APC_INDEX_MISMATCH = 0x01;
    INVALID_PROCESS_ATTACH_ATTEMPT = 0x05;
    IRQL_NOT_GREATER_OR_EQUAL = 0x09;
    IRQL_NOT_LESS_OR_EQUAL = 0x0A;
    SPIN_LOCK_ALREADY_OWNED = 0x0F;
    SPIN_LOCK_NOT_OWNED = 0x10;
    REFERENCE_BY_POINTER = 0x18;
    BAD_POOL_HEADER = 0x19;
    KMODE_EXCEPTION_NOT_HANDLED = 0x1E;
    INVALID_DATA_ACCESS_TRAP = 0x04;
    NO_MORE_IRP_STACK_LOCATIONS = 0x35;
    DEVICE_REFERENCE_COUNT_NOT_ZERO = 0x36;
    MULTIPLE_IRP_COMPLETE_REQUESTS = 0x44;
    CANCEL_STATE_IN_COMPLETED_IRP = 0x48;
    PAGE_FAULT_IN_NONPAGED_AREA = 0x50;
    ATTEMPTED_SWITCH_FROM_DPC = 0xB8;
    SYSTEM_THREAD_EXCEPTION_NOT_HANDLED = 0x7E;
    UNEXPECTED_KERNEL_MODE_TRAP = 0x7F;
    INACCESSIBLE_BOOT_DEVICE = 0x7B;
    DRIVER_POWER_STATE_FAILURE = 0x9F;
    ACPI_BIOS_ERROR = 0xA5;
    ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY = 0xFC;
    BAD_EXHANDLE = 0xA7;
    ATTEMPTED_WRITE_TO_READONLY_MEMORY = 0xBE;
    SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION = 0xC1;
    BAD_POOL_CALLER = 0xC2;
    DRIVER_VERIFIER_DETECTED_VIOLATION = 0xC4;
    DRIVER_CORRUPTED_EXPOOL = 0xC5;
    DRIVER_CAUGHT_MODIFYING_FREED_POOL = 0xC6;
    TIMER_OR_DPC_INVALID = 0xC7;
    IRQL_UNEXPECTED_VALUE = 0xC8;
    DRIVER_VERIFIER_IOMANAGER_VIOLATION = 0xC9;
    PNP_DETECTED_FATAL_ERROR = 0xCA;
    DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS = 0xCB;
    PAGE_FAULT_IN_FREED_SPECIAL_POOL = 0xCC;
    PAGE_FAULT_BEYOND_END_OF_ALLOCATION = 0xCD;
    DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS = 0xCE;
    DRIVER_IRQL_NOT_LESS_OR_EQUAL = 0xD1;
    DRIVER_PORTION_MUST_BE_NONPAGED = 0xD3;
    DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL = 0xD5;
    DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION = 0xD6;
    WORKER_INVALID = 0xE4;
    KERNEL_SECURITY_CHECK_FAILURE = 0x139;
    DRIVER_OVERRAN_STACK_BUFFER = 0xF7;
    WDF_VIOLATION = 0x10D;
    RESOURCE_NOT_OWNED = 0xE3;
    KERNEL_APC_PENDING_DURING_EXIT = 0x20;
    DRIVER_RETURNED_HOLDING_CANCEL_LOCK = 0x11B;
    THREAD_TERMINATE_HELD_MUTEX = 0x4000_008A;
    MANUALLY_INITIATED_CRASH = 0xE2;
}

impl fmt::Display for BugCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "0x{:X} {}",
            self.0,
            self.name().unwrap_or("(a code the lab has no name for)")
        )
    }
}

/// Ends the run because a rule is broken: `what` says by what, `at` whose code did it.
pub fn broken(rule: &'static Rule, what: &str, at: Owner) -> ! {
    broken_with(rule, what, at, &[])
}

/// [`broken`] with further lines for the report (who allocated, who freed, the four parameters).
pub fn broken_with(rule: &'static Rule, what: &str, at: Owner, notes: &[String]) -> ! {
    let code = rule.code.map_or_else(String::new, |code| code.to_string());
    stop(rule, &code, what, at, notes)
}

/// Ends the run because a driver stops the system itself, with a code of its own.
pub fn stopped_by_driver(code: BugCheck, what: &str, notes: &[String]) -> ! {
    stop(rules::OWN_BUGCHECK, &code.to_string(), what, owner(), notes)
}

fn stop(rule: &'static Rule, code: &str, what: &str, at: Owner, notes: &[String]) -> ! {
    note_broken(rule);
    let mut report = format!(
        "bugcheck: {code}\n  rule: {}\n  what: {what}\n  where: {at}\n  do: {}\n",
        rule.name, rule.remedy
    );
    for note in notes {
        // Writing to a string cannot fail.
        let _ = writeln!(report, "  {note}");
    }
    let _ = writeln!(report, "  irql: {}", irql::current());
    for address in ldr::unwind::frames(&processor::current().caller()).take(16) {
        let _ = writeln!(report, "  called from {}", Owner::at(address));
    }
    end(rule.outcome, &report)
}

static BROKEN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// Keeps in mind, for the report, that a rule is broken.
pub fn note_broken(rule: &'static Rule) {
    // Whoever holds the lock is ending the run as well.
    if let Ok(mut broken) = BROKEN.try_lock()
        && !broken.contains(&rule.name)
    {
        broken.push(rule.name);
    }
}

/// The names of the rules that were broken.
#[must_use]
pub fn broken_rules() -> Vec<&'static str> {
    BROKEN.try_lock().map(|broken| broken.clone()).unwrap_or_default()
}
