/*
 * A legacy driver that calls SampleDouble without a device stack and without an import: it opens the bus by its device interface and asks
 * for the table in an internal device control request.
 *
 * net start legacy-c, net stop legacy-c, while there is a bus. The bus may go at any time, and nobody would tell this driver: so it gives
 * the table back before DriverEntry returns. A driver that keeps the table registers for EventCategoryTargetDeviceChange on the file.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>
#include <initguid.h>
#include "sample.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD LegacyUnload;

/* Opens the first bus that there is. The caller dereferences *File, which closes it. */
static NTSTATUS OpenBus(PFILE_OBJECT *File, PDEVICE_OBJECT *Device)
{
    PZZWSTR links;
    UNICODE_STRING link;
    NTSTATUS status = IoGetDeviceInterfaces(&GUID_DEVINTERFACE_SAMPLE_BUS, NULL, 0, &links);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlInitUnicodeString(&link, links);
    if (link.Length == 0) {
        status = STATUS_NO_SUCH_DEVICE;
    } else {
        status = IoGetDeviceObjectPointer(&link, FILE_READ_DATA | FILE_WRITE_DATA, File, Device);
    }
    ExFreePool(links);
    return status;
}

/* Asks for a table of version 1. On success the caller has a reference to give back. */
static NTSTATUS GetInterface(PFILE_OBJECT File, PDEVICE_OBJECT Device, PSAMPLE_INTERFACE Table)
{
    SAMPLE_GET_INTERFACE wanted = { GUID_SAMPLE_INTERFACE, sizeof(*Table), SAMPLE_INTERFACE_VERSION_1 };
    KEVENT done;
    IO_STATUS_BLOCK end;
    PIRP irp;
    NTSTATUS status;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_INTERNAL_SAMPLE_GET_INTERFACE, Device, &wanted, sizeof(wanted), Table, sizeof(*Table),
                                        TRUE, &done, &end);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IoGetNextIrpStackLocation(irp)->FileObject = File;
    status = IoCallDriver(Device, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = end.Status;
    }
    return status;
}

/* Uses the table and gives it back. */
static NTSTATUS UseInterface(const SAMPLE_INTERFACE *Table)
{
    INT value = 19;
    NTSTATUS status = STATUS_REVISION_MISMATCH;
    if (Table->InterfaceHeader.Size == sizeof(*Table) && Table->InterfaceHeader.Version == SAMPLE_INTERFACE_VERSION_1) {
        DbgPrint("Legacy: before is %d\n", value);
        status = Table->SampleDouble(&value);
        DbgPrint("Legacy:  after is %d\n", value);
    }
    Table->InterfaceHeader.InterfaceDereference(Table->InterfaceHeader.Context);
    return status;
}

static VOID LegacyUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    SAMPLE_INTERFACE table;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = LegacyUnload;
    status = OpenBus(&file, &device);
    if (!NT_SUCCESS(status)) {
        DbgPrint("Legacy: there is no bus: 0x%08x\n", status);
        return status;
    }
    RtlZeroMemory(&table, sizeof(table));
    status = GetInterface(file, device, &table);
    if (NT_SUCCESS(status)) {
        status = UseInterface(&table);
    } else {
        DbgPrint("Legacy: no interface: 0x%08x\n", status);
    }
    ObDereferenceObject(file);
    return status;
}
