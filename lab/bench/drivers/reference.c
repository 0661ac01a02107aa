/*
 * What the bench compares sample.sys with: the same routines in C, in an image of their own. A kernel DLL.
 *
 * The array routine protects its context as sample.sys does, and counts its calls.
 */
#include <ntddk.h>
#include "sample.h"
#define REFERENCE_IMPORT __declspec(dllexport)
#include "reference.h"
#include "rundown.h"

static RUNDOWN Rundown;

NTSTATUS ReferenceDouble(INT *Value)
{
    INT doubled;
    if (Value == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (__builtin_mul_overflow(*Value, 2, &doubled)) {
        return STATUS_INTEGER_OVERFLOW;
    }
    *Value = doubled;
    return STATUS_SUCCESS;
}

SIZE_T ReferenceLoop(INT *Values, SIZE_T Count)
{
    SIZE_T i;
    for (i = 0; i < Count; i++) {
        INT doubled;
        if (__builtin_mul_overflow(Values[i], 2, &doubled)) {
            break;
        }
        Values[i] = doubled;
    }
    return i;
}

VOID ReferenceSweep(INT *Values, SIZE_T Count)
{
    SIZE_T i;
    for (i = 0; i < Count; i++) {
        Values[i] = ~Values[i];
    }
}

/* The checks of the contract, in its order. */
static NTSTATUS CheckArray(const INT *Values, SIZE_T Count, const SIZE_T *Done)
{
    if (Done == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((ULONG_PTR)Done % sizeof(*Done) != 0) {
        return STATUS_DATATYPE_MISALIGNMENT;
    }
    if (Count != 0 && Values == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Count != 0 && (ULONG_PTR)Values % sizeof(*Values) != 0) {
        return STATUS_DATATYPE_MISALIGNMENT;
    }
    return Count > (SIZE_T)MAXLONGLONG / sizeof(INT) ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS DoubleArray(PVOID Context, INT *Values, SIZE_T Count, SIZE_T *Done)
{
    RUNDOWN *rundown = Context;
    NTSTATUS status;
    if (!EnterRundown(rundown)) {
        return STATUS_DEVICE_REMOVED;
    }
    status = CheckArray(Values, Count, Done);
    if (NT_SUCCESS(status)) {
        *Done = ReferenceLoop(Values, Count);
        status = *Done == Count ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW;
    }
    LeaveRundown(rundown, TRUE);
    return status;
}

static VOID Nothing(PVOID Context) { UNREFERENCED_PARAMETER(Context); }

VOID ReferenceTable(PSAMPLE_INTERFACE_2 Table)
{
    KeInitializeEvent(&Rundown.Left, NotificationEvent, FALSE);
    RtlZeroMemory(Table, sizeof(*Table));
    Table->InterfaceHeader.Size = sizeof(*Table);
    Table->InterfaceHeader.Version = SAMPLE_INTERFACE_VERSION_2;
    Table->InterfaceHeader.Context = (PVOID)&Rundown;
    Table->InterfaceHeader.InterfaceReference = Nothing;
    Table->InterfaceHeader.InterfaceDereference = Nothing;
    Table->SampleDouble = ReferenceDouble;
    Table->SampleDoubleArray = DoubleArray;
}

__declspec(dllexport) NTSTATUS DllInitialize(PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    return STATUS_SUCCESS;
}

__declspec(dllexport) NTSTATUS DllUnload(VOID) { return STATUS_SUCCESS; }

/* Loaded as a DLL only. */
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Driver);
    UNREFERENCED_PARAMETER(Path);
    return STATUS_NOT_SUPPORTED;
}
