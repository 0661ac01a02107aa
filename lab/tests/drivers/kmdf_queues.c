/* Conformance: I/O queues. Reads go to a sequential queue, writes to a manual one, both not power-managed. */
#include "conform.h"
#include "self.h"

static WDFQUEUE Reads, Writes, Others;
static WDFREQUEST Held;
static LONG Presented, Ready, Idle, Drained, OnQueue, Cancelled;

static VOID OnRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Length);
    Presented++;
    Held = Request;
}

static VOID OnReady(WDFQUEUE Queue, WDFCONTEXT Context)
{
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Context);
    Ready++;
}

static VOID OnIdle(WDFQUEUE Queue, WDFCONTEXT Context)
{
    UNREFERENCED_PARAMETER(Queue);
    CHECK(Context == &Idle);
    Idle++;
}

static VOID OnDrained(WDFQUEUE Queue, WDFCONTEXT Context)
{
    UNREFERENCED_PARAMETER(Queue);
    CHECK(Context == &Drained);
    Drained++;
}

static VOID OnCanceledOnQueue(WDFQUEUE Queue, WDFREQUEST Request)
{
    UNREFERENCED_PARAMETER(Queue);
    OnQueue++;
    WdfRequestComplete(Request, STATUS_CANCELLED);
}

static VOID OnCancel(WDFREQUEST Request)
{
    Cancelled++;
    WdfRequestComplete(Request, STATUS_CANCELLED);
}

static VOID Configure(PWDFDEVICE_INIT Init) { UNREFERENCED_PARAMETER(Init); }

static VOID Nothing(WDFQUEUE Queue, WDFREQUEST Request)
{
    UNREFERENCED_PARAMETER(Queue);
    WdfRequestComplete(Request, STATUS_SUCCESS);
}

/* fxioqueueapi.cpp WdfIoQueueCreate, fxioqueue.cpp FxIoQueue::Initialize and ConfigureConstraints, fxpkgio.cpp CreateQueue */
static VOID Creation(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_IO_QUEUE_CONFIG config;
    WDFQUEUE queue;
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchSequential);
    CHECK_STATUS(STATUS_INVALID_PARAMETER_4, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, NULL));
    CHECK_STATUS(STATUS_WDF_NO_CALLBACK, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue));
    config.EvtIoDefault = Nothing;
    config.Settings.Parallel.NumberOfPresentedRequests = 1;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue));
    config.Settings.Parallel.NumberOfPresentedRequests = 0;
    config.DispatchType = WdfIoQueueDispatchManual;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue));
    config.DispatchType = WdfIoQueueDispatchMax;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue));
    config.DispatchType = WdfIoQueueDispatchSequential;
    config.Size--;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue));
    config.Size++;
    config.DefaultQueue = TRUE;
    CHECK_STATUS(STATUS_UNSUCCESSFUL, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue));
    config.DefaultQueue = FALSE;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = WdfDeviceGetDriver(Device);
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfIoQueueCreate(Device, &config, &attributes, &queue));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.SynchronizationScope = WdfSynchronizationScopeDevice;
    attributes.ExecutionLevel = WdfExecutionLevelPassive;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfIoQueueCreate(Device, &config, &attributes, &queue));
    attributes.ExecutionLevel = 9;
    CHECK_STATUS(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID, WdfIoQueueCreate(Device, &config, &attributes, &queue));
}

/* fxdeviceapi.cpp WdfDeviceConfigureRequestDispatching, fxpkgio.cpp ConfigureForwarding */
static VOID Dispatching(WDFDEVICE Device)
{
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceConfigureRequestDispatching(Device, Reads, WdfRequestTypeOther));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfDeviceConfigureRequestDispatching(Device, Reads, WdfRequestTypeWrite));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST,
                 WdfDeviceConfigureRequestDispatching(Device, WdfDeviceGetDefaultQueue(Device), WdfRequestTypeDeviceControl));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceConfigureRequestDispatching(Device, Reads, WdfRequestTypeRead));
    CHECK_STATUS(STATUS_WDF_BUSY, WdfDeviceConfigureRequestDispatching(Device, Reads, WdfRequestTypeRead));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceConfigureRequestDispatching(Device, Writes, WdfRequestTypeWrite));
}

static NTSTATUS Added(WDFDEVICE Device)
{
    WDF_IO_QUEUE_CONFIG config;
    Creation(Device);
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchSequential);
    config.PowerManaged = WdfFalse;
    config.EvtIoRead = OnRead;
    config.EvtIoCanceledOnQueue = OnCanceledOnQueue;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &Reads));
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchManual);
    config.PowerManaged = WdfFalse;
    config.EvtIoCanceledOnQueue = OnCanceledOnQueue;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &Writes));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &Others));
    Dispatching(Device);
    return OpenSelf(Device);
}

static BOOLEAN Is(WDFQUEUE Queue, ULONG State, ULONG Waiting, ULONG WithDriver)
{
    ULONG waiting, driver;
    ULONG state = WdfIoQueueGetState(Queue, &waiting, &driver);
    if (state != State || waiting != Waiting || driver != WithDriver) {
        DbgPrint(NAME ": state 0x%X, %lu wait, the driver has %lu\n", state, waiting, driver);
    }
    return state == State && waiting == Waiting && driver == WithDriver;
}

#define ACCEPT WdfIoQueueAcceptRequests
#define DISPATCH WdfIoQueueDispatchRequests
#define NONE WdfIoQueueNoRequests
#define NONE_WITH_DRIVER WdfIoQueueDriverNoRequests

/* fxioqueue.cpp DispatchEvents, DispatchRequestToDriver */
static VOID Sequential(VOID)
{
    SENT first, second, empty;
    CHECK(Is(Reads, ACCEPT | DISPATCH | NONE | NONE_WITH_DRIVER, 0, 0));
    CHECK(SendTransfer(&first, TRUE, 8));
    CHECK(SendTransfer(&second, TRUE, 8));
    CHECK(Presented == 1);
    CHECK(Is(Reads, ACCEPT | DISPATCH, 1, 1));
    WdfRequestCompleteWithInformation(Held, STATUS_SUCCESS, 3);
    CHECK(first.Completed && first.Status == STATUS_SUCCESS && first.Information == 3);
    CHECK(Presented == 2);
    CHECK(!second.Completed);
    WdfRequestComplete(Held, STATUS_UNSUCCESSFUL);
    CHECK(second.Status == STATUS_UNSUCCESSFUL);
    CHECK(SendTransfer(&empty, TRUE, 0));
    CHECK(empty.Completed && empty.Status == STATUS_SUCCESS && Presented == 2);
    Forget(&first);
    Forget(&second);
    Forget(&empty);
}

/* fxioqueue.cpp QueueIdle: accepts, presents nothing; the callback comes when the driver has none, and is taken once. */
static VOID Stop(VOID)
{
    SENT first, second;
    CHECK(SendTransfer(&first, TRUE, 8));
    WdfIoQueueStop(Reads, OnIdle, &Idle);
    CHECK(Idle == 0 && Is(Reads, ACCEPT | NONE, 0, 1));
    CHECK(SendTransfer(&second, TRUE, 8));
    CHECK(Is(Reads, ACCEPT, 1, 1));
    WdfRequestComplete(Held, STATUS_SUCCESS);
    CHECK(Idle == 1 && first.Completed && !second.Completed);
    CHECK(Is(Reads, ACCEPT | NONE_WITH_DRIVER, 1, 0));
    WdfIoQueueStop(Reads, OnIdle, &Idle);
    CHECK(Idle == 2);
    WdfIoQueueStopSynchronously(Reads);
    WdfIoQueueStart(Reads);
    CHECK(Presented == 4 && Is(Reads, ACCEPT | DISPATCH | NONE, 0, 1));
    WdfRequestComplete(Held, STATUS_SUCCESS);
    Forget(&first);
    Forget(&second);
}

/* fxioqueue.cpp QueueDrain: refuses, goes on with the rest. A stopped queue stays stopped. */
static VOID Drain(VOID)
{
    SENT first, second, refused;
    CHECK(SendTransfer(&first, TRUE, 8));
    CHECK(SendTransfer(&second, TRUE, 8));
    WdfIoQueueDrain(Reads, OnDrained, &Drained);
    CHECK(Drained == 0 && Is(Reads, DISPATCH, 1, 1));
    CHECK(SendTransfer(&refused, TRUE, 8));
    CHECK(refused.Completed && refused.Status == STATUS_INVALID_DEVICE_STATE);
    WdfRequestComplete(Held, STATUS_SUCCESS);
    CHECK(Drained == 0 && first.Completed);
    WdfRequestComplete(Held, STATUS_SUCCESS);
    CHECK(Drained == 1 && second.Completed && Is(Reads, DISPATCH | NONE | NONE_WITH_DRIVER, 0, 0));
    WdfIoQueueDrainSynchronously(Reads);
    WdfIoQueueStart(Reads);
    CHECK(Is(Reads, ACCEPT | DISPATCH | NONE | NONE_WITH_DRIVER, 0, 0));
    Forget(&first);
    Forget(&second);
    Forget(&refused);
}

/* fxioqueue.cpp QueuePurge: refuses, cancels what waits and what the driver lets be cancelled; presenting stays as it is. */
static VOID Purge(VOID)
{
    SENT first, second;
    CHECK(SendTransfer(&first, TRUE, 8));
    CHECK(SendTransfer(&second, TRUE, 8));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestMarkCancelableEx(Held, OnCancel));
    WdfIoQueuePurge(Reads, OnDrained, &Drained);
    CHECK(second.Completed && second.Status == STATUS_CANCELLED);
    CHECK(Cancelled == 1 && first.Completed && first.Status == STATUS_CANCELLED);
    CHECK(Drained == 2 && Is(Reads, DISPATCH | NONE | NONE_WITH_DRIVER, 0, 0));
    WdfIoQueuePurgeSynchronously(Reads);
    WdfIoQueueStart(Reads);
    Forget(&first);
    Forget(&second);
}

/* The same for QueueIdle(TRUE), which accepts and presents nothing. A request that is marked after that is cancelled at once. */
static VOID StopAndPurge(VOID)
{
    SENT first, second;
    CHECK(SendTransfer(&first, TRUE, 8));
    CHECK(SendTransfer(&second, TRUE, 8));
    WdfIoQueueStopAndPurge(Reads, OnIdle, &Idle);
    CHECK(second.Completed && second.Status == STATUS_CANCELLED && !first.Completed);
    CHECK(Idle == 2 && Is(Reads, ACCEPT | NONE, 0, 1));
    CHECK_STATUS(STATUS_CANCELLED, WdfRequestMarkCancelableEx(Held, OnCancel));
    CHECK(Cancelled == 1);
    WdfRequestMarkCancelable(Held, OnCancel);
    CHECK(Cancelled == 2 && first.Completed && Idle == 3);
    WdfIoQueueStopAndPurgeSynchronously(Reads);
    WdfIoQueueStart(Reads);
    Forget(&first);
    Forget(&second);
}

/* fxioqueue.cpp GetRequest, ReadyNotify, PeekRequest */
static VOID Manual(VOID)
{
    SENT first, second;
    WDFREQUEST request, found, other;
    WDF_REQUEST_PARAMETERS parameters;
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfIoQueueReadyNotify(Reads, OnReady, NULL));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfIoQueueReadyNotify(Writes, NULL, NULL));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueReadyNotify(Writes, OnReady, NULL));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfIoQueueReadyNotify(Writes, OnReady, NULL));
    CHECK_STATUS(STATUS_NO_MORE_ENTRIES, WdfIoQueueRetrieveNextRequest(Writes, &request));
    CHECK(request == NULL);
    CHECK(SendTransfer(&first, FALSE, 8));
    CHECK(Ready == 1);
    CHECK(SendTransfer(&second, FALSE, 9));
    CHECK(Ready == 1);
    WDF_REQUEST_PARAMETERS_INIT(&parameters);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueFindRequest(Writes, NULL, NULL, &parameters, &found));
    CHECK(parameters.Type == WdfRequestTypeWrite && parameters.Parameters.Write.Length == 8);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueFindRequest(Writes, found, NULL, &parameters, &other));
    CHECK(parameters.Parameters.Write.Length == 9);
    WdfObjectDereference(other);
    parameters.Size--;
    CHECK_STATUS(STATUS_INVALID_PARAMETER_4, WdfIoQueueFindRequest(Writes, found, NULL, &parameters, &other));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueRetrieveFoundRequest(Writes, found, &request));
    CHECK(request == found);
    CHECK_STATUS(STATUS_NOT_FOUND, WdfIoQueueRetrieveFoundRequest(Writes, found, &other));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfIoQueueRetrieveFoundRequest(Reads, found, &other));
    WdfObjectDereference(found);
    CHECK(Is(Writes, ACCEPT | DISPATCH, 1, 1));
    WdfIoQueueStop(Writes, NULL, NULL);
    CHECK_STATUS(STATUS_WDF_PAUSED, WdfIoQueueRetrieveNextRequest(Writes, &other));
    WdfIoQueueStart(Writes);
    CHECK(Ready == 2);
    WdfRequestComplete(request, STATUS_SUCCESS);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueRetrieveNextRequest(Writes, &request));
    WdfRequestComplete(request, STATUS_SUCCESS);
    CHECK_STATUS(STATUS_INVALID_DEVICE_STATE, WdfIoQueueRetrieveNextRequest(WdfDeviceGetDefaultQueue(WdfIoQueueGetDevice(Writes)), &other));
    Forget(&first);
    Forget(&second);
}

/* fxioqueue.cpp ForwardRequest, Requeue, CancelForQueue */
static VOID Moving(VOID)
{
    SENT sent;
    WDFREQUEST request;
    LONG ready = Ready;
    CHECK(SendTransfer(&sent, FALSE, 8));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueRetrieveNextRequest(Writes, &request));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfRequestForwardToIoQueue(request, Writes));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestRequeue(request));
    CHECK(Ready == ready + 2 && Is(Writes, ACCEPT | DISPATCH | NONE_WITH_DRIVER, 1, 0));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueRetrieveNextRequest(Writes, &request));
    WdfIoQueueDrain(Others, NULL, NULL);
    CHECK_STATUS(STATUS_WDF_BUSY, WdfRequestForwardToIoQueue(request, Others));
    CHECK(WdfRequestGetIoQueue(request) == Writes);
    WdfIoQueueStart(Others);
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestMarkCancelableEx(request, OnCancel));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfRequestForwardToIoQueue(request, Others));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestUnmarkCancelable(request));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestForwardToIoQueue(request, Others));
    CHECK(WdfRequestGetIoQueue(request) == Others);
    CHECK(Is(Others, ACCEPT | DISPATCH | NONE_WITH_DRIVER, 1, 0) && Is(Writes, ACCEPT | DISPATCH | NONE | NONE_WITH_DRIVER, 0, 0));
    CHECK(OnQueue == 0);
    CHECK(WdfRequestCancelSentRequest(sent.Request));
    CHECK(OnQueue == 1 && sent.Status == STATUS_CANCELLED);
    Forget(&sent);
}

static VOID Cancelling(VOID)
{
    SENT sent;
    LONG cancelled = Cancelled;
    CHECK(SendTransfer(&sent, TRUE, 8));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestMarkCancelableEx(Held, OnCancel));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfRequestRequeue(Held));
    CHECK(!WdfRequestIsCanceled(Held));
    CHECK_STATUS(STATUS_SUCCESS, WdfRequestUnmarkCancelable(Held));
    CHECK(!WdfRequestCancelSentRequest(sent.Request));
    CHECK(WdfRequestIsCanceled(Held));
    CHECK_STATUS(STATUS_CANCELLED, WdfRequestMarkCancelableEx(Held, OnCancel));
    WdfRequestMarkCancelable(Held, OnCancel);
    CHECK(Cancelled == cancelled + 1 && sent.Status == STATUS_CANCELLED);
    Forget(&sent);
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    WDF_IO_QUEUE_CONFIG config;
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Code);
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&config, WdfIoQueueDispatchManual);
    CHECK_STATUS(STATUS_INVALID_DEVICE_STATE, WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, NULL));
    CHECK_STATUS(STATUS_INVALID_DEVICE_STATE, WdfDeviceConfigureRequestDispatching(Device, Writes, WdfRequestTypeDeviceControl));
    Sequential();
    Stop();
    Drain();
    Purge();
    StopAndPurge();
    Manual();
    Moving();
    Cancelling();
    return STATUS_SUCCESS;
}
