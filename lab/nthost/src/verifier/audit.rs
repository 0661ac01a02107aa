//! What is left over when every driver is gone.

use core::fmt;
use std::sync::Mutex;

use super::Owner;
use super::rules::Rule;

/// One thing left over, and whose it is.
#[derive(Clone, Debug)]
pub struct Leak {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// What: `"pool block, tag 'Smpl', 64 bytes"`.
    pub what: String,
    /// Whose: the code that made it.
    pub owner: Owner,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "leak: {}, of {} [{}: {}]",
            self.what, self.owner, self.rule.name, self.rule.remedy
        )
    }
}

type Auditor = fn() -> Vec<Leak>;

static AUDITORS: Mutex<Vec<Auditor>> = Mutex::new(Vec::new());

/// Adds a component's list of left-over things to the audit. Adding one twice has no effect.
pub fn register_auditor(auditor: Auditor) {
    let mut auditors = lock(&AUDITORS);
    if !auditors.iter().any(|known| std::ptr::fn_addr_eq(*known, auditor)) {
        auditors.push(auditor);
    }
}

/// Everything of the drivers' that is left over: interface references first, since they hold much of the rest.
#[must_use]
pub fn audit() -> Vec<Leak> {
    let auditors = lock(&AUDITORS).clone();
    let mut leaks: Vec<Leak> = auditors.iter().flat_map(|auditor| auditor()).collect();
    leaks.sort_by_cached_key(|leak| (!leak.what.starts_with("interface reference"), leak.to_string()));
    leaks
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
