//! Thin wrappers of kernel routines and structures: each hides one unsafe operation behind a type that says why it is sound.

pub mod bugcheck;
pub mod device_object;
pub mod file;
pub mod irp;
pub mod key;
pub mod parameters;
pub mod sync;
pub mod text;
pub mod work;
