//! `WDF_OBJECT_ATTRIBUTES`, checked.

use wdk_sys::{
    _WDF_EXECUTION_LEVEL, _WDF_SYNCHRONIZATION_SCOPE, PCWDF_OBJECT_CONTEXT_TYPE_INFO,
    PFN_WDF_OBJECT_CONTEXT_CLEANUP, PFN_WDF_OBJECT_CONTEXT_DESTROY, STATUS_INFO_LENGTH_MISMATCH,
    WDF_OBJECT_ATTRIBUTES,
};

use super::{Header, Obj, context};
use crate::{
    ddi::{Call, Claimed},
    failure::{
        Outcome, STATUS_WDF_EXECUTION_LEVEL_INVALID, STATUS_WDF_OBJECT_ATTRIBUTES_INVALID,
        STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED, STATUS_WDF_PARENT_NOT_SPECIFIED,
        STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID, fail,
    },
};

/// Whether a function lets the driver choose the parent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// It may.
    Allowed,
    /// It must not.
    Forbidden,
    /// It must.
    Required,
}

/// What a driver asked for when it created an object.
#[derive(Clone, Copy)]
pub struct Attributes {
    /// The type of the context, null for none.
    pub context: PCWDF_OBJECT_CONTEXT_TYPE_INFO,
    /// Bytes of the context.
    pub context_size: usize,
    /// `EvtCleanupCallback`
    pub cleanup: PFN_WDF_OBJECT_CONTEXT_CLEANUP,
    /// `EvtDestroyCallback`
    pub destroy: PFN_WDF_OBJECT_CONTEXT_DESTROY,
    /// The parent that the driver chose.
    pub parent: Option<Obj<Header>>,
    /// `WDF_EXECUTION_LEVEL`
    pub execution_level: i32,
    /// `WDF_SYNCHRONIZATION_SCOPE`
    pub synchronization: i32,
}

impl Attributes {
    /// `WDF_NO_OBJECT_ATTRIBUTES`.
    pub const NONE: Self = Self {
        context: core::ptr::null(),
        context_size: 0,
        cleanup: None,
        destroy: None,
        parent: None,
        execution_level: _WDF_EXECUTION_LEVEL::WdfExecutionLevelInheritFromParent,
        synchronization: _WDF_SYNCHRONIZATION_SCOPE::WdfSynchronizationScopeInheritFromParent,
    };

    /// The attributes that a driver passed, checked in the framework's order.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_WDF_PARENT_NOT_SPECIFIED`,
    /// `STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED`, `STATUS_WDF_OBJECT_ATTRIBUTES_INVALID`,
    /// `STATUS_WDF_EXECUTION_LEVEL_INVALID`, `STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID`.
    pub fn of(call: &Call, claimed: Claimed<WDF_OBJECT_ATTRIBUTES>, parent: Parent) -> Outcome<Self> {
        let Some(raw) = claimed.get() else {
            return if parent == Parent::Required {
                fail(STATUS_WDF_PARENT_NOT_SPECIFIED)
            } else {
                Ok(Self::NONE)
            };
        };
        if raw.Size as usize != size_of::<WDF_OBJECT_ATTRIBUTES>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let context_size = context::size(raw.ContextTypeInfo, raw.ContextSizeOverride)?;
        match parent {
            Parent::Forbidden if !raw.ParentObject.is_null() => {
                return fail(STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
            }
            Parent::Required if raw.ParentObject.is_null() => return fail(STATUS_WDF_PARENT_NOT_SPECIFIED),
            _ => {}
        }
        check_scopes(&raw)?;
        Ok(Self {
            context: raw.ContextTypeInfo,
            context_size,
            cleanup: raw.EvtCleanupCallback,
            destroy: raw.EvtDestroyCallback,
            parent: call.optional_object(raw.ParentObject),
            execution_level: raw.ExecutionLevel,
            synchronization: raw.SynchronizationScope,
        })
    }
}

impl Attributes {
    /// Whether the driver wants its callbacks serialized, which is not modelled.
    pub const fn asks_for_serialization(&self) -> bool {
        matches!(
            self.synchronization,
            _WDF_SYNCHRONIZATION_SCOPE::WdfSynchronizationScopeDevice
                | _WDF_SYNCHRONIZATION_SCOPE::WdfSynchronizationScopeQueue
        )
    }

    /// Whether the driver wants its callbacks at `PASSIVE_LEVEL`.
    pub const fn is_passive(&self) -> bool {
        self.execution_level == _WDF_EXECUTION_LEVEL::WdfExecutionLevelPassive
    }
}

fn check_scopes(raw: &WDF_OBJECT_ATTRIBUTES) -> Outcome {
    use _WDF_EXECUTION_LEVEL::{WdfExecutionLevelDispatch, WdfExecutionLevelInheritFromParent};
    use _WDF_SYNCHRONIZATION_SCOPE::{WdfSynchronizationScopeInheritFromParent, WdfSynchronizationScopeNone};
    if !(WdfExecutionLevelInheritFromParent..=WdfExecutionLevelDispatch).contains(&raw.ExecutionLevel) {
        return fail(STATUS_WDF_EXECUTION_LEVEL_INVALID);
    }
    if !(WdfSynchronizationScopeInheritFromParent..=WdfSynchronizationScopeNone)
        .contains(&raw.SynchronizationScope)
    {
        return fail(STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID);
    }
    Ok(())
}

/// The failure of attributes that contradict themselves.
pub const INVALID: wdk_sys::NTSTATUS = STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
