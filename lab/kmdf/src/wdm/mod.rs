//! Thin wrappers of kernel routines and structures: each hides one unsafe operation behind a type that says
//! why it is sound.

pub mod bugcheck;
pub mod device_object;
pub mod file;
pub mod irp;
pub mod key;
pub mod mdl;
pub mod notification;
pub mod parameters;
pub mod pnp_request;
pub mod sync;
pub mod text;
pub mod timer;
pub mod work;

/// The size of a structure as the kernel's headers count it.
#[allow(clippy::cast_possible_truncation, reason = "the assertion rules it out")]
pub const fn size32<T>() -> u32 {
    const { assert!(size_of::<T>() <= u32::MAX as usize) };
    size_of::<T>() as u32
}
