//! The tables that `IRP_MN_QUERY_INTERFACE` hands out.
#![expect(non_snake_case, reason = "the names that C clients and the WDK use")]

use core::ffi::c_void;
use core::mem::{align_of, offset_of, size_of};

use guid_create::GUID;

use crate::{GUID_SAMPLE_BUS_INTERFACE, GUID_SAMPLE_INTERFACE, GUID_SAMPLE_INTERFACE_2, NtStatus};

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

/// Version of [`SAMPLE_INTERFACE_2`] as described here.
pub const SAMPLE_INTERFACE_VERSION_2: u16 = 2;

/// What a child or a filter offers under `GUID_SAMPLE_INTERFACE_2`.
///
/// The routines that take the context need the device: after its removal they return `STATUS_DEVICE_REMOVED`, for as long as the
/// client holds its reference, and the removal waits for calls in progress.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SAMPLE_INTERFACE_2 {
    /// The header; its `Version` is [`SAMPLE_INTERFACE_VERSION_2`].
    pub InterfaceHeader: INTERFACE,
    /// As in [`SAMPLE_INTERFACE`].
    pub SampleDouble: unsafe extern "system" fn(Value: *mut i32) -> NtStatus,
    /// Doubles the `Count` values from `Values` on, in their order, up to the first whose double does not fit. `*Done` is how many
    /// were doubled; the others are left as they were.
    ///
    /// IRQL <= `DISPATCH_LEVEL`, reentrant, nonpaged. `Values` points to `Count` writable `INT`s that are resident at the caller's
    /// IRQL, or is NULL where `Count` is 0.
    ///
    /// Returns `STATUS_SUCCESS`; `STATUS_INTEGER_OVERFLOW`, with `*Done` saying at which value. Without any effect, and without
    /// writing to `*Done`: `STATUS_INVALID_PARAMETER` for a NULL `Values` or `Done`, and for a `Count` of more bytes than there are addresses;
    /// `STATUS_DATATYPE_MISALIGNMENT` for either pointer; `STATUS_DEVICE_REMOVED`.
    pub SampleDoubleArray: unsafe extern "system" fn(
        Context: *mut c_void,
        Values: *mut i32,
        Count: usize,
        Done: *mut usize,
    ) -> NtStatus,
    /// Writes what the device has counted to `Statistics`, which has `Length` bytes.
    ///
    /// IRQL <= `DISPATCH_LEVEL`, reentrant, nonpaged.
    ///
    /// Returns `STATUS_SUCCESS`; without writing anything, `STATUS_INVALID_PARAMETER` for a NULL `Statistics`, `STATUS_BUFFER_TOO_SMALL` for
    /// a `Length` below that of [`SAMPLE_STATISTICS`], `STATUS_DATATYPE_MISALIGNMENT`, `STATUS_DEVICE_REMOVED`.
    pub SampleQueryStatistics: unsafe extern "system" fn(
        Context: *mut c_void,
        Statistics: *mut SAMPLE_STATISTICS,
        Length: u32,
    ) -> NtStatus,
}

impl SAMPLE_INTERFACE_2 {
    /// The GUID under which the table is found.
    pub const GUID: GUID = GUID_SAMPLE_INTERFACE_2;
    /// The version that a client asks for and the provider registers.
    pub const VERSION: u16 = SAMPLE_INTERFACE_VERSION_2;
}

/// What a device has counted since it was made. The three numbers are read one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SAMPLE_STATISTICS {
    /// Calls of `SampleDoubleArray` that found the device and have returned.
    pub Calls: u64,
    /// Those of them that did not return `STATUS_SUCCESS`.
    pub Failures: u64,
    /// References that clients hold on the device's tables at this moment.
    pub References: u64,
}

/// Version of [`SAMPLE_BUS_INTERFACE`] as described here.
pub const SAMPLE_BUS_INTERFACE_VERSION_1: u16 = 1;

/// The most children that a bus has; they are numbered from 1.
pub const SAMPLE_BUS_CHILD_LIMIT: u32 = 64;

/// What a bus offers under `GUID_SAMPLE_BUS_INTERFACE`, to its own stack and to its children's.
///
/// Every routine needs the bus: after its removal it returns `STATUS_DEVICE_REMOVED`. IRQL <= `DISPATCH_LEVEL`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SAMPLE_BUS_INTERFACE {
    /// The header; its `Version` is [`SAMPLE_BUS_INTERFACE_VERSION_1`].
    pub InterfaceHeader: INTERFACE,
    /// How many children the bus has: those that are plugged in, whether the system has found them yet or not.
    ///
    /// Returns `STATUS_SUCCESS`; `STATUS_INVALID_PARAMETER` for a NULL `Count`; `STATUS_DATATYPE_MISALIGNMENT`; `STATUS_DEVICE_REMOVED`.
    pub SampleBusChildCount: unsafe extern "system" fn(Context: *mut c_void, Count: *mut u32) -> NtStatus,
    /// Plugs a child in. The system finds it soon after.
    ///
    /// Returns `STATUS_SUCCESS`; `STATUS_INVALID_PARAMETER` for a number that is not 1 to [`SAMPLE_BUS_CHILD_LIMIT`];
    /// `STATUS_OBJECT_NAME_COLLISION` for a child that is there; `STATUS_INSUFFICIENT_RESOURCES`; `STATUS_DEVICE_REMOVED`.
    pub SampleBusPlugIn: unsafe extern "system" fn(Context: *mut c_void, Number: u32) -> NtStatus,
    /// Pulls a child out. The system removes it by surprise soon after.
    ///
    /// Returns `STATUS_SUCCESS`; `STATUS_INVALID_PARAMETER` for a number that is not 1 to [`SAMPLE_BUS_CHILD_LIMIT`];
    /// `STATUS_NO_SUCH_DEVICE` for a child that is not there; `STATUS_DEVICE_REMOVED`.
    pub SampleBusUnplug: unsafe extern "system" fn(Context: *mut c_void, Number: u32) -> NtStatus,
}

impl SAMPLE_BUS_INTERFACE {
    /// The GUID under which the table is found.
    pub const GUID: GUID = GUID_SAMPLE_BUS_INTERFACE;
    /// The version that a client asks for and the provider registers.
    pub const VERSION: u16 = SAMPLE_BUS_INTERFACE_VERSION_1;
}

/// A GUID as memory has it: `GUID`, guiddef.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct RAW_GUID {
    /// The first group.
    pub Data1: u32,
    /// The second group.
    pub Data2: u16,
    /// The third group.
    pub Data3: u16,
    /// The rest.
    pub Data4: [u8; 8],
}

impl RAW_GUID {
    /// The raw form of a GUID.
    #[must_use]
    pub fn new(guid: GUID) -> Self {
        Self {
            Data1: guid.data1(),
            Data2: guid.data2(),
            Data3: guid.data3(),
            Data4: guid.data4(),
        }
    }
}

/// What [`IOCTL_INTERNAL_SAMPLE_GET_INTERFACE`](crate::IOCTL_INTERNAL_SAMPLE_GET_INTERFACE) asks for: the parameters of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct SAMPLE_GET_INTERFACE {
    /// The GUID of the table.
    pub InterfaceType: RAW_GUID,
    /// Bytes of room for the table.
    pub Size: u16,
    /// The newest version that the caller knows.
    pub Version: u16,
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

    assert!(size_of::<SAMPLE_INTERFACE_2>() == 56);
    assert!(align_of::<SAMPLE_INTERFACE_2>() == 8);
    assert!(offset_of!(SAMPLE_INTERFACE_2, InterfaceHeader) == 0);
    assert!(offset_of!(SAMPLE_INTERFACE_2, SampleDouble) == offset_of!(SAMPLE_INTERFACE, SampleDouble));
    assert!(offset_of!(SAMPLE_INTERFACE_2, SampleDoubleArray) == 40);
    assert!(offset_of!(SAMPLE_INTERFACE_2, SampleQueryStatistics) == 48);

    assert!(size_of::<SAMPLE_STATISTICS>() == 24);
    assert!(align_of::<SAMPLE_STATISTICS>() == 8);
    assert!(offset_of!(SAMPLE_STATISTICS, Calls) == 0);
    assert!(offset_of!(SAMPLE_STATISTICS, Failures) == 8);
    assert!(offset_of!(SAMPLE_STATISTICS, References) == 16);

    assert!(size_of::<SAMPLE_BUS_INTERFACE>() == 56);
    assert!(align_of::<SAMPLE_BUS_INTERFACE>() == 8);
    assert!(offset_of!(SAMPLE_BUS_INTERFACE, InterfaceHeader) == 0);
    assert!(offset_of!(SAMPLE_BUS_INTERFACE, SampleBusChildCount) == 32);
    assert!(offset_of!(SAMPLE_BUS_INTERFACE, SampleBusPlugIn) == 40);
    assert!(offset_of!(SAMPLE_BUS_INTERFACE, SampleBusUnplug) == 48);

    assert!(size_of::<RAW_GUID>() == 16);
    assert!(align_of::<RAW_GUID>() == 4);
    assert!(offset_of!(RAW_GUID, Data2) == 4);
    assert!(offset_of!(RAW_GUID, Data3) == 6);
    assert!(offset_of!(RAW_GUID, Data4) == 8);

    assert!(size_of::<SAMPLE_GET_INTERFACE>() == 20);
    assert!(align_of::<SAMPLE_GET_INTERFACE>() == 4);
    assert!(offset_of!(SAMPLE_GET_INTERFACE, InterfaceType) == 0);
    assert!(offset_of!(SAMPLE_GET_INTERFACE, Size) == 16);
    assert!(offset_of!(SAMPLE_GET_INTERFACE, Version) == 18);

    assert!(size_of::<NtStatus>() == 4);
};
