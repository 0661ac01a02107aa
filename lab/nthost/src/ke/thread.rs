//! Threads: the host's own and those that drivers make.
#![allow(unsafe_code, reason = "the thread object's body is a dispatcher object")]

use core::ffi::c_void;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use super::sample::{self, Sample};
use super::{dispatcher, fault, processor};
use crate::abi::{DISPATCHER_HEADER, ThreadObject};
use crate::ldr::unwind::OwnStack;
use crate::ob::{self, ObjectKind};
use crate::verifier::{self, Owner};

/// The size of a thread object's body. Windows' is larger; drivers see a dispatcher object only.
const BODY: usize = 0x100;
/// `DISPATCHER_HEADER.Size` of a thread; the real one does not fit either.
const WORDS: u8 = 0;
/// The stack of a system thread. Windows gives 24 KiB; the host's own frames need more.
const STACK: usize = 2 << 20;

/// What a thread is doing, for the report of a timeout.
#[derive(Clone, Debug)]
struct Record {
    name: String,
    activity: &'static str,
    /// Whose thread it is.
    owner: Owner,
    /// The system's number of it, for a signal.
    system: libc::pid_t,
    /// The routine of a driver's that it runs; zero for none.
    routine: usize,
    /// The end of its stack.
    stack_end: u64,
}

/// A thread as a report of a timeout sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// What it is in.
    pub activity: &'static str,
    /// Whether a driver made it.
    pub is_drivers: bool,
    /// Where it is in driver code, the innermost frame first; nothing where it is in none.
    pub frames: Vec<usize>,
    /// Whether it runs in driver code itself, and not in the host's.
    pub is_in_image: bool,
}

static THREADS: Mutex<BTreeMap<u64, Record>> = Mutex::new(BTreeMap::new());
/// Threads that are signalled and still have the reference of their own.
static ENDING: AtomicUsize = AtomicUsize::new(0);
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static ID: Cell<u64> = const { Cell::new(0) };
}

fn with_threads<R>(f: impl FnOnce(&mut BTreeMap<u64, Record>) -> R) -> R {
    f(&mut THREADS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes the calling thread known: its processor block, its signal stack, its thread object.
pub fn attach(name: &str) {
    attach_for(Owner::HOST, name);
}

fn attach_for(owner: Owner, name: &str) -> *mut c_void {
    let processor = processor::current();
    fault::use_alternate_stack();
    let known = processor.thread.load(Ordering::Relaxed);
    if known != 0 {
        return std::ptr::with_exposed_provenance_mut(known);
    }
    let object = ob::create_for(owner, ObjectKind::Thread, BODY, |_| ());
    // SAFETY: the body was just made and has room for a header.
    unsafe { dispatcher::initialize(object.cast(), ThreadObject, WORDS, 0) };
    ob::set_description(object, name);
    processor
        .thread
        .store(object.expose_provenance(), Ordering::Relaxed);
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    ID.set(id);
    with_threads(|threads| {
        threads.insert(
            id,
            Record {
                name: name.to_owned(),
                activity: "the host",
                owner,
                // SAFETY: gettid has no preconditions.
                system: unsafe { libc::gettid() },
                routine: 0,
                stack_end: OwnStack::current().end(),
            },
        )
    });
    object
}

/// The calling thread's object.
#[must_use]
pub fn current() -> *mut c_void {
    match processor::current().thread.load(Ordering::Relaxed) {
        0 => attach_for(Owner::HOST, std::thread::current().name().unwrap_or("a thread")),
        known => std::ptr::with_exposed_provenance_mut(known),
    }
}

/// The calling thread's number.
#[must_use]
pub fn current_id() -> u64 {
    let _ = current();
    ID.get()
}

/// Makes a system thread of the host's.
///
/// # Panics
///
/// When the system gives no thread.
pub fn spawn(name: &str, f: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    start(Owner::HOST, name, |_| (), f)
}

/// Makes a thread; `made` gets the thread object before `f` runs, on the new thread, with no reference of its own.
///
/// # Panics
///
/// When the system gives no thread.
pub fn start(
    owner: Owner,
    name: &str,
    made: impl FnOnce(*mut c_void) + Send + 'static,
    f: impl FnOnce() + Send + 'static,
) -> JoinHandle<()> {
    let label = name.to_owned();
    let run = move || {
        let object = attach_for(owner, &label);
        made(object);
        f();
        finish(object);
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
        .spawn(run)
        .expect("the system has threads")
}

/// Ends the calling thread's part: its object is signalled, and the thread's own reference goes.
fn finish(object: *mut c_void) {
    verifier::locks::check_end(ob::owner_of(object));
    with_threads(|threads| threads.remove(&ID.get()));
    ENDING.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the object is alive: this thread still has its reference.
    unsafe { dispatcher::set_state(object.cast::<DISPATCHER_HEADER>(), 1) };
    ob::dereference(object);
    ENDING.fetch_sub(1, Ordering::SeqCst);
}

/// Waits for the references of threads whose waiters know already that they ended.
pub fn settle() {
    while ENDING.load(Ordering::SeqCst) != 0 {
        std::thread::yield_now();
    }
}

/// Ends the calling thread from within driver code, as `PsTerminateSystemThread` does: no frame of the thread runs on.
pub fn exit() -> ! {
    let object = current();
    finish(object);
    // SAFETY: the system call ends this thread only. The driver's frames need no clean-up, and those of the host below
    // hold nothing but the thread's closure and its stack, which stay allocated: Rust cannot unwind through a driver.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    verifier::lab_defect("a thread ran on after its end")
}

/// Says what the calling thread is in until the result is dropped.
#[must_use]
pub fn activity(what: &'static str) -> Activity {
    let id = current_id();
    let before = with_threads(|threads| {
        threads
            .get_mut(&id)
            .map_or("", |record| std::mem::replace(&mut record.activity, what))
    });
    Activity { id, before }
}

/// See [`activity`].
#[derive(Debug)]
pub struct Activity {
    id: u64,
    before: &'static str,
}

impl Drop for Activity {
    fn drop(&mut self) {
        with_threads(|threads| {
            if let Some(record) = threads.get_mut(&self.id) {
                record.activity = self.before;
            }
        });
    }
}

/// The calling thread runs a driver's routine until it ends.
pub fn runs(routine: usize) {
    let id = current_id();
    with_threads(|threads| {
        if let Some(record) = threads.get_mut(&id) {
            record.routine = routine;
        }
    });
}

/// A thread whose routine lies in this range, and where it is.
#[must_use]
pub fn running_in(range: &Range<usize>) -> Option<Seen> {
    let found = with_threads(|threads| {
        let mut records = threads.values();
        records.find(|record| range.contains(&record.routine)).cloned()
    });
    found.map(see)
}

/// Every thread and where it is. Each is interrupted for a moment.
#[must_use]
pub fn see_all() -> Vec<Seen> {
    let records: Vec<Record> = with_threads(|threads| threads.values().cloned().collect());
    records.into_iter().map(see).collect()
}

fn see(record: Record) -> Seen {
    let sample = sample::take(record.system, record.stack_end);
    Seen {
        name: record.name,
        activity: record.activity,
        is_drivers: !record.owner.is_host(),
        is_in_image: sample.as_ref().is_some_and(Sample::is_in_image),
        frames: sample.map(|sample| sample.frames()).unwrap_or_default(),
    }
}
