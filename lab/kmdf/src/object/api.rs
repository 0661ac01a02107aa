//! `WdfObject…`: what a driver can do with any handle.

use core::ffi::c_void;

use wdk_sys::{
    GUID, LONG, PCCH, PCWDF_OBJECT_CONTEXT_TYPE_INFO, PVOID, PWDF_OBJECT_ATTRIBUTES, STATUS_NOT_FOUND,
    STATUS_OBJECT_NAME_EXISTS, ULONG, WDFOBJECT,
};

use super::{Attributes, Header, Obj, Parent, context, create};
use crate::{
    ddi::{Call, Claimed},
    failure::{STATUS_WDF_PARENT_NOT_SPECIFIED, fail},
    wdm::bugcheck::Violation,
};

/// An object with nothing but contexts, made by `WdfObjectCreate`.
#[repr(C)]
struct General {
    header: Header,
}

framework! {
    General: General
}

impl Call {
    /// The object of a handle inside a structure of the driver, which may be null.
    pub fn optional_object(&self, handle: WDFOBJECT) -> Option<Obj<Header>> {
        if handle.is_null() {
            return None;
        }
        match Obj::from_handle(handle) {
            Some(object) => Some(object),
            None => self.violation(Violation::InvalidHandle, handle as usize),
        }
    }

    /// The parent of a new object: what the attributes say, else this default, else the client's driver.
    pub fn parent(&self, attributes: &Attributes, default: Option<Obj<Header>>) -> Option<Obj<Header>> {
        attributes
            .parent
            .or(default)
            .or_else(|| self.client.driver.get().map(Obj::header))
    }
}

ddi! {
    /// Creates an object without a meaning of its own.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfObjectCreate: PFN_WDFOBJECTCREATE(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, object: *mut WDFOBJECT,
    ) -> NTSTATUS {
        object.not_null(call).put(core::ptr::null_mut());
        let attributes = Attributes::with_level(call, attributes, Parent::Allowed)?;
        let general = General { header: Header::new::<General>(call.client) };
        let created = create(general, &attributes, call.parent(&attributes, None))?;
        object.put(created.handle());
        Ok(())
    }

    /// Deletes an object. One that the framework deletes by itself ends the run.
    fn WdfObjectDelete: PFN_WDFOBJECTDELETE(call, object: WDFOBJECT) {
        let object = object.any(call);
        if !object.is_deletable() {
            call.violation(Violation::Object, object.handle::<c_void>() as usize);
        }
        object.delete();
    }

    /// Takes a reference.
    fn WdfObjectReferenceActual: PFN_WDFOBJECTREFERENCEACTUAL(
        call, object: WDFOBJECT, _tag: PVOID, _line: LONG, _file: PCCH,
    ) {
        object.any(call).reference();
    }

    /// Gives a reference back.
    fn WdfObjectDereferenceActual: PFN_WDFOBJECTDEREFERENCEACTUAL(
        call, object: WDFOBJECT, _tag: PVOID, _line: LONG, _file: PCCH,
    ) {
        object.any(call).release();
    }

    /// The memory of the context of this type, or null.
    fn WdfObjectGetTypedContextWorker: PFN_WDFOBJECTGETTYPEDCONTEXTWORKER(
        call, object: WDFOBJECT, kind: PCWDF_OBJECT_CONTEXT_TYPE_INFO,
    ) -> PVOID {
        object.any(call).contexts().find(kind.not_null(call).pointer())
    }

    /// Adds a context.
    ///
    /// # Errors
    /// `STATUS_WDF_PARENT_NOT_SPECIFIED` (no attributes), those of the attributes, `STATUS_OBJECT_NAME_INVALID` (no type),
    /// `STATUS_DELETE_PENDING`, `STATUS_INSUFFICIENT_RESOURCES`. A context of the same type that is there
    /// already is given back with `STATUS_OBJECT_NAME_EXISTS`, which is a success code.
    fn WdfObjectAllocateContext: PFN_WDFOBJECTALLOCATECONTEXT(
        call, object: WDFOBJECT, attributes: PWDF_OBJECT_ATTRIBUTES, memory: *mut PVOID,
    ) -> i32 {
        let object = object.any(call);
        if attributes.is_null() {
            return STATUS_WDF_PARENT_NOT_SPECIFIED;
        }
        match Attributes::of(call, attributes, Parent::Forbidden) {
            Err(failure) => failure.status(),
            Ok(attributes) if attributes.context.is_null() => context::NO_TYPE,
            Ok(attributes) => late_context(object, &attributes, memory),
        }
    }

    /// The object whose context begins at this address.
    fn WdfObjectContextGetObject: PFN_WDFOBJECTCONTEXTGETOBJECT(call, memory: PVOID) -> WDFOBJECT {
        context::owner(memory.not_null(call).pointer()).handle()
    }

    /// Asks an object for something private of the framework; nothing is offered.
    ///
    /// # Errors
    /// `STATUS_NOT_FOUND`.
    fn WdfObjectQuery: PFN_WDFOBJECTQUERY(
        call, object: WDFOBJECT, _guid: *const GUID, _length: ULONG, _buffer: PVOID,
    ) -> NTSTATUS {
        object.any(call);
        fail(STATUS_NOT_FOUND)
    }
}

fn late_context(object: Obj<Header>, attributes: &Attributes, memory: Claimed<PVOID>) -> i32 {
    match object.contexts().add_late(object, attributes) {
        Ok(data) => {
            memory.put(data);
            wdk_sys::STATUS_SUCCESS
        }
        Err((status, data)) => {
            if status == STATUS_OBJECT_NAME_EXISTS {
                memory.put(data);
            }
            status
        }
    }
}
