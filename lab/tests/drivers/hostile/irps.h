/* The commands about IRPs: first those with the IRP of the caller, then those with one of the driver's own. */
#pragma once

static VOID CompleteWith(CALL *Call, NTSTATUS Status, ULONG_PTR Information)
{
    Call->Taken = TRUE;
    Call->Irp->IoStatus.Status = Status;
    Call->Irp->IoStatus.Information = Information;
    IoCompleteRequest(Call->Irp, IO_NO_INCREMENT);
}

static VOID Complete(CALL *Call, NTSTATUS Status) { CompleteWith(Call, Status, 0); }

static NTSTATUS CompleteKeep(CALL *Call)
{
    Complete(Call, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static NTSTATUS IrpCompletedTwiceBreak(CALL *Call)
{
    Complete(Call, STATUS_SUCCESS);
    IoCompleteRequest(Call->Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS IrpTouchedBreak(CALL *Call)
{
    Complete(Call, STATUS_SUCCESS);
    return ((volatile IRP *)Call->Irp)->IoStatus.Status;
}

static NTSTATUS IrpNotCompletedBreak(CALL *Call)
{
    Call->Taken = TRUE;
    IoMarkIrpPending(Call->Irp);
    return STATUS_PENDING;
}

static VOID CompleteLater(PVOID Irp)
{
    LARGE_INTEGER moment;
    moment.QuadPart = -10000;
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    ((PIRP)Irp)->IoStatus.Status = STATUS_SUCCESS;
    ((PIRP)Irp)->IoStatus.Information = 0;
    IoCompleteRequest((PIRP)Irp, IO_NO_INCREMENT);
}

static VOID (*volatile Later)(PVOID) = CompleteLater;
static PVOID LaterThread;

static VOID WaitForLater(VOID) { EndThread(LaterThread); }

/* Returns STATUS_PENDING before the request is completed. */
static NTSTATUS Pend(CALL *Call, BOOLEAN Mark)
{
    Call->Taken = TRUE;
    if (Mark) {
        IoMarkIrpPending(Call->Irp);
    }
    AtUnload = WaitForLater;
    LaterThread = StartThread(Later, Call->Irp);
    return STATUS_PENDING;
}

static NTSTATUS PendingKeep(CALL *Call) { return Pend(Call, TRUE); }
static NTSTATUS PendingLaterBreak(CALL *Call) { return Pend(Call, FALSE); }

static NTSTATUS PendingNotMarkedBreak(CALL *Call)
{
    Complete(Call, STATUS_SUCCESS);
    return STATUS_PENDING;
}

static NTSTATUS PendingNotReturnedBreak(CALL *Call)
{
    IoMarkIrpPending(Call->Irp);
    Complete(Call, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static NTSTATUS PendingInlineKeep(CALL *Call)
{
    IoMarkIrpPending(Call->Irp);
    Complete(Call, STATUS_SUCCESS);
    return STATUS_PENDING;
}

static NTSTATUS IrpForgottenBreak(CALL *Call)
{
    Call->Taken = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS StatusDiffersBreak(CALL *Call)
{
    Complete(Call, STATUS_UNSUCCESSFUL);
    return STATUS_SUCCESS;
}

static VOID NoCancel(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

static NTSTATUS CompletedWithCancelRoutineBreak(CALL *Call)
{
    IoSetCancelRoutine(Call->Irp, NoCancel);
    Complete(Call, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static NTSTATUS CompletedWithCancelRoutineKeep(CALL *Call)
{
    IoSetCancelRoutine(Call->Irp, NoCancel);
    IoSetCancelRoutine(Call->Irp, NULL);
    Complete(Call, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static NTSTATUS CompletedWithPendingBreak(CALL *Call)
{
    IoMarkIrpPending(Call->Irp);
    Complete(Call, STATUS_PENDING);
    return STATUS_PENDING;
}

static NTSTATUS IrpOfOthersFreedBreak(CALL *Call)
{
    Call->Taken = TRUE;
    IoFreeIrp(Call->Irp);
    return STATUS_SUCCESS;
}

/* An IRP of the driver's own for its own device. */

static NTSTATUS TakeBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP OwnIrp(PDEVICE_OBJECT Device, CCHAR More)
{
    PIRP irp = IoAllocateIrp((CCHAR)(Device->StackSize + More), FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    return irp;
}

static NTSTATUS Send(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSetCompletionRoutine(Irp, TakeBack, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(Device, Irp);
    IoFreeIrp(Irp);
    return STATUS_SUCCESS;
}

static NTSTATUS SendKeep(CALL *Call) { return Send(Call->Device, OwnIrp(Call->Device, 0)); }

static NTSTATUS IrpLostBreak(CALL *Call)
{
    return OwnIrp(Call->Device, 0) != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS NoStackLocationBreak(CALL *Call)
{
    PIRP irp = OwnIrp(Call->Device, 0);
    CCHAR left;
    for (left = irp->StackCount; left > 0; left--) {
        IoSetNextIrpStackLocation(irp);
    }
    return Send(Call->Device, irp);
}

/* The current location of an IRP that was not sent lies behind the last one. */
static NTSTATUS WrongStackLocationBreak(CALL *Call)
{
    PIRP irp = OwnIrp(Call->Device, 0);
    IoGetCurrentIrpStackLocation(irp)->Parameters.Others.Argument4 = NULL;
    return Send(Call->Device, irp);
}

static NTSTATUS WrongStackLocationKeep(CALL *Call)
{
    PIRP irp = OwnIrp(Call->Device, 0);
    IoGetNextIrpStackLocation(irp)->Parameters.Others.Argument4 = NULL;
    return Send(Call->Device, irp);
}

/* As a driver in the middle of a stack: the IRP has come with the completion routine of the one above, which is the I/O manager's here. */
#define FORWARD_COPIED 1
#define FORWARD 2

static NTSTATUS InternalControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case FORWARD_COPIED:
        *next = *IoGetCurrentIrpStackLocation(Irp);
        break;
    case FORWARD:
        IoCopyCurrentIrpStackLocationToNext(Irp);
        break;
    default:
        return Succeed(Device, Irp);
    }
    next->MinorFunction = 0;
    return IoCallDriver(Device, Irp);
}

static NTSTATUS SendToForward(PDEVICE_OBJECT Device, UCHAR Minor)
{
    PIRP irp = OwnIrp(Device, 1);
    NTSTATUS status;
    IoGetNextIrpStackLocation(irp)->MinorFunction = Minor;
    status = IoSynchronousCallDriver(Device, irp);
    IoFreeIrp(irp);
    return status;
}

static NTSTATUS LocationCopiedBreak(CALL *Call) { return SendToForward(Call->Device, FORWARD_COPIED); }
static NTSTATUS LocationCopiedKeep(CALL *Call) { return SendToForward(Call->Device, FORWARD); }

/* A driver that is in a stack twice has its own routine in both locations. */
static NTSTATUS SameRoutineKeep(CALL *Call)
{
    PIRP irp = OwnIrp(Call->Device, 1);
    IoSetCompletionRoutine(irp, TakeBack, NULL, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    return Send(Call->Device, irp);
}

static NTSTATUS SentWithCancelRoutineBreak(CALL *Call)
{
    PIRP irp = OwnIrp(Call->Device, 0);
    IoSetCancelRoutine(irp, NoCancel);
    return Send(Call->Device, irp);
}

static NTSTATUS OwnIrpNotTakenBackBreak(CALL *Call) { return IoCallDriver(Call->Device, OwnIrp(Call->Device, 0)); }

static NTSTATUS AddressToUserBreak(CALL *Call)
{
    CompleteWith(Call, STATUS_SUCCESS, (ULONG_PTR)Call->Device);
    return STATUS_SUCCESS;
}

#define IRP_COMMANDS \
    { "irp-completed-twice", IrpCompletedTwiceBreak, CompleteKeep }, { "irp-touched", IrpTouchedBreak, CompleteKeep }, \
    { "irp-lost", IrpLostBreak, SendKeep }, { "irp-not-completed", IrpNotCompletedBreak, PendingKeep }, \
    { "pending-not-marked", PendingNotMarkedBreak, PendingInlineKeep }, \
    { "pending-not-marked:later", PendingLaterBreak, PendingKeep }, \
    { "pending-not-returned", PendingNotReturnedBreak, PendingInlineKeep }, { "irp-forgotten", IrpForgottenBreak, CompleteKeep }, \
    { "status-differs", StatusDiffersBreak, CompleteKeep }, { "no-stack-location", NoStackLocationBreak, SendKeep }, \
    { "wrong-stack-location", WrongStackLocationBreak, WrongStackLocationKeep }, \
    { "location-copied", LocationCopiedBreak, LocationCopiedKeep }, \
    { "location-copied:twice-in-a-stack", LocationCopiedBreak, SameRoutineKeep }, \
    { "sent-with-cancel-routine", SentWithCancelRoutineBreak, SendKeep }, \
    { "completed-with-cancel-routine", CompletedWithCancelRoutineBreak, CompletedWithCancelRoutineKeep }, \
    { "completed-with-pending", CompletedWithPendingBreak, PendingInlineKeep }, \
    { "own-irp-not-taken-back", OwnIrpNotTakenBackBreak, SendKeep }, \
    { "irp-of-others-freed", IrpOfOthersFreedBreak, CompleteKeep }, { "address-to-user", AddressToUserBreak, CompleteKeep }
