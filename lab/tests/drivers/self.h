/*
 * How a conformance driver sends requests to its own device: a remote target on its device object, and requests of its own whose completion is
 * noted. Include conform.h first.
 */
#pragma once

typedef struct {
    WDFREQUEST Request;
    WDFMEMORY Memory;
    BOOLEAN Completed;
    LONG Finished;
    NTSTATUS Status;
    ULONG_PTR Information;
} SENT;

static WDFIOTARGET Self;

static VOID SentCompleted(WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_COMPLETION_PARAMS Params, WDFCONTEXT Context)
{
    SENT *sent = (SENT *)Context;
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Target);
    sent->Status = Params->IoStatus.Status;
    sent->Information = Params->IoStatus.Information;
    sent->Completed = TRUE;
    InterlockedExchange(&sent->Finished, 1);
}

/* Opens the target on the device's own object. */
static NTSTATUS OpenSelf(WDFDEVICE Device)
{
    WDF_IO_TARGET_OPEN_PARAMS parameters;
    WDF_OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    status = WdfIoTargetCreate(Device, &attributes, &Self);
    if (NT_SUCCESS(status)) {
        WDF_IO_TARGET_OPEN_PARAMS_INIT_EXISTING_DEVICE(&parameters, WdfDeviceWdmGetDeviceObject(Device));
        status = WdfIoTargetOpen(Self, &parameters);
    }
    return status;
}

/* Sends a read (or else a write) of this many bytes; whether it was sent. */
static BOOLEAN SendTransfer(SENT *Sent, BOOLEAN Read, size_t Length)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;
    RtlZeroMemory(Sent, sizeof(*Sent));
    if (!NT_SUCCESS(WdfRequestCreate(WDF_NO_OBJECT_ATTRIBUTES, Self, &Sent->Request))) {
        return FALSE;
    }
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Sent->Request;
    status = WdfMemoryCreate(&attributes, NonPagedPoolNx, 'fnoC', Length == 0 ? 1 : Length, &Sent->Memory, NULL);
    if (NT_SUCCESS(status)) {
        WDFMEMORY memory = Length == 0 ? NULL : Sent->Memory;
        status = Read ? WdfIoTargetFormatRequestForRead(Self, Sent->Request, memory, NULL, NULL)
                      : WdfIoTargetFormatRequestForWrite(Self, Sent->Request, memory, NULL, NULL);
    }
    WdfRequestSetCompletionRoutine(Sent->Request, SentCompleted, Sent);
    return NT_SUCCESS(status) && WdfRequestSend(Sent->Request, Self, WDF_NO_SEND_OPTIONS);
}

static VOID Forget(SENT *Sent)
{
    CHECK(Sent->Completed);
    WdfObjectDelete(Sent->Request);
}
