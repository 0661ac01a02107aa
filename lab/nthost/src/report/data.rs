//! The report as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::images::{self, Image};
use super::{LEAKS, first_entry, tree, wdf};
use crate::mm::pool;
use crate::verifier::faults::{self, Noticed, Point};
use crate::verifier::{self, Outcome, interfaces};
use crate::{dbg, exports};

/// The whole report.
#[derive(Serialize)]
struct Report<'a> {
    verdict: &'a str,
    exit_code: i32,
    /// The rules that were broken, by their names in docs/verifier-rules.md.
    rules: Vec<&'static str>,
    /// What was printed at the end: counters, or what was broken and by whom.
    text: &'a str,
    /// Microseconds from the start of the host to the end of the first `DriverEntry`.
    first_driver_entry_microseconds: Option<u64>,
    /// The images that were loaded, in order.
    drivers: Vec<Image>,
    device_tree: Option<tree::Device>,
    log: Vec<String>,
    verifier: Counters,
    /// The call that failed because the command line said so, and what was seen of it.
    fault: Option<Fault>,
    wdf_functions: BTreeMap<String, u64>,
    exports: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Counters {
    pool_allocations: u64,
    pool_frees: u64,
    pool_peak_bytes: u64,
    interface_references_taken: u64,
    interface_references_held: u64,
    leaks: Vec<String>,
}

#[derive(Serialize)]
struct Fault {
    #[serde(flatten)]
    point: Point,
    /// What the line said in which it came, and the problems of devices after it.
    noticed: Vec<Noticed>,
}

/// The calls that can fail, as data.
pub(super) fn list(points: &[Point]) -> String {
    // Strings and numbers always serialize.
    serde_json::to_string_pretty(points).unwrap_or_default() + "\n"
}

/// The report's text.
pub(super) fn render(outcome: Outcome, text: &str) -> String {
    let pool = pool::statistics();
    let report = Report {
        verdict: outcome.word(),
        exit_code: outcome.exit_code(),
        rules: verifier::broken_rules(),
        text,
        first_driver_entry_microseconds: first_entry(),
        drivers: images::all(),
        device_tree: tree::largest(),
        log: dbg::lines(),
        verifier: Counters {
            pool_allocations: pool.allocations,
            pool_frees: pool.frees,
            pool_peak_bytes: pool.peak_bytes,
            interface_references_taken: interfaces::references_taken(),
            interface_references_held: interfaces::references_held(),
            leaks: LEAKS.try_lock().map(|leaks| leaks.clone()).unwrap_or_default(),
        },
        fault: faults::injected().map(|point| Fault {
            point,
            noticed: faults::noticed(),
        }),
        wdf_functions: wdf::counts(),
        exports: exports::call_counts().into_iter().collect(),
    };
    // Strings, numbers and maps with string keys always serialize.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
