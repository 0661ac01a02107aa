// A client of the kernel DLL in C++: the header's EXTERN_C keeps the name that the image exports.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ntddk.h>
#include "sample.h"

namespace {

// Overloading decorates names; the imported one must stay as it is.
int Doubled(int value)
{
    const NTSTATUS status = SampleDouble(&value);
    return NT_SUCCESS(status) ? value : 0;
}

double Doubled(double) = delete;

VOID HelperUnload(PDRIVER_OBJECT)
{
    DbgPrint("HELPER.SYS: unloading\n");
}

} // namespace

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING)
{
    DbgPrint("HELPER.SYS: entering DriverEntry\n");
    DriverObject->DriverUnload = HelperUnload;
    DbgPrint("Helper: before is %d\n", 19);
    DbgPrint("Helper:  after is %d\n", Doubled(19));
    return STATUS_SUCCESS;
}
