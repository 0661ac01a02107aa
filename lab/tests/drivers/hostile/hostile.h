/* What the commands of hostile.c get and use. */
#pragma once
#include "commands.h"

/* A command: the device, and the IRP that asked. With Taken set the command has done with the IRP what is to be done. */
typedef struct {
    PDEVICE_OBJECT Device;
    PIRP Irp;
    BOOLEAN Taken;
} CALL;

typedef NTSTATUS ROUTINE(CALL *Call);

/* A command, named after the rule of the verifier's list, or RULE:VARIANT. */
typedef struct {
    PCSTR Name;
    ROUTINE *Break;
    ROUTINE *Keep;
} COMMAND;

#define TAG 'tsoH'
#define ONE_HOUR (-36000000000LL)

/* What no compiler knows the values of. */
static volatile ULONG Zero = 0;
static volatile PULONG Nowhere = NULL;

/* What DriverUnload calls, if a command has set it. */
static VOID (*AtUnload)(VOID);
/* The next AddDevice leaves DO_DEVICE_INITIALIZING set. */
static BOOLEAN LeaveInitializing;

/* Runs a routine on a thread of its own. The caller gives the reference to the thread object back. */
static PVOID StartThread(PKSTART_ROUTINE Routine, PVOID Context)
{
    HANDLE handle;
    PVOID thread = NULL;
    if (NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context))) {
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
        ZwClose(handle);
    }
    return thread;
}

static VOID EndThread(PVOID Thread)
{
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
}

static NTSTATUS CompleteIrp(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS Succeed(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return CompleteIrp(Irp, STATUS_SUCCESS);
}
