//! The tables that `IRP_MN_QUERY_INTERFACE` hands out.
#![expect(non_snake_case, reason = "the names that C clients and the WDK use")]

use core::ffi::c_void;
use core::mem::{align_of, offset_of, size_of};

use guid_create::GUID;

use crate::{GUID_SAMPLE_INTERFACE, NtStatus};

/// The header of every direct-call interface: `INTERFACE`, wdm.h.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct INTERFACE {
    /// Size of the whole table in bytes, this header included.
    pub Size: u16,
    /// Version of the table, of the provider's choice.
    pub Version: u16,
    /// The provider's context; clients pass it back and never look into it.
    pub Context: *mut c_void,
    /// Takes one more reference. IRQL <= `DISPATCH_LEVEL`.
    pub InterfaceReference: Option<unsafe extern "system" fn(Context: *mut c_void)>,
    /// Gives one reference back. After the last one the table must not be used. IRQL <= `DISPATCH_LEVEL`.
    pub InterfaceDereference: Option<unsafe extern "system" fn(Context: *mut c_void)>,
}

/// Version of [`SAMPLE_INTERFACE`] as described here.
pub const SAMPLE_INTERFACE_VERSION_1: u16 = 1;

/// What a child offers under `GUID_SAMPLE_INTERFACE`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SAMPLE_INTERFACE {
    /// The header; its `Version` is [`SAMPLE_INTERFACE_VERSION_1`].
    pub InterfaceHeader: INTERFACE,
    /// Doubles `*Value`. The same routine as the export of that name; it needs no device and no context.
    ///
    /// IRQL <= `DISPATCH_LEVEL`, reentrant, nonpaged. `Value` is NULL or points to a writable, aligned `INT`
    /// that is resident at the caller's IRQL.
    ///
    /// Returns `STATUS_SUCCESS`; `STATUS_INVALID_PARAMETER` when `Value` is NULL; `STATUS_INTEGER_OVERFLOW`
    /// when the result does not fit, and then `*Value` is left as it was.
    pub SampleDouble: unsafe extern "system" fn(Value: *mut i32) -> NtStatus,
}

impl SAMPLE_INTERFACE {
    /// The GUID under which the table is found.
    pub const GUID: GUID = GUID_SAMPLE_INTERFACE;
    /// The version that a client asks for and the provider registers.
    pub const VERSION: u16 = SAMPLE_INTERFACE_VERSION_1;
}

// The layout that a 64-bit C compiler gives to the same declarations; every supported target is 64-bit.
const _: () = {
    assert!(size_of::<INTERFACE>() == 32);
    assert!(align_of::<INTERFACE>() == 8);
    assert!(offset_of!(INTERFACE, Size) == 0);
    assert!(offset_of!(INTERFACE, Version) == 2);
    assert!(offset_of!(INTERFACE, Context) == 8);
    assert!(offset_of!(INTERFACE, InterfaceReference) == 16);
    assert!(offset_of!(INTERFACE, InterfaceDereference) == 24);

    assert!(size_of::<SAMPLE_INTERFACE>() == 40);
    assert!(align_of::<SAMPLE_INTERFACE>() == 8);
    assert!(offset_of!(SAMPLE_INTERFACE, InterfaceHeader) == 0);
    assert!(offset_of!(SAMPLE_INTERFACE, SampleDouble) == 32);

    assert!(size_of::<NtStatus>() == 4);
};
