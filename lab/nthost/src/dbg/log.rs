//! The log: what drivers print appears at once, and is kept for the report.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
struct Log {
    lines: Vec<String>,
    partial: String,
}

static LOG: Mutex<Log> = Mutex::new(Log {
    lines: Vec::new(),
    partial: String::new(),
});

/// Adds text to the log; each line is shown when its newline arrives.
pub fn print(text: &str) {
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    log.partial.push_str(text);
    while let Some(end) = log.partial.find('\n') {
        let rest = log.partial.split_off(end + 1);
        let line = std::mem::replace(&mut log.partial, rest);
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        // A closed pipe leaves nobody to tell.
        let _ = writeln!(std::io::stdout(), "{line}");
        log.lines.push(line);
    }
}

/// The lines so far; a last one without a newline counts.
#[must_use]
pub fn lines() -> Vec<String> {
    // The end of a run may come while a line is being printed.
    let Ok(log) = LOG.try_lock() else {
        return Vec::new();
    };
    let mut lines = log.lines.clone();
    if !log.partial.is_empty() {
        lines.push(log.partial.clone());
    }
    lines
}
