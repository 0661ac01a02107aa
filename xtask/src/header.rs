//! The task `header`: include/sample.h, the contract for C and C++, from the contract crate.
//!
//! Values, sizes and offsets come from `sample-interface` as it is compiled here; the declarations around them, which neither the compiler
//! nor a generator can express (import macros, `DEFINE_GUID`), are the template below.

use std::{
    mem::{offset_of, size_of},
    process::ExitCode,
};

use anyhow::Result;
use sample_interface::{
    GUID_DEVINTERFACE_CHILD, GUID_DEVINTERFACE_SAMPLE_BUS, GUID_SAMPLE_BUS_INTERFACE, GUID_SAMPLE_INTERFACE,
    GUID_SAMPLE_INTERFACE_2, INTERFACE, IOCTL_CHILD_DOUBLE, IOCTL_CHILD_DOUBLE_ARRAY,
    IOCTL_CHILD_QUERY_STATISTICS, IOCTL_INTERNAL_SAMPLE_GET_INTERFACE, IOCTL_SAMPLE_BUS_PLUG_IN,
    IOCTL_SAMPLE_BUS_UNPLUG, SAMPLE_BUS_CHILD_LIMIT, SAMPLE_BUS_INTERFACE, SAMPLE_BUS_INTERFACE_VERSION_1,
    SAMPLE_GET_INTERFACE, SAMPLE_INTERFACE, SAMPLE_INTERFACE_2, SAMPLE_INTERFACE_VERSION_1,
    SAMPLE_INTERFACE_VERSION_2, SAMPLE_STATISTICS,
};

use crate::{files, place};

/// The header, from the root of the checkout.
pub const HEADER: &str = "include/sample.h";

const TEMPLATE: &str = r"/*
 * The contract of sample.sys for drivers in C and C++. Written by `cargo xtask header` from crates/sample-interface: change it there.
 *
 * Include ntddk.h (or wdm.h) first. Include initguid.h before this file in one source file of a driver that uses the GUIDs.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#pragma once

/* The provider itself defines SAMPLE_INTERNAL: what it exports is no import there. */
#ifdef SAMPLE_INTERNAL
#define SAMPLE_IMPORT
#else
#define SAMPLE_IMPORT DECLSPEC_IMPORT
#endif

/*
 * Doubles *Value. STATUS_INVALID_PARAMETER for NULL; STATUS_INTEGER_OVERFLOW where the result does not fit, and the value is left as it was.
 * IRQL <= DISPATCH_LEVEL; reentrant. Link with sample.lib, or take the same routine from the interface below.
 */
EXTERN_C SAMPLE_IMPORT NTSTATUS SampleDouble(INT *Value);

/* The interface on every child of the bus: {@GUID_SAMPLE_INTERFACE_TEXT@} */
DEFINE_GUID(GUID_SAMPLE_INTERFACE, @GUID_SAMPLE_INTERFACE@);

#define SAMPLE_INTERFACE_VERSION_1 @VERSION_1@

typedef NTSTATUS (*PSAMPLE_DOUBLE)(INT *Value);

/* What IRP_MN_QUERY_INTERFACE returns. Check the status, Size and Version; dereference exactly once. */
typedef struct _SAMPLE_INTERFACE {
    INTERFACE InterfaceHeader;
    PSAMPLE_DOUBLE SampleDouble;
} SAMPLE_INTERFACE, *PSAMPLE_INTERFACE;

C_ASSERT(sizeof(INTERFACE) == @SIZE_HEADER@);
C_ASSERT(sizeof(SAMPLE_INTERFACE) == @SIZE_1@);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE, SampleDouble) == @OFFSET_DOUBLE@);

/* The same with routines that take the context: {@GUID_SAMPLE_INTERFACE_2_TEXT@} */
DEFINE_GUID(GUID_SAMPLE_INTERFACE_2, @GUID_SAMPLE_INTERFACE_2@);

#define SAMPLE_INTERFACE_VERSION_2 @VERSION_2@

/* What a device has counted: calls of SampleDoubleArray, those that failed, and references that clients hold now. */
typedef struct _SAMPLE_STATISTICS {
    ULONGLONG Calls;
    ULONGLONG Failures;
    ULONGLONG References;
} SAMPLE_STATISTICS, *PSAMPLE_STATISTICS;

/*
 * Doubles Count values up to the first whose double does not fit; *Done is how many. STATUS_INTEGER_OVERFLOW says that one did not.
 * STATUS_INVALID_PARAMETER, STATUS_DATATYPE_MISALIGNMENT and STATUS_DEVICE_REMOVED change nothing. IRQL <= DISPATCH_LEVEL.
 */
typedef NTSTATUS (*PSAMPLE_DOUBLE_ARRAY)(PVOID Context, INT *Values, SIZE_T Count, SIZE_T *Done);

/* STATUS_INVALID_PARAMETER, STATUS_BUFFER_TOO_SMALL, STATUS_DATATYPE_MISALIGNMENT, STATUS_DEVICE_REMOVED. IRQL <= DISPATCH_LEVEL. */
typedef NTSTATUS (*PSAMPLE_QUERY_STATISTICS)(PVOID Context, PSAMPLE_STATISTICS Statistics, ULONG Length);

typedef struct _SAMPLE_INTERFACE_2 {
    INTERFACE InterfaceHeader;
    PSAMPLE_DOUBLE SampleDouble;
    PSAMPLE_DOUBLE_ARRAY SampleDoubleArray;
    PSAMPLE_QUERY_STATISTICS SampleQueryStatistics;
} SAMPLE_INTERFACE_2, *PSAMPLE_INTERFACE_2;

C_ASSERT(sizeof(SAMPLE_STATISTICS) == @SIZE_STATISTICS@);
C_ASSERT(sizeof(SAMPLE_INTERFACE_2) == @SIZE_2@);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE_2, SampleDouble) == @OFFSET_DOUBLE@);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE_2, SampleDoubleArray) == @OFFSET_ARRAY@);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE_2, SampleQueryStatistics) == @OFFSET_STATISTICS@);

/* The interface of the bus, which its children pass on: {@GUID_SAMPLE_BUS_INTERFACE_TEXT@} */
DEFINE_GUID(GUID_SAMPLE_BUS_INTERFACE, @GUID_SAMPLE_BUS_INTERFACE@);

#define SAMPLE_BUS_INTERFACE_VERSION_1 @VERSION_BUS@
/* Children are numbered from 1. */
#define SAMPLE_BUS_CHILD_LIMIT @CHILD_LIMIT@

/* STATUS_INVALID_PARAMETER for NULL, STATUS_DATATYPE_MISALIGNMENT; STATUS_DEVICE_REMOVED. IRQL <= DISPATCH_LEVEL, as for the other two. */
typedef NTSTATUS (*PSAMPLE_BUS_CHILD_COUNT)(PVOID Context, ULONG *Count);
/* STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_COLLISION, STATUS_INSUFFICIENT_RESOURCES, STATUS_DEVICE_REMOVED. */
typedef NTSTATUS (*PSAMPLE_BUS_PLUG_IN)(PVOID Context, ULONG Number);
/* STATUS_INVALID_PARAMETER, STATUS_NO_SUCH_DEVICE, STATUS_DEVICE_REMOVED. */
typedef NTSTATUS (*PSAMPLE_BUS_UNPLUG)(PVOID Context, ULONG Number);

typedef struct _SAMPLE_BUS_INTERFACE {
    INTERFACE InterfaceHeader;
    PSAMPLE_BUS_CHILD_COUNT SampleBusChildCount;
    PSAMPLE_BUS_PLUG_IN SampleBusPlugIn;
    PSAMPLE_BUS_UNPLUG SampleBusUnplug;
} SAMPLE_BUS_INTERFACE, *PSAMPLE_BUS_INTERFACE;

C_ASSERT(sizeof(SAMPLE_BUS_INTERFACE) == @SIZE_BUS@);
C_ASSERT(FIELD_OFFSET(SAMPLE_BUS_INTERFACE, SampleBusChildCount) == @OFFSET_COUNT@);
C_ASSERT(FIELD_OFFSET(SAMPLE_BUS_INTERFACE, SampleBusPlugIn) == @OFFSET_PLUG_IN@);
C_ASSERT(FIELD_OFFSET(SAMPLE_BUS_INTERFACE, SampleBusUnplug) == @OFFSET_UNPLUG@);

/* The device interface of the bus: {@GUID_DEVINTERFACE_SAMPLE_BUS_TEXT@} */
DEFINE_GUID(GUID_DEVINTERFACE_SAMPLE_BUS, @GUID_DEVINTERFACE_SAMPLE_BUS@);

/* To that interface, by administrators: the child's number, a ULONG, in. */
#define IOCTL_SAMPLE_BUS_PLUG_IN CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_WRITE_ACCESS)
#define IOCTL_SAMPLE_BUS_UNPLUG CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_WRITE_ACCESS)
/* From kernel mode, as an internal device control request: this structure in, the table out, with a reference to give back. */
#define IOCTL_INTERNAL_SAMPLE_GET_INTERFACE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _SAMPLE_GET_INTERFACE {
    GUID InterfaceType;
    USHORT Size;
    USHORT Version;
} SAMPLE_GET_INTERFACE, *PSAMPLE_GET_INTERFACE;

C_ASSERT(sizeof(SAMPLE_GET_INTERFACE) == @SIZE_GET@);
C_ASSERT(FIELD_OFFSET(SAMPLE_GET_INTERFACE, Size) == @OFFSET_SIZE@);
C_ASSERT(FIELD_OFFSET(SAMPLE_GET_INTERFACE, Version) == @OFFSET_VERSION@);
C_ASSERT(IOCTL_INTERNAL_SAMPLE_GET_INTERFACE == @IOCTL_INTERNAL_SAMPLE_GET_INTERFACE@);
C_ASSERT(IOCTL_SAMPLE_BUS_PLUG_IN == @IOCTL_SAMPLE_BUS_PLUG_IN@);
C_ASSERT(IOCTL_SAMPLE_BUS_UNPLUG == @IOCTL_SAMPLE_BUS_UNPLUG@);

/* The device interface of child.sys: {@GUID_DEVINTERFACE_CHILD_TEXT@} */
DEFINE_GUID(GUID_DEVINTERFACE_CHILD, @GUID_DEVINTERFACE_CHILD@);

/* To that interface: an INT in, its double out. */
#define IOCTL_CHILD_DOUBLE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
/* INTs in, their doubles out, up to the first that does not fit; a SAMPLE_STATISTICS out. */
#define IOCTL_CHILD_DOUBLE_ARRAY CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_CHILD_QUERY_STATISTICS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_READ_ACCESS)
C_ASSERT(IOCTL_CHILD_DOUBLE == @IOCTL_CHILD_DOUBLE@);
C_ASSERT(IOCTL_CHILD_DOUBLE_ARRAY == @IOCTL_CHILD_DOUBLE_ARRAY@);
C_ASSERT(IOCTL_CHILD_QUERY_STATISTICS == @IOCTL_CHILD_QUERY_STATISTICS@);
";

/// Writes the header.
///
/// # Errors
///
/// When it cannot be written.
pub fn run(_: &[String]) -> Result<ExitCode> {
    files::write(&place::ROOT.join(HEADER), render().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn render() -> String {
    let values = guids().into_iter().chain(numbers());
    values.fold(TEMPLATE.to_owned(), |text, (name, value)| {
        text.replace(&format!("@{name}@"), &value)
    })
}

/// Every GUID twice: as text, and as `DEFINE_GUID` takes it.
fn guids() -> Vec<(String, String)> {
    let all = [
        ("GUID_SAMPLE_INTERFACE", GUID_SAMPLE_INTERFACE),
        ("GUID_SAMPLE_INTERFACE_2", GUID_SAMPLE_INTERFACE_2),
        ("GUID_SAMPLE_BUS_INTERFACE", GUID_SAMPLE_BUS_INTERFACE),
        ("GUID_DEVINTERFACE_SAMPLE_BUS", GUID_DEVINTERFACE_SAMPLE_BUS),
        ("GUID_DEVINTERFACE_CHILD", GUID_DEVINTERFACE_CHILD),
    ];
    all.into_iter()
        .flat_map(|(name, guid)| {
            [
                (format!("{name}_TEXT"), guid.to_string()),
                (name.to_owned(), components(guid)),
            ]
        })
        .collect()
}

/// Versions, sizes, offsets and control codes.
fn numbers() -> Vec<(String, String)> {
    let codes = [
        ("IOCTL_CHILD_DOUBLE", IOCTL_CHILD_DOUBLE),
        ("IOCTL_CHILD_DOUBLE_ARRAY", IOCTL_CHILD_DOUBLE_ARRAY),
        ("IOCTL_CHILD_QUERY_STATISTICS", IOCTL_CHILD_QUERY_STATISTICS),
        (
            "IOCTL_INTERNAL_SAMPLE_GET_INTERFACE",
            IOCTL_INTERNAL_SAMPLE_GET_INTERFACE,
        ),
        ("IOCTL_SAMPLE_BUS_PLUG_IN", IOCTL_SAMPLE_BUS_PLUG_IN),
        ("IOCTL_SAMPLE_BUS_UNPLUG", IOCTL_SAMPLE_BUS_UNPLUG),
    ];
    let numbers = [
        ("VERSION_1", usize::from(SAMPLE_INTERFACE_VERSION_1)),
        ("VERSION_2", usize::from(SAMPLE_INTERFACE_VERSION_2)),
        ("VERSION_BUS", usize::from(SAMPLE_BUS_INTERFACE_VERSION_1)),
        ("CHILD_LIMIT", SAMPLE_BUS_CHILD_LIMIT as usize),
        ("SIZE_HEADER", size_of::<INTERFACE>()),
        ("SIZE_1", size_of::<SAMPLE_INTERFACE>()),
        ("SIZE_2", size_of::<SAMPLE_INTERFACE_2>()),
        ("SIZE_STATISTICS", size_of::<SAMPLE_STATISTICS>()),
        ("SIZE_GET", size_of::<SAMPLE_GET_INTERFACE>()),
        ("OFFSET_SIZE", offset_of!(SAMPLE_GET_INTERFACE, Size)),
        ("OFFSET_VERSION", offset_of!(SAMPLE_GET_INTERFACE, Version)),
        ("SIZE_BUS", size_of::<SAMPLE_BUS_INTERFACE>()),
        ("OFFSET_DOUBLE", offset_of!(SAMPLE_INTERFACE, SampleDouble)),
        ("OFFSET_ARRAY", offset_of!(SAMPLE_INTERFACE_2, SampleDoubleArray)),
        (
            "OFFSET_STATISTICS",
            offset_of!(SAMPLE_INTERFACE_2, SampleQueryStatistics),
        ),
        (
            "OFFSET_COUNT",
            offset_of!(SAMPLE_BUS_INTERFACE, SampleBusChildCount),
        ),
        (
            "OFFSET_PLUG_IN",
            offset_of!(SAMPLE_BUS_INTERFACE, SampleBusPlugIn),
        ),
        ("OFFSET_UNPLUG", offset_of!(SAMPLE_BUS_INTERFACE, SampleBusUnplug)),
    ];
    let codes = codes.map(|(name, code)| (name.to_owned(), format!("{code:#010x}")));
    let numbers = numbers.map(|(name, number)| (name.to_owned(), number.to_string()));
    codes.into_iter().chain(numbers).collect()
}

/// The arguments of `DEFINE_GUID` after the name.
fn components(guid: guid_create::GUID) -> String {
    let bytes: Vec<_> = guid.data4().iter().map(|byte| format!("{byte:#04x}")).collect();
    format!(
        "{:#010x}, {:#06x}, {:#06x}, {}",
        guid.data1(),
        guid.data2(),
        guid.data3(),
        bytes.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{HEADER, render};
    use crate::place;

    #[test]
    fn the_header_is_that_of_the_contract_crate() {
        let header = fs::read_to_string(place::ROOT.join(HEADER)).expect("the header is in the repository");
        assert!(header == render(), "{HEADER} is old: run `cargo xtask header`");
    }

    #[test]
    fn every_place_of_the_template_is_filled() {
        assert!(!render().contains('@'));
    }
}
