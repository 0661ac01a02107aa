/*
 * The order of callbacks and IRPs: a function driver that tells of each. Its power-managed queue has a read pending when power goes down. The
 * script's control codes: 0x222000 sends the read, 0x222004 powers the device down and up, 0x222008 stops and starts it, 0x22200C says whether
 * the driver lets it be removed.
 */
#include "conform.h"
#include "self.h"

typedef struct { ULONG Nothing; } DEVICE_CONTEXT;
WDF_DECLARE_CONTEXT_TYPE(DEVICE_CONTEXT);

static SENT Sent;
static BOOLEAN Stays;

static VOID Tell(PCSTR What) { DbgPrint(NAME ": %s\n", What); }
static VOID TellState(PCSTR What, WDF_POWER_DEVICE_STATE State)
{
    static const PCSTR names[] = { "?", "D0", "D1", "D2", "D3", "D3Final", "PrepareForHibernation" };
    DbgPrint(NAME ": %s(%s)\n", What, (ULONG)State < RTL_NUMBER_OF(names) ? names[State] : "?");
}

static NTSTATUS OnPrepare(WDFDEVICE Device, WDFCMRESLIST Raw, WDFCMRESLIST Translated)
{
    UNREFERENCED_PARAMETER(Device);
    CHECK(WdfCmResourceListGetCount(Raw) == 0 && WdfCmResourceListGetCount(Translated) == 0);
    Tell("EvtDevicePrepareHardware");
    return STATUS_SUCCESS;
}

static NTSTATUS OnRelease(WDFDEVICE Device, WDFCMRESLIST Translated)
{
    UNREFERENCED_PARAMETER(Device);
    CHECK(WdfCmResourceListGetCount(Translated) == 0);
    Tell("EvtDeviceReleaseHardware");
    return STATUS_SUCCESS;
}

#define POWER_EVENT(Name) \
    static NTSTATUS On##Name(WDFDEVICE Device, WDF_POWER_DEVICE_STATE State) \
    { \
        UNREFERENCED_PARAMETER(Device); \
        TellState("EvtDevice" #Name, State); \
        return STATUS_SUCCESS; \
    }
#define STATUS_EVENT(Name) \
    static NTSTATUS On##Name(WDFDEVICE Device) \
    { \
        UNREFERENCED_PARAMETER(Device); \
        Tell("EvtDevice" #Name); \
        return STATUS_SUCCESS; \
    }
#define PLAIN_EVENT(Name) \
    static VOID On##Name(WDFDEVICE Device) \
    { \
        UNREFERENCED_PARAMETER(Device); \
        Tell("EvtDevice" #Name); \
    }
POWER_EVENT(D0Entry)
POWER_EVENT(D0EntryPostInterruptsEnabled)
POWER_EVENT(D0ExitPreInterruptsDisabled)
POWER_EVENT(D0Exit)
STATUS_EVENT(SelfManagedIoInit)
STATUS_EVENT(SelfManagedIoSuspend)
STATUS_EVENT(SelfManagedIoRestart)
STATUS_EVENT(QueryStop)
PLAIN_EVENT(SelfManagedIoFlush)
PLAIN_EVENT(SelfManagedIoCleanup)
PLAIN_EVENT(SurpriseRemoval)

static NTSTATUS OnQueryRemove(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);
    Tell("EvtDeviceQueryRemove");
    return Stays ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
}

static VOID OnCleanup(WDFOBJECT Object)
{
    UNREFERENCED_PARAMETER(Object);
    Tell("EvtCleanupCallback of the device");
}

static VOID OnDestroy(WDFOBJECT Object)
{
    UNREFERENCED_PARAMETER(Object);
    Tell("EvtDestroyCallback of the device");
}

static VOID OnQueueCleanup(WDFOBJECT Object)
{
    UNREFERENCED_PARAMETER(Object);
    Tell("EvtCleanupCallback of the queue");
}

static VOID OnRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Length);
    Tell("EvtIoRead");
}

static VOID OnStop(WDFQUEUE Queue, WDFREQUEST Request, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Queue);
    if (Flags & WdfRequestStopActionPurge) {
        Tell("EvtIoStop(purge)");
        WdfRequestComplete(Request, STATUS_DEVICE_REMOVED);
    } else {
        Tell("EvtIoStop(suspend)");
        WdfRequestStopAcknowledge(Request, FALSE);
    }
}

static VOID OnResume(WDFQUEUE Queue, WDFREQUEST Request)
{
    UNREFERENCED_PARAMETER(Queue);
    Tell("EvtIoResume");
    WdfRequestComplete(Request, STATUS_SUCCESS);
}

static PCSTR MinorName(UCHAR Minor)
{
    switch (Minor) {
    case IRP_MN_START_DEVICE: return "IRP_MN_START_DEVICE";
    case IRP_MN_QUERY_REMOVE_DEVICE: return "IRP_MN_QUERY_REMOVE_DEVICE";
    case IRP_MN_CANCEL_REMOVE_DEVICE: return "IRP_MN_CANCEL_REMOVE_DEVICE";
    case IRP_MN_REMOVE_DEVICE: return "IRP_MN_REMOVE_DEVICE";
    case IRP_MN_SURPRISE_REMOVAL: return "IRP_MN_SURPRISE_REMOVAL";
    case IRP_MN_QUERY_STOP_DEVICE: return "IRP_MN_QUERY_STOP_DEVICE";
    case IRP_MN_STOP_DEVICE: return "IRP_MN_STOP_DEVICE";
    default: return NULL;
    }
}

static NTSTATUS OnPnp(WDFDEVICE Device, PIRP Irp)
{
    PCSTR name = MinorName(IoGetCurrentIrpStackLocation(Irp)->MinorFunction);
    if (name != NULL) {
        Tell(name);
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return WdfDeviceWdmDispatchPreprocessedIrp(Device, Irp);
}

static VOID Configure(PWDFDEVICE_INIT Init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS events;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&events);
    events.EvtDevicePrepareHardware = OnPrepare;
    events.EvtDeviceReleaseHardware = OnRelease;
    events.EvtDeviceD0Entry = OnD0Entry;
    events.EvtDeviceD0EntryPostInterruptsEnabled = OnD0EntryPostInterruptsEnabled;
    events.EvtDeviceD0ExitPreInterruptsDisabled = OnD0ExitPreInterruptsDisabled;
    events.EvtDeviceD0Exit = OnD0Exit;
    events.EvtDeviceSelfManagedIoInit = OnSelfManagedIoInit;
    events.EvtDeviceSelfManagedIoSuspend = OnSelfManagedIoSuspend;
    events.EvtDeviceSelfManagedIoRestart = OnSelfManagedIoRestart;
    events.EvtDeviceSelfManagedIoFlush = OnSelfManagedIoFlush;
    events.EvtDeviceSelfManagedIoCleanup = OnSelfManagedIoCleanup;
    events.EvtDeviceSurpriseRemoval = OnSurpriseRemoval;
    events.EvtDeviceQueryRemove = OnQueryRemove;
    events.EvtDeviceQueryStop = OnQueryStop;
    WdfDeviceInitSetPnpPowerEventCallbacks(Init, &events);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceInitAssignWdmIrpPreprocessCallback(Init, OnPnp, IRP_MJ_PNP, NULL, 0));
    Tell("EvtDriverDeviceAdd");
}

static NTSTATUS Added(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_IO_QUEUE_CONFIG config;
    WDFQUEUE queue;
    PVOID context;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.EvtCleanupCallback = OnCleanup;
    attributes.EvtDestroyCallback = OnDestroy;
    WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(&attributes, DEVICE_CONTEXT);
    CHECK_STATUS(STATUS_SUCCESS, WdfObjectAllocateContext(Device, &attributes, &context));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.EvtCleanupCallback = OnQueueCleanup;
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchParallel);
    config.EvtIoRead = OnRead;
    config.EvtIoStop = OnStop;
    config.EvtIoResume = OnResume;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoQueueCreate(Device, &config, &attributes, &queue));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceConfigureRequestDispatching(Device, queue, WdfRequestTypeRead));
    return OpenSelf(Device);
}

static VOID PowerDone(PDEVICE_OBJECT Device, UCHAR Minor, POWER_STATE State, PVOID Context, PIO_STATUS_BLOCK Io)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Minor);
    UNREFERENCED_PARAMETER(State);
    UNREFERENCED_PARAMETER(Io);
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
}

static VOID SetPower(WDFDEVICE Device, DEVICE_POWER_STATE Wanted)
{
    POWER_STATE state;
    KEVENT done;
    NTSTATUS status;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    state.DeviceState = Wanted;
    status = PoRequestPowerIrp(WdfDeviceWdmGetPhysicalDevice(Device), IRP_MN_SET_POWER, state, PowerDone, &done, NULL);
    CHECK(NT_SUCCESS(status));
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS SendPnp(WDFDEVICE Device, UCHAR Minor)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(WdfDeviceWdmGetDeviceObject(Device));
    IO_STATUS_BLOCK io;
    KEVENT done;
    PIRP irp;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &done, &io);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MinorFunction = Minor;
    if (IoCallDriver(top, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    }
    ObDereferenceObject(top);
    return io.Status;
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    UNREFERENCED_PARAMETER(Request);
    switch (Code) {
    case 0x222000:
        CHECK(SendTransfer(&Sent, TRUE, 8));
        break;
    case 0x222004:
        SetPower(Device, PowerDeviceD3);
        SetPower(Device, PowerDeviceD0);
        Forget(&Sent);
        break;
    case 0x222008:
        CHECK_STATUS(STATUS_SUCCESS, SendPnp(Device, IRP_MN_QUERY_STOP_DEVICE));
        CHECK_STATUS(STATUS_SUCCESS, SendPnp(Device, IRP_MN_STOP_DEVICE));
        CHECK_STATUS(STATUS_SUCCESS, SendPnp(Device, IRP_MN_START_DEVICE));
        break;
    default:
        Stays = !Stays;
        break;
    }
    return STATUS_SUCCESS;
}
