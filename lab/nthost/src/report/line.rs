//! What `--timing` prints for each line of a script.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::TIMING;
use crate::abi::PAGE_SIZE;

/// A line that runs.
pub struct Line {
    start: Instant,
    /// What the threads had had of processors then.
    busy: Duration,
}

impl Line {
    /// A line begins; nothing where nobody wants to know.
    #[must_use]
    pub fn begin() -> Option<Self> {
        TIMING.load(Ordering::Relaxed).then(|| Self {
            start: Instant::now(),
            busy: busy(),
        })
    }

    /// The line is over, and nothing of it is under way.
    pub fn end(self) {
        // Not through the log, which the report has.
        println!(
            "nthost: the line took {} microseconds, {} of processors; {} KiB are resident",
            self.start.elapsed().as_micros(),
            busy().saturating_sub(self.busy).as_micros(),
            resident_pages() * PAGE_SIZE as u64 / 1024
        );
    }
}

/// The first number of each thread's `schedstat`: nanoseconds on a processor. Other work on the machine does not show in it.
fn busy() -> Duration {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds: u64 = threads
        .map(|thread| number(&thread.path().join("schedstat"), 0))
        .sum();
    Duration::from_nanos(nanoseconds)
}

/// The second number of `statm`.
fn resident_pages() -> u64 {
    number(Path::new("/proc/self/statm"), 1)
}

/// A number of a file of `/proc`; zero where the system has no such file.
fn number(file: &Path, place: usize) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let word = text.split_whitespace().nth(place);
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}
