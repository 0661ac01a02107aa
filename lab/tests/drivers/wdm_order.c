/* A plain WDM function driver that tells what reaches it, in the order in which it comes; it has no framework. */
#include <ntddk.h>
#include <initguid.h>

/* {1F2B6C1E-7A54-4A0E-9B42-6A3D0C5E8F11}, under which the script finds the device. */
DEFINE_GUID(GUID_DEVINTERFACE_CONFORM, 0x1f2b6c1e, 0x7a54, 0x4a0e, 0x9b, 0x42, 0x6a, 0x3d, 0x0c, 0x5e, 0x8f, 0x11);

typedef struct {
    PDEVICE_OBJECT Below;
    UNICODE_STRING Link;
} EXTENSION;

DRIVER_INITIALIZE DriverEntry;

static PCSTR MinorName(UCHAR Minor)
{
    switch (Minor) {
    case IRP_MN_START_DEVICE: return "START_DEVICE";
    case IRP_MN_QUERY_REMOVE_DEVICE: return "QUERY_REMOVE_DEVICE";
    case IRP_MN_REMOVE_DEVICE: return "REMOVE_DEVICE";
    case IRP_MN_CANCEL_REMOVE_DEVICE: return "CANCEL_REMOVE_DEVICE";
    case IRP_MN_STOP_DEVICE: return "STOP_DEVICE";
    case IRP_MN_QUERY_STOP_DEVICE: return "QUERY_STOP_DEVICE";
    case IRP_MN_CANCEL_STOP_DEVICE: return "CANCEL_STOP_DEVICE";
    case IRP_MN_QUERY_DEVICE_RELATIONS: return "QUERY_DEVICE_RELATIONS";
    case IRP_MN_QUERY_CAPABILITIES: return "QUERY_CAPABILITIES";
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS: return "FILTER_RESOURCE_REQUIREMENTS";
    case IRP_MN_QUERY_PNP_DEVICE_STATE: return "QUERY_PNP_DEVICE_STATE";
    case IRP_MN_SURPRISE_REMOVAL: return "SURPRISE_REMOVAL";
    default: return "another";
    }
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS Started(PDEVICE_OBJECT Device, PIRP Irp)
{
    EXTENSION *extension = (EXTENSION *)Device->DeviceExtension;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    if (IoForwardIrpSynchronously(extension->Below, Irp)) {
        status = Irp->IoStatus.Status;
    }
    if (NT_SUCCESS(status)) {
        status = IoSetDeviceInterfaceState(&extension->Link, TRUE);
    }
    return Complete(Irp, status);
}

static NTSTATUS OnPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    EXTENSION *extension = (EXTENSION *)Device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    PDEVICE_OBJECT below = extension->Below;
    NTSTATUS status;
    DbgPrint("wdm_order: IRP_MN_%s\n", MinorName(minor));
    switch (minor) {
    case IRP_MN_START_DEVICE:
        return Started(Device, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        IoSetDeviceInterfaceState(&extension->Link, FALSE);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_REMOVE_DEVICE:
        IoSetDeviceInterfaceState(&extension->Link, FALSE);
        RtlFreeUnicodeString(&extension->Link);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoSkipCurrentIrpStackLocation(Irp);
        status = IoCallDriver(below, Irp);
        IoDetachDevice(below);
        IoDeleteDevice(Device);
        return status;
    default:
        break;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(below, Irp);
}

static NTSTATUS OnPower(PDEVICE_OBJECT Device, PIRP Irp)
{
    DbgPrint("wdm_order: IRP_MJ_POWER\n");
    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(((EXTENSION *)Device->DeviceExtension)->Below, Irp);
}

static NTSTATUS OnOther(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    switch (IoGetCurrentIrpStackLocation(Irp)->MajorFunction) {
    case IRP_MJ_CREATE: DbgPrint("wdm_order: IRP_MJ_CREATE\n"); break;
    case IRP_MJ_CLEANUP: DbgPrint("wdm_order: IRP_MJ_CLEANUP\n"); break;
    case IRP_MJ_CLOSE: DbgPrint("wdm_order: IRP_MJ_CLOSE\n"); break;
    default: DbgPrint("wdm_order: IRP_MJ_DEVICE_CONTROL\n"); break;
    }
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS OnAdd(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Physical)
{
    PDEVICE_OBJECT device;
    EXTENSION *extension;
    NTSTATUS status;
    DbgPrint("wdm_order: AddDevice\n");
    status = IoCreateDevice(Driver, sizeof(EXTENSION), NULL, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (EXTENSION *)device->DeviceExtension;
    status = IoRegisterDeviceInterface(Physical, &GUID_DEVINTERFACE_CONFORM, NULL, &extension->Link);
    if (NT_SUCCESS(status)) {
        extension->Below = IoAttachDeviceToDeviceStack(device, Physical);
        status = extension->Below == NULL ? STATUS_NO_SUCH_DEVICE : STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(status)) {
        RtlFreeUnicodeString(&extension->Link);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID OnUnload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    DbgPrint("wdm_order: Unload\n");
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    DbgPrint("wdm_order: DriverEntry\n");
    Driver->DriverExtension->AddDevice = OnAdd;
    Driver->DriverUnload = OnUnload;
    Driver->MajorFunction[IRP_MJ_PNP] = OnPnp;
    Driver->MajorFunction[IRP_MJ_POWER] = OnPower;
    Driver->MajorFunction[IRP_MJ_CREATE] = OnOther;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = OnOther;
    Driver->MajorFunction[IRP_MJ_CLOSE] = OnOther;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = OnOther;
    return STATUS_SUCCESS;
}
