//! What is told at the end of a run: devices, drivers, log, counters; as text and as data.

mod data;
mod images;
mod junit;
mod line;
mod picture;
mod tree;
mod wdf;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use crate::ke::thread;
use crate::mm::pool;
use crate::verifier::{self, Outcome, faults};
use crate::{exports, ldr};

pub use junit::{case_ended, case_started};
pub use line::Line;
pub use picture::picture;
pub use tree::{Device, Interface, Layer, drivers_of, observe, status, tree};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Microseconds from the start to the end of the first `DriverEntry`; zero before.
static FIRST_ENTRY: AtomicU64 = AtomicU64::new(0);
static TIMING: AtomicBool = AtomicBool::new(false);
static JSON: OnceLock<PathBuf> = OnceLock::new();
static SVG: OnceLock<PathBuf> = OnceLock::new();
static JUNIT: OnceLock<PathBuf> = OnceLock::new();
static FAULTS: OnceLock<PathBuf> = OnceLock::new();
/// The leaks that the audit found, for the data.
static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begins the measurement of time. The first thing that the program does.
pub fn start() {
    LazyLock::force(&START);
    ldr::set_unload_hook(unloading);
    verifier::set_end_hook(end);
}

/// Reads what is told of an image before it goes.
fn unloading(image: &ldr::ImageRef) {
    images::unloaded(image);
    wdf::count(image);
}

/// Has the time of the first `DriverEntry` printed, and what each line of a script takes.
pub fn show_timing() {
    TIMING.store(true, Ordering::Relaxed);
}

/// Has the report written to a file as data.
pub fn write_json_to(file: PathBuf) {
    // The command line is read once.
    let _ = JSON.set(file);
}

/// Has the lines of the run written to a file as test cases.
pub fn write_junit_to(file: PathBuf) {
    // The command line is read once.
    let _ = JUNIT.set(file);
}

/// Has the largest device tree that is seen written to a file as a picture.
pub fn write_svg_to(file: PathBuf) {
    // The command line is read once.
    let _ = SVG.set(file);
}

/// Has the calls that can fail written to a file as data.
pub fn write_faults_to(file: PathBuf) {
    // The command line is read once.
    let _ = FAULTS.set(file);
}

/// A `DriverEntry` has returned.
pub fn driver_entry_ended() {
    let time = u64::try_from(START.elapsed().as_micros())
        .unwrap_or(u64::MAX)
        .max(1);
    let first = FIRST_ENTRY
        .compare_exchange(0, time, Ordering::Relaxed, Ordering::Relaxed)
        .is_ok();
    if first && TIMING.load(Ordering::Relaxed) {
        crate::dbg::print(&format!(
            "nthost: first DriverEntry ended {time} microseconds after the start\n"
        ));
    }
}

fn first_entry() -> Option<u64> {
    Some(FIRST_ENTRY.load(Ordering::Relaxed)).filter(|time| *time > 0)
}

/// What is left over, one line for each, kept for the data.
#[must_use]
pub fn leaks() -> Vec<String> {
    thread::settle();
    let found = verifier::audit();
    for leak in &found {
        verifier::note_broken(leak.rule);
    }
    let mut leaks: Vec<String> = found.iter().map(ToString::to_string).collect();
    // The audit finds them in the order of addresses, which differ from run to run.
    leaks.sort_unstable();
    LEAKS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone_from(&leaks);
    leaks
}

/// The counters, in a few lines.
#[must_use]
pub fn summary() -> String {
    let pool = pool::statistics();
    let exports: u64 = exports::call_counts().iter().map(|(_, calls)| calls).sum();
    let functions = wdf::counts();
    let calls: u64 = functions.values().sum();
    format!(
        "verifier: {} pool allocations, {} frees, {} bytes at most; {} interface references taken, {} held\n\
         calls: {exports} of kernel exports, {calls} of WDF functions ({} different)\n",
        pool.allocations,
        pool.frees,
        pool.peak_bytes,
        verifier::interfaces::references_taken(),
        verifier::interfaces::references_held(),
        functions.len(),
    )
}

/// Writes data and picture, on whichever thread the run ends.
fn end(outcome: Outcome, text: &str) {
    if let Some(file) = JSON.get() {
        write(file, &data::render(outcome, text));
    }
    if let Some(file) = JUNIT.get() {
        write(file, &junit::render(outcome, text));
    }
    if let Some(file) = FAULTS.get() {
        write(file, &data::list(&faults::points()));
    }
    if let Some((file, tree)) = SVG.get().zip(tree::largest()) {
        write(file, &picture(&tree));
    }
}

fn write(file: &Path, content: &str) {
    if let Err(error) = fs::write(file, content) {
        // The outcome stays: the report is beside the run.
        eprintln!("nthost: the report {} cannot be written: {error}", file.display());
    }
}
