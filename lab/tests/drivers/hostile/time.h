/* The commands that do not end, and the one that the lab does not have. */
#pragma once

static NTSTATUS EndlessLoopBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    while (Zero == 0) {
    }
    return STATUS_SUCCESS;
}

static NTSTATUS PollingBreak(CALL *Call)
{
    LARGE_INTEGER moment;
    UNREFERENCED_PARAMETER(Call);
    moment.QuadPart = -10000;
    while (Zero == 0) {
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS EndlessLoopKeep(CALL *Call)
{
    ULONG i;
    UNREFERENCED_PARAMETER(Call);
    for (i = 0; i < 1000 && Zero == 0; i++) {
    }
    return STATUS_SUCCESS;
}

static NTSTATUS WaitFor(BOOLEAN Signalled)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, Signalled);
    return KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS WaitWithoutWakerBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return WaitFor(FALSE);
}

static NTSTATUS WaitWithoutWakerKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return WaitFor(TRUE);
}

static VOID WantFast(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    ExAcquireFastMutex(&Fast);
    ExReleaseFastMutex(&Fast);
}

/* The holder of the mutex waits for the end of a thread that wants it. */
static NTSTATUS MutexKeptBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    ExAcquireFastMutexUnsafe(&Fast);
    EndThread(StartThread(WantFast, NULL));
    ExReleaseFastMutexUnsafe(&Fast);
    return STATUS_SUCCESS;
}

static PKINTERRUPT Interrupt;

static BOOLEAN OnInterrupt(PKINTERRUPT Object, PVOID Context)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Context);
    return FALSE;
}

static NTSTATUS NotModelledBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return IoConnectInterrupt(&Interrupt, OnInterrupt, NULL, NULL, 9, 9, 9, LevelSensitive, TRUE, 1, FALSE);
}

#define TIME_COMMANDS \
    { "endless-loop", EndlessLoopBreak, EndlessLoopKeep }, { "endless-loop:polling", PollingBreak, EndlessLoopKeep }, \
    { "wait-without-waker", WaitWithoutWakerBreak, WaitWithoutWakerKeep }, \
    { "wait-without-waker:mutex", MutexKeptBreak, WaitWithoutWakerKeep }, { "not-modelled", NotModelledBreak, NothingKeep }
