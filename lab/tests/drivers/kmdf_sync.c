/*
 * Conformance: synchronization scopes, execution levels and the locks of objects. The device's scope is the device; reads go and
 * writes go to a queue each.
 */
#define DEVICE_SCOPE WdfSynchronizationScopeDevice
#include "conform.h"
#include "self.h"

static WDFQUEUE Reads, Writes;
static SENT Sent[3];
static volatile LONG Inside, Presented, Timed, Worked, Queued;
static KEVENT Done;

static BOOLEAN Enter(VOID) { return InterlockedIncrement(&Inside) == 1; }
static VOID Leave(VOID) { InterlockedDecrement(&Inside); }

/* A request that is completed in here does not nest the next one: its event comes when this one has returned (fxioqueue.cpp, DispatchInternalEvents). */
static VOID OnRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    LONG now = ++Presented;
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Length);
    CHECK(Enter());
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    if (now == 1) {
        CHECK(SendTransfer(&Sent[1], TRUE, 8));
        CHECK(SendTransfer(&Sent[2], FALSE, 8));
    }
    WdfRequestComplete(Request, STATUS_SUCCESS);
    CHECK(Presented == now);
    Leave();
}

/* Another queue of the same device: its event waits until the first one's has returned; a DPC brings it. */
static VOID OnWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Length);
    CHECK(Enter());
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    Queued++;
    Leave();
    WdfRequestComplete(Request, STATUS_SUCCESS);
    KeSetEvent(&Done, IO_NO_INCREMENT, FALSE);
}

static VOID OnTimer(WDFTIMER Timer)
{
    UNREFERENCED_PARAMETER(Timer);
    CHECK(Enter());
    Timed++;
    Leave();
    KeSetEvent(&Done, IO_NO_INCREMENT, FALSE);
}

static VOID OnDpc(WDFDPC Dpc)
{
    UNREFERENCED_PARAMETER(Dpc);
    CHECK(Enter());
    Leave();
    KeSetEvent(&Done, IO_NO_INCREMENT, FALSE);
}

static VOID OnWork(WDFWORKITEM Item)
{
    UNREFERENCED_PARAMETER(Item);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    Worked++;
}

static volatile LONG Running, Ended;

static VOID OnLongWork(WDFWORKITEM Item)
{
    LONG me = InterlockedIncrement(&Running);
    LARGE_INTEGER time;
    UNREFERENCED_PARAMETER(Item);
    time.QuadPart = -10000LL * 100 * me;
    KeDelayExecutionThread(KernelMode, FALSE, &time);
    InterlockedIncrement(&Ended);
}

static VOID Configure(PWDFDEVICE_INIT Init) { UNREFERENCED_PARAMETER(Init); }

static NTSTATUS Added(WDFDEVICE Device)
{
    WDF_IO_QUEUE_CONFIG config;
    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchParallel);
    config.PowerManaged = WdfFalse;
    config.EvtIoRead = OnRead;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &Reads));
    config.EvtIoRead = NULL;
    config.EvtIoWrite = OnWrite;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &Writes));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceConfigureRequestDispatching(Device, Reads, WdfRequestTypeRead));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceConfigureRequestDispatching(Device, Writes, WdfRequestTypeWrite));
    return OpenSelf(Device);
}

static VOID WaitDone(VOID)
{
    LARGE_INTEGER second;
    second.QuadPart = -10 * 1000 * 1000 * 10LL;
    CHECK_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, &second));
    KeClearEvent(&Done);
}

static VOID WaitFor(volatile LONG *Place, LONG Value)
{
    LARGE_INTEGER moment;
    ULONG tries;
    moment.QuadPart = -10 * 1000LL;
    for (tries = 0; *Place != Value && tries < 10000; tries++) {
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
    CHECK(*Place == Value);
}

/* fxtimer.cpp, fxdpc.cpp, fxworkitem.cpp and FxObject::_GetEffectiveLock */
static VOID Callbacks(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_TIMER_CONFIG timerConfig;
    WDF_DPC_CONFIG dpcConfig;
    WDF_WORKITEM_CONFIG workConfig;
    WDFTIMER timer;
    WDFDPC dpc;
    WDFWORKITEM item;
    WDF_TIMER_CONFIG_INIT(&timerConfig, OnTimer);
    CHECK_STATUS(STATUS_WDF_PARENT_NOT_SPECIFIED, WdfTimerCreate(&timerConfig, WDF_NO_OBJECT_ATTRIBUTES, &timer));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    CHECK_STATUS(STATUS_WDF_PARENT_NOT_SPECIFIED, WdfTimerCreate(&timerConfig, &attributes, &timer));
    attributes.ParentObject = WdfDeviceGetDriver(Device);
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfTimerCreate(&timerConfig, &attributes, &timer));
    attributes.ParentObject = Device;
    timerConfig.Period = 0x80000000;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfTimerCreate(&timerConfig, &attributes, &timer));
    timerConfig.Period = 10;
    attributes.ExecutionLevel = WdfExecutionLevelPassive;
    CHECK_STATUS(STATUS_NOT_SUPPORTED, WdfTimerCreate(&timerConfig, &attributes, &timer));
    timerConfig.Period = 0;
    CHECK_STATUS(STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL, WdfTimerCreate(&timerConfig, &attributes, &timer));
    attributes.ExecutionLevel = WdfExecutionLevelInheritFromParent;
    CHECK_STATUS(STATUS_SUCCESS, WdfTimerCreate(&timerConfig, &attributes, &timer));
    CHECK(WdfTimerGetParentObject(timer) == Device);

    /* The timer is due while the lock is held: its callback waits. */
    WdfObjectAcquireLock(Device);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(Enter());
    CHECK(!WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_MS(1)));
    KeStallExecutionProcessor(20 * 1000);
    CHECK(Timed == 0);
    Leave();
    WdfObjectReleaseLock(Device);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    WaitDone();
    CHECK(Timed == 1);

    WDF_DPC_CONFIG_INIT(&dpcConfig, OnDpc);
    CHECK_STATUS(STATUS_SUCCESS, WdfDpcCreate(&dpcConfig, &attributes, &dpc));
    CHECK(WdfDpcEnqueue(dpc));
    WaitDone();

    WDF_WORKITEM_CONFIG_INIT(&workConfig, OnWork);
    CHECK_STATUS(STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL, WdfWorkItemCreate(&workConfig, &attributes, &item));
    workConfig.AutomaticSerialization = FALSE;
    CHECK_STATUS(STATUS_SUCCESS, WdfWorkItemCreate(&workConfig, &attributes, &item));
    WdfWorkItemEnqueue(item);
    WdfWorkItemFlush(item);
    CHECK(Worked == 1);
    attributes.ExecutionLevel = WdfExecutionLevelPassive;
    CHECK_STATUS(STATUS_WDF_EXECUTION_LEVEL_INVALID, WdfWorkItemCreate(&workConfig, &attributes, &item));
    attributes.ExecutionLevel = WdfExecutionLevelInheritFromParent;
    attributes.SynchronizationScope = WdfSynchronizationScopeQueue;
    CHECK_STATUS(STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID, WdfWorkItemCreate(&workConfig, &attributes, &item));
    WdfObjectDelete(timer);
    WdfObjectDelete(dpc);
}

/* Queued again while its callback runs: the first to end is not the end of all, which the flush waits for (fxworkitem.cpp). */
static VOID FlushWaitsForAll(WDFDEVICE Device)
{
    WDF_WORKITEM_CONFIG config;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFWORKITEM item;
    WDF_WORKITEM_CONFIG_INIT(&config, OnLongWork);
    config.AutomaticSerialization = FALSE;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    CHECK_STATUS(STATUS_SUCCESS, WdfWorkItemCreate(&config, &attributes, &item));
    WdfWorkItemEnqueue(item);
    WaitFor(&Running, 1);
    WdfWorkItemEnqueue(item);
    WaitFor(&Running, 2);
    WdfWorkItemFlush(item);
    CHECK(Ended == 2);
    WdfObjectDelete(item);
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Code);
    Callbacks(Device);
    FlushWaitsForAll(Device);
    CHECK(SendTransfer(&Sent[0], TRUE, 8));
    /* A DPC, or else the loop of the first event, brings the other two. */
    WaitDone();
    CHECK(Queued == 1);
    WaitFor(&Presented, 2);
    WaitFor((volatile LONG *)&Sent[1].Finished, 1);
    WaitFor((volatile LONG *)&Sent[2].Finished, 1);
    Forget(&Sent[0]);
    Forget(&Sent[1]);
    Forget(&Sent[2]);
    return STATUS_SUCCESS;
}
