//! Threads, and those exports of `Ps` that make them.
//!
//! There are no APCs, so that a region without them differs from none only in what a driver is told.
#![allow(
    unsafe_code,
    reason = "exports write drivers' memory and call drivers' routines"
)]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;

use crate::abi::{APC_LEVEL, BOOLEAN, HANDLE, NTSTATUS, OBJECT_ATTRIBUTES, PVOID, STATUS_SUCCESS};
use crate::ke::{call, irql, thread};
use crate::ob;
use crate::verifier;

pub(super) const unsafe extern "win64" fn KeEnterCriticalRegion() {}

pub(super) const unsafe extern "win64" fn KeLeaveCriticalRegion() {}

pub(super) const unsafe extern "win64" fn KeEnterGuardedRegion() {}

pub(super) const unsafe extern "win64" fn KeLeaveGuardedRegion() {}

pub(super) unsafe extern "win64" fn KeAreApcsDisabled() -> BOOLEAN {
    u8::from(irql::current() >= APC_LEVEL)
}

pub(super) unsafe extern "win64" fn KeGetCurrentThread() -> PVOID {
    thread::current()
}

pub(super) unsafe extern "win64" fn PsGetCurrentThread() -> PVOID {
    thread::current()
}

pub(super) unsafe extern "win64" fn PsGetCurrentThreadId() -> HANDLE {
    std::ptr::without_provenance_mut(usize::try_from(thread::current_id()).unwrap_or(0) * 4)
}

type StartRoutine = unsafe extern "win64" fn(PVOID);

pub(super) unsafe extern "win64" fn PsCreateSystemThread(
    handle: *mut HANDLE,
    _access: u32,
    _attributes: *const OBJECT_ATTRIBUTES,
    _process: HANDLE,
    _client_id: PVOID,
    routine: StartRoutine,
    context: PVOID,
) -> NTSTATUS {
    let owner = verifier::owner();
    let (made, wait) = std::sync::mpsc::channel();
    let context = context.expose_provenance();
    let name = format!("of {owner}");
    let body = move || run_system_thread(routine, context);
    // Whoever waits for the thread waits for its object; the host's handle of it is not needed.
    drop(thread::start(
        owner,
        &name,
        move |object| announce(&made, object),
        body,
    ));
    let Ok(object) = wait.recv() else {
        verifier::lab_defect("a thread ended before it began")
    };
    let object = std::ptr::with_exposed_provenance_mut(object);
    let value = ob::handles::insert(object, None);
    ob::dereference(object);
    // SAFETY: `handle` is the driver's storage for the new handle, as PsCreateSystemThread requires.
    unsafe { handle.write(value) };
    STATUS_SUCCESS
}

/// Gives the new thread's object to its maker, with a reference: the thread may end before the maker looks.
fn announce(made: &std::sync::mpsc::Sender<usize>, object: PVOID) {
    ob::reference(object);
    // The receiver is waiting in PsCreateSystemThread.
    let _ = made.send(object.expose_provenance());
}

fn run_system_thread(routine: StartRoutine, context: usize) {
    let _activity = thread::activity("a driver's system thread");
    thread::runs(routine as usize);
    call("a system thread", routine as usize, || {
        // SAFETY: `routine` is the start routine the driver gave, called once with the context it gave.
        unsafe { routine(std::ptr::with_exposed_provenance_mut::<c_void>(context)) }
    });
}

pub(super) unsafe extern "win64" fn PsTerminateSystemThread(_status: NTSTATUS) -> NTSTATUS {
    thread::exit()
}
