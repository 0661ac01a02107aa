//! The contract of sample.sys: raw tables, statuses, IOCTL codes and GUIDs.
//!
//! Raw means: `repr(C)` structures with the names and layouts that a C header would give them, `unsafe`
//! function pointers, raw pointers, integer newtypes instead of enums. Owners and guards are the business of
//! `direct-call`.
//!
//! Not here: how an interface is found, counted or let go.
#![no_std]
#![forbid(unsafe_code)]

mod double;
#[path = "../../../interface-guid.rs"]
mod guid;
mod ioctl;
mod status;
mod table;

pub use double::double_value;
pub use guid::{GUID_BUS_TYPE_SAMPLE, GUID_DEVINTERFACE_CHILD, GUID_SAMPLE_INTERFACE};
pub use ioctl::{
    CTL_CODE, FILE_ANY_ACCESS, FILE_DEVICE_UNKNOWN, FILE_READ_ACCESS, FILE_WRITE_ACCESS, IOCTL_CHILD_DOUBLE,
    METHOD_BUFFERED,
};
pub use status::NtStatus;
pub use table::{INTERFACE, SAMPLE_INTERFACE, SAMPLE_INTERFACE_VERSION_1};
