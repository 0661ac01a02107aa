/* How the test drivers in C ask for an interface. Include ntddk.h first. */
#pragma once

/* IRP_MN_QUERY_INTERFACE to the top of a stack, with STATUS_NOT_SUPPORTED preset; Table is zeroed first. IRQL: PASSIVE_LEVEL. */
static NTSTATUS Query(PDEVICE_OBJECT Top, const GUID *Type, PINTERFACE Table, USHORT Size, USHORT Version)
{
    KEVENT done;
    IO_STATUS_BLOCK io;
    PIO_STACK_LOCATION next;
    NTSTATUS status;
    PIRP irp;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, Top, NULL, 0, NULL, &done, &io);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Table, Size);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = IRP_MN_QUERY_INTERFACE;
    next->Parameters.QueryInterface.InterfaceType = Type;
    next->Parameters.QueryInterface.Interface = Table;
    next->Parameters.QueryInterface.Size = Size;
    next->Parameters.QueryInterface.Version = Version;
    status = IoCallDriver(Top, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = io.Status;
    }
    return status;
}
