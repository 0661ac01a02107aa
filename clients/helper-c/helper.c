/*
 * helper-c.sys: a plain WDM driver that calls the static export of sample.sys, as the classic does.
 *
 * It is in no PnP stack: `net start` loads it, and sample.sys with it; `net stop` lets both go.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>
#include "sample.h"

#define DEVICE_NAME L"\\Device\\HelperC"
#define LINK_NAME L"\\DosDevices\\HELPERC"

/* What the log calls the value before and after. */
#define BEFORE 19

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD DriverUnload;

static NTSTATUS CreateNamedDevice(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device = NULL;
    NTSTATUS status;

    RtlInitUnicodeString(&name, DEVICE_NAME);
    RtlInitUnicodeString(&link, LINK_NAME);
    status = IoCreateDevice(DriverObject, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
    }
    return status;
}

static VOID DeleteNamedDevice(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING link;

    RtlInitUnicodeString(&link, LINK_NAME);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

static VOID DriverUnload(PDRIVER_OBJECT DriverObject)
{
    DbgPrint("HELPER.SYS: unloading\n");
    DeleteNamedDevice(DriverObject);
}

static NTSTATUS DoubleOnce(VOID)
{
    INT value = BEFORE;
    NTSTATUS status;

    DbgPrint("Helper: before is %d\n", value);
    status = SampleDouble(&value);
    DbgPrint("Helper:  after is %d\n", value);
    return status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DbgPrint("HELPER.SYS: entering DriverEntry\n");
    status = CreateNamedDevice(DriverObject);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    DriverObject->DriverUnload = DriverUnload;
    status = DoubleOnce();
    if (!NT_SUCCESS(status)) {
        DeleteNamedDevice(DriverObject);
    }
    return status;
}
