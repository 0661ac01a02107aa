/*
 * A legacy driver that opens the first child of the bus and is told of what happens to it, and to the class of device interfaces.
 *
 * ANSWER is what it says to a query-remove; with CLOSES it closes its file then; with STAYS it forgets to unregister.
 */
#include <ntddk.h>
#include <initguid.h>
#include <wdmguid.h>
#include "sample.h"
#ifndef ANSWER
#define ANSWER STATUS_SUCCESS
#endif

static PFILE_OBJECT File;
static PVOID OfTarget;
static PVOID OfClass;

static VOID Close(VOID)
{
    if (File != NULL) {
        ObDereferenceObject(File);
        File = NULL;
    }
}

static NTSTATUS OnTarget(PVOID Structure, PVOID Context)
{
    PTARGET_DEVICE_REMOVAL_NOTIFICATION notification = Structure;
    UNREFERENCED_PARAMETER(Context);
    if (IsEqualGUID(&notification->Event, &GUID_TARGET_DEVICE_QUERY_REMOVE)) {
        DbgPrint(NAME ": query-remove\n");
#ifdef CLOSES
        Close();
#endif
        return ANSWER;
    }
    if (IsEqualGUID(&notification->Event, &GUID_TARGET_DEVICE_REMOVE_CANCELLED)) {
        DbgPrint(NAME ": remove-cancelled\n");
    } else if (IsEqualGUID(&notification->Event, &GUID_TARGET_DEVICE_REMOVE_COMPLETE)) {
        DbgPrint(NAME ": remove-complete\n");
        Close();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS OnClass(PVOID Structure, PVOID Context)
{
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION notification = Structure;
    BOOLEAN arrival = IsEqualGUID(&notification->Event, &GUID_DEVICE_INTERFACE_ARRIVAL);
    UNREFERENCED_PARAMETER(Context);
    DbgPrint(NAME ": %s of %wZ\n", arrival ? "arrival" : "removal", notification->SymbolicLinkName);
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
#ifndef STAYS
    IoUnregisterPlugPlayNotificationEx(OfTarget);
#endif
    IoUnregisterPlugPlayNotification(OfClass);
    Close();
}

static NTSTATUS Open(VOID)
{
    PZZWSTR links;
    UNICODE_STRING link;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoGetDeviceInterfaces(&GUID_DEVINTERFACE_CHILD, NULL, 0, &links);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlInitUnicodeString(&link, links);
    status = IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &File, &device);
    ExFreePool(links);
    return status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    NTSTATUS status = Open();
    UNREFERENCED_PARAMETER(Path);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Driver->DriverUnload = Unload;
    status = IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, File, Driver, OnTarget, NULL, &OfTarget);
    if (NT_SUCCESS(status)) {
        status = IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
                                                (PVOID)&GUID_DEVINTERFACE_CHILD, Driver, OnClass, NULL, &OfClass);
    }
    return status;
}
