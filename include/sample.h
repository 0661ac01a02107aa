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

/* The device interface of child.sys: {C4D9E0A6-2F7D-4B53-9A18-3E6B70F5D138} */
DEFINE_GUID(GUID_DEVINTERFACE_CHILD, 0xc4d9e0a6, 0x2f7d, 0x4b53, 0x9a, 0x18, 0x3e, 0x6b, 0x70, 0xf5, 0xd1, 0x38);

/* To that interface: an INT in, its double out. */
#define IOCTL_CHILD_DOUBLE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
C_ASSERT(IOCTL_CHILD_DOUBLE == 0x0022e000);
