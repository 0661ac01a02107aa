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

    /// The attributes that a driver passed, checked in the framework's order (fxvalidatefunctions.cpp). Neither an execution level nor a
    /// synchronization scope may be set.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_WDF_PARENT_NOT_SPECIFIED`,
    /// `STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED`, `STATUS_WDF_OBJECT_ATTRIBUTES_INVALID`,
    /// `STATUS_WDF_EXECUTION_LEVEL_INVALID`, `STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID`.
    pub fn of(call: &Call, claimed: Claimed<WDF_OBJECT_ATTRIBUTES>, parent: Parent) -> Outcome<Self> {
        Self::checked(call, claimed, parent, Settable::Nothing)
    }

    /// The same for an object that may have an execution level.
    ///
    /// # Errors
    /// Those of [`Self::of`].
    pub fn with_level(call: &Call, claimed: Claimed<WDF_OBJECT_ATTRIBUTES>, parent: Parent) -> Outcome<Self> {
        Self::checked(call, claimed, parent, Settable::Level)
    }

    /// The same for an object that may have an execution level and a synchronization scope.
    ///
    /// # Errors
    /// Those of [`Self::of`].
    pub fn with_callbacks(
        call: &Call,
        claimed: Claimed<WDF_OBJECT_ATTRIBUTES>,
        parent: Parent,
    ) -> Outcome<Self> {
        Self::checked(call, claimed, parent, Settable::LevelAndScope)
    }

    /// The parent of an object that must have one, looked at before anything else of it (`FxValidateObjectAttributesForParentHandle`).
    ///
    /// # Errors
    /// `STATUS_WDF_PARENT_NOT_SPECIFIED`, `STATUS_INFO_LENGTH_MISMATCH`.
    pub fn required_parent(call: &Call, claimed: Claimed<WDF_OBJECT_ATTRIBUTES>) -> Outcome<Obj<Header>> {
        let Some(raw) = claimed.get() else {
            return fail(STATUS_WDF_PARENT_NOT_SPECIFIED);
        };
        if raw.Size as usize != size_of::<WDF_OBJECT_ATTRIBUTES>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        match call.optional_object(raw.ParentObject) {
            Some(parent) => Ok(parent),
            None => fail(STATUS_WDF_PARENT_NOT_SPECIFIED),
        }
    }

    fn checked(
        call: &Call,
        claimed: Claimed<WDF_OBJECT_ATTRIBUTES>,
        parent: Parent,
        settable: Settable,
    ) -> Outcome<Self> {
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
        check_callbacks(&raw, settable)?;
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

    /// Whether the driver wants its callbacks at `PASSIVE_LEVEL`.
    pub const fn is_passive(&self) -> bool {
        self.execution_level == _WDF_EXECUTION_LEVEL::WdfExecutionLevelPassive
    }
}

/// What a driver may say about the callbacks of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settable {
    Nothing,
    Level,
    LevelAndScope,
}

fn check_callbacks(raw: &WDF_OBJECT_ATTRIBUTES, settable: Settable) -> Outcome {
    use _WDF_EXECUTION_LEVEL as Level;
    use _WDF_SYNCHRONIZATION_SCOPE as Scope;
    let levels = Level::WdfExecutionLevelInheritFromParent..=Level::WdfExecutionLevelDispatch;
    let known_scopes = Scope::WdfSynchronizationScopeInheritFromParent..=Scope::WdfSynchronizationScopeNone;
    if !levels.contains(&raw.ExecutionLevel) || !known_scopes.contains(&raw.SynchronizationScope) {
        return fail(INVALID);
    }
    let is_scoped = !matches!(
        raw.SynchronizationScope,
        Scope::WdfSynchronizationScopeInheritFromParent | Scope::WdfSynchronizationScopeNone
    );
    if is_scoped && settable != Settable::LevelAndScope {
        return fail(STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID);
    }
    if raw.ExecutionLevel != Level::WdfExecutionLevelInheritFromParent && settable == Settable::Nothing {
        return fail(STATUS_WDF_EXECUTION_LEVEL_INVALID);
    }
    Ok(())
}

/// The failure of attributes that contradict themselves.
pub const INVALID: wdk_sys::NTSTATUS = STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
