/* The commands about driver and device objects, and about the unload. */
#pragma once

static PDEVICE_OBJECT MakeDevice(PDRIVER_OBJECT Driver)
{
    PDEVICE_OBJECT device = NULL;
    IoCreateDevice(Driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    return device;
}

static NTSTATUS DeviceInvalidBreak(CALL *Call)
{
    PDEVICE_OBJECT device = MakeDevice(Call->Device->DriverObject);
    IoDeleteDevice(device);
    IoDeleteDevice(device);
    return STATUS_SUCCESS;
}

static NTSTATUS DeviceLeftBreak(CALL *Call)
{
    return MakeDevice(Call->Device->DriverObject) != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS DeviceKeep(CALL *Call)
{
    IoDeleteDevice(MakeDevice(Call->Device->DriverObject));
    return STATUS_SUCCESS;
}

static NTSTATUS DriverInvalidBreak(CALL *Call)
{
    return MakeDevice((PDRIVER_OBJECT)Call->Device) != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS DeviceInitializingBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    LeaveInitializing = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS DeviceInitializingKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return STATUS_SUCCESS;
}

/* One device on top of another, and both deleted. */
static NTSTATUS Stack(PDRIVER_OBJECT Driver, ULONG Detachments)
{
    PDEVICE_OBJECT below = MakeDevice(Driver), above = MakeDevice(Driver);
    IoAttachDeviceToDeviceStack(above, below);
    for (; Detachments > 0; Detachments--) {
        IoDetachDevice(below);
    }
    IoDeleteDevice(above);
    IoDeleteDevice(below);
    return STATUS_SUCCESS;
}

static NTSTATUS DeviceDeletedAttachedBreak(CALL *Call) { return Stack(Call->Device->DriverObject, 0); }
static NTSTATUS DetachedTwiceBreak(CALL *Call) { return Stack(Call->Device->DriverObject, 2); }
static NTSTATUS StackKeep(CALL *Call) { return Stack(Call->Device->DriverObject, 1); }

typedef struct {
    KTIMER Timer;
    KDPC Dpc;
} LATE;

static LATE Late;

static VOID LateRoutine(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
}

static VOID CancelLateTimer(VOID)
{
    KeCancelTimer(&Late.Timer);
    KeFlushQueuedDpcs();
}

static NTSTATUS SetLateTimer(LATE *In)
{
    LARGE_INTEGER due;
    due.QuadPart = ONE_HOUR;
    KeInitializeTimer(&In->Timer);
    KeInitializeDpc(&In->Dpc, LateRoutine, NULL);
    KeSetTimer(&In->Timer, due, &In->Dpc);
    return STATUS_SUCCESS;
}

static NTSTATUS PendingAtUnloadBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return SetLateTimer(&Late);
}

/* The timer is not in the image; the routine of its DPC is. */
static NTSTATUS PendingInPoolBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return SetLateTimer(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(LATE), TAG));
}

static NTSTATUS PendingAtUnloadKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    AtUnload = CancelLateTimer;
    return SetLateTimer(&Late);
}

/* A thread that runs until the event is set. */
static KEVENT Stop;
static PVOID Runner;

static VOID RunUntilStop(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeWaitForSingleObject(&Stop, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS StartRunner(VOID)
{
    KeInitializeEvent(&Stop, NotificationEvent, FALSE);
    Runner = StartThread(RunUntilStop, NULL);
    return Runner != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID ForgetRunner(VOID) { ObDereferenceObject(Runner); }

static VOID StopRunner(VOID)
{
    KeSetEvent(&Stop, 0, FALSE);
    EndThread(Runner);
}

static NTSTATUS RunsUnloadedBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    AtUnload = ForgetRunner;
    return StartRunner();
}

static NTSTATUS RunsUnloadedKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    AtUnload = StopRunner;
    return StartRunner();
}

#define DEVICE_COMMANDS \
    { "device-invalid", DeviceInvalidBreak, DeviceKeep }, { "driver-invalid", DriverInvalidBreak, DeviceKeep }, \
    { "device-initializing", DeviceInitializingBreak, DeviceInitializingKeep }, \
    { "device-deleted-attached", DeviceDeletedAttachedBreak, StackKeep }, { "detached-twice", DetachedTwiceBreak, StackKeep }, \
    { "device-left", DeviceLeftBreak, DeviceKeep }, { "pending-at-unload", PendingAtUnloadBreak, PendingAtUnloadKeep }, \
    { "pending-at-unload:pool", PendingInPoolBreak, PendingAtUnloadKeep }, \
    { "runs-unloaded", RunsUnloadedBreak, RunsUnloadedKeep }
