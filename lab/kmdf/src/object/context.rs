//! The contexts of an object: a driver's own memory, each with its cleanup and destroy callbacks.
//!
//! Each context is a pool block of its own, so that an overrun meets the guard page of the host.
#![allow(
    unsafe_code,
    reason = "contexts are raw memory that the driver reads and writes"
)]

use core::{cell::Cell, ffi::c_void, mem, ptr, ptr::NonNull};

use wdk_sys::{
    PCWDF_OBJECT_CONTEXT_TYPE_INFO, PFN_WDF_OBJECT_CONTEXT_CLEANUP, PFN_WDF_OBJECT_CONTEXT_DESTROY,
    STATUS_DELETE_PENDING, STATUS_INFO_LENGTH_MISMATCH, STATUS_OBJECT_NAME_EXISTS,
    WDF_OBJECT_CONTEXT_TYPE_INFO, WDFOBJECT,
};

use super::{Attributes, Header, Obj, attributes};
use crate::{
    failure::{Outcome, fail},
    pool,
};

/// What lies before the memory of a context.
#[repr(C, align(16))]
struct Context {
    next: Cell<Option<NonNull<Self>>>,
    owner: Obj<Header>,
    kind: PCWDF_OBJECT_CONTEXT_TYPE_INFO,
    cleanup: Cell<PFN_WDF_OBJECT_CONTEXT_CLEANUP>,
    destroy: PFN_WDF_OBJECT_CONTEXT_DESTROY,
}

/// The contexts of one object, the oldest first.
pub struct ContextList(Cell<Option<NonNull<Context>>>);

impl ContextList {
    /// No context.
    pub const fn new() -> Self {
        Self(Cell::new(None))
    }

    /// Adds what the attributes ask for: memory, callbacks, both or nothing. Gives the memory.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn add(&self, owner: Obj<Header>, attributes: &Attributes) -> Outcome<*mut c_void> {
        if attributes.context.is_null() && attributes.cleanup.is_none() && attributes.destroy.is_none() {
            return Ok(ptr::null_mut());
        }
        let bytes = mem::size_of::<Context>().saturating_add(attributes.context_size);
        let block = pool::allocate(owner.client.tag(), bytes)?.cast::<Context>();
        let context = Context {
            next: Cell::new(None),
            owner,
            kind: unique(attributes.context),
            cleanup: Cell::new(attributes.cleanup),
            destroy: attributes.destroy,
        };
        // SAFETY: A fresh block, larger than this, aligned to 16.
        unsafe { block.write(context) };
        match self.iter().last() {
            Some(last) => get(last).next.set(Some(block)),
            None => self.0.set(Some(block)),
        }
        Ok(data(block))
    }

    /// The memory of the context of this type, null when there is none.
    pub fn find(&self, kind: PCWDF_OBJECT_CONTEXT_TYPE_INFO) -> *mut c_void {
        let wanted = unique(kind);
        self.iter()
            .find(|context| get(*context).kind == wanted)
            .map_or(ptr::null_mut(), data)
    }

    /// Adds a context after creation; one of the same type is kept, as the framework does.
    ///
    /// # Errors
    /// `STATUS_DELETE_PENDING`, `STATUS_OBJECT_NAME_EXISTS` with the memory of the context that is there,
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn add_late(
        &self,
        owner: Obj<Header>,
        attributes: &Attributes,
    ) -> Result<*mut c_void, (wdk_sys::NTSTATUS, *mut c_void)> {
        if !owner.is_alive() {
            return Err((STATUS_DELETE_PENDING, ptr::null_mut()));
        }
        let present = self.find(attributes.context);
        if !present.is_null() {
            return Err((STATUS_OBJECT_NAME_EXISTS, present));
        }
        self.add(owner, attributes)
            .map_err(|failure| (failure.status(), ptr::null_mut()))
    }

    /// Calls the cleanup callbacks, each once.
    pub fn cleanup(&self, owner: Obj<Header>) {
        for context in self.iter() {
            invoke!(get(context).cleanup.take(), handle(owner));
        }
    }

    /// Calls the destroy callbacks and frees the memory.
    pub fn destroy(&self, owner: Obj<Header>) {
        self.cleanup(owner);
        for context in self.iter() {
            invoke!(get(context).destroy, handle(owner));
        }
        let tag = owner.client.tag();
        while let Some(context) = self.0.get() {
            self.0.set(get(context).next.get());
            pool::free(context.cast(), tag);
        }
    }

    fn iter(&self) -> impl Iterator<Item = NonNull<Context>> + use<> {
        let mut at = self.0.get();
        core::iter::from_fn(move || {
            let context = at?;
            at = get(context).next.get();
            Some(context)
        })
    }
}

fn handle(owner: Obj<Header>) -> WDFOBJECT {
    owner.handle()
}

const fn get<'a>(context: NonNull<Context>) -> &'a Context {
    // SAFETY: In the list of an object, which frees its contexts only when it is destroyed.
    unsafe { context.as_ref() }
}

const fn data(context: NonNull<Context>) -> *mut c_void {
    // SAFETY: The block is at least as large as its header.
    unsafe { context.as_ptr().add(1) }.cast()
}

/// The object whose context this is.
pub fn owner(memory: *mut c_void) -> Obj<Header> {
    // SAFETY: The driver passes the memory of a context, which lies behind its header.
    let context = unsafe { memory.cast::<Context>().sub(1) };
    // SAFETY: As above; the object of a context that the driver can reach is alive.
    unsafe { (*context).owner }
}

const fn info(kind: PCWDF_OBJECT_CONTEXT_TYPE_INFO) -> Option<WDF_OBJECT_CONTEXT_TYPE_INFO> {
    if kind.is_null() {
        return None;
    }
    // SAFETY: Not null; a context type is a constant of the driver's image.
    Some(unsafe { kind.read() })
}

/// The address that stands for the type in comparisons.
const fn unique(kind: PCWDF_OBJECT_CONTEXT_TYPE_INFO) -> PCWDF_OBJECT_CONTEXT_TYPE_INFO {
    match info(kind) {
        Some(info) if !info.UniqueType.is_null() => info.UniqueType,
        _ => kind,
    }
}

/// The failure of a context without a type.
pub const NO_TYPE: wdk_sys::NTSTATUS = wdk_sys::STATUS_OBJECT_NAME_INVALID;

/// How large a context of this type is, the override included.
///
/// # Errors
/// `STATUS_INFO_LENGTH_MISMATCH` for a type of another version, `STATUS_WDF_OBJECT_ATTRIBUTES_INVALID` when the type has no name, or the
/// override is smaller than the type or has none.
pub fn size(kind: PCWDF_OBJECT_CONTEXT_TYPE_INFO, larger: usize) -> Outcome<usize> {
    let Some(info) = info(kind) else {
        return if larger == 0 {
            Ok(0)
        } else {
            fail(attributes::INVALID)
        };
    };
    if info.Size as usize != mem::size_of::<WDF_OBJECT_CONTEXT_TYPE_INFO>() {
        return fail(STATUS_INFO_LENGTH_MISMATCH);
    }
    let size = info.ContextSize;
    let unnamed = size > 0 && info.ContextName.is_null();
    if unnamed || (larger != 0 && larger < size) {
        return fail(attributes::INVALID);
    }
    Ok(larger.max(size))
}
