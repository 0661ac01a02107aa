/*
 * A legacy driver that times calls of the kernel's exports, in whichever kernel starts it: nthost, or Wine's. It prints a line when its DriverEntry
 * begins, for a watch outside, then one for each sample: `bench: NAME CALLS TICKS`, in ticks of the time-stamp counter.
 */
#include <ntddk.h>

#define TAG 'hcnB'
#define ROUNDS 21
#define CALLS 1000

DRIVER_INITIALIZE DriverEntry;

static KEVENT Event;
static KSPIN_LOCK Lock;

static ULONG64 Ticks(VOID)
{
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc();
}

static VOID ClearEvent(VOID) { KeClearEvent(&Event); }

static VOID TakeLock(VOID)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Lock);
    KeReleaseSpinLock(&Lock, irql);
}

static VOID TakePool(VOID)
{
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 64, TAG);
    if (block != NULL) {
        ExFreePoolWithTag(block, TAG);
    }
}

static const struct {
    PCSTR Name;
    VOID (*Call)(VOID);
} Exports[] = { { "export-event", ClearEvent }, { "export-lock", TakeLock }, { "export-pool", TakePool } };

static VOID Measure(VOID)
{
    ULONG round, i, calls;
    for (round = 0; round < ROUNDS; round++) {
        for (i = 0; i < RTL_NUMBER_OF(Exports); i++) {
            ULONG64 start = Ticks();
            for (calls = 0; calls < CALLS; calls++) {
                Exports[i].Call();
            }
            start = Ticks() - start;
            DbgPrint("bench: %s %u %I64u\n", Exports[i].Name, CALLS, start);
        }
    }
}

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    DbgPrint("bench-entry\n");
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeInitializeSpinLock(&Lock);
    Measure();
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
