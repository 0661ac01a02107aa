//! Typed context spaces of framework objects.
#![allow(
    unsafe_code,
    reason = "a context space is raw memory until its type has made its promise"
)]

use core::ffi::CStr;

use wdk_sys::{
    _WDF_EXECUTION_LEVEL, _WDF_SYNCHRONIZATION_SCOPE, WDF_OBJECT_ATTRIBUTES, WDF_OBJECT_CONTEXT_TYPE_INFO,
};

use super::device::{Device, size_of_ulong};

/// A type that lives in the context space of a framework object. Implemented by
/// [`device_context!`](crate::device_context).
///
/// # Safety
///
/// A value of all zero bytes is valid, since the framework zeroes the space; nothing needs dropping that the
/// object's `EvtCleanupCallback` does not take out; `type_info` points to a static made by
/// [`ContextType::new`] for this type.
pub unsafe trait Context: Sync + 'static {
    /// The framework's description of the type.
    fn type_info() -> *const WDF_OBJECT_CONTEXT_TYPE_INFO;
}

/// `WDF_OBJECT_CONTEXT_TYPE_INFO` as a static: what `WDF_DECLARE_CONTEXT_TYPE` makes in C.
#[repr(transparent)]
#[derive(Debug)]
pub struct ContextType(WDF_OBJECT_CONTEXT_TYPE_INFO);

// SAFETY: its pointers lead to statics that nobody writes: a string literal and the static itself.
unsafe impl Sync for ContextType {}

impl ContextType {
    /// The description of `C`. `unique` is the address of the static that it initialises: the framework tells
    /// types apart by it.
    #[must_use]
    pub const fn new<C>(name: &'static CStr, unique: *const Self) -> Self {
        Self(WDF_OBJECT_CONTEXT_TYPE_INFO {
            Size: size_of_ulong::<WDF_OBJECT_CONTEXT_TYPE_INFO>(),
            ContextName: name.as_ptr().cast_mut(),
            ContextSize: size_of::<C>() as _,
            UniqueType: unique.cast(),
            EvtDriverGetUniqueContextType: None,
        })
    }

    /// The form that framework calls take.
    #[must_use]
    pub const fn as_ptr(&'static self) -> *const WDF_OBJECT_CONTEXT_TYPE_INFO {
        &raw const self.0
    }
}

/// Declares a type as a context space. The type keeps the promises of [`Context`](crate::kmdf::Context).
#[macro_export]
macro_rules! device_context {
    ($context:ty, $name:literal) => {
        const _: () = {
            static TYPE: $crate::kmdf::ContextType =
                $crate::kmdf::ContextType::new::<$context>($name, &raw const TYPE);
            // SAFETY: TYPE is made by `ContextType::new` for this very type; that zero bytes are valid and
            // that cleanup takes everything out is what whoever writes this line promises, next to the
            // type.
            unsafe impl $crate::kmdf::Context for $context {
                fn type_info() -> *const $crate::kmdf::wdk_sys::WDF_OBJECT_CONTEXT_TYPE_INFO {
                    TYPE.as_ptr()
                }
            }
        };
    };
}

/// `WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE`: default attributes with a context space of type `C`.
#[must_use]
pub fn object_attributes<C: Context>() -> WDF_OBJECT_ATTRIBUTES {
    WDF_OBJECT_ATTRIBUTES {
        ContextTypeInfo: C::type_info(),
        ..default_attributes()
    }
}

/// Default attributes of an object that belongs to a device, and goes with it.
#[must_use]
pub fn object_attributes_of(parent: Device<'_>) -> WDF_OBJECT_ATTRIBUTES {
    WDF_OBJECT_ATTRIBUTES {
        ParentObject: parent.raw().cast(),
        ..default_attributes()
    }
}

/// `WDF_OBJECT_ATTRIBUTES_INIT`.
fn default_attributes() -> WDF_OBJECT_ATTRIBUTES {
    WDF_OBJECT_ATTRIBUTES {
        Size: size_of_ulong::<WDF_OBJECT_ATTRIBUTES>(),
        ExecutionLevel: _WDF_EXECUTION_LEVEL::WdfExecutionLevelInheritFromParent,
        SynchronizationScope: _WDF_SYNCHRONIZATION_SCOPE::WdfSynchronizationScopeInheritFromParent,
        ..WDF_OBJECT_ATTRIBUTES::default()
    }
}
