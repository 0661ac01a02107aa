/* Conformance: the buffers of requests, by transfer method, and what a request tells; locks, timers, DPCs and work items. */
#include "conform.h"
#include "self.h"

#define BUFFERED CTL_CODE(FILE_DEVICE_UNKNOWN, 0x821, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IN_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x822, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
#define OUT_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x823, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define NEITHER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x824, METHOD_NEITHER, FILE_ANY_ACCESS)
#define EMPTY CTL_CODE(FILE_DEVICE_UNKNOWN, 0x825, METHOD_BUFFERED, FILE_ANY_ACCESS)

static UCHAR Input[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, Output[16];
static LONG Ran;

static VOID Configure(PWDFDEVICE_INIT Init) { UNREFERENCED_PARAMETER(Init); }
static NTSTATUS Added(WDFDEVICE Device) { UNREFERENCED_PARAMETER(Device); return STATUS_SUCCESS; }

/* fxrequestapi.cpp, fxrequest.cpp FxRequest::GetMemoryObject and GetDeviceControlOutputMemoryObject, fxrequestkm.cpp FxRequest::GetMdl */
static VOID Both(WDFREQUEST Request, ULONG Code)
{
    WDF_REQUEST_PARAMETERS parameters;
    WDFMEMORY memory, again;
    PVOID input, output;
    size_t length;
    WDF_REQUEST_PARAMETERS_INIT(&parameters);
    WdfRequestGetParameters(Request, &parameters);
    CHECK(parameters.Type == WdfRequestTypeDeviceControl && parameters.Parameters.DeviceIoControl.IoControlCode == Code &&
          parameters.Parameters.DeviceIoControl.InputBufferLength == 8 && parameters.Parameters.DeviceIoControl.OutputBufferLength == 16);
    CHECK(WdfRequestGetRequestorMode(Request) == KernelMode && !WdfRequestIsFrom32BitProcess(Request) && !WdfRequestIsReserved(Request));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveInputBuffer(Request, 9, &input, &length));
    CHECK(input == NULL && length == 0);
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestRetrieveInputBuffer(Request, 8, &input, &length));
    CHECK(length == 8 && ((UCHAR *)input)[7] == 8);
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveOutputBuffer(Request, 17, &output, &length));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestRetrieveOutputBuffer(Request, 16, &output, &length));
    CHECK(length == 16);
    CHECK((input == output) == (Code == BUFFERED));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestRetrieveInputMemory(Request, &memory));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestRetrieveInputMemory(Request, &again));
    CHECK(memory == again && WdfMemoryGetBuffer(memory, &length) == input && length == 8);
    /* What the framework guards from being written: fxrequestsystembuffer.cpp, fxrequestoutputbuffer.cpp. */
    CHECK_STATUS(Code == IN_DIRECT || Code == OUT_DIRECT ? STATUS_ACCESS_VIOLATION : STATUS_SUCCESS, WdfMemoryCopyFromBuffer(memory, 0, Input, 8));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestRetrieveOutputMemory(Request, &memory));
    CHECK(WdfMemoryGetBuffer(memory, &length) == output && length == 16);
    CHECK_STATUS(Code == IN_DIRECT ? STATUS_ACCESS_VIOLATION : STATUS_SUCCESS, WdfMemoryCopyFromBuffer(memory, 0, Input, 8));
}

static VOID Mdls(WDFREQUEST Request, ULONG Code)
{
    NTSTATUS expected = Code == NEITHER ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS;
    PVOID buffer;
    size_t length;
    PMDL mdl;
    CHECK_STATUS(expected, WdfRequestRetrieveInputWdmMdl(Request, &mdl));
    CHECK(NT_SUCCESS(expected) ? MmGetMdlByteCount(mdl) == 8 : mdl == NULL);
    CHECK_STATUS(expected, WdfRequestRetrieveOutputWdmMdl(Request, &mdl));
    CHECK(NT_SUCCESS(expected) ? (Code == BUFFERED || MmGetMdlByteCount(mdl) == 16) : mdl == NULL);
    expected = Code == NEITHER ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST;
    CHECK_STATUS(expected, WdfRequestRetrieveUnsafeUserInputBuffer(Request, 8, &buffer, &length));
    CHECK(NT_SUCCESS(expected) ? buffer != NULL && length == 8 : buffer == NULL && length == 0);
    CHECK_STATUS(expected, WdfRequestRetrieveUnsafeUserOutputBuffer(Request, 16, &buffer, &length));
    CHECK(NT_SUCCESS(expected) ? buffer != NULL && length == 16 : buffer == NULL && length == 0);
    if (Code == NEITHER) {
        CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveUnsafeUserInputBuffer(Request, 9, &buffer, &length));
        CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveUnsafeUserOutputBuffer(Request, 17, &buffer, &length));
    }
}

static VOID Nothing(WDFREQUEST Request)
{
    WDFMEMORY memory;
    PVOID buffer;
    PMDL mdl;
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveInputBuffer(Request, 0, &buffer, NULL));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveOutputBuffer(Request, 0, &buffer, NULL));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveInputMemory(Request, &memory));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveOutputMemory(Request, &memory));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveInputWdmMdl(Request, &mdl));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveOutputWdmMdl(Request, &mdl));
}

static NTSTATUS Send(ULONG Code, ULONG_PTR *Bytes)
{
    WDF_MEMORY_DESCRIPTOR input, output;
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&input, Input, sizeof(Input));
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&output, Output, sizeof(Output));
    return WdfIoTargetSendIoctlSynchronously(Self, NULL, Code, Code == EMPTY ? NULL : &input, Code == EMPTY ? NULL : &output, NULL, Bytes);
}

/* fxwaitlock.hpp FxWaitLockInternal::AcquireLock, fxspinlockapi.cpp */
static VOID Locks(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    LONGLONG none = 0, soon = WDF_REL_TIMEOUT_IN_MS(1);
    WDFWAITLOCK waiting;
    WDFSPINLOCK spinning;
    KIRQL irql = KeGetCurrentIrql();
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    attributes.ExecutionLevel = WdfExecutionLevelPassive;
    CHECK_STATUS(STATUS_WDF_EXECUTION_LEVEL_INVALID, WdfWaitLockCreate(&attributes, &waiting));
    CHECK_STATUS(STATUS_WDF_EXECUTION_LEVEL_INVALID, WdfSpinLockCreate(&attributes, &spinning));
    attributes.ExecutionLevel = WdfExecutionLevelInheritFromParent;
    CHECK_STATUS(STATUS_SUCCESS, WdfWaitLockCreate(&attributes, &waiting));
    CHECK_STATUS(STATUS_SUCCESS, WdfWaitLockAcquire(waiting, &none));
    CHECK_STATUS(STATUS_TIMEOUT, WdfWaitLockAcquire(waiting, &none));
    CHECK_STATUS(STATUS_TIMEOUT, WdfWaitLockAcquire(waiting, &soon));
    WdfWaitLockRelease(waiting);
    CHECK_STATUS(STATUS_SUCCESS, WdfWaitLockAcquire(waiting, &soon));
    WdfWaitLockRelease(waiting);
    CHECK_STATUS(STATUS_SUCCESS, WdfWaitLockAcquire(waiting, NULL));
    WdfWaitLockRelease(waiting);
    CHECK(KeGetCurrentIrql() == irql);
    WdfObjectDelete(waiting);
    CHECK_STATUS(STATUS_SUCCESS, WdfSpinLockCreate(&attributes, &spinning));
    WdfSpinLockAcquire(spinning);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    WdfSpinLockRelease(spinning);
    CHECK(KeGetCurrentIrql() == irql);
    WdfObjectDelete(spinning);
}

static VOID OnTimer(WDFTIMER Timer) { UNREFERENCED_PARAMETER(Timer); CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL); InterlockedIncrement(&Ran); }
static VOID OnDpc(WDFDPC Dpc) { UNREFERENCED_PARAMETER(Dpc); CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL); InterlockedIncrement(&Ran); }
static VOID OnWork(WDFWORKITEM Item) { UNREFERENCED_PARAMETER(Item); CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL); InterlockedIncrement(&Ran); }

/* fxtimer.cpp FxTimer::Stop, fxdpc.cpp FxDpc::Cancel, fxworkitemapi.cpp */
static VOID Deferred(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_TIMER_CONFIG timerConfig;
    WDF_DPC_CONFIG dpcConfig;
    WDF_WORKITEM_CONFIG workConfig;
    WDFWORKITEM item;
    WDFTIMER timer;
    WDFDPC dpc;
    KIRQL irql;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    WDF_TIMER_CONFIG_INIT(&timerConfig, OnTimer);
    timerConfig.AutomaticSerialization = FALSE;
    CHECK_STATUS(STATUS_SUCCESS, WdfTimerCreate(&timerConfig, &attributes, &timer));
    CHECK(!WdfTimerStop(timer, FALSE));
    CHECK(!WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_SEC(60)));
    CHECK(WdfTimerStart(timer, WDF_REL_TIMEOUT_IN_SEC(60)));
    CHECK(WdfTimerStop(timer, TRUE));
    CHECK(!WdfTimerStop(timer, TRUE) && Ran == 0);
    WdfObjectDelete(timer);
    WDF_DPC_CONFIG_INIT(&dpcConfig, OnDpc);
    dpcConfig.AutomaticSerialization = FALSE;
    CHECK_STATUS(STATUS_SUCCESS, WdfDpcCreate(&dpcConfig, &attributes, &dpc));
    CHECK(WdfDpcGetParentObject(dpc) == Device && WdfDpcWdmGetDpc(dpc) != NULL);
    CHECK(!WdfDpcCancel(dpc, FALSE));
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(WdfDpcEnqueue(dpc) && !WdfDpcEnqueue(dpc) && WdfDpcCancel(dpc, FALSE));
    KeLowerIrql(irql);
    CHECK(WdfDpcEnqueue(dpc));
    KeFlushQueuedDpcs();
    CHECK(!WdfDpcCancel(dpc, TRUE) && Ran == 1);
    WdfObjectDelete(dpc);
    WDF_WORKITEM_CONFIG_INIT(&workConfig, OnWork);
    workConfig.AutomaticSerialization = FALSE;
    CHECK_STATUS(STATUS_SUCCESS, WdfWorkItemCreate(&workConfig, &attributes, &item));
    CHECK(WdfWorkItemGetParentObject(item) == Device);
    WdfWorkItemEnqueue(item);
    WdfWorkItemFlush(item);
    CHECK(Ran == 2);
    WdfObjectDelete(item);
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    ULONG_PTR bytes = 0;
    switch (Code) {
    case BUFFERED:
    case IN_DIRECT:
    case OUT_DIRECT:
    case NEITHER:
        Both(Request, Code);
        Mdls(Request, Code);
        WdfRequestSetInformation(Request, 5);
        CHECK(WdfRequestGetInformation(Request) == 5);
        return STATUS_SUCCESS;
    case EMPTY:
        Nothing(Request);
        return STATUS_NOT_FOUND;
    default:
        break;
    }
    CHECK_STATUS(STATUS_SUCCESS, OpenSelf(Device));
    CHECK_STATUS(STATUS_SUCCESS, Send(BUFFERED, &bytes));
    CHECK(bytes == 5 && Output[0] == 1);
    CHECK_STATUS(STATUS_SUCCESS, Send(IN_DIRECT, &bytes));
    RtlZeroMemory(Output, sizeof(Output));
    CHECK_STATUS(STATUS_SUCCESS, Send(OUT_DIRECT, &bytes));
    CHECK(bytes == 5 && Output[7] == 8);
    RtlZeroMemory(Output, sizeof(Output));
    CHECK_STATUS(STATUS_SUCCESS, Send(NEITHER, &bytes));
    CHECK(bytes == 5 && Output[7] == 8);
    CHECK_STATUS(STATUS_NOT_FOUND, Send(EMPTY, &bytes));
    CHECK(bytes == 0);
    WdfObjectDelete(Self);
    Locks(Device);
    Deferred(Device);
    return STATUS_SUCCESS;
}
