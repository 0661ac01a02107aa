//! How a run ends.
#![allow(
    unsafe_code,
    reason = "leaves the process without running exit handlers beside live driver threads"
)]

use core::fmt;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The outcome of a run; the number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Outcome {
    /// Everything asked for happened and nothing is left over.
    Pass = 0,
    /// An expectation of the scenario was not met.
    Fail = 1,
    /// Something of a driver's is left over after it was unloaded.
    Leak = 3,
    /// A driver broke a rule or faulted.
    Bugcheck = 4,
    /// The time limit passed.
    Timeout = 5,
    /// A driver asked for something that the lab does not model.
    Unsupported = 6,
    /// The script, an INF or a file is wrong.
    Environment = 7,
    /// The lab itself is wrong.
    LabDefect = 8,
}

impl Outcome {
    /// The process exit code.
    #[must_use]
    pub const fn exit_code(self) -> i32 {
        self as i32
    }

    /// The word after `verdict:`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Leak => "leak",
            Self::Bugcheck => "bugcheck",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::Environment => "environment error",
            Self::LabDefect => "lab defect",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

type EndHook = fn(Outcome, &str);

/// Tells what led to an end that is no pass. The same holds for it as for the end hook.
type Background = fn() -> String;

static HOOK: OnceLock<EndHook> = OnceLock::new();
static BACKGROUND: OnceLock<Background> = OnceLock::new();
static ENDING: AtomicBool = AtomicBool::new(false);

/// Sets what runs once before the process ends, with the outcome and the report's text.
///
/// The JSON report is written there. It may run on any thread and with components' locks held, so it must use `try_lock`.
pub fn set_end_hook(hook: EndHook) {
    // A second hook would be a defect of the caller; the first one stays.
    let _ = HOOK.set(hook);
}

/// Sets what is printed after the report of a run that does not pass.
pub fn set_background(background: Background) {
    // A second one would be a defect of the caller; the first one stays.
    let _ = BACKGROUND.set(background);
}

/// Prints `report`, then `verdict: …`, and ends the process with the outcome's exit code.
pub fn end(outcome: Outcome, report: &str) -> ! {
    if ENDING.swap(true, Ordering::SeqCst) {
        // Another thread is already reporting, or the report itself failed: give the first one time to finish.
        std::thread::sleep(std::time::Duration::from_secs(2));
        leave(outcome);
    }
    let mut out = std::io::stdout();
    if !report.is_empty() {
        // A closed pipe leaves nobody to tell.
        let _ = writeln!(out, "{}", report.trim_end());
    }
    if let Some(background) = BACKGROUND.get().filter(|_| outcome != Outcome::Pass) {
        let _ = write!(out, "{}", background());
    }
    if let Some(hook) = HOOK.get() {
        hook(outcome, report);
    }
    // The verdict is the last line: no other thread writes one behind it.
    let mut out = out.lock();
    let _ = writeln!(out, "verdict: {outcome}");
    let _ = out.flush();
    leave(outcome)
}

fn leave(outcome: Outcome) -> ! {
    // SAFETY: _exit takes any code; the buffered output was flushed by `end`.
    unsafe { libc::_exit(outcome.exit_code()) }
}

/// Ends the run because a driver asked for something that is not modelled. `what` names it.
pub fn unsupported(what: &str) -> ! {
    let rule = super::rules::NOT_MODELLED;
    super::note_broken(rule);
    let report = format!(
        "unsupported: {what}\n  rule: {}\n  called by {}\n  do: {}",
        rule.name,
        super::owner(),
        rule.remedy
    );
    end(rule.outcome, &report)
}

/// Ends the run because the scenario's files or the machine are wrong.
pub fn environment_error(what: &str) -> ! {
    end(Outcome::Environment, &format!("environment error: {what}"))
}

/// Ends the run because the lab itself went wrong.
pub fn lab_defect(what: &str) -> ! {
    end(Outcome::LabDefect, &format!("lab defect: {what}"))
}
