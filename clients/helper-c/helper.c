/*
 * The classic client of a kernel DLL, in C: a legacy driver that calls SampleDouble through its static import when it starts.
 *
 * net start helper-c, net stop helper-c. Loading it loads sample.sys, if nobody has yet.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>
#include "sample.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD HelperUnload;

static UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\helper-c");
static UNICODE_STRING LinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\HELPERC");

static VOID HelperUnload(PDRIVER_OBJECT DriverObject)
{
    DbgPrint("HELPER.SYS: unloading\n");
    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

static NTSTATUS CreateDevice(PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(DriverObject, 0, &DeviceName, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
    }
    return status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    INT value = 19;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DbgPrint("HELPER.SYS: entering DriverEntry\n");
    status = CreateDevice(DriverObject);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    DriverObject->DriverUnload = HelperUnload;

    DbgPrint("Helper: before is %d\n", value);
    status = SampleDouble(&value);
    DbgPrint("Helper:  after is %d\n", value);
    if (!NT_SUCCESS(status)) {
        /* A driver that fails to start is not asked to unload. */
        HelperUnload(DriverObject);
    }
    return status;
}
