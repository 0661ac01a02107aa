/* The measurement with several threads: part of bench.c. */
#pragma once

#define CALLER_ROUNDS 101

typedef struct {
    ULONG Index;
    ULONG Slot;
} CALLER;

/* What callers call together. Each round runs each of them, by one thread alone and by all: what disturbs one disturbs the others too. */
typedef VOID (*LOOP)(const CALLER *Caller, ULONG Calls);

typedef struct {
    PCSTR Name;
    LOOP Run;
    /* A slice is short, so that some are disturbed by nobody. */
    ULONG Calls;
} SHARED;

/* What the processors can do together: nothing but registers. */
static ALIGNED VOID CallNothing(const CALLER *Caller, ULONG Calls)
{
    ULONG64 sum = Caller->Index;
    while (Calls-- != 0) {
        __asm__ volatile("addq $1, %0\n\taddq $1, %0\n\taddq $1, %0\n\taddq $1, %0" : "+r"(sum));
    }
}

static ALIGNED VOID CallEntry(PSAMPLE_DOUBLE volatile const *Entry, ULONG Calls)
{
    INT values[SEVERAL] = { 0 };
    while (Calls-- != 0) {
        (*Entry)(&values[Calls % SEVERAL]);
    }
}

static ALIGNED VOID CallContext(const SAMPLE_INTERFACE_2 *Table, ULONG Calls)
{
    INT values[SEVERAL] = { 0 };
    SIZE_T done;
    while (Calls-- != 0) {
        Table->SampleDoubleArray(Table->InterfaceHeader.Context, &values[Calls % SEVERAL], 1, &done);
    }
}

static VOID CallC(const CALLER *Caller, ULONG Calls)
{
    UNREFERENCED_PARAMETER(Caller);
    CallEntry(&Reference.SampleDouble, Calls);
}

static VOID CallOne(const CALLER *Caller, ULONG Calls)
{
    UNREFERENCED_PARAMETER(Caller);
    CallEntry(&First[0].SampleDouble, Calls);
}

static VOID CallOwn(const CALLER *Caller, ULONG Calls) { CallEntry(&First[Caller->Slot].SampleDouble, Calls); }

static VOID CallContextOfC(const CALLER *Caller, ULONG Calls)
{
    UNREFERENCED_PARAMETER(Caller);
    CallContext(&Reference, Calls);
}

static VOID CallOneContext(const CALLER *Caller, ULONG Calls)
{
    UNREFERENCED_PARAMETER(Caller);
    CallContext(&Second[0], Calls);
}

static VOID CallOwnContext(const CALLER *Caller, ULONG Calls) { CallContext(&Second[Caller->Slot], Calls); }

static const SHARED Shared[] = {
    { "processors", CallNothing, 100000 },   { "c", CallC, 100000 },
    { "1-one", CallOne, 100000 },            { "1-separate", CallOwn, 100000 },
    { "c-context", CallContextOfC, 10000 },  { "2-one", CallOneContext, 10000 },
    { "2-separate", CallOwnContext, 10000 },
};

#define SHARED_LOOPS RTL_NUMBER_OF(Shared)

static CALLER Callers[CHILDREN];
static ULONG64 Start[CHILDREN][SHARED_LOOPS][CALLER_ROUNDS], End[CHILDREN][SHARED_LOOPS][CALLER_ROUNDS];
/* What the first caller takes while the others wait: the reference of the round. */
static ULONG64 Alone[SHARED_LOOPS][CALLER_ROUNDS];
static volatile LONG Arrived;
static LONG Together;

/* Waits until every caller has come here as often as this one. */
static VOID Meet(LONG *Times)
{
    LARGE_INTEGER breath;
    ULONG spins;
    LONG expected = Together * ++*Times;
    breath.QuadPart = -100;
    InterlockedIncrement(&Arrived);
    for (spins = 1; Arrived < expected; spins++) {
        YieldProcessor();
        if (spins % 4096 == 0) {
            /* More callers than processors: the others need this one. */
            KeDelayExecutionThread(KernelMode, FALSE, &breath);
        }
    }
}

static VOID CallerThread(PVOID Context)
{
    const CALLER *caller = Context;
    ULONG round, i;
    LONG times = 0;
    for (round = 0; round < CALLER_ROUNDS; round++) {
        for (i = 0; i < SHARED_LOOPS; i++) {
            Meet(&times);
            if (caller->Index == 0) {
                Alone[i][round] = Ticks();
                Shared[i].Run(caller, Shared[i].Calls);
                Alone[i][round] = Ticks() - Alone[i][round];
            }
            Meet(&times);
            Start[caller->Index][i][round] = Ticks();
            Shared[i].Run(caller, Shared[i].Calls);
            End[caller->Index][i][round] = Ticks();
        }
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* From the first start to the last end. */
static ULONG64 Taken(ULONG Loop, ULONG Round, ULONG Threads)
{
    ULONG64 start = Start[0][Loop][Round], end = End[0][Loop][Round];
    ULONG i;
    for (i = 1; i < Threads; i++) {
        start = Start[i][Loop][Round] < start ? Start[i][Loop][Round] : start;
        end = End[i][Loop][Round] > end ? End[i][Loop][Round] : end;
    }
    return end - start;
}

static VOID TellCallers(ULONG Threads)
{
    ULONG round, i;
    for (i = 0; i < SHARED_LOOPS; i++) {
        for (round = 0; round < CALLER_ROUNDS; round++) {
            DbgPrint("bench: alone-%s-%lu %lu %llu\n", Shared[i].Name, Threads, Shared[i].Calls, Alone[i][round]);
            DbgPrint("bench: threads-%s-%lu %lu %llu\n", Shared[i].Name, Threads, Threads * Shared[i].Calls, Taken(i, round, Threads));
        }
    }
}

static NTSTATUS RunCallers(ULONG Threads)
{
    PVOID threads[CHILDREN];
    ULONG i;
    Arrived = 0;
    Together = (LONG)Threads;
    for (i = 0; i < Threads; i++) {
        HANDLE handle;
        NTSTATUS status;
        Callers[i].Index = i;
        Callers[i].Slot = i;
        status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, CallerThread, &Callers[i]);
        if (!NT_SUCCESS(status)) {
            /* Those that run wait for the others for ever: the run's time limit ends it. */
            return status;
        }
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &threads[i], NULL);
        ZwClose(handle);
    }
    for (i = 0; i < Threads; i++) {
        KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(threads[i]);
    }
    TellCallers(Threads);
    return STATUS_SUCCESS;
}

static NTSTATUS MeasureCallers(VOID)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG threads;
    for (threads = 2; threads <= CHILDREN && NT_SUCCESS(status); threads *= 2) {
        status = RunCallers(threads);
    }
    return status;
}
