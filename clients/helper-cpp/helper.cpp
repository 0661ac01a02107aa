// helper-cpp.sys: the C++ client. sample.h declares the import EXTERN_C, so the linker looks for `SampleDouble` and not for
// `?SampleDouble@@YAJPEAH@Z`. It has no device; only the call is its matter.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ntddk.h>
#include "sample.h"

namespace
{
constexpr INT Before = 19;

// A name of its own in C++, decorated as C++ does.
NTSTATUS Double(INT &value)
{
    return SampleDouble(&value);
}

VOID DriverUnload(PDRIVER_OBJECT)
{
    DbgPrint("HELPER.SYS: unloading\n");
}
} // namespace

EXTERN_C DRIVER_INITIALIZE DriverEntry;

EXTERN_C NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING)
{
    DbgPrint("HELPER.SYS: entering DriverEntry\n");
    DriverObject->DriverUnload = DriverUnload;
    INT value = Before;
    DbgPrint("Helper: before is %d\n", value);
    const NTSTATUS status = Double(value);
    DbgPrint("Helper:  after is %d\n", value);
    return status;
}
