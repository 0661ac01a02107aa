//! `ERESOURCE`: locks that many threads may share or one may have alone, as often as it likes.
//!
//! What is known of them lies beside the drivers' memory, in which only the bytes are zeroed that Windows initializes.
#![allow(unsafe_code, reason = "zeroes the structures of drivers")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::abi::{BOOLEAN, NTSTATUS, STATUS_SUCCESS};
use crate::ke::thread;
use crate::verifier::locks::{self, Kind};
use crate::verifier::{self, rules};

crate::exports! {
    ExInitializeResourceLite <= DISPATCH_LEVEL;
    ExDeleteResourceLite <= DISPATCH_LEVEL;
    ExAcquireResourceExclusiveLite <= APC_LEVEL;
    ExAcquireResourceSharedLite <= APC_LEVEL;
    ExReleaseResourceLite <= DISPATCH_LEVEL;
    ExIsResourceAcquiredExclusiveLite <= DISPATCH_LEVEL;
    ExIsResourceAcquiredSharedLite <= DISPATCH_LEVEL;
}

/// `sizeof(ERESOURCE)` of wdm.h.
const ERESOURCE_SIZE: usize = 0x68;

/// Who has a resource, by thread objects.
#[derive(Default)]
struct Resource {
    /// The thread that has it alone, or zero.
    exclusive: usize,
    /// How often each thread has it.
    holders: HashMap<usize, u32>,
}

impl Resource {
    /// Takes it, if nobody stands in the way.
    fn try_take(&mut self, thread: usize, exclusive: bool) -> bool {
        let mine = self.exclusive == thread;
        let alone = self.holders.keys().all(|holder| *holder == thread);
        let free = mine
            || if exclusive {
                self.holders.is_empty()
            } else {
                self.exclusive == 0 || alone
            };
        if free {
            *self.holders.entry(thread).or_default() += 1;
            if exclusive {
                self.exclusive = thread;
            }
        }
        free
    }

    /// Gives it back once; false if the thread does not have it.
    fn release(&mut self, thread: usize) -> bool {
        let Some(times) = self.holders.get_mut(&thread) else {
            return false;
        };
        *times -= 1;
        if *times == 0 {
            self.holders.remove(&thread);
            if self.exclusive == thread {
                self.exclusive = 0;
            }
        }
        true
    }
}

static RESOURCES: Mutex<Option<HashMap<usize, Resource>>> = Mutex::new(None);
static RELEASED: Condvar = Condvar::new();

type Resources = MutexGuard<'static, Option<HashMap<usize, Resource>>>;

fn lock() -> Resources {
    RESOURCES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A resource that was initialized and not deleted, in this range.
#[must_use]
pub fn active_in(range: &Range<usize>) -> Option<usize> {
    let resources = RESOURCES.try_lock().ok()?;
    let mut known = resources.as_ref()?.keys().copied();
    known.find(|address| range.contains(address))
}

/// What a driver's call does to a resource that was initialized.
fn with_resource<R>(resources: &mut Resources, address: usize, f: impl FnOnce(&mut Resource) -> R) -> R {
    let Some(resource) = resources.get_or_insert_default().get_mut(&address) else {
        let what = format!("uses the resource at {address:#x}, which was not initialized or is deleted");
        verifier::broken(rules::RESOURCE_INVALID, &what, verifier::owner())
    };
    f(resource)
}

unsafe extern "win64" fn ExInitializeResourceLite(resource: *mut c_void) -> NTSTATUS {
    let known = lock()
        .get_or_insert_default()
        .insert(resource.addr(), Resource::default());
    if known.is_some() {
        let what = format!("initializes the resource at {resource:p} again");
        verifier::broken(rules::RESOURCE_INVALID, &what, verifier::owner());
    }
    locks::initialized(resource.addr());
    // SAFETY: the driver gives room for an ERESOURCE.
    unsafe { resource.cast::<u8>().write_bytes(0, ERESOURCE_SIZE) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn ExDeleteResourceLite(resource: *mut c_void) -> NTSTATUS {
    let mut resources = lock();
    with_resource(&mut resources, resource.addr(), |_| ());
    resources.get_or_insert_default().remove(&resource.addr());
    STATUS_SUCCESS
}

fn acquire(resource: *mut c_void, wait: BOOLEAN, exclusive: bool) -> BOOLEAN {
    let (address, thread) = (resource.addr(), thread::current().addr());
    if wait != 0 {
        locks::acquiring(address, Kind::Resource);
    }
    let _activity = thread::activity("a wait for a resource");
    let mut resources = lock();
    while !with_resource(&mut resources, address, |known| known.try_take(thread, exclusive)) {
        if wait == 0 {
            return 0;
        }
        resources = RELEASED.wait(resources).unwrap_or_else(PoisonError::into_inner);
    }
    locks::acquired(address, Kind::Resource);
    1
}

unsafe extern "win64" fn ExAcquireResourceExclusiveLite(resource: *mut c_void, wait: BOOLEAN) -> BOOLEAN {
    acquire(resource, wait, true)
}

unsafe extern "win64" fn ExAcquireResourceSharedLite(resource: *mut c_void, wait: BOOLEAN) -> BOOLEAN {
    acquire(resource, wait, false)
}

unsafe extern "win64" fn ExReleaseResourceLite(resource: *mut c_void) {
    let thread = thread::current().addr();
    let released = with_resource(&mut lock(), resource.addr(), |known| known.release(thread));
    if !released {
        let what = format!("releases the resource at {resource:p}, which this thread does not hold");
        verifier::broken(rules::RESOURCE_NOT_OWNED, &what, verifier::owner());
    }
    locks::released(resource.addr());
    RELEASED.notify_all();
}

unsafe extern "win64" fn ExIsResourceAcquiredExclusiveLite(resource: *mut c_void) -> BOOLEAN {
    let thread = thread::current().addr();
    with_resource(&mut lock(), resource.addr(), |known| {
        u8::from(known.exclusive == thread)
    })
}

/// How often the thread has it, shared or alone.
unsafe extern "win64" fn ExIsResourceAcquiredSharedLite(resource: *mut c_void) -> u32 {
    let thread = thread::current().addr();
    with_resource(&mut lock(), resource.addr(), |known| {
        known.holders.get(&thread).copied().unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::Resource;

    #[test]
    fn many_share_or_one_has_it_as_often_as_it_likes() {
        let mut resource = Resource::default();
        assert!(resource.try_take(1, false) && resource.try_take(2, false));
        assert!(!resource.try_take(3, true), "shared by others");
        assert!(resource.release(1) && !resource.release(1) && resource.release(2));
        assert!(resource.try_take(3, true) && resource.try_take(3, true) && resource.try_take(3, false));
        assert!(!resource.try_take(1, false) && !resource.try_take(1, true));
        for _ in 0..3 {
            assert!(resource.release(3));
        }
        assert!(resource.try_take(1, true));
    }
}
