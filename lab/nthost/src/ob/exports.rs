//! The exports of the object manager.
#![allow(unsafe_code, reason = "writes through pointers that drivers give")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use super::handles;
use super::types::ObjectTypeSlot;
use crate::abi::{
    ACCESS_MASK, HANDLE, KPROCESSOR_MODE, NTSTATUS, PVOID, STATUS_INVALID_HANDLE,
    STATUS_OBJECT_TYPE_MISMATCH, STATUS_SUCCESS,
};

crate::exports! {
    ObfReferenceObject <= DISPATCH_LEVEL;
    ObfDereferenceObject <= DISPATCH_LEVEL;
    ObDereferenceObjectDeferDelete <= DISPATCH_LEVEL;
    ObReferenceObjectByPointer <= DISPATCH_LEVEL;
    ObfReferenceObjectWithTag <= DISPATCH_LEVEL;
    ObfDereferenceObjectWithTag <= DISPATCH_LEVEL;
    ObDereferenceObjectDeferDeleteWithTag <= DISPATCH_LEVEL;
    ObReferenceObjectByHandle <= PASSIVE_LEVEL;
    ZwClose <= PASSIVE_LEVEL;
    NtClose <= PASSIVE_LEVEL;
    ObCloseHandle <= APC_LEVEL;
}

unsafe extern "win64" fn ObfReferenceObject(object: PVOID) -> isize {
    super::reference(object);
    count(object)
}

unsafe extern "win64" fn ObfReferenceObjectWithTag(object: PVOID, _tag: u32) -> isize {
    super::reference(object);
    count(object)
}

unsafe extern "win64" fn ObfDereferenceObject(object: PVOID) -> isize {
    let left = count(object) - 1;
    super::dereference(object);
    left
}

unsafe extern "win64" fn ObfDereferenceObjectWithTag(object: PVOID, _tag: u32) -> isize {
    let left = count(object) - 1;
    super::dereference(object);
    left
}

unsafe extern "win64" fn ObDereferenceObjectDeferDelete(object: PVOID) {
    super::dereference_deferred(object);
}

unsafe extern "win64" fn ObDereferenceObjectDeferDeleteWithTag(object: PVOID, _tag: u32) {
    super::dereference_deferred(object);
}

unsafe extern "win64" fn ObReferenceObjectByPointer(
    object: PVOID,
    _access: ACCESS_MASK,
    _kind: PVOID,
    _mode: KPROCESSOR_MODE,
) -> NTSTATUS {
    super::reference(object);
    STATUS_SUCCESS
}

unsafe extern "win64" fn ObReferenceObjectByHandle(
    handle: HANDLE,
    _access: ACCESS_MASK,
    kind: *const ObjectTypeSlot,
    _mode: KPROCESSOR_MODE,
    object: *mut PVOID,
    _information: PVOID,
) -> NTSTATUS {
    let Some(body) = handles::object(handle) else {
        return STATUS_INVALID_HANDLE;
    };
    // SAFETY: a driver passes null or what IoFileObjectType and its like point to: one of the slots in `types`.
    let wanted = unsafe { kind.as_ref() }.map(|slot| slot.0);
    if wanted.is_some_and(|wanted| super::kind(body) != Some(wanted)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    super::reference(body);
    // SAFETY: the driver passes a place for the pointer (`Object` is not optional).
    unsafe { object.write(body) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn ZwClose(handle: HANDLE) -> NTSTATUS {
    handles::close(handle)
}

unsafe extern "win64" fn NtClose(handle: HANDLE) -> NTSTATUS {
    handles::close(handle)
}

unsafe extern "win64" fn ObCloseHandle(handle: HANDLE, _mode: KPROCESSOR_MODE) -> NTSTATUS {
    handles::close(handle)
}

fn count(object: PVOID) -> isize {
    isize::try_from(super::pointer_count(object)).unwrap_or(isize::MAX)
}
