/* The commands about the IRQL. */
#pragma once

/* A routine for PASSIVE_LEVEL. */
static NTSTATUS Flush(KIRQL Level)
{
    KIRQL before;
    KeRaiseIrql(Level, &before);
    KeFlushQueuedDpcs();
    KeLowerIrql(before);
    return STATUS_SUCCESS;
}

static NTSTATUS IrqlTooHighBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Flush(DISPATCH_LEVEL);
}

static NTSTATUS IrqlTooHighKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Flush(PASSIVE_LEVEL);
}

/* A routine for DISPATCH_LEVEL. */
static NTSTATUS LockAtDpcLevel(KIRQL Level)
{
    KSPIN_LOCK lock;
    KIRQL before;
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(Level, &before);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(before);
    return STATUS_SUCCESS;
}

static NTSTATUS IrqlTooLowBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return LockAtDpcLevel(PASSIVE_LEVEL);
}

static NTSTATUS IrqlTooLowKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return LockAtDpcLevel(DISPATCH_LEVEL);
}

static NTSTATUS IrqlNotRestoredBreak(CALL *Call)
{
    KIRQL before;
    UNREFERENCED_PARAMETER(Call);
    KeRaiseIrql(DISPATCH_LEVEL, &before);
    return STATUS_SUCCESS;
}

static NTSTATUS RaiseFrom(KIRQL Level)
{
    KIRQL before, between;
    KeRaiseIrql(Level, &before);
    KeRaiseIrql(APC_LEVEL, &between);
    KeLowerIrql(before);
    return STATUS_SUCCESS;
}

static NTSTATUS IrqlRaisedDownBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return RaiseFrom(DISPATCH_LEVEL);
}

static NTSTATUS IrqlKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return RaiseFrom(PASSIVE_LEVEL);
}

static NTSTATUS IrqlLoweredUpBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    KeLowerIrql(DISPATCH_LEVEL);
    return STATUS_SUCCESS;
}

static NTSTATUS WaitAtDispatch(PLARGE_INTEGER Timeout)
{
    KEVENT event;
    KIRQL before;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &before);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, Timeout);
    KeLowerIrql(before);
    return STATUS_SUCCESS;
}

static NTSTATUS WaitAtDispatchBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return WaitAtDispatch(NULL);
}

static NTSTATUS WaitAtDispatchKeep(CALL *Call)
{
    LARGE_INTEGER zero;
    UNREFERENCED_PARAMETER(Call);
    zero.QuadPart = 0;
    return WaitAtDispatch(&zero);
}

#define IRQL_COMMANDS \
    { "irql-too-high", IrqlTooHighBreak, IrqlTooHighKeep }, { "irql-too-low", IrqlTooLowBreak, IrqlTooLowKeep }, \
    { "irql-not-restored", IrqlNotRestoredBreak, IrqlKeep }, { "irql-raised-down", IrqlRaisedDownBreak, IrqlKeep }, \
    { "irql-lowered-up", IrqlLoweredUpBreak, IrqlKeep }, { "wait-at-dispatch", WaitAtDispatchBreak, WaitAtDispatchKeep }
