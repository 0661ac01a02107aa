/* The context of an interface in C: counted, with rundown protection, in memory that outlives the device. See crates/direct-call for the reasons. */
#pragma once

#include "rundown.h"

#define POOL_TAG 'lpmS'
/* Set while the device is alive; the other bits count references. */
#define OWNER (1ULL << 63)

typedef struct {
    volatile LONG64 References;
    RUNDOWN Rundown;
    PDEVICE_OBJECT Object;
    ULONG64 Data[];
} COUNTED;

static ULONGLONG HeldReferences(const COUNTED *Counted) { return (ULONGLONG)Counted->References & ~OWNER; }
static ULONGLONG CountedCalls(const COUNTED *Counted) { return CallsThatLeft(&Counted->Rundown); }
static BOOLEAN Enter(COUNTED *Counted) { return EnterRundown(&Counted->Rundown); }
static VOID Leave(COUNTED *Counted, BOOLEAN Count) { LeaveRundown(&Counted->Rundown, Count); }

static COUNTED *NewCounted(PDEVICE_OBJECT Object, SIZE_T Size)
{
    COUNTED *counted = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*counted) + Size, POOL_TAG);
    if (counted != NULL) {
        counted->References = (LONG64)OWNER;
        counted->Object = Object;
        KeInitializeEvent(&counted->Rundown.Left, NotificationEvent, FALSE);
    }
    return counted;
}

/* The device goes: calls in progress are waited for, and clients that hold references keep the memory. NULL is no context. */
static VOID DropOwner(COUNTED *Counted)
{
    if (Counted != NULL) {
        RemoveRundown(&Counted->Rundown);
        if (InterlockedAnd64(&Counted->References, (LONG64)~OWNER) == (LONG64)OWNER) {
            ExFreePoolWithTag(Counted, POOL_TAG);
        }
    }
}

static VOID InterfaceReference(PVOID Context)
{
    COUNTED *counted = Context;
    ObReferenceObject(counted->Object);
    InterlockedIncrement64(&counted->References);
}

/* Ends with a jump, as the pin that it takes off may be the last that keeps this code. */
static VOID InterfaceDereference(PVOID Context)
{
    COUNTED *counted = Context;
    PDEVICE_OBJECT object = counted->Object;
    LONG64 seen = counted->References;
    for (;;) {
        LONG64 found;
        if (((ULONG64)seen & ~OWNER) == 0) {
            return;
        }
        found = InterlockedCompareExchange64(&counted->References, seen - 1, seen);
        if (found == seen) {
            break;
        }
        seen = found;
    }
    if (seen == 1) {
        ExFreePoolWithTag(counted, POOL_TAG);
    }
    __attribute__((musttail)) return ObDereferenceObjectDeferDelete(object);
}

static VOID FillHeader(COUNTED *Counted, PINTERFACE Header, SIZE_T Size, USHORT Version)
{
    Header->Size = (USHORT)Size;
    Header->Version = Version;
    Header->Context = Counted;
    Header->InterfaceReference = InterfaceReference;
    Header->InterfaceDereference = InterfaceDereference;
}
