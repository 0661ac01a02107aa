//! The trace: the last lines of what is worth knowing only when something does not work.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many lines are kept.
const KEPT: usize = 256;

static TRACES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Adds a line; the oldest makes room.
pub fn trace(line: String) {
    let mut traces = TRACES.lock().unwrap_or_else(PoisonError::into_inner);
    if traces.len() == KEPT {
        traces.pop_front();
    }
    traces.push_back(line);
}

/// The last lines, at most `count`, the oldest first.
#[must_use]
pub fn traces(count: usize) -> Vec<String> {
    let traces = TRACES.lock().unwrap_or_else(PoisonError::into_inner);
    let skipped = traces.len().saturating_sub(count);
    traces.iter().skip(skipped).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{KEPT, trace, traces};

    #[test]
    fn the_last_lines_are_kept() {
        for number in 0..=KEPT {
            trace(number.to_string());
        }
        assert_eq!(traces(2), [(KEPT - 1).to_string(), KEPT.to_string()]);
        assert_eq!(traces(usize::MAX).len(), KEPT);
        assert_eq!(traces(usize::MAX).first(), Some(&String::from("1")));
    }
}
