//! The run as `JUnit` has tests: each line is a case, and the verdict is one more.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::verifier::Outcome;

/// A line that began.
struct Case {
    place: String,
    line: String,
    start: Instant,
    /// How long it took and what it failed with; none while it runs.
    ended: Option<(Duration, Option<String>)>,
}

static CASES: Mutex<Vec<Case>> = Mutex::new(Vec::new());

/// A line of the run begins.
pub fn case_started(place: &str, line: &str) {
    let case = Case {
        place: place.to_owned(),
        line: line.to_owned(),
        start: Instant::now(),
        ended: None,
    };
    CASES.lock().unwrap_or_else(PoisonError::into_inner).push(case);
}

/// The line that began last has ended, with this error.
pub fn case_ended(error: Option<String>) {
    let mut cases = CASES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(case) = cases.last_mut() {
        case.ended = Some((case.start.elapsed(), error));
    }
}

/// The report's text. `text` is what was printed at the end.
pub(super) fn render(outcome: Outcome, text: &str) -> String {
    let mut suite = TestSuite::new("lab");
    // The run may end while a line is noted: then the verdict alone is told.
    if let Ok(cases) = CASES.try_lock() {
        suite.add_test_cases(cases.iter().map(|case| line(case, outcome)));
    }
    suite.add_test_case(verdict(outcome, text));
    let mut report = Report::new("lab");
    report.add_test_suite(suite);
    report.to_string().unwrap_or_default()
}

fn line(case: &Case, outcome: Outcome) -> TestCase {
    let status = match &case.ended {
        Some((_, None)) => TestCaseStatus::success(),
        Some((_, Some(error))) => failed(NonSuccessKind::Failure, error),
        None => failed(NonSuccessKind::Error, &format!("the run ended here: {outcome}")),
    };
    let mut made = TestCase::new(case.line.as_str(), status);
    made.set_classname(case.place.as_str());
    if let Some((time, _)) = &case.ended {
        made.set_time(*time);
    }
    made
}

fn verdict(outcome: Outcome, text: &str) -> TestCase {
    if outcome == Outcome::Pass {
        return TestCase::new("verdict", TestCaseStatus::success());
    }
    let mut status = failed(NonSuccessKind::Failure, outcome.word());
    status.set_description(text);
    TestCase::new("verdict", status)
}

fn failed(kind: NonSuccessKind, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    status
}

#[cfg(test)]
mod tests {
    use super::{case_ended, case_started, render};
    use crate::verifier::Outcome;

    #[test]
    fn a_failed_line_and_one_that_never_ended_are_told_apart() {
        case_started("x.lab:1", "net start a & b");
        case_ended(None);
        case_started("x.lab:2", "expect \"<1>\"");
        case_ended(Some(String::from("the output has no <1>")));
        case_started("x.lab:3", "net stop a");
        let text = render(Outcome::Bugcheck, "bugcheck: 0x7E");
        for part in [
            "tests=\"4\"",
            "failures=\"2\"",
            "errors=\"1\"",
            "net start a &amp; b",
            "message=\"the output has no &lt;1&gt;\"",
            "message=\"the run ended here: bugcheck\"",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
