/* How the test drivers in C reach the bus from outside of its stacks. Include ntddk.h and sample.h first. */
#pragma once

/* Opens the bus; the file is to be dereferenced. */
static NTSTATUS OpenBus(PFILE_OBJECT *File, PDEVICE_OBJECT *Device)
{
    PZZWSTR links;
    UNICODE_STRING link;
    NTSTATUS status = IoGetDeviceInterfaces(&GUID_DEVINTERFACE_SAMPLE_BUS, NULL, 0, &links);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlInitUnicodeString(&link, links);
    status = IoGetDeviceObjectPointer(&link, FILE_READ_DATA, File, Device);
    ExFreePool(links);
    return status;
}

/* IOCTL_INTERNAL_SAMPLE_GET_INTERFACE, or the same code as an ordinary request. */
static IO_STATUS_BLOCK AskBus(PDEVICE_OBJECT Device, PSAMPLE_GET_INTERFACE Question, ULONG Input, PVOID Table, ULONG Output, BOOLEAN Internal)
{
    KEVENT done;
    IO_STATUS_BLOCK end = { 0 };
    PIRP irp;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_INTERNAL_SAMPLE_GET_INTERFACE, Device, Question, Input, Table, Output, Internal, &done, &end);
    if (IoCallDriver(Device, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    }
    return end;
}
