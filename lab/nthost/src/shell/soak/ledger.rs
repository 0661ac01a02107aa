//! What is told of a soak that does not end well: what every user did last, and how to run it again.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use crate::dbg;

/// How many lines of each user are kept.
const LINES: usize = 8;
/// How many lines of the drivers are told.
const LOG_LINES: usize = 20;

/// What decides the sequences.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) seed: u32,
    pub(super) threads: u32,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, {} threads", self.seed, self.threads)
    }
}

#[derive(Debug, Default)]
struct Recent {
    begun: u64,
    ended: u64,
    lines: VecDeque<String>,
}

#[derive(Debug)]
struct Ledger {
    plan: Plan,
    users: Vec<Recent>,
}

static LEDGER: Mutex<Option<Ledger>> = Mutex::new(None);

fn with_ledger<R: Default>(f: impl FnOnce(&mut Ledger) -> R) -> R {
    let mut ledger = LEDGER.lock().unwrap_or_else(PoisonError::into_inner);
    ledger.as_mut().map(f).unwrap_or_default()
}

pub(super) fn begin(plan: Plan) {
    let users = (0..plan.threads).map(|_| Recent::default()).collect();
    *LEDGER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ledger { plan, users });
}

pub(super) fn end() {
    *LEDGER.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// A user begins a line.
pub(super) fn begin_line(user: usize, line: &str) {
    with_ledger(|ledger| {
        let Some(recent) = ledger.users.get_mut(user) else {
            return;
        };
        if recent.lines.len() == LINES {
            recent.lines.pop_front();
        }
        recent.lines.push_back(line.to_owned());
        recent.begun += 1;
    });
}

/// A user has ended its line.
pub(super) fn end_line(user: usize) {
    with_ledger(|ledger| {
        if let Some(recent) = ledger.users.get_mut(user) {
            recent.ended += 1;
        }
    });
}

/// How many lines all users have ended.
pub(super) fn ended() -> u64 {
    with_ledger(|ledger| ledger.users.iter().map(|recent| recent.ended).sum())
}

/// The last lines of every user and of the log, and the options that run the same again. Empty where no soak runs, or where a user has the
/// ledger at this moment.
pub(super) fn describe() -> String {
    let Ok(ledger) = LEDGER.try_lock() else {
        return String::new();
    };
    let Some(ledger) = ledger.as_ref() else {
        return String::new();
    };
    let mut text = String::from("soak: what the drivers said last\n");
    let log = dbg::lines();
    for line in &log[log.len().saturating_sub(LOG_LINES)..] {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {line}");
    }
    for (number, recent) in ledger.users.iter().enumerate() {
        recent.describe(number, &mut text);
    }
    let begun = ledger
        .users
        .iter()
        .map(|recent| recent.begun)
        .max()
        .unwrap_or_default();
    let all = begun * u64::from(ledger.plan.threads);
    let Plan { seed, threads } = ledger.plan;
    let _ = writeln!(
        text,
        "soak: the same again: /seed {seed} /threads {threads} /operations {all}"
    );
    text
}

impl Recent {
    fn describe(&self, number: usize, text: &mut String) {
        let _ = writeln!(text, "soak: thread {number}, its last operations");
        let first = self.begun - self.lines.len() as u64;
        for (index, line) in (first..).zip(&self.lines) {
            let state = if index < self.ended { "" } else { " (under way)" };
            let _ = writeln!(text, "  {index}: {line}{state}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, begin, begin_line, describe, end, end_line, ended};

    #[test]
    fn the_last_lines_are_told_and_what_is_under_way() {
        begin(Plan { seed: 7, threads: 2 });
        for number in 0..10 {
            begin_line(0, &format!("line {number}"));
            end_line(0);
        }
        begin_line(1, "the other");
        assert_eq!(ended(), 10);
        let text = describe();
        assert!(
            !text.contains("line 1\n") && text.contains("  9: line 9\n"),
            "{text}"
        );
        assert!(text.contains("  0: the other (under way)\n"), "{text}");
        assert!(
            text.ends_with("soak: the same again: /seed 7 /threads 2 /operations 20\n"),
            "{text}"
        );
        end();
        assert_eq!(describe(), "");
    }
}
