/*
 * A function driver that breaks a rule of the verifier on command, and keeps it on another: the input of the control codes in commands.h
 * is a command of the tables. A command is named after its rule.
 */
#include <ntddk.h>
#include "hostile/hostile.h"
#include "hostile/pool.h"
#include "hostile/irql.h"
#include "hostile/locks.h"
#include "hostile/objects.h"
#include "hostile/irps.h"
#include "hostile/devices.h"
#include "hostile/faults.h"
#include "hostile/time.h"

static const COMMAND Commands[] = {
    POOL_COMMANDS, IRQL_COMMANDS, LOCK_COMMANDS, OBJECT_COMMANDS, IRP_COMMANDS, DEVICE_COMMANDS, FAULT_COMMANDS, TIME_COMMANDS,
};

typedef struct {
    PDEVICE_OBJECT Lower;
} EXTENSION;

static ROUTINE *Find(PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG length = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG i;
    for (i = 0; i < RTL_NUMBER_OF(Commands); i++) {
        if (IsNamed(Commands[i].Name, Irp->AssociatedIrp.SystemBuffer, length)) {
            switch (stack->Parameters.DeviceIoControl.IoControlCode) {
            case IOCTL_HOSTILE_BREAK:
                return Commands[i].Break;
            case IOCTL_HOSTILE_KEEP:
                return Commands[i].Keep;
            }
        }
    }
    return NULL;
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    CALL call = { Device, Irp, FALSE };
    ROUTINE *routine = Find(Irp);
    NTSTATUS status = routine == NULL ? STATUS_NOT_FOUND : routine(&call);
    return call.Taken ? status : CompleteIrp(Irp, status);
}

static NTSTATUS SendDown(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((EXTENSION *)Device->DeviceExtension)->Lower, Irp);
}

static NTSTATUS Remove(PDEVICE_OBJECT Device, PIRP Irp)
{
    PDEVICE_OBJECT lower = ((EXTENSION *)Device->DeviceExtension)->Lower;
    NTSTATUS status;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = SendDown(Device, Irp);
    IoDetachDevice(lower);
    IoDeleteDevice(Device);
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    switch (stack->MinorFunction) {
    case IRP_MN_QUERY_INTERFACE:
        if (IsEqualGUID(stack->Parameters.QueryInterface.InterfaceType, &OwnInterface)) {
            return CompleteIrp(Irp, AnswerQuery(stack));
        }
        return SendDown(Device, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Device, Irp);
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return SendDown(Device, Irp);
    default:
        return SendDown(Device, Irp);
    }
}

/* The first device has the name; it is the one that gets the commands. */
static NTSTATUS AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    static UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\hostile");
    PUNICODE_STRING own = Driver->DeviceObject == NULL ? &name : NULL;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(EXTENSION), own, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status)) {
        ((EXTENSION *)device->DeviceExtension)->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
        device->Flags &= LeaveInitializing ? ~0u : ~DO_DEVICE_INITIALIZING;
    }
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    if (AtUnload != NULL) {
        AtUnload();
    }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG major;
    UNREFERENCED_PARAMETER(Path);
    InitializeLocks();
    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        Driver->MajorFunction[major] = Succeed;
    }
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = InternalControl;
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    Driver->MajorFunction[IRP_MJ_POWER] = SendDown;
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
