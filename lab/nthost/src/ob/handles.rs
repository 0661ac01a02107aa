//! The handle table. There is one: every handle is the kernel's.

use core::ffi::c_void;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{dereference, kind, reference};
use crate::abi::{HANDLE, NTSTATUS, STATUS_INVALID_HANDLE, STATUS_SUCCESS};
use crate::verifier::{self, Leak, Owner, rules};

/// Kernel handles have the sign bit, and their low two bits are free.
const FIRST: usize = 0xFFFF_FFFF_8000_0004;
const STEP: usize = 4;

/// What runs when a handle of an object is closed: the body, and how many handles it has left.
pub type Close = fn(*mut c_void, usize);

struct Entry {
    body: usize,
    owner: Owner,
    close: Option<Close>,
}

static HANDLES: Mutex<BTreeMap<usize, Entry>> = Mutex::new(BTreeMap::new());

fn with_handles<R>(f: impl FnOnce(&mut BTreeMap<usize, Entry>) -> R) -> R {
    f(&mut HANDLES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes a handle. The handle holds a reference of its own. `close` runs at `PASSIVE_LEVEL` when it is closed, before
/// that reference goes.
#[must_use]
pub fn insert(body: *mut c_void, close: Option<Close>) -> HANDLE {
    verifier::register_auditor(leaks);
    reference(body);
    let entry = Entry {
        body: body.expose_provenance(),
        owner: verifier::owner(),
        close,
    };
    let value = with_handles(|handles| {
        let value = handles.last_key_value().map_or(FIRST, |(last, _)| last + STEP);
        handles.insert(value, entry);
        value
    });
    std::ptr::without_provenance_mut(value)
}

/// The object of a handle, without a reference: valid while the handle is open.
#[must_use]
pub fn object(handle: HANDLE) -> Option<*mut c_void> {
    with_handles(|handles| {
        handles
            .get(&handle.addr())
            .map(|entry| std::ptr::with_exposed_provenance_mut(entry.body))
    })
}

/// How many handles an object has.
#[must_use]
pub fn count(body: *mut c_void) -> usize {
    with_handles(|handles| handles.values().filter(|entry| entry.body == body.addr()).count())
}

/// Closes a handle.
///
/// # Errors
///
/// `STATUS_INVALID_HANDLE`.
pub fn close(handle: HANDLE) -> NTSTATUS {
    let Some(entry) = with_handles(|handles| handles.remove(&handle.addr())) else {
        return STATUS_INVALID_HANDLE;
    };
    let body = std::ptr::with_exposed_provenance_mut(entry.body);
    if let Some(close) = entry.close {
        close(body, count(body));
    }
    dereference(body);
    STATUS_SUCCESS
}

/// The handles that drivers opened and did not close.
fn leaks() -> Vec<Leak> {
    let left: Vec<(usize, Owner)> = with_handles(|handles| {
        let drivers = handles.values().filter(|entry| !entry.owner.is_host());
        drivers.map(|entry| (entry.body, entry.owner)).collect()
    });
    let name = |body| {
        kind(std::ptr::with_exposed_provenance_mut(body)).map_or_else(String::new, |kind| kind.to_string())
    };
    left.into_iter()
        .map(|(body, owner)| Leak {
            rule: rules::HANDLE_LEFT,
            what: format!("handle of a {}", name(body)),
            owner,
        })
        .collect()
}
