//! Threads: the host's own and those that drivers make.
#![allow(unsafe_code, reason = "the thread object's body is a dispatcher object")]

use core::ffi::c_void;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use super::{dispatcher, fault, processor};
use crate::abi::{DISPATCHER_HEADER, ThreadObject};
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
}

static THREADS: Mutex<BTreeMap<u64, Record>> = Mutex::new(BTreeMap::new());
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
    with_threads(|threads| threads.remove(&ID.get()));
    // SAFETY: the object is alive: this thread still has its reference.
    unsafe { dispatcher::set_state(object.cast::<DISPATCHER_HEADER>(), 1) };
    ob::dereference(object);
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

/// One line for each thread: its name and what it is in.
#[must_use]
pub fn describe_all() -> Vec<String> {
    with_threads(|threads| {
        threads
            .values()
            .map(|record| format!("thread {}: in {}", record.name, record.activity))
            .collect()
    })
}
