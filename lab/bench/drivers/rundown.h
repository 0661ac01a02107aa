/*
 * Rundown protection in C, by the same steps as crates/direct-call/src/rundown.rs: one interlocked operation to enter, one to leave, which
 * counts the call along. Include ntddk.h first.
 */
#pragma once

#define RUNDOWN_REMOVED 1
#define RUNDOWN_CALL 2
/* One call that left, in the upper bits. */
#define RUNDOWN_COUNTED_SHIFT 24
#define RUNDOWN_COUNTED (1ULL << RUNDOWN_COUNTED_SHIFT)
#define RUNDOWN_INSIDE (RUNDOWN_COUNTED - RUNDOWN_CALL)

typedef struct {
    volatile LONG64 State;
    /* How often the upper bits were full. */
    volatile LONG64 Wraps;
    /* Set when the last call has left after the removal. */
    KEVENT Left;
} RUNDOWN;

static __inline__ BOOLEAN EnterRundown(RUNDOWN *Rundown)
{
    LONG64 seen = Rundown->State;
    while ((seen & RUNDOWN_REMOVED) == 0) {
        LONG64 found = InterlockedCompareExchange64(&Rundown->State, seen + RUNDOWN_CALL, seen);
        if (found == seen) {
            return TRUE;
        }
        seen = found;
    }
    return FALSE;
}

static __inline__ VOID LeaveRundown(RUNDOWN *Rundown, BOOLEAN Count)
{
    ULONG64 count = Count ? RUNDOWN_COUNTED : 0;
    ULONG64 before = (ULONG64)InterlockedExchangeAdd64(&Rundown->State, (LONG64)(count - RUNDOWN_CALL));
    if (__builtin_expect(before > ~count, 0)) {
        InterlockedIncrement64(&Rundown->Wraps);
    }
    if (__builtin_expect((before & (RUNDOWN_INSIDE | RUNDOWN_REMOVED)) == (RUNDOWN_REMOVED | RUNDOWN_CALL), 0)) {
        KeSetEvent(&Rundown->Left, IO_NO_INCREMENT, FALSE);
    }
}

static __inline__ VOID RemoveRundown(RUNDOWN *Rundown)
{
    LONG64 before = InterlockedOr64(&Rundown->State, RUNDOWN_REMOVED);
    if ((before & RUNDOWN_REMOVED) == 0 && (before & RUNDOWN_INSIDE) != 0) {
        KeWaitForSingleObject(&Rundown->Left, Executive, KernelMode, FALSE, NULL);
    }
}

static __inline__ ULONGLONG CallsThatLeft(const RUNDOWN *Rundown)
{
    return ((ULONGLONG)Rundown->Wraps << (64 - RUNDOWN_COUNTED_SHIFT)) + ((ULONGLONG)Rundown->State >> RUNDOWN_COUNTED_SHIFT);
}
