/*
 * Pulls every child of the bus out and plugs it in again, round after round, while threads call through the children's interfaces.
 *
 * The function driver of the children, and of a device root\Stress that starts the rounds: IOCTL 0x222000 takes their number, a ULONG, and
 * returns three ULONGLONGs: calls that doubled, calls that found the device removed, and calls that got any other status. 0x222004 pulls the
 * first child out and plugs it in so many times without waiting for anything.
 */
#include <ntddk.h>
#include <initguid.h>
#include "sample.h"
#include "query.h"

#define CHILDREN SAMPLE_BUS_CHILD_LIMIT
#define CALLERS 8
#define IOCTL_RUN CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_CHURN CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct {
    KSPIN_LOCK Lock;
    BOOLEAN Filled;
    SAMPLE_INTERFACE_2 Doubler;
} SLOT;

typedef struct {
    PDEVICE_OBJECT Lower;
    PDEVICE_OBJECT Pdo;
    SLOT *Slot;
} STRESS_EXTENSION;

/* {4D0C7A15-93BE-4F68-8E21-6A5B09D3C7F4} */
DEFINE_GUID(GUID_DEVINTERFACE_STRESS, 0x4d0c7a15, 0x93be, 0x4f68, 0x8e, 0x21, 0x6a, 0x5b, 0x09, 0xd3, 0xc7, 0xf4);

static SLOT Slots[CHILDREN];
static SAMPLE_BUS_INTERFACE Bus;
static volatile LONG Started, Stop;
static KEVENT Changed;
static LONG64 Doubled, Removed, Strange;

/* A copy of a slot's table with a reference of its own. */
static BOOLEAN Take(SLOT *Slot, PSAMPLE_INTERFACE_2 Doubler)
{
    KIRQL irql;
    BOOLEAN filled;
    KeAcquireSpinLock(&Slot->Lock, &irql);
    filled = Slot->Filled;
    if (filled) {
        *Doubler = Slot->Doubler;
        Doubler->InterfaceHeader.InterfaceReference(Doubler->InterfaceHeader.Context);
    }
    KeReleaseSpinLock(&Slot->Lock, irql);
    return filled;
}

static VOID CallOnce(PSAMPLE_INTERFACE_2 Doubler)
{
    INT values[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    SIZE_T done = 0;
    NTSTATUS status = Doubler->SampleDoubleArray(Doubler->InterfaceHeader.Context, values, RTL_NUMBER_OF(values), &done);
    if (NT_SUCCESS(status) && values[7] == 14 && done == RTL_NUMBER_OF(values)) {
        InterlockedIncrement64(&Doubled);
    } else if (status == STATUS_DEVICE_REMOVED) {
        InterlockedIncrement64(&Removed);
    } else {
        InterlockedIncrement64(&Strange);
    }
    Doubler->InterfaceHeader.InterfaceDereference(Doubler->InterfaceHeader.Context);
}

static VOID Caller(PVOID Context)
{
    SAMPLE_INTERFACE_2 doubler;
    LARGE_INTEGER breath;
    ULONG i;
    UNREFERENCED_PARAMETER(Context);
    /* A millisecond: the thread that starts and removes devices needs a processor too. */
    breath.QuadPart = -10000;
    while (!Stop) {
        for (i = 0; i < CHILDREN; i++) {
            if (Take(&Slots[i], &doubler)) {
                CallOnce(&doubler);
            }
        }
        KeDelayExecutionThread(KernelMode, FALSE, &breath);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS WaitFor(LONG Count)
{
    LARGE_INTEGER limit;
    limit.QuadPart = -30 * 10000000LL;
    while (Started != Count) {
        if (KeWaitForSingleObject(&Changed, Executive, KernelMode, FALSE, &limit) == STATUS_TIMEOUT) {
            DbgPrint("stress: %ld children are started, %ld are wanted\n", Started, Count);
            return STATUS_IO_TIMEOUT;
        }
    }
    return STATUS_SUCCESS;
}

static NTSTATUS ForEach(NTSTATUS (*Routine)(PVOID, ULONG))
{
    ULONG number;
    for (number = 1; number <= CHILDREN; number++) {
        NTSTATUS status = Routine(Bus.InterfaceHeader.Context, number);
        if (!NT_SUCCESS(status)) {
            DbgPrint("stress: child %lu: %08X\n", number, status);
            return status;
        }
    }
    return STATUS_SUCCESS;
}

static NTSTATUS Rounds(ULONG Count)
{
    NTSTATUS status = WaitFor(CHILDREN);
    while (NT_SUCCESS(status) && Count-- != 0) {
        status = ForEach(Bus.SampleBusUnplug);
        if (NT_SUCCESS(status)) {
            status = WaitFor(0);
        }
        if (NT_SUCCESS(status)) {
            status = ForEach(Bus.SampleBusPlugIn);
        }
        if (NT_SUCCESS(status)) {
            status = WaitFor(CHILDREN);
        }
    }
    return status;
}

static NTSTATUS Churn(ULONG Count)
{
    NTSTATUS status = STATUS_SUCCESS;
    while (NT_SUCCESS(status) && Count-- != 0) {
        status = Bus.SampleBusUnplug(Bus.InterfaceHeader.Context, 1);
        if (NT_SUCCESS(status)) {
            status = Bus.SampleBusPlugIn(Bus.InterfaceHeader.Context, 1);
        }
    }
    return status;
}

static NTSTATUS Run(ULONG Count)
{
    PVOID threads[CALLERS];
    ULONG i, running;
    NTSTATUS status = STATUS_SUCCESS;
    Stop = 0;
    for (running = 0; running < CALLERS; running++) {
        HANDLE handle;
        status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Caller, NULL);
        if (!NT_SUCCESS(status)) {
            break;
        }
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &threads[running], NULL);
        ZwClose(handle);
    }
    if (NT_SUCCESS(status)) {
        status = Rounds(Count);
    }
    Stop = 1;
    for (i = 0; i < running; i++) {
        KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(threads[i]);
    }
    return status;
}

static SLOT *Fill(PSAMPLE_INTERFACE_2 Doubler)
{
    ULONG i;
    for (i = 0; i < CHILDREN; i++) {
        KIRQL irql;
        BOOLEAN free;
        KeAcquireSpinLock(&Slots[i].Lock, &irql);
        free = !Slots[i].Filled;
        if (free) {
            Slots[i].Doubler = *Doubler;
            Slots[i].Filled = TRUE;
        }
        KeReleaseSpinLock(&Slots[i].Lock, irql);
        if (free) {
            return &Slots[i];
        }
    }
    return NULL;
}

static VOID OfferRounds(PDEVICE_OBJECT Pdo)
{
    UNICODE_STRING name;
    if (NT_SUCCESS(IoRegisterDeviceInterface(Pdo, &GUID_DEVINTERFACE_STRESS, NULL, &name))) {
        IoSetDeviceInterfaceState(&name, TRUE);
        RtlFreeUnicodeString(&name);
    }
}

/* A child has the interface; the device that starts the rounds has none. */
static VOID Begin(PDEVICE_OBJECT Device, STRESS_EXTENSION *Extension)
{
    SAMPLE_INTERFACE_2 doubler;
    NTSTATUS status = Query(Device, &GUID_SAMPLE_INTERFACE_2, &doubler.InterfaceHeader, sizeof(doubler), SAMPLE_INTERFACE_VERSION_2);
    if (!NT_SUCCESS(status)) {
        OfferRounds(Extension->Pdo);
        return;
    }
    if (Bus.SampleBusUnplug == NULL) {
        Query(Device, &GUID_SAMPLE_BUS_INTERFACE, &Bus.InterfaceHeader, sizeof(Bus), SAMPLE_BUS_INTERFACE_VERSION_1);
    }
    Extension->Slot = Fill(&doubler);
    if (Extension->Slot == NULL) {
        DbgPrint("stress: there are more children than a bus has\n");
        doubler.InterfaceHeader.InterfaceDereference(doubler.InterfaceHeader.Context);
        return;
    }
    InterlockedIncrement(&Started);
    KeSetEvent(&Changed, IO_NO_INCREMENT, FALSE);
}

static VOID Release(STRESS_EXTENSION *Extension)
{
    SLOT *slot = Extension->Slot;
    SAMPLE_INTERFACE_2 doubler;
    KIRQL irql;
    if (slot == NULL) {
        return;
    }
    KeAcquireSpinLock(&slot->Lock, &irql);
    doubler = slot->Doubler;
    slot->Filled = FALSE;
    KeReleaseSpinLock(&slot->Lock, irql);
    doubler.InterfaceHeader.InterfaceDereference(doubler.InterfaceHeader.Context);
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS SendDown(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((STRESS_EXTENSION *)Device->DeviceExtension)->Lower, Irp);
}

static NTSTATUS Remove(PDEVICE_OBJECT Device, PIRP Irp)
{
    STRESS_EXTENSION extension = *(STRESS_EXTENSION *)Device->DeviceExtension;
    NTSTATUS status;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = SendDown(Device, Irp);
    IoDetachDevice(extension.Lower);
    IoDeleteDevice(Device);
    /* Last: the device below is gone, and its interface goes with the reference. */
    Release(&extension);
    if (extension.Slot != NULL) {
        InterlockedDecrement(&Started);
        KeSetEvent(&Changed, IO_NO_INCREMENT, FALSE);
    }
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    STRESS_EXTENSION *extension = (STRESS_EXTENSION *)Device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        IoForwardIrpSynchronously(extension->Lower, Irp);
        if (NT_SUCCESS(Irp->IoStatus.Status)) {
            Begin(Device, extension);
        }
        return Complete(Irp, Irp->IoStatus.Status, 0);
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

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    LONG64 *counts = (LONG64 *)Irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Device);
    if (stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_CHURN &&
        stack->Parameters.DeviceIoControl.InputBufferLength >= sizeof(ULONG)) {
        return Complete(Irp, Churn(*(ULONG *)counts), 0);
    }
    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_RUN ||
        stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG) ||
        stack->Parameters.DeviceIoControl.OutputBufferLength < 3 * sizeof(LONG64)) {
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    status = Run(*(ULONG *)counts);
    if (Bus.SampleBusUnplug != NULL) {
        Bus.InterfaceHeader.InterfaceDereference(Bus.InterfaceHeader.Context);
        Bus.SampleBusUnplug = NULL;
    }
    DbgPrint("stress: %lld doubled, %lld removed, %lld strange\n", Doubled, Removed, Strange);
    counts[0] = Doubled;
    counts[1] = Removed;
    counts[2] = Strange;
    return Complete(Irp, status, 3 * sizeof(LONG64));
}

static NTSTATUS AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(STRESS_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status)) {
        RtlZeroMemory(device->DeviceExtension, sizeof(STRESS_EXTENSION));
        ((STRESS_EXTENSION *)device->DeviceExtension)->Pdo = Pdo;
        ((STRESS_EXTENSION *)device->DeviceExtension)->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
        device->Flags &= ~DO_DEVICE_INITIALIZING;
    }
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG i;
    UNREFERENCED_PARAMETER(Path);
    for (i = 0; i < CHILDREN; i++) {
        KeInitializeSpinLock(&Slots[i].Lock);
    }
    KeInitializeEvent(&Changed, SynchronizationEvent, FALSE);
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
