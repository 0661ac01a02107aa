/* The same for the rules of the framework: a KMDF driver outside of Plug and Play, with a control device. */
#include <ntddk.h>
#include <wdf.h>
#include "hostile/commands.h"

/* A command: it completes the request, or returns a status to complete it with. */
typedef struct {
    WDFDEVICE Device;
    WDFQUEUE Queue;
    WDFREQUEST Request;
    BOOLEAN Taken;
} CALL;

typedef NTSTATUS ROUTINE(CALL *Call);

typedef struct {
    PCSTR Name;
    ROUTINE *Break;
    ROUTINE *Keep;
} COMMAND;

static NTSTATUS InvalidHandleBreak(CALL *Call)
{
    WdfSpinLockAcquire((WDFSPINLOCK)Call->Device);
    return STATUS_SUCCESS;
}

static NTSTATUS InvalidHandleKeep(CALL *Call)
{
    WDFSPINLOCK lock;
    NTSTATUS status;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Call->Device;
    status = WdfSpinLockCreate(&attributes, &lock);
    if (NT_SUCCESS(status)) {
        WdfSpinLockAcquire(lock);
        WdfSpinLockRelease(lock);
        WdfObjectDelete(lock);
    }
    return status;
}

/* The reference keeps the handle, so that it is the completion that is wrong. */
static NTSTATUS CompleteTimes(CALL *Call, ULONG Times)
{
    Call->Taken = TRUE;
    WdfObjectReference(Call->Request);
    for (; Times > 0; Times--) {
        WdfRequestComplete(Call->Request, STATUS_SUCCESS);
    }
    WdfObjectDereference(Call->Request);
    return STATUS_SUCCESS;
}

static NTSTATUS RequestBreak(CALL *Call) { return CompleteTimes(Call, 2); }
static NTSTATUS RequestKeep(CALL *Call) { return CompleteTimes(Call, 1); }

static NTSTATUS ObjectBreak(CALL *Call)
{
    WdfObjectDelete(Call->Queue);
    return STATUS_SUCCESS;
}

static NTSTATUS UseCollection(CALL *Call, ULONG Removals)
{
    WDFCOLLECTION collection;
    NTSTATUS status = WdfCollectionCreate(WDF_NO_OBJECT_ATTRIBUTES, &collection);
    if (NT_SUCCESS(status)) {
        status = WdfCollectionAdd(collection, Call->Device);
        for (; NT_SUCCESS(status) && Removals > 0; Removals--) {
            WdfCollectionRemoveItem(collection, 0);
        }
        WdfObjectDelete(collection);
    }
    return status;
}

static NTSTATUS FatalBreak(CALL *Call) { return UseCollection(Call, 2); }
static NTSTATUS FatalKeep(CALL *Call) { return UseCollection(Call, 1); }

static NTSTATUS NullBreak(CALL *Call)
{
    return WdfRequestRetrieveInputBuffer(Call->Request, 1, NULL, NULL);
}

static NTSTATUS NullKeep(CALL *Call)
{
    PVOID buffer;
    return WdfRequestRetrieveInputBuffer(Call->Request, 1, &buffer, NULL);
}

static NTSTATUS UseLock(WDFOBJECT Object, ULONG Acquisitions)
{
    for (; Acquisitions > 0; Acquisitions--) {
        WdfObjectAcquireLock(Object);
    }
    WdfObjectReleaseLock(Object);
    return STATUS_SUCCESS;
}

static NTSTATUS RecursiveLockBreak(CALL *Call) { return UseLock(Call->Device, 2); }
static NTSTATUS LockBreak(CALL *Call) { return UseLock(Call->Request, 1); }
static NTSTATUS LockKeep(CALL *Call) { return UseLock(Call->Device, 1); }

static VOID OnDrained(WDFQUEUE Queue, WDFCONTEXT Context)
{
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Context);
}

/* The queue is not empty: this request comes from it. */
static NTSTATUS Drain(CALL *Call, ULONG Times)
{
    for (; Times > 0; Times--) {
        WdfIoQueueDrain(Call->Queue, OnDrained, NULL);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS QueueBreak(CALL *Call) { return Drain(Call, 2); }
static NTSTATUS QueueKeep(CALL *Call) { return Drain(Call, 1); }

static const COMMAND Commands[] = {
    { "kmdf-invalid-handle", InvalidHandleBreak, InvalidHandleKeep }, { "kmdf-request", RequestBreak, RequestKeep },
    { "kmdf-object", ObjectBreak, InvalidHandleKeep },                { "kmdf-fatal", FatalBreak, FatalKeep },
    { "kmdf-null", NullBreak, NullKeep },                             { "kmdf-recursive-lock", RecursiveLockBreak, LockKeep },
    { "kmdf-lock", LockBreak, LockKeep },                             { "kmdf-queue", QueueBreak, QueueKeep },
};

static NTSTATUS Run(CALL *Call, ULONG Code)
{
    PCHAR input;
    size_t length;
    ULONG i;
    NTSTATUS status = WdfRequestRetrieveInputBuffer(Call->Request, 1, (PVOID *)&input, &length);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    for (i = 0; i < RTL_NUMBER_OF(Commands); i++) {
        if (IsNamed(Commands[i].Name, input, (ULONG)length)) {
            return Code == IOCTL_HOSTILE_BREAK ? Commands[i].Break(Call) : Commands[i].Keep(Call);
        }
    }
    return STATUS_NOT_FOUND;
}

static VOID OnControl(WDFQUEUE Queue, WDFREQUEST Request, size_t Output, size_t Input, ULONG Code)
{
    CALL call = { WdfIoQueueGetDevice(Queue), Queue, Request, FALSE };
    NTSTATUS status = Run(&call, Code);
    UNREFERENCED_PARAMETER(Output);
    UNREFERENCED_PARAMETER(Input);
    if (!call.Taken) {
        WdfRequestComplete(Request, status);
    }
}

static NTSTATUS MakeDevice(WDFDRIVER Driver)
{
    static const UNICODE_STRING security = RTL_CONSTANT_STRING(L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
    static const UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\hostile-kmdf");
    WDF_IO_QUEUE_CONFIG queue;
    WDFDEVICE device;
    PWDFDEVICE_INIT init = WdfControlDeviceInitAllocate(Driver, &security);
    NTSTATUS status = init == NULL ? STATUS_INSUFFICIENT_RESOURCES : WdfDeviceInitAssignName(init, &name);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = WdfDeviceCreate(&init, WDF_NO_OBJECT_ATTRIBUTES, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&queue, WdfIoQueueDispatchSequential);
    queue.EvtIoDeviceControl = OnControl;
    status = WdfIoQueueCreate(device, &queue, WDF_NO_OBJECT_ATTRIBUTES, NULL);
    WdfControlFinishInitializing(device);
    return status;
}

static VOID Unload(WDFDRIVER Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG config;
    WDFDRIVER driver;
    NTSTATUS status;
    WDF_DRIVER_CONFIG_INIT(&config, WDF_NO_EVENT_CALLBACK);
    config.DriverInitFlags = WdfDriverInitNonPnpDriver;
    config.EvtDriverUnload = Unload;
    status = WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config, &driver);
    return NT_SUCCESS(status) ? MakeDevice(driver) : status;
}
