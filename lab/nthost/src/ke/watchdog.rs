//! The time limit of a run.

use std::time::Duration;

use super::thread;
use crate::verifier::{self, Outcome};

/// Ends the run with outcome `timeout` after `limit`, naming what each thread is in.
pub fn start(limit: Duration) {
    // The watchdog lives as long as the process.
    drop(thread::spawn("watchdog", move || {
        let _activity = thread::activity("the wait for the time limit");
        std::thread::sleep(limit);
        let mut report = format!("timeout: the run took longer than {} seconds\n", limit.as_secs());
        for line in thread::describe_all() {
            report.push_str("  ");
            report.push_str(&line);
            report.push('\n');
        }
        verifier::end(Outcome::Timeout, &report);
    }));
}
