/*
 * Conformance: requests that the driver sends, through a target on its own device. Reads and writes are direct; reads wait until the test
 * answers them, writes are answered at once. Internal control requests show their buffers.
 */
#include "conform.h"
#include "self.h"

#define IOCTL_BUFFERED CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_IN_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x901, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_OUT_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x902, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_NEITHER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x903, METHOD_NEITHER, FILE_ANY_ACCESS)

static WDFQUEUE Reads, Writes, Internals;
static WDFREQUEST Held;
static LONG Cancelled, InContext, ToSelf;
static KEVENT Arrived;

static VOID OnCancel(WDFREQUEST Request)
{
    Cancelled++;
    WdfRequestComplete(Request, STATUS_CANCELLED);
}

static VOID OnRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    PMDL mdl;
    PVOID buffer;
    size_t size;
    UNREFERENCED_PARAMETER(Queue);
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestRetrieveOutputWdmMdl(Request, &mdl));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestRetrieveOutputBuffer(Request, Length, &buffer, &size));
    CHECK(size == Length && MmGetMdlByteCount(mdl) == Length && mdl == WdfRequestWdmGetIrp(Request)->MdlAddress);
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveOutputBuffer(Request, Length + 1, &buffer, &size));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfRequestRetrieveInputBuffer(Request, 0, &buffer, &size));
    RtlFillMemory(buffer != NULL ? buffer : MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), Length, 'r');
    Held = Request;
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestMarkCancelableEx(Request, OnCancel));
    KeSetEvent(&Arrived, IO_NO_INCREMENT, FALSE);
}

static VOID OnWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    UNREFERENCED_PARAMETER(Queue);
    WdfRequestCompleteWithInformation(Request, STATUS_SUCCESS, Length);
}

/* Doubles each byte of the input into the output. */
static VOID OnInternal(WDFQUEUE Queue, WDFREQUEST Request, size_t Output, size_t Input, ULONG Code)
{
    PUCHAR from, to;
    size_t at;
    NTSTATUS status = WdfRequestRetrieveInputBuffer(Request, Input, (PVOID *)&from, NULL);
    UNREFERENCED_PARAMETER(Code);
    if (Queue == Writes) {
        ToSelf++;
    }
    if (NT_SUCCESS(status)) {
        status = WdfRequestRetrieveOutputBuffer(Request, Output, (PVOID *)&to, NULL);
    }
    if (NT_SUCCESS(status)) {
        for (at = 0; at < Input && at < Output; at++) {
            to[at] = (UCHAR)(from[at] * 2);
        }
    }
    WdfRequestCompleteWithInformation(Request, status, NT_SUCCESS(status) ? Output : 0);
}

/* fxpkgio.cpp DispatchStep2, fxrequestkm.cpp ProbeAndLockForRead */
static VOID OnCaller(WDFDEVICE Device, WDFREQUEST Request)
{
    PVOID input;
    size_t length;
    WDFMEMORY memory;
    WDF_REQUEST_PARAMETERS parameters;
    WDF_REQUEST_PARAMETERS_INIT(&parameters);
    WdfRequestGetParameters(Request, &parameters);
    InContext++;
    if (parameters.Type == WdfRequestTypeDeviceControl && parameters.Parameters.DeviceIoControl.IoControlCode == IOCTL_NEITHER) {
        CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfRequestRetrieveUnsafeUserInputBuffer(Request, 999, &input, &length));
        CHECK_STATUS(STATUS_SUCCESS, WdfRequestRetrieveUnsafeUserInputBuffer(Request, 0, &input, &length));
        CHECK_STATUS(STATUS_INVALID_USER_BUFFER, WdfRequestProbeAndLockUserBufferForRead(Request, input, 0, &memory));
        CHECK_STATUS(STATUS_ACCESS_VIOLATION, WdfRequestProbeAndLockUserBufferForRead(Request, (PVOID)(ULONG_PTR)0x1000, 8, &memory));
        CHECK_STATUS(STATUS_SUCCESS, WdfRequestProbeAndLockUserBufferForRead(Request, input, length, &memory));
        CHECK(*(PUCHAR)WdfMemoryGetBuffer(memory, NULL) == 7);
        CHECK_STATUS(STATUS_SUCCESS, WdfRequestProbeAndLockUserBufferForWrite(Request, input, length, &memory));
        WdfRequestComplete(Request, STATUS_SUCCESS);
        return;
    }
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceEnqueueRequest(Device, Request));
}

static VOID Configure(PWDFDEVICE_INIT Init)
{
    WdfDeviceInitSetIoType(Init, WdfDeviceIoDirect);
    WdfDeviceInitSetIoInCallerContextCallback(Init, OnCaller);
    /* Not in the public headers: for class extensions. */
    ((VOID (*)(PWDF_DRIVER_GLOBALS, PWDFDEVICE_INIT))WdfFunctions[WdfDeviceInitAllowSelfIoTargetTableIndex])(WdfDriverGlobals, Init);
}

static WDFIOTARGET OwnTarget(WDFDEVICE Device)
{
    return ((WDFIOTARGET(*)(PWDF_DRIVER_GLOBALS, WDFDEVICE))WdfFunctions[WdfDeviceGetSelfIoTargetTableIndex])(WdfDriverGlobals, Device);
}

static NTSTATUS AssignQueue(WDFIOTARGET Target, WDFQUEUE Queue)
{
    return ((NTSTATUS(*)(PWDF_DRIVER_GLOBALS, WDFIOTARGET, WDFQUEUE))WdfFunctions[WdfIoTargetSelfAssignDefaultIoQueueTableIndex])(
        WdfDriverGlobals, Target, Queue);
}

static NTSTATUS Added(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_IO_QUEUE_CONFIG config;
    KeInitializeEvent(&Arrived, NotificationEvent, FALSE);
    /* Requests come at DISPATCH_LEVEL too. */
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ExecutionLevel = WdfExecutionLevelDispatch;
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchSequential);
    config.PowerManaged = WdfFalse;
    config.EvtIoRead = OnRead;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, &attributes, &Reads));
    config.EvtIoRead = NULL;
    config.EvtIoWrite = OnWrite;
    config.EvtIoInternalDeviceControl = OnInternal;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, &attributes, &Writes));
    config.EvtIoWrite = NULL;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, &attributes, &Internals));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceConfigureRequestDispatching(Device, Reads, WdfRequestTypeRead));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceConfigureRequestDispatching(Device, Writes, WdfRequestTypeWrite));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceConfigureRequestDispatching(Device, Internals, WdfRequestTypeDeviceControlInternal));
    CHECK_STATUS(STATUS_SUCCESS, AssignQueue(OwnTarget(Device), Writes));
    return OpenSelf(Device);
}

static VOID WaitForRead(VOID)
{
    LARGE_INTEGER limit;
    limit.QuadPart = -10 * 1000 * 1000 * 10LL;
    CHECK_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(&Arrived, Executive, KernelMode, FALSE, &limit));
    KeClearEvent(&Arrived);
}

static VOID Answer(VOID)
{
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestUnmarkCancelable(Held));
    WdfRequestCompleteWithInformation(Held, STATUS_SUCCESS, 4);
}

/* fxiotarget.cpp SubmitLocked, GotoStopState, GotoStartState, GotoPurgeState */
static VOID States(VOID)
{
    SENT first, second, third;
    PUCHAR bytes;
    CHECK(WdfIoTargetGetState(Self) == WdfIoTargetStarted);
    CHECK(SendTransfer(&first, TRUE, 8));
    WaitForRead();
    WdfIoTargetStop(Self, WdfIoTargetLeaveSentIoPending);
    CHECK(WdfIoTargetGetState(Self) == WdfIoTargetStopped);
    CHECK(SendTransfer(&second, FALSE, 8));
    CHECK(!second.Completed);
    Answer();
    bytes = (PUCHAR)WdfMemoryGetBuffer(first.Memory, NULL);
    CHECK(first.Completed && first.Status == STATUS_SUCCESS && first.Information == 4 && bytes[7] == 'r');
    CHECK(SendTransfer(&third, FALSE, 8));
    CHECK(WdfRequestCancelSentRequest(third.Request));
    CHECK(third.Completed && third.Status == STATUS_CANCELLED);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetStart(Self));
    CHECK(second.Completed && second.Status == STATUS_SUCCESS && second.Information == 8);
    Forget(&first);
    Forget(&second);
    Forget(&third);

    CHECK(SendTransfer(&first, TRUE, 8));
    WaitForRead();
    WdfIoTargetStop(Self, WdfIoTargetCancelSentIo);
    CHECK(first.Completed && first.Status == STATUS_CANCELLED && Cancelled == 1);
    CHECK(SendTransfer(&second, FALSE, 8));
    WdfIoTargetPurge(Self, WdfIoTargetPurgeIoAndWait);
    CHECK(WdfIoTargetGetState(Self) == WdfIoTargetPurged);
    CHECK(second.Completed && second.Status == STATUS_WDF_DEVICE_REMOVED_NOT_SENT);
    CHECK(!SendTransfer(&third, FALSE, 8));
    CHECK(WdfRequestGetStatus(third.Request) == STATUS_INVALID_DEVICE_STATE);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetStart(Self));
    Forget(&first);
    Forget(&second);
    WdfObjectDelete(third.Request);
}

/* fxrequestvalidatefunctions.hpp, fxiotarget.cpp SubmitSync and TimerCallback */
static VOID TimeLimits(VOID)
{
    WDF_REQUEST_SEND_OPTIONS options;
    WDF_MEMORY_DESCRIPTOR descriptor;
    UCHAR buffer[8];
    ULONG_PTR moved = 77;
    SENT sent;
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, buffer, sizeof(buffer));
    WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_TIMEOUT);
    WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, WDF_REL_TIMEOUT_IN_MS(20));
    CHECK_STATUS(STATUS_IO_TIMEOUT, WdfIoTargetSendReadSynchronously(Self, NULL, &descriptor, NULL, &options, &moved));
    CHECK(Cancelled == 2 && moved == 0);
    KeClearEvent(&Arrived);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetSendWriteSynchronously(Self, NULL, &descriptor, NULL, &options, &moved));
    CHECK(moved == sizeof(buffer));
    options.Flags |= 0x80000000;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfIoTargetSendWriteSynchronously(Self, NULL, &descriptor, NULL, &options, &moved));
    WdfIoTargetStop(Self, WdfIoTargetLeaveSentIoPending);
    CHECK(SendTransfer(&sent, TRUE, 8));
    WdfIoTargetPurge(Self, WdfIoTargetPurgeIo);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetStart(Self));
    Forget(&sent);
}

static VOID Asynchronous(VOID)
{
    WDF_REQUEST_SEND_OPTIONS options;
    WDF_REQUEST_REUSE_PARAMS reuse;
    LARGE_INTEGER moment;
    ULONG tries;
    SENT sent;
    CHECK(SendTransfer(&sent, FALSE, 8));
    CHECK(sent.Completed);
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestAllocateTimer(sent.Request));
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_NOT_SUPPORTED);
    reuse.Size--;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfRequestReuse(sent.Request, &reuse));
    reuse.Size++;
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestReuse(sent.Request, &reuse));
    CHECK(WdfRequestGetStatus(sent.Request) == STATUS_NOT_SUPPORTED);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetFormatRequestForRead(Self, sent.Request, sent.Memory, NULL, NULL));
    WdfRequestSetCompletionRoutine(sent.Request, SentCompleted, &sent);
    sent.Completed = FALSE;
    sent.Finished = 0;
    WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_TIMEOUT);
    WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, WDF_REL_TIMEOUT_IN_MS(20));
    CHECK(WdfRequestSend(sent.Request, Self, &options));
    moment.QuadPart = -10 * 1000LL;
    for (tries = 0; *(volatile LONG *)&sent.Finished == 0 && tries < 10000; tries++) {
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
    CHECK(sent.Completed && sent.Status == STATUS_IO_TIMEOUT && Cancelled == 3);
    KeClearEvent(&Arrived);
    Forget(&sent);
}

static VOID Buffers(VOID)
{
    static const ULONG codes[] = { IOCTL_BUFFERED, IOCTL_IN_DIRECT, IOCTL_OUT_DIRECT, IOCTL_NEITHER };
    WDF_MEMORY_DESCRIPTOR in, out;
    UCHAR input[3] = { 7, 8, 9 }, output[3];
    ULONG_PTR moved;
    PMDL mdl;
    ULONG at;
    for (at = 0; at < RTL_NUMBER_OF(codes); at++) {
        RtlZeroMemory(output, sizeof(output));
        WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&in, input, sizeof(input));
        WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&out, output, sizeof(output));
        CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetSendInternalIoctlSynchronously(Self, NULL, codes[at], &in, &out, NULL, &moved));
        CHECK(moved == 3 && output[0] == 14 && output[2] == 18);
    }
    mdl = IoAllocateMdl(input, sizeof(input), FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    WDF_MEMORY_DESCRIPTOR_INIT_MDL(&in, mdl, sizeof(input));
    RtlZeroMemory(output, sizeof(output));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetSendInternalIoctlSynchronously(Self, NULL, IOCTL_BUFFERED, &in, &out, NULL, &moved));
    CHECK(output[1] == 16);
    IoFreeMdl(mdl);
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&in, input, sizeof(input));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetSendIoctlSynchronously(Self, NULL, IOCTL_NEITHER, &in, NULL, NULL, &moved));
}

/* fxiotargetself.cpp Send */
static VOID OwnDevice(WDFDEVICE Device)
{
    WDF_MEMORY_DESCRIPTOR in, out;
    UCHAR input[3] = { 1, 2, 3 }, output[3];
    ULONG_PTR moved;
    CHECK_STATUS(STATUS_INVALID_DEVICE_STATE, AssignQueue(OwnTarget(Device), Reads));
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&in, input, sizeof(input));
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&out, output, sizeof(output));
    CHECK_STATUS(STATUS_SUCCESS,
                 WdfIoTargetSendInternalIoctlSynchronously(OwnTarget(Device), NULL, IOCTL_BUFFERED, &in, &out, NULL, &moved));
    CHECK(ToSelf == 1 && moved == 3 && output[2] == 6);
}

/* fxrequestapi.cpp WdfRequestCreateFromIrp, fxrequestbase.cpp ValidateTarget */
static VOID FromIrp(VOID)
{
    PIRP small = IoAllocateIrp(1, FALSE), large = IoAllocateIrp(8, FALSE);
    WDF_REQUEST_REUSE_PARAMS reuse;
    WDFREQUEST request;
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestCreateFromIrp(WDF_NO_OBJECT_ATTRIBUTES, small, FALSE, &request));
    CHECK(WdfRequestWdmGetIrp(request) == small);
    CHECK_STATUS(STATUS_REQUEST_NOT_ACCEPTED, WdfRequestChangeTarget(request, Self));
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    WDF_REQUEST_REUSE_PARAMS_SET_NEW_IRP(&reuse, large);
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestReuse(request, &reuse));
    CHECK(WdfRequestWdmGetIrp(request) == large);
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestChangeTarget(request, Self));
    WdfObjectDelete(request);
    IoFreeIrp(small);
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestCreateFromIrp(WDF_NO_OBJECT_ATTRIBUTES, large, TRUE, &request));
    WdfObjectDelete(request);
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    UNREFERENCED_PARAMETER(Code);
    CHECK(WdfRequestGetRequestorMode(Request) == UserMode && WdfRequestGetRequestorProcessId(Request) > 4);
    States();
    TimeLimits();
    Asynchronous();
    Buffers();
    OwnDevice(Device);
    FromIrp();
    CHECK(InContext > 10);
    return STATUS_SUCCESS;
}
