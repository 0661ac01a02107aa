//! The object types that drivers name when they reference an object by its handle: `*IoFileObjectType` and its like.
#![allow(unsafe_code, reason = "statics with pointers to statics")]
#![allow(non_upper_case_globals, reason = "exports have their Windows names")]

use super::ObjectKind;
use crate::exports::Export;

/// What an `OBJECT_TYPE` pointer points to.
#[repr(transparent)]
#[derive(Debug)]
pub struct ObjectTypeSlot(pub ObjectKind);

/// The exported variable: a pointer to the type.
#[repr(transparent)]
struct TypePointer(*const ObjectTypeSlot);

// SAFETY: the pointer leads to a static that nobody changes.
unsafe impl Sync for TypePointer {}

macro_rules! types {
    ($($name:ident = $kind:ident;)*) => {
        $(static $name: TypePointer = {
            static SLOT: ObjectTypeSlot = ObjectTypeSlot(ObjectKind::$kind);
            TypePointer(&raw const SLOT)
        };)*
        /// The exported variables.
        pub const EXPORTS: &[Export] = &[$(Export {
            name: stringify!($name),
            address: (&raw const $name).cast(),
            max_irql: None,
            failure: None,
        }),*];
    };
}

types! {
    IoFileObjectType = File;
    IoDeviceObjectType = Device;
    IoDriverObjectType = Driver;
    PsThreadType = Thread;
    ExEventObjectType = Event;
    CmKeyObjectType = Key;
}
