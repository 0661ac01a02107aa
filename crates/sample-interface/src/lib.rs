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

pub use double::{MANY, double_few, double_many, double_value, double_values};
pub use guid::{
    GUID_BUS_TYPE_SAMPLE, GUID_DEVINTERFACE_CHILD, GUID_DEVINTERFACE_REMOTE, GUID_DEVINTERFACE_SAMPLE_BUS,
    GUID_SAMPLE_BUS_INTERFACE, GUID_SAMPLE_INTERFACE, GUID_SAMPLE_INTERFACE_2,
};
pub use ioctl::{
    CTL_CODE, FILE_ANY_ACCESS, FILE_DEVICE_UNKNOWN, FILE_READ_ACCESS, FILE_WRITE_ACCESS, IOCTL_CHILD_DOUBLE,
    IOCTL_CHILD_DOUBLE_ARRAY, IOCTL_CHILD_QUERY_STATISTICS, IOCTL_INTERNAL_SAMPLE_GET_INTERFACE,
    IOCTL_SAMPLE_BUS_PLUG_IN, IOCTL_SAMPLE_BUS_UNPLUG, METHOD_BUFFERED,
};
pub use status::NtStatus;
pub use table::{
    INTERFACE, RAW_GUID, SAMPLE_BUS_CHILD_LIMIT, SAMPLE_BUS_INTERFACE, SAMPLE_BUS_INTERFACE_VERSION_1,
    SAMPLE_GET_INTERFACE, SAMPLE_INTERFACE, SAMPLE_INTERFACE_2, SAMPLE_INTERFACE_VERSION_1,
    SAMPLE_INTERFACE_VERSION_2, SAMPLE_STATISTICS,
};
