//! I/O control codes, and the pieces they are made of (devioctl.h).

/// `FILE_DEVICE_UNKNOWN`, devioctl.h.
pub const FILE_DEVICE_UNKNOWN: u32 = 0x22;
/// `METHOD_BUFFERED`, devioctl.h: one system buffer for input and output.
pub const METHOD_BUFFERED: u32 = 0;
/// `FILE_ANY_ACCESS`, devioctl.h: any open handle will do.
pub const FILE_ANY_ACCESS: u32 = 0;
/// `FILE_READ_ACCESS`, devioctl.h.
pub const FILE_READ_ACCESS: u32 = 1;
/// `FILE_WRITE_ACCESS`, devioctl.h.
pub const FILE_WRITE_ACCESS: u32 = 2;

/// The first function code that is not Microsoft's.
const FIRST_VENDOR_FUNCTION: u32 = 0x800;

/// The macro of the same name in devioctl.h.
#[must_use]
#[expect(non_snake_case, reason = "the name of the macro in devioctl.h")]
pub const fn CTL_CODE(device_type: u32, function: u32, method: u32, access: u32) -> u32 {
    (device_type << 16) | (access << 14) | (function << 2) | method
}

/// Doubles an `INT`: four bytes in, four bytes out. To the device interface `GUID_DEVINTERFACE_CHILD`.
///
/// Method and access: buffered, since a copy of four bytes costs nothing and user mode cannot change it under the routine; reading and writing, since the buffer is both.
///
/// # Errors
///
/// - `STATUS_BUFFER_TOO_SMALL`: input or output is shorter than four bytes; nothing is written.
/// - `STATUS_INTEGER_OVERFLOW`: the result does not fit; nothing is written.
/// - `STATUS_DEVICE_NOT_READY`: the child holds no interface of its bus.
/// - `STATUS_DEVICE_REMOVED`: the device was removed by surprise; once its queue is stopped, the framework
///   answers.
pub const IOCTL_CHILD_DOUBLE: u32 = CTL_CODE(
    FILE_DEVICE_UNKNOWN,
    FIRST_VENDOR_FUNCTION,
    METHOD_BUFFERED,
    FILE_READ_ACCESS | FILE_WRITE_ACCESS,
);

/// Doubles `INT`s: any number of them in, as many out. To the device interface `GUID_DEVINTERFACE_CHILD`. Where a double does not fit, the
/// output ends before that value.
///
/// Method and access: buffered, since the values are changed in place and user mode must not change them under the routine; reading and writing, since the buffer is both.
///
/// # Errors
///
/// - `STATUS_BUFFER_TOO_SMALL`: there is no value, or the output is shorter than the input; nothing is written.
/// - `STATUS_INVALID_PARAMETER`: the input ends within a value; nothing is written.
/// - `STATUS_DEVICE_NOT_READY`, `STATUS_DEVICE_REMOVED`: as for [`IOCTL_CHILD_DOUBLE`].
pub const IOCTL_CHILD_DOUBLE_ARRAY: u32 = CTL_CODE(
    FILE_DEVICE_UNKNOWN,
    FIRST_VENDOR_FUNCTION + 3,
    METHOD_BUFFERED,
    FILE_READ_ACCESS | FILE_WRITE_ACCESS,
);

/// Returns the [`SAMPLE_STATISTICS`](crate::SAMPLE_STATISTICS) of the provider. To the device interface `GUID_DEVINTERFACE_CHILD`.
///
/// Method and access: buffered, since it is 24 bytes; reading, since it changes nothing.
///
/// # Errors
///
/// - `STATUS_BUFFER_TOO_SMALL`: the output is shorter than the structure; nothing is written.
/// - `STATUS_NOT_SUPPORTED`: the child uses version 1 of the interface, which counts nothing.
/// - `STATUS_DEVICE_NOT_READY`, `STATUS_DEVICE_REMOVED`: as for [`IOCTL_CHILD_DOUBLE`].
pub const IOCTL_CHILD_QUERY_STATISTICS: u32 = CTL_CODE(
    FILE_DEVICE_UNKNOWN,
    FIRST_VENDOR_FUNCTION + 4,
    METHOD_BUFFERED,
    FILE_READ_ACCESS,
);

/// Returns a table that doubles, for callers that are in no stack with a provider.
///
/// An `IRP_MJ_INTERNAL_DEVICE_CONTROL` from kernel mode to
/// the bus, which `GUID_DEVINTERFACE_SAMPLE_BUS` names: a [`SAMPLE_GET_INTERFACE`](crate::SAMPLE_GET_INTERFACE) in, the table out, with a
/// reference that the caller gives back.
///
/// Method and access: buffered, so that the I/O manager copies the table; any, since the access of a handle says nothing of a
/// driver, and the request is refused to user mode whatever the handle.
///
/// # Errors
///
/// - `STATUS_INVALID_DEVICE_REQUEST`: from user mode, or as an ordinary device control request.
/// - `STATUS_BUFFER_TOO_SMALL`: the input is shorter than the structure, or the output than the table.
/// - `STATUS_NOT_SUPPORTED`: a GUID that is not served here.
/// - `STATUS_INVALID_BUFFER_SIZE`: a size or version below the table's.
pub const IOCTL_INTERNAL_SAMPLE_GET_INTERFACE: u32 = CTL_CODE(
    FILE_DEVICE_UNKNOWN,
    FIRST_VENDOR_FUNCTION + 5,
    METHOD_BUFFERED,
    FILE_ANY_ACCESS,
);

/// Plugs a child into the bus: its number, a `ULONG`, in; nothing out. To the device interface `GUID_DEVINTERFACE_SAMPLE_BUS`, which only
/// administrators open.
///
/// Method and access: buffered, since it is four bytes; writing, since it changes the device tree.
///
/// # Errors
///
/// - `STATUS_BUFFER_TOO_SMALL`: the input is shorter than four bytes.
/// - Those of [`SampleBusPlugIn`](crate::SAMPLE_BUS_INTERFACE::SampleBusPlugIn).
pub const IOCTL_SAMPLE_BUS_PLUG_IN: u32 = CTL_CODE(
    FILE_DEVICE_UNKNOWN,
    FIRST_VENDOR_FUNCTION + 1,
    METHOD_BUFFERED,
    FILE_WRITE_ACCESS,
);

/// Pulls a child out of the bus: its number, a `ULONG`, in; nothing out. As [`IOCTL_SAMPLE_BUS_PLUG_IN`].
///
/// Method and access: as for [`IOCTL_SAMPLE_BUS_PLUG_IN`].
///
/// # Errors
///
/// - `STATUS_BUFFER_TOO_SMALL`: the input is shorter than four bytes.
/// - Those of [`SampleBusUnplug`](crate::SAMPLE_BUS_INTERFACE::SampleBusUnplug).
pub const IOCTL_SAMPLE_BUS_UNPLUG: u32 = CTL_CODE(
    FILE_DEVICE_UNKNOWN,
    FIRST_VENDOR_FUNCTION + 2,
    METHOD_BUFFERED,
    FILE_WRITE_ACCESS,
);

// What a C compiler makes of the same CTL_CODEs.
const _: () = {
    assert!(IOCTL_CHILD_DOUBLE == 0x0022_E000);
    assert!(IOCTL_CHILD_DOUBLE_ARRAY == 0x0022_E00C);
    assert!(IOCTL_CHILD_QUERY_STATISTICS == 0x0022_6010);
    assert!(IOCTL_INTERNAL_SAMPLE_GET_INTERFACE == 0x0022_2014);
    assert!(IOCTL_SAMPLE_BUS_PLUG_IN == 0x0022_A004);
    assert!(IOCTL_SAMPLE_BUS_UNPLUG == 0x0022_A008);
};
