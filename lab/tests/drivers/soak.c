/*
 * The client of `cargo xtask soak`: a device root\Soak whose hands hold tables of sample.sys, for as long as whoever sends the requests
 * likes, also beyond the life of the device that was asked.
 *
 * Every request has four ULONGs in: hand, what, argument, flags. Without a table in the hand it gets STATUS_DEVICE_NOT_READY.
 *
 *   IOCTL_SOAK_TAKE   asks the device number `argument` of those that there are for the table `what`, and keeps it in the hand
 *   IOCTL_SOAK_CALL   calls entry `what` of the table with `argument`; flags: CALL_AT_DISPATCH, CALL_WRONGLY. ULONGs out: what came of it
 *   IOCTL_SOAK_GIVE   gives the table back
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>
#include <initguid.h>
#include "sample.h"
#include "query.h"

#define HANDS 16
#define VALUES 64

#define SOAK_CODE(Number) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (Number), METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_SOAK_TAKE SOAK_CODE(0)
#define IOCTL_SOAK_CALL SOAK_CODE(1)
#define IOCTL_SOAK_GIVE SOAK_CODE(2)

#define CALL_AT_DISPATCH 1
#define CALL_WRONGLY 2

typedef struct {
    ULONG Hand;
    ULONG What;
    ULONG Argument;
    ULONG Flags;
} SOAK_REQUEST;

typedef enum { NOTHING, DOUBLER_1, DOUBLER_2, BUS } SOAK_TABLE;

typedef struct {
    SOAK_TABLE Kind;
    union {
        INTERFACE Header;
        SAMPLE_INTERFACE Doubler;
        SAMPLE_INTERFACE_2 Doubler2;
        SAMPLE_BUS_INTERFACE Bus;
    } Table;
} HOLDING;

typedef struct {
    PDEVICE_OBJECT Lower;
    UNICODE_STRING Link;
    KSPIN_LOCK Lock;
    HOLDING Hands[HANDS];
} SOAK_EXTENSION;

/* {0E2B6D51-7F4A-4C93-AD18-95C3E07A62B4} */
DEFINE_GUID(GUID_DEVINTERFACE_SOAK, 0x0e2b6d51, 0x7f4a, 0x4c93, 0xad, 0x18, 0x95, 0xc3, 0xe0, 0x7a, 0x62, 0xb4);

static VOID Dereference(HOLDING *Holding)
{
    Holding->Table.Header.InterfaceDereference(Holding->Table.Header.Context);
}

/* A copy of what is in the hand, with a reference of its own: another thread may give the table back meanwhile. */
static BOOLEAN Borrow(SOAK_EXTENSION *Extension, ULONG Hand, HOLDING *Holding)
{
    KIRQL irql;
    KeAcquireSpinLock(&Extension->Lock, &irql);
    *Holding = Extension->Hands[Hand];
    if (Holding->Kind != NOTHING) {
        Holding->Table.Header.InterfaceReference(Holding->Table.Header.Context);
    }
    KeReleaseSpinLock(&Extension->Lock, irql);
    return Holding->Kind != NOTHING;
}

/* Puts something else into the hand; what was there is the caller's. */
static HOLDING Exchange(SOAK_EXTENSION *Extension, ULONG Hand, const HOLDING *Holding)
{
    HOLDING before;
    KIRQL irql;
    KeAcquireSpinLock(&Extension->Lock, &irql);
    before = Extension->Hands[Hand];
    Extension->Hands[Hand] = *Holding;
    KeReleaseSpinLock(&Extension->Lock, irql);
    return before;
}

static NTSTATUS GiveBack(SOAK_EXTENSION *Extension, ULONG Hand)
{
    HOLDING before, nothing;
    RtlZeroMemory(&nothing, sizeof(nothing));
    before = Exchange(Extension, Hand, &nothing);
    if (before.Kind == NOTHING) {
        return STATUS_DEVICE_NOT_READY;
    }
    Dereference(&before);
    return STATUS_SUCCESS;
}

/* Opens the device number Number of a class, counted around. The caller dereferences *File. */
static NTSTATUS OpenDevice(const GUID *Class, ULONG Number, PFILE_OBJECT *File, PDEVICE_OBJECT *Device)
{
    PZZWSTR links, next;
    UNICODE_STRING link;
    ULONG count = 0;
    NTSTATUS status = IoGetDeviceInterfaces(Class, NULL, 0, &links);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    for (next = links; *next != 0; next += link.Length / sizeof(WCHAR) + 1) {
        RtlInitUnicodeString(&link, next);
        count++;
    }
    status = STATUS_NO_SUCH_DEVICE;
    if (count != 0) {
        for (next = links, Number %= count; Number != 0; Number--) {
            RtlInitUnicodeString(&link, next);
            next += link.Length / sizeof(WCHAR) + 1;
        }
        RtlInitUnicodeString(&link, next);
        status = IoGetDeviceObjectPointer(&link, FILE_READ_DATA, File, Device);
    }
    ExFreePool(links);
    return status;
}

static NTSTATUS Ask(PDEVICE_OBJECT Device, HOLDING *Holding)
{
    switch (Holding->Kind) {
    case DOUBLER_1:
        return Query(Device, &GUID_SAMPLE_INTERFACE, &Holding->Table.Header, sizeof(SAMPLE_INTERFACE), SAMPLE_INTERFACE_VERSION_1);
    case DOUBLER_2:
        return Query(Device, &GUID_SAMPLE_INTERFACE_2, &Holding->Table.Header, sizeof(SAMPLE_INTERFACE_2), SAMPLE_INTERFACE_VERSION_2);
    case BUS:
        return Query(Device, &GUID_SAMPLE_BUS_INTERFACE, &Holding->Table.Header, sizeof(SAMPLE_BUS_INTERFACE),
                     SAMPLE_BUS_INTERFACE_VERSION_1);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS Take(SOAK_EXTENSION *Extension, const SOAK_REQUEST *Request)
{
    HOLDING holding, before;
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    /* Every other time the bus is asked for its table itself, else one of its children passes the query on. */
    BOOLEAN bus = Request->What == BUS && (Request->Argument & 1) != 0;
    NTSTATUS status = OpenDevice(bus ? &GUID_DEVINTERFACE_SAMPLE_BUS : &GUID_DEVINTERFACE_CHILD, Request->Argument, &file, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    holding.Kind = (SOAK_TABLE)Request->What;
    status = Ask(device, &holding);
    ObDereferenceObject(file);
    if (NT_SUCCESS(status)) {
        before = Exchange(Extension, Request->Hand, &holding);
        if (before.Kind != NOTHING) {
            Dereference(&before);
        }
    }
    return status;
}

static NTSTATUS CallArray(SAMPLE_INTERFACE_2 *Table, const SOAK_REQUEST *Request, ULONG *Out)
{
    INT values[VALUES];
    SIZE_T done = 0, count = Request->Argument % VALUES, i;
    NTSTATUS status;
    if (Request->Flags & CALL_WRONGLY) {
        return Table->SampleDoubleArray(Table->InterfaceHeader.Context, NULL, count + 1, &done);
    }
    for (i = 0; i < count; i++) {
        values[i] = (INT)i;
    }
    status = Table->SampleDoubleArray(Table->InterfaceHeader.Context, values, count, &done);
    for (i = 0; i < done; i++) {
        if (values[i] != (INT)(2 * i)) {
            return STATUS_DATA_ERROR;
        }
    }
    if (NT_SUCCESS(status) && done != count) {
        return STATUS_DATA_ERROR;
    }
    *Out = (ULONG)done;
    return status;
}

static NTSTATUS CallDoubler(HOLDING *Holding, const SOAK_REQUEST *Request, ULONG *Out)
{
    SAMPLE_INTERFACE_2 *table = &Holding->Table.Doubler2;
    SAMPLE_STATISTICS statistics;
    BOOLEAN wrongly = (Request->Flags & CALL_WRONGLY) != 0;
    NTSTATUS status;
    /* Both versions begin with SampleDouble, and version 1 has nothing else. */
    if (Holding->Kind == DOUBLER_1 || Request->What % 3 == 0) {
        INT value = (INT)Request->Argument;
        status = table->SampleDouble(wrongly ? NULL : &value);
        *Out = (ULONG)value;
        return status;
    }
    if (Request->What % 3 == 1) {
        return CallArray(table, Request, Out);
    }
    status = table->SampleQueryStatistics(table->InterfaceHeader.Context, &statistics, wrongly ? 4 : sizeof(statistics));
    /* The reference of this call is one of them. */
    if (NT_SUCCESS(status) && (statistics.References == 0 || statistics.Failures > statistics.Calls)) {
        return STATUS_DATA_ERROR;
    }
    return status;
}

static NTSTATUS CallBus(SAMPLE_BUS_INTERFACE *Table, const SOAK_REQUEST *Request, ULONG *Out)
{
    BOOLEAN wrongly = (Request->Flags & CALL_WRONGLY) != 0;
    ULONG number = wrongly ? SAMPLE_BUS_CHILD_LIMIT + 1 : Request->Argument;
    switch (Request->What % 3) {
    case 0:
        return Table->SampleBusChildCount(Table->InterfaceHeader.Context, wrongly ? NULL : Out);
    case 1:
        return Table->SampleBusPlugIn(Table->InterfaceHeader.Context, number);
    default:
        return Table->SampleBusUnplug(Table->InterfaceHeader.Context, number);
    }
}

static NTSTATUS Call(SOAK_EXTENSION *Extension, const SOAK_REQUEST *Request, ULONG *Out)
{
    HOLDING holding;
    KIRQL irql = PASSIVE_LEVEL;
    NTSTATUS status;
    if (!Borrow(Extension, Request->Hand, &holding)) {
        return STATUS_DEVICE_NOT_READY;
    }
    if (Request->Flags & CALL_AT_DISPATCH) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
    }
    status = holding.Kind == BUS ? CallBus(&holding.Table.Bus, Request, Out) : CallDoubler(&holding, Request, Out);
    Dereference(&holding);
    if (Request->Flags & CALL_AT_DISPATCH) {
        KeLowerIrql(irql);
    }
    return status;
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS Dispatch(SOAK_EXTENSION *Extension, ULONG Code, const SOAK_REQUEST *Request, ULONG *Out)
{
    switch (Code) {
    case IOCTL_SOAK_TAKE:
        return Take(Extension, Request);
    case IOCTL_SOAK_CALL:
        return Call(Extension, Request, Out);
    default:
        return GiveBack(Extension, Request->Hand);
    }
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    SOAK_REQUEST request;
    ULONG out = 0;
    NTSTATUS status;
    /* First the code, which says that there is a system buffer. */
    if (code != IOCTL_SOAK_TAKE && code != IOCTL_SOAK_CALL && code != IOCTL_SOAK_GIVE) {
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(request) ||
        stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(out)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    request = *(SOAK_REQUEST *)Irp->AssociatedIrp.SystemBuffer;
    request.Hand %= HANDS;
    status = Dispatch((SOAK_EXTENSION *)Device->DeviceExtension, code, &request, &out);
    *(ULONG *)Irp->AssociatedIrp.SystemBuffer = out;
    return Complete(Irp, status, NT_SUCCESS(status) ? sizeof(out) : 0);
}

static NTSTATUS SendDown(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((SOAK_EXTENSION *)Device->DeviceExtension)->Lower, Irp);
}

static NTSTATUS Start(SOAK_EXTENSION *Extension, PIRP Irp)
{
    if (!IoForwardIrpSynchronously(Extension->Lower, Irp)) {
        Irp->IoStatus.Status = STATUS_NO_SUCH_DEVICE;
    }
    if (NT_SUCCESS(Irp->IoStatus.Status)) {
        Irp->IoStatus.Status = IoSetDeviceInterfaceState(&Extension->Link, TRUE);
    }
    return Complete(Irp, Irp->IoStatus.Status, 0);
}

static NTSTATUS Remove(PDEVICE_OBJECT Device, PIRP Irp)
{
    SOAK_EXTENSION *extension = (SOAK_EXTENSION *)Device->DeviceExtension;
    ULONG hand;
    NTSTATUS status;
    for (hand = 0; hand < HANDS; hand++) {
        GiveBack(extension, hand);
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = SendDown(Device, Irp);
    RtlFreeUnicodeString(&extension->Link);
    IoDetachDevice(extension->Lower);
    IoDeleteDevice(Device);
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    SOAK_EXTENSION *extension = (SOAK_EXTENSION *)Device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(extension, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Device, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return SendDown(Device, Irp);
    default:
        return SendDown(Device, Irp);
    }
}

static NTSTATUS Succeed(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    SOAK_EXTENSION *extension;
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(SOAK_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (SOAK_EXTENSION *)device->DeviceExtension;
    RtlZeroMemory(extension, sizeof(*extension));
    KeInitializeSpinLock(&extension->Lock);
    status = IoRegisterDeviceInterface(Pdo, &GUID_DEVINTERFACE_SOAK, NULL, &extension->Link);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    extension->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
    if (extension->Lower == NULL) {
        RtlFreeUnicodeString(&extension->Link);
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG i;
    UNREFERENCED_PARAMETER(Path);
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        Driver->MajorFunction[i] = SendDown;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = Succeed;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = Succeed;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Succeed;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
