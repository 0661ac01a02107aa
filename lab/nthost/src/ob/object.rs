//! Objects and their counts.
//!
//! The counts live in a table beside the bodies, so that a driver that overwrites a body cannot damage them, and so
//! that a pointer that is no object is recognized.

use core::ffi::c_void;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ke::{irql, work};
use crate::mm::pool::{self, HOST_TAG, Kind, Request};
use crate::verifier::{self, Leak, Owner, rules};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// `DEVICE_OBJECT`.
    Device,
    /// `DRIVER_OBJECT`.
    Driver,
    /// `FILE_OBJECT` of a device.
    File,
    /// A file of the system's volume.
    StoredFile,
    /// A thread.
    Thread,
    /// A registry key.
    Key,
    /// A named or unnamed event.
    Event,
    /// A symbolic link.
    SymbolicLink,
    /// A callback object.
    Callback,
    /// A directory of names.
    Directory,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "device object",
            Self::Driver => "driver object",
            Self::File => "file object",
            Self::StoredFile => "file",
            Self::Thread => "thread object",
            Self::Key => "registry key",
            Self::Event => "event object",
            Self::SymbolicLink => "symbolic link",
            Self::Callback => "callback object",
            Self::Directory => "directory object",
        })
    }
}

/// What runs when the last reference goes: at `PASSIVE_LEVEL`, with the body still there.
pub type Delete = fn(*mut c_void);

struct Object {
    kind: ObjectKind,
    references: u64,
    delete: Delete,
    owner: Owner,
    description: String,
}

static OBJECTS: Mutex<Option<HashMap<usize, Object>>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<HashMap<usize, Object>>> {
    OBJECTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_objects<R>(f: impl FnOnce(&mut HashMap<usize, Object>) -> R) -> R {
    f(lock().get_or_insert_with(|| {
        verifier::register_auditor(leaks);
        HashMap::new()
    }))
}

/// Makes an object with a zeroed body of `body_size` bytes and one reference; null without memory.
///
/// Its owner is the current one ([`verifier::owner`]). `delete` runs when the last reference goes; the body is freed after it.
#[must_use]
pub fn create(kind: ObjectKind, body_size: usize, delete: Delete) -> *mut c_void {
    create_for(verifier::owner(), kind, body_size, delete)
}

/// [`create`] with a given owner: [`Owner::HOST`] for what the host keeps for itself and the audit leaves out.
#[must_use]
pub fn create_for(owner: Owner, kind: ObjectKind, body_size: usize, delete: Delete) -> *mut c_void {
    let request = Request {
        kind: Kind::Object,
        size: body_size,
        tag: HOST_TAG,
        zeroed: true,
        owner,
    };
    let body = pool::allocate(request);
    if !body.is_null() {
        let object = Object {
            kind,
            references: 1,
            delete,
            owner,
            description: String::new(),
        };
        with_objects(|objects| objects.insert(body.addr(), object));
    }
    body
}

/// Sets what [`describe`] and the audit say about the object beside its kind: a name.
pub fn set_description(body: *mut c_void, description: &str) {
    with_objects(|objects| {
        if let Some(object) = objects.get_mut(&body.addr()) {
            description.clone_into(&mut object.description);
        }
    });
}

/// Adds a reference. A pointer that is no object ends the run in `REFERENCE_BY_POINTER`.
pub fn reference(body: *mut c_void) {
    if !try_reference(body) {
        not_an_object("references", body);
    }
}

/// Adds a reference if the pointer is an object that is not being deleted.
#[must_use]
pub fn try_reference(body: *mut c_void) -> bool {
    with_objects(|objects| {
        objects
            .get_mut(&body.addr())
            .filter(|object| object.references > 0)
            .map(|object| object.references += 1)
    })
    .is_some()
}

/// Removes a reference. With the last one the object is deleted: at once at `PASSIVE_LEVEL`, else by a worker.
pub fn dereference(body: *mut c_void) {
    if release(body) {
        if irql::is_passive() {
            delete(body);
        } else {
            delete_later(body);
        }
    }
}

/// Removes a reference; a worker deletes the object if it was the last.
pub fn dereference_deferred(body: *mut c_void) {
    if release(body) {
        delete_later(body);
    }
}

/// The number of references; zero for what is no object.
#[must_use]
pub fn pointer_count(body: *mut c_void) -> u64 {
    with_objects(|objects| objects.get(&body.addr()).map_or(0, |object| object.references))
}

/// What the object is; `None` for what is none.
#[must_use]
pub fn kind(body: *mut c_void) -> Option<ObjectKind> {
    with_objects(|objects| objects.get(&body.addr()).map(|object| object.kind))
}

/// Whether the pointer is an object of this kind.
#[must_use]
pub fn is_object(body: *mut c_void, expected: ObjectKind) -> bool {
    kind(body) == Some(expected)
}

/// Whose code made the object.
#[must_use]
pub fn owner_of(body: *mut c_void) -> Owner {
    with_objects(|objects| {
        objects
            .get(&body.addr())
            .map_or(Owner::HOST, |object| object.owner)
    })
}

/// Kind and description, for reports.
#[must_use]
pub fn describe(body: *mut c_void) -> String {
    with_objects(|objects| {
        objects
            .get(&body.addr())
            .map_or_else(|| format!("{body:p}"), text)
    })
}

/// The bodies of all objects of a kind.
#[must_use]
pub fn find_all(wanted: ObjectKind) -> Vec<*mut c_void> {
    with_objects(|objects| {
        let found = objects.iter().filter(|(_, object)| object.kind == wanted);
        found
            .map(|(address, _)| std::ptr::with_exposed_provenance_mut(*address))
            .collect()
    })
}

/// Takes a reference away; true if it was the last.
fn release(body: *mut c_void) -> bool {
    let left = with_objects(|objects| {
        let object = objects.get_mut(&body.addr())?;
        object.references = object.references.checked_sub(1)?;
        Some(object.references)
    });
    left.unwrap_or_else(|| not_an_object("dereferences", body)) == 0
}

fn delete(body: *mut c_void) {
    if let Some(procedure) = with_objects(|objects| objects.get(&body.addr()).map(|object| object.delete)) {
        procedure(body);
    }
    with_objects(|objects| objects.remove(&body.addr()));
    pool::free(body, None, verifier::owner());
}

fn delete_later(body: *mut c_void) {
    let address = body.expose_provenance();
    work::SYSTEM.queue(move || delete(std::ptr::with_exposed_provenance_mut(address)));
}

fn not_an_object(verb: &str, body: *mut c_void) -> ! {
    let what = format!("{verb} {body:p}, which is no kernel object or has no references left");
    let notes = pool::explain(body.addr()).map_or_else(Vec::new, |(_, what, mut notes)| {
        notes.insert(0, format!("the address is {what}"));
        notes
    });
    verifier::broken_with(rules::REFERENCE_BY_POINTER, &what, verifier::owner(), &notes)
}

fn text(object: &Object) -> String {
    if object.description.is_empty() {
        object.kind.to_string()
    } else {
        format!("{} {}", object.kind, object.description)
    }
}

/// The objects that drivers hold or made: those the host made for itself do not count.
fn leaks() -> Vec<Leak> {
    with_objects(|objects| {
        let left = objects.values().filter(|object| !object.owner.is_host());
        left.map(|object| Leak {
            rule: match object.kind {
                ObjectKind::Device => rules::DEVICE_LEFT,
                _ => rules::OBJECT_LEFT,
            },
            what: format!("{}, {} references", text(object), object.references),
            owner: object.owner,
        })
        .collect()
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{ObjectKind, create, dereference, is_object, pointer_count, reference, try_reference};

    static DELETED: AtomicU32 = AtomicU32::new(0);

    fn deleted(_: *mut c_void) {
        DELETED.fetch_add(1, Ordering::SeqCst);
    }

    #[test]
    fn the_last_reference_deletes() {
        let body = create(ObjectKind::Event, 24, deleted);
        assert!(is_object(body, ObjectKind::Event));
        reference(body);
        assert_eq!(pointer_count(body), 2);
        dereference(body);
        assert_eq!(DELETED.load(Ordering::SeqCst), 0);
        dereference(body);
        assert_eq!(DELETED.load(Ordering::SeqCst), 1);
        assert!(!try_reference(body));
    }
}
