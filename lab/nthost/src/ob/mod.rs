//! The object manager: counted kernel objects whose body is the Windows structure, handles, names.

mod exports;
pub mod handles;
pub mod names;
mod object;
mod types;

use crate::exports::Export;
pub use types::ObjectTypeSlot;

/// The tables of this component's exports.
pub const TABLES: &[&[Export]] = &[exports::EXPORTS, types::EXPORTS];
pub use object::{
    ObjectKind, create, create_for, dereference, dereference_deferred, describe, find_all, is_object, kind,
    owner_of, pointer_count, reference, set_description, try_reference,
};
