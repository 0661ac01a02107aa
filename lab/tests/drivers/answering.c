/*
 * A legacy driver with one device, \Device\Answering, that answers every device control request with two numbers: the length of the output buffer and
 * ANSWER (0 unless told). SDDL secures the device, CHARACTERISTICS are its own; INFORMATION is what the request ends with beside its status.
 */
#include <ntddk.h>
#include <wdmsec.h>

#ifndef ANSWER
#define ANSWER 0
#endif
#ifndef CHARACTERISTICS
#define CHARACTERISTICS FILE_DEVICE_SECURE_OPEN
#endif
#ifndef INFORMATION
#define INFORMATION sizeof(ULONGLONG[2])
#endif

static PVOID Pool;

static PVOID OutputOf(PIRP Irp)
{
    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode & 3) {
    case METHOD_BUFFERED:
        return Irp->AssociatedIrp.SystemBuffer;
    case METHOD_NEITHER:
        return Irp->UserBuffer;
    default:
        return Irp->MdlAddress == NULL ? NULL : MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    }
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS Succeed(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
    ULONGLONG answer[2] = { length, (ULONGLONG)(ANSWER) };
    UNREFERENCED_PARAMETER(Device);
    if (length < sizeof(answer)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    RtlCopyMemory(OutputOf(Irp), answer, sizeof(answer));
    return Complete(Irp, STATUS_SUCCESS, (ULONG_PTR)(INFORMATION));
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    IoDeleteDevice(Driver->DeviceObject);
    ExFreePoolWithTag(Pool, 'wsnA');
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Answering");
    PDEVICE_OBJECT device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Path);
#ifdef SDDL
    {
        UNICODE_STRING sddl = RTL_CONSTANT_STRING(SDDL);
        status = IoCreateDeviceSecure(Driver, 0, &name, FILE_DEVICE_UNKNOWN, CHARACTERISTICS, FALSE, &sddl, NULL, &device);
    }
#else
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, CHARACTERISTICS, FALSE, &device);
#endif
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'wsnA');
    Driver->MajorFunction[IRP_MJ_CREATE] = Succeed;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = Succeed;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Succeed;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
