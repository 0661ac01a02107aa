//! The log: what drivers print appears at once, and is kept for the report.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

struct Log {
    lines: VecDeque<String>,
    partial: String,
    /// How many lines are kept without being shown; all are kept and shown where this is none.
    silent: Option<usize>,
}

static LOG: Mutex<Log> = Mutex::new(Log {
    lines: VecDeque::new(),
    partial: String::new(),
    silent: None,
});

/// From here on lines are not shown, and only the last `kept` are kept; `None` shows and keeps all again.
pub fn silence(kept: Option<usize>) {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).silent = kept;
}

impl Log {
    fn take(&mut self, line: String) {
        if self.silent.is_none() {
            // A closed pipe leaves nobody to tell.
            let _ = writeln!(std::io::stdout(), "{line}");
        } else if self.silent.is_some_and(|kept| self.lines.len() >= kept) {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

/// Adds text to the log; each line is shown when its newline arrives.
pub fn print(text: &str) {
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    log.partial.push_str(text);
    while let Some(end) = log.partial.find('\n') {
        let rest = log.partial.split_off(end + 1);
        let line = std::mem::replace(&mut log.partial, rest);
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        log.take(line);
    }
}

/// The lines so far; a last one without a newline counts.
#[must_use]
pub fn lines() -> Vec<String> {
    // The end of a run may come while a line is being printed.
    let Ok(log) = LOG.try_lock() else {
        return Vec::new();
    };
    let mut lines: Vec<String> = log.lines.iter().cloned().collect();
    if !log.partial.is_empty() {
        lines.push(log.partial.clone());
    }
    lines
}
