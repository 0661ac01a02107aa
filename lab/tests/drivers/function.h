/*
 * A function driver in WDM whose device does what five routines say, which whoever includes this has. Include ntddk.h first.
 */
#pragma once

/* In AddDevice: the device below is not started. */
static VOID OnAdded(PDEVICE_OBJECT Lower);
/* The devices below are started. */
static VOID OnStarted(PDEVICE_OBJECT Top);
/* IRP_MN_SURPRISE_REMOVAL, before the devices below know. */
static VOID OnPulled(PDEVICE_OBJECT Top);
/* IRP_MN_REMOVE_DEVICE, before the devices below know. */
static VOID OnRemoving(PDEVICE_OBJECT Top);
/* The devices below are gone. */
static VOID OnGone(VOID);

typedef struct {
    PDEVICE_OBJECT Lower;
} FUNCTION_EXTENSION;

static NTSTATUS SendDown(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((FUNCTION_EXTENSION *)Device->DeviceExtension)->Lower, Irp);
}

static NTSTATUS Start(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    if (IoForwardIrpSynchronously(((FUNCTION_EXTENSION *)Device->DeviceExtension)->Lower, Irp)) {
        status = Irp->IoStatus.Status;
    }
    if (NT_SUCCESS(status)) {
        OnStarted(Device);
    }
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS Remove(PDEVICE_OBJECT Device, PIRP Irp)
{
    PDEVICE_OBJECT lower = ((FUNCTION_EXTENSION *)Device->DeviceExtension)->Lower;
    NTSTATUS status;
    OnRemoving(Device);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = SendDown(Device, Irp);
    IoDetachDevice(lower);
    IoDeleteDevice(Device);
    OnGone();
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(Device, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Device, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        OnPulled(Device);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return SendDown(Device, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return SendDown(Device, Irp);
    default:
        return SendDown(Device, Irp);
    }
}

static NTSTATUS AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(FUNCTION_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status)) {
        PDEVICE_OBJECT lower = IoAttachDeviceToDeviceStack(device, Pdo);
        ((FUNCTION_EXTENSION *)device->DeviceExtension)->Lower = lower;
        device->Flags &= ~DO_DEVICE_INITIALIZING;
        OnAdded(lower);
    }
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG major;
    UNREFERENCED_PARAMETER(Path);
    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        Driver->MajorFunction[major] = SendDown;
    }
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
