/*
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

/* The interface on every child of the bus: {7B0A3F52-94C1-4D0E-8F0B-51A7D2C9E619} */
DEFINE_GUID(GUID_SAMPLE_INTERFACE, 0x7b0a3f52, 0x94c1, 0x4d0e, 0x8f, 0x0b, 0x51, 0xa7, 0xd2, 0xc9, 0xe6, 0x19);

#define SAMPLE_INTERFACE_VERSION_1 1

typedef NTSTATUS (*PSAMPLE_DOUBLE)(INT *Value);

/* What IRP_MN_QUERY_INTERFACE returns. Check the status, Size and Version; dereference exactly once. */
typedef struct _SAMPLE_INTERFACE {
    INTERFACE InterfaceHeader;
    PSAMPLE_DOUBLE SampleDouble;
} SAMPLE_INTERFACE, *PSAMPLE_INTERFACE;

C_ASSERT(sizeof(INTERFACE) == 32);
C_ASSERT(sizeof(SAMPLE_INTERFACE) == 40);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE, SampleDouble) == 32);

/* The same with routines that take the context: {2C6E91B8-0D57-4FA3-A2BE-943F7C15D06A} */
DEFINE_GUID(GUID_SAMPLE_INTERFACE_2, 0x2c6e91b8, 0x0d57, 0x4fa3, 0xa2, 0xbe, 0x94, 0x3f, 0x7c, 0x15, 0xd0, 0x6a);

#define SAMPLE_INTERFACE_VERSION_2 2

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

C_ASSERT(sizeof(SAMPLE_STATISTICS) == 24);
C_ASSERT(sizeof(SAMPLE_INTERFACE_2) == 56);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE_2, SampleDouble) == 32);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE_2, SampleDoubleArray) == 40);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE_2, SampleQueryStatistics) == 48);

/* The interface of the bus, which its children pass on: {B85D3F07-61CA-4E92-9D30-F7A48E2B5C13} */
DEFINE_GUID(GUID_SAMPLE_BUS_INTERFACE, 0xb85d3f07, 0x61ca, 0x4e92, 0x9d, 0x30, 0xf7, 0xa4, 0x8e, 0x2b, 0x5c, 0x13);

#define SAMPLE_BUS_INTERFACE_VERSION_1 1
/* Children are numbered from 1. */
#define SAMPLE_BUS_CHILD_LIMIT 64

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

C_ASSERT(sizeof(SAMPLE_BUS_INTERFACE) == 56);
C_ASSERT(FIELD_OFFSET(SAMPLE_BUS_INTERFACE, SampleBusChildCount) == 32);
C_ASSERT(FIELD_OFFSET(SAMPLE_BUS_INTERFACE, SampleBusPlugIn) == 40);
C_ASSERT(FIELD_OFFSET(SAMPLE_BUS_INTERFACE, SampleBusUnplug) == 48);

/* The device interface of the bus: {E07F2A94-58B3-4C1D-8A66-3BD9C5F10E72} */
DEFINE_GUID(GUID_DEVINTERFACE_SAMPLE_BUS, 0xe07f2a94, 0x58b3, 0x4c1d, 0x8a, 0x66, 0x3b, 0xd9, 0xc5, 0xf1, 0x0e, 0x72);

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

C_ASSERT(sizeof(SAMPLE_GET_INTERFACE) == 20);
C_ASSERT(FIELD_OFFSET(SAMPLE_GET_INTERFACE, Size) == 16);
C_ASSERT(FIELD_OFFSET(SAMPLE_GET_INTERFACE, Version) == 18);
C_ASSERT(IOCTL_INTERNAL_SAMPLE_GET_INTERFACE == 0x00222014);
C_ASSERT(IOCTL_SAMPLE_BUS_PLUG_IN == 0x0022a004);
C_ASSERT(IOCTL_SAMPLE_BUS_UNPLUG == 0x0022a008);

/* The device interface of child.sys: {C4D9E0A6-2F7D-4B53-9A18-3E6B70F5D138} */
DEFINE_GUID(GUID_DEVINTERFACE_CHILD, 0xc4d9e0a6, 0x2f7d, 0x4b53, 0x9a, 0x18, 0x3e, 0x6b, 0x70, 0xf5, 0xd1, 0x38);

/* To that interface: an INT in, its double out. */
#define IOCTL_CHILD_DOUBLE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
/* INTs in, their doubles out, up to the first that does not fit; a SAMPLE_STATISTICS out. */
#define IOCTL_CHILD_DOUBLE_ARRAY CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_CHILD_QUERY_STATISTICS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_READ_ACCESS)
C_ASSERT(IOCTL_CHILD_DOUBLE == 0x0022e000);
C_ASSERT(IOCTL_CHILD_DOUBLE_ARRAY == 0x0022e00c);
C_ASSERT(IOCTL_CHILD_QUERY_STATISTICS == 0x00226010);
