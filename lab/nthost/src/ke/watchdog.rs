//! The time limit of a run.

use std::fmt::Write;
use std::time::Duration;

use super::thread::{self, Seen};
use crate::io;
use crate::verifier::rules::{self, Rule};
use crate::verifier::{self, Outcome, Owner};

/// How many frames of a thread are told.
const FRAMES: usize = 8;

/// Ends the run with outcome `timeout` after `limit`, naming what each thread is in.
pub fn start(limit: Duration) {
    // The watchdog lives as long as the process.
    drop(thread::spawn("watchdog", move || {
        let _activity = thread::activity("the wait for the time limit");
        std::thread::sleep(limit);
        end(&format!("the run took longer than {} seconds", limit.as_secs()));
    }));
}

/// Ends the run with outcome `timeout`: `what` took too long.
pub fn end(what: &str) -> ! {
    verifier::end(Outcome::Timeout, &report(what))
}

/// What stands still and what does not.
fn report(what: &str) -> String {
    let threads = thread::see_all();
    let kept = io::kept_requests();
    let mut report = format!("timeout: {what}\n");
    if let Some((rule, at)) = cause(&threads, &kept) {
        verifier::note_broken(rule);
        // Writing to a string cannot fail.
        let _ = writeln!(
            report,
            "  rule: {}\n  where: {at}\n  do: {}",
            rule.name, rule.remedy
        );
    }
    for thread in &threads {
        let _ = writeln!(report, "  thread {}: in {}", thread.name, activity(thread));
        for frame in thread.frames.iter().take(FRAMES) {
            let _ = writeln!(report, "    at {}", Owner::at(*frame));
        }
    }
    for (irp, routine) in &kept {
        let _ = writeln!(report, "  request {irp}: given to {routine}, not completed");
    }
    report
}

const fn activity(thread: &Seen) -> &'static str {
    if thread.is_in_image {
        "driver code"
    } else {
        thread.activity
    }
}

/// Which rule the run broke, and where: a loop before a wait, and a wait of the host's own threads, which call drivers, before one of
/// a driver's own, which may be meant.
fn cause(threads: &[Seen], kept: &[(String, Owner)]) -> Option<(&'static Rule, Owner)> {
    let runs = |thread: &&Seen| thread.is_in_image || !thread.activity.starts_with(WAIT);
    let waits = |thread: &&Seen| !runs(thread);
    let mut inside = threads.iter().filter(|thread| !thread.frames.is_empty());
    let place = |thread: &Seen| Owner::at(thread.frames[0]);
    let of_thread = |rule, thread: &Seen| Some((rule, place(thread)));
    if let Some(thread) = inside.clone().find(runs) {
        return of_thread(rules::ENDLESS_LOOP, thread);
    }
    if let Some(thread) = inside.clone().filter(waits).find(|thread| !thread.is_drivers) {
        return of_thread(rules::WAIT_WITHOUT_WAKER, thread);
    }
    if let Some((_, routine)) = kept.first() {
        return Some((rules::IRP_NOT_COMPLETED, *routine));
    }
    inside
        .next()
        .and_then(|thread| of_thread(rules::WAIT_WITHOUT_WAKER, thread))
}

/// How the activity of a thread begins that waits for another one.
const WAIT: &str = "a wait for";

#[cfg(test)]
mod tests {
    use super::{Owner, Seen, cause, rules};

    fn seen(activity: &'static str, is_drivers: bool, is_in_image: bool, frame: usize) -> Seen {
        Seen {
            name: String::new(),
            activity,
            is_drivers,
            frames: (frame != 0).then_some(frame).into_iter().collect(),
            is_in_image,
        }
    }

    fn named(threads: &[Seen], kept: &[(String, Owner)]) -> Option<(&'static str, usize)> {
        cause(threads, kept).map(|(rule, at)| (rule.name, at.address()))
    }

    #[test]
    fn what_is_to_blame_for_a_timeout() {
        let host = seen("the host", false, false, 0);
        let waits = seen("a wait for a dispatcher object", false, false, 1);
        let meant = seen("a wait for a dispatcher object", true, false, 2);
        let runs = seen("the host", false, true, 3);
        let polls = seen("KeDelayExecutionThread", true, false, 4);
        let kept = [(String::from("IRP"), Owner::at(5))];
        let all = [host.clone(), waits, meant.clone()];
        assert_eq!(
            named(&[all.as_slice(), &[runs]].concat(), &kept),
            Some((rules::ENDLESS_LOOP.name, 3))
        );
        assert_eq!(
            named(&[all.as_slice(), &[polls]].concat(), &[]),
            Some((rules::ENDLESS_LOOP.name, 4))
        );
        assert_eq!(named(&all, &kept), Some((rules::WAIT_WITHOUT_WAKER.name, 1)));
        assert_eq!(
            named(&[host.clone(), meant.clone()], &kept),
            Some((rules::IRP_NOT_COMPLETED.name, 5))
        );
        assert_eq!(
            named(&[host.clone(), meant], &[]),
            Some((rules::WAIT_WITHOUT_WAKER.name, 2))
        );
        assert_eq!(named(&[host], &[]), None);
    }
}
