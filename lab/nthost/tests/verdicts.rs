//! How a run ends: each case runs in a process of its own, which this test starts from itself.
#![allow(unsafe_code, reason = "faults on purpose")]

use std::process::{Command, Output};
use std::time::Duration;

use nthost::abi::{DISPATCH_LEVEL, KSPIN_LOCK};
use nthost::ke;
use nthost::mm::pool::{self, Kind, Request, Tag};
use nthost::verifier::{self, BugCheck, Outcome, Owner};

/// Names the case to the process that runs it.
const CASE: &str = "NTHOST_TEST_CASE";
const OWNER: Owner = Owner::at(0x1000);

fn block(size: usize) -> *mut u8 {
    let tag = Tag(u32::from_le_bytes(*b"Case"));
    pool::allocate(Request {
        kind: Kind::NonPaged,
        size,
        tag,
        zeroed: true,
        owner: OWNER,
    })
    .cast()
}

fn double_free() {
    let block = block(8).cast();
    pool::free(block, None, OWNER);
    pool::free(block, None, OWNER);
}

fn wrong_tag() {
    pool::free(block(8).cast(), Some(Tag(u32::from_le_bytes(*b"Else"))), OWNER);
}

fn slack_overrun() {
    let block = block(20);
    // SAFETY: the byte lies in the block's page, behind the block: that is the case.
    unsafe { block.wrapping_add(20).write(1) };
    pool::free(block.cast(), None, OWNER);
}

fn overrun() {
    // SAFETY: none; the write hits the guard page, and that is the case.
    unsafe { block(32).wrapping_add(32).write_volatile(1) };
}

fn use_after_free() {
    let block = block(32);
    pool::free(block.cast(), None, OWNER);
    // SAFETY: none; the read hits freed memory, and that is the case.
    unsafe { block.read_volatile() };
}

fn spin_lock_twice() {
    let mut lock: KSPIN_LOCK = 0;
    // SAFETY: `lock` is a local, and 0 is an initialized spin lock.
    unsafe { ke::spin_lock::acquire(&raw mut lock) };
    // SAFETY: `lock` still lives. To take it twice is wrong for a driver, and the host stops it before any
    // harm.
    unsafe { ke::spin_lock::acquire(&raw mut lock) };
}

fn irql_left_raised() {
    ke::call("the test's routine", 0x1000, || ke::irql::raise(DISPATCH_LEVEL));
}

fn paged_at_dispatch() {
    let _ = ke::irql::raise(DISPATCH_LEVEL);
    let request = Request {
        kind: Kind::Paged,
        size: 8,
        tag: Tag(1),
        zeroed: true,
        owner: OWNER,
    };
    let _ = pool::allocate(request);
}

fn no_object() {
    nthost::ob::dereference(std::ptr::without_provenance_mut(0x5000));
}

fn host_fault() {
    // SAFETY: none; a fault of the host itself is the case.
    unsafe { std::ptr::without_provenance::<u8>(0x10).read_volatile() };
}

fn time_limit() {
    ke::watchdog::start(Duration::from_millis(50));
    std::thread::sleep(Duration::from_mins(1));
}

/// A case: its name, what it does, how it ends, and what the report says.
type Case = (&'static str, fn(), Outcome, &'static str);

const CASES: &[Case] = &[
    (
        "double_free",
        double_free,
        Outcome::Bugcheck,
        "0xC2 BAD_POOL_CALLER",
    ),
    (
        "wrong_tag",
        wrong_tag,
        Outcome::Bugcheck,
        "frees with tag 'Else' what has another",
    ),
    (
        "slack_overrun",
        slack_overrun,
        Outcome::Bugcheck,
        "wrote 0 bytes beyond the end",
    ),
    (
        "overrun",
        overrun,
        Outcome::Bugcheck,
        "PAGE_FAULT_BEYOND_END_OF_ALLOCATION",
    ),
    (
        "use_after_free",
        use_after_free,
        Outcome::Bugcheck,
        "PAGE_FAULT_IN_FREED_SPECIAL_POOL",
    ),
    (
        "spin_lock_twice",
        spin_lock_twice,
        Outcome::Bugcheck,
        "SPIN_LOCK_ALREADY_OWNED",
    ),
    (
        "irql_left_raised",
        irql_left_raised,
        Outcome::Bugcheck,
        "called at IRQL 0 and returned at IRQL 2",
    ),
    (
        "paged_at_dispatch",
        paged_at_dispatch,
        Outcome::Bugcheck,
        "DRIVER_VERIFIER_DETECTED_VIOLATION",
    ),
    ("no_object", no_object, Outcome::Bugcheck, "REFERENCE_BY_POINTER"),
    (
        "host_fault",
        host_fault,
        Outcome::LabDefect,
        "lab defect: signal 11",
    ),
    (
        "time_limit",
        time_limit,
        Outcome::Timeout,
        "thread watchdog: in the wait for the time limit",
    ),
];

#[test]
fn each_rule_ends_the_run_with_its_verdict() {
    if let Ok(wanted) = std::env::var(CASE) {
        return run_case(&wanted);
    }
    for (name, _, outcome, text) in CASES {
        let output = start(name);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            output.status.code(),
            Some(outcome.exit_code()),
            "{name}: {stdout}"
        );
        assert!(stdout.contains(text), "{name}: {stdout}");
        assert!(
            stdout.ends_with(&format!("verdict: {outcome}\n")),
            "{name}: {stdout}"
        );
    }
}

fn start(case: &str) -> Output {
    let own = std::env::current_exe().expect("a test has a file");
    let name = "each_rule_ends_the_run_with_its_verdict";
    let mut command = Command::new(own);
    command
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(CASE, case);
    command.output().expect("the test can start itself")
}

fn run_case(wanted: &str) {
    let (_, case, ..) = CASES
        .iter()
        .find(|(name, ..)| *name == wanted)
        .expect("the parent names a case");
    ke::fault::install().expect("signal handlers can be installed");
    ke::thread::attach("test");
    case();
    verifier::end(Outcome::Fail, "the case did not end the run");
}

#[test]
fn a_bugcheck_has_its_windows_name() {
    assert_eq!(BugCheck::BAD_POOL_CALLER.to_string(), "0xC2 BAD_POOL_CALLER");
    assert_eq!(
        BugCheck(0xDEAD).to_string(),
        "0xDEAD (a code the lab has no name for)"
    );
}
