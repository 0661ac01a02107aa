/*
 * A function driver for the bus's children that does with the interface what nobody should do, one thing a build: the option -DCASE_NAME=1
 * says which.
 */
#include <ntddk.h>
#include <initguid.h>
#include "sample.h"
#include "query.h"
#include "function.h"

#define MANY 100000

static SAMPLE_INTERFACE_2 Doubler;

static VOID Tell(PCSTR What, NTSTATUS Status) { DbgPrint("abusing: %s: %08X\n", What, Status); }

static NTSTATUS Take(PDEVICE_OBJECT Device, PSAMPLE_INTERFACE_2 Table)
{
    return Query(Device, &GUID_SAMPLE_INTERFACE_2, &Table->InterfaceHeader, sizeof(*Table), SAMPLE_INTERFACE_VERSION_2);
}

static VOID GiveBack(PSAMPLE_INTERFACE_2 Table) { Table->InterfaceHeader.InterfaceDereference(Table->InterfaceHeader.Context); }

static NTSTATUS DoubleOne(PSAMPLE_INTERFACE_2 Table)
{
    INT value = 5;
    SIZE_T done = 0;
    return Table->SampleDoubleArray(Table->InterfaceHeader.Context, &value, 1, &done);
}

static VOID TellReferences(PSAMPLE_INTERFACE_2 Table)
{
    SAMPLE_STATISTICS statistics = { 0 };
    NTSTATUS status = Table->SampleQueryStatistics(Table->InterfaceHeader.Context, &statistics, sizeof(statistics));
    DbgPrint("abusing: %08X, %llu references\n", status, statistics.References);
}

/* A query, a call and the way back, in whatever state the device is. */
static VOID TakeOnce(PCSTR When, PDEVICE_OBJECT Device)
{
    SAMPLE_INTERFACE_2 table;
    NTSTATUS status = Take(Device, &table);
    DbgPrint("abusing: query %s: %08X\n", When, status);
    if (NT_SUCCESS(status)) {
        DbgPrint("abusing: call %s: %08X\n", When, DoubleOne(&table));
        GiveBack(&table);
    }
}

#ifdef THOUSANDS_OF_REFERENCES
static VOID ReferenceMany(PVOID Context)
{
    PINTERFACE header = (PINTERFACE)Context;
    ULONG i;
    for (i = 0; i < MANY; i++) {
        header->InterfaceReference(header->Context);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID DereferenceMany(PVOID Context)
{
    PINTERFACE header = (PINTERFACE)Context;
    KIRQL irql;
    ULONG i;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (i = 0; i < MANY; i++) {
        header->InterfaceDereference(header->Context);
    }
    KeLowerIrql(irql);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Four threads at once, and waits for them. */
static VOID InThreads(PKSTART_ROUTINE Routine)
{
    PVOID threads[4];
    ULONG i;
    for (i = 0; i < RTL_NUMBER_OF(threads); i++) {
        HANDLE handle;
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, &Doubler.InterfaceHeader);
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &threads[i], NULL);
        ZwClose(handle);
    }
    for (i = 0; i < RTL_NUMBER_OF(threads); i++) {
        KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(threads[i]);
    }
}

static VOID ReferenceThousands(PDEVICE_OBJECT Device)
{
    if (NT_SUCCESS(Take(Device, &Doubler))) {
        InThreads(ReferenceMany);
        TellReferences(&Doubler);
        InThreads(DereferenceMany);
        TellReferences(&Doubler);
        GiveBack(&Doubler);
    }
}
#endif

#ifdef RAISED
static VOID CallRaised(PDEVICE_OBJECT Device, KIRQL Level)
{
    SAMPLE_BUS_INTERFACE bus;
    SAMPLE_STATISTICS statistics;
    INT value = 21;
    ULONG count = 0;
    KIRQL irql;
    NTSTATUS status[6];
    Query(Device, &GUID_SAMPLE_BUS_INTERFACE, &bus.InterfaceHeader, sizeof(bus), SAMPLE_BUS_INTERFACE_VERSION_1);
    Take(Device, &Doubler);
    KeRaiseIrql(Level, &irql);
    Doubler.InterfaceHeader.InterfaceReference(Doubler.InterfaceHeader.Context);
    status[0] = Doubler.SampleDouble(&value);
    status[1] = DoubleOne(&Doubler);
    status[2] = Doubler.SampleQueryStatistics(Doubler.InterfaceHeader.Context, &statistics, sizeof(statistics));
    status[3] = bus.SampleBusPlugIn(bus.InterfaceHeader.Context, 7);
    status[4] = bus.SampleBusUnplug(bus.InterfaceHeader.Context, 7);
    status[5] = bus.SampleBusChildCount(bus.InterfaceHeader.Context, &count);
    GiveBack(&Doubler);
    GiveBack(&Doubler);
    bus.InterfaceHeader.InterfaceDereference(bus.InterfaceHeader.Context);
    KeLowerIrql(irql);
    DbgPrint("abusing: raised: %08X %08X %08X %08X %08X %08X, value %d, %lu children\n",
             status[0], status[1], status[2], status[3], status[4], status[5], value, count);
}
#endif

#ifdef QUERY_RAISED
static VOID QueryRaised(PDEVICE_OBJECT Device)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    TakeOnce("raised", Device);
    KeLowerIrql(irql);
}
#endif

#ifdef WRONG_POINTERS
static VOID PassWrongPointers(PDEVICE_OBJECT Device)
{
    SAMPLE_BUS_INTERFACE bus;
    UCHAR bytes[12] = { 0, 0, 0, 0, 0, 21 };
    ULONG counts[2] = { 77, 77 };
    ULONG i, sum = 0;
    Query(Device, &GUID_SAMPLE_BUS_INTERFACE, &bus.InterfaceHeader, sizeof(bus), SAMPLE_BUS_INTERFACE_VERSION_1);
    Take(Device, &Doubler);
    Tell("double misaligned", Doubler.SampleDouble((INT *)(bytes + 5)));
    for (i = 0; i < sizeof(bytes); i++) {
        sum += bytes[i];
    }
    DbgPrint("abusing: value %d, all bytes %lu\n", bytes[5], sum);
    Tell("count misaligned", bus.SampleBusChildCount(bus.InterfaceHeader.Context, (PULONG)((PUCHAR)counts + 2)));
    DbgPrint("abusing: counts %lu %lu\n", counts[0], counts[1]);
    bus.InterfaceHeader.InterfaceDereference(bus.InterfaceHeader.Context);
    GiveBack(&Doubler);
}
#endif

#ifdef FREED_POINTER
static VOID PassFreedPointer(PDEVICE_OBJECT Device)
{
    INT *freed = (INT *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*freed), 'esuA');
    Take(Device, &Doubler);
    ExFreePoolWithTag(freed, 'esuA');
    Tell("double what was freed", Doubler.SampleDouble(freed));
}
#endif

#ifdef QUERY_DURING_REMOVAL
static volatile LONG Stop;
static LONG Doubled, Removed, Refused, Strange;
static PVOID Thread;

static VOID QueryAllTheTime(PVOID Context)
{
    while (!Stop) {
        SAMPLE_INTERFACE_2 table;
        NTSTATUS status = Take((PDEVICE_OBJECT)Context, &table);
        if (!NT_SUCCESS(status)) {
            InterlockedIncrement(&Refused);
            continue;
        }
        status = DoubleOne(&table);
        InterlockedIncrement(status == STATUS_SUCCESS ? &Doubled : status == STATUS_DEVICE_REMOVED ? &Removed : &Strange);
        GiveBack(&table);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID BeginQueries(PDEVICE_OBJECT Device)
{
    HANDLE handle;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, QueryAllTheTime, Device);
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &Thread, NULL);
    ZwClose(handle);
}

static VOID Sleep(ULONG Milliseconds)
{
    LARGE_INTEGER time;
    time.QuadPart = -10000LL * Milliseconds;
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

static VOID EndQueries(VOID)
{
    Sleep(50);
    Stop = 1;
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
    DbgPrint("abusing: %s doubled, %ld removed, %ld refused, %ld strange\n", Doubled > 0 ? "some" : "none", Removed, Refused, Strange);
}
#endif

static VOID OnAdded(PDEVICE_OBJECT Lower)
{
    UNREFERENCED_PARAMETER(Lower);
#ifdef NOT_STARTED
    TakeOnce("before the start", Lower);
#endif
}

static VOID OnStarted(PDEVICE_OBJECT Top)
{
    UNREFERENCED_PARAMETER(Top);
#ifdef THOUSANDS_OF_REFERENCES
    ReferenceThousands(Top);
#endif
#ifdef RAISED
    CallRaised(Top, RAISED);
#endif
#ifdef QUERY_RAISED
    QueryRaised(Top);
#endif
#ifdef WRONG_POINTERS
    PassWrongPointers(Top);
#endif
#ifdef FREED_POINTER
    PassFreedPointer(Top);
#endif
#ifdef TOO_OFTEN
    Take(Top, &Doubler);
    GiveBack(&Doubler);
    GiveBack(&Doubler);
#endif
#ifdef CALL_AFTER_DEREFERENCE
    Take(Top, &Doubler);
#endif
#ifdef QUERY_DURING_REMOVAL
    BeginQueries(Top);
#endif
}

static VOID OnPulled(PDEVICE_OBJECT Top)
{
    UNREFERENCED_PARAMETER(Top);
#ifdef QUERY_DURING_REMOVAL
    TakeOnce("of a pulled device", Top);
    Sleep(50);
#endif
}

static VOID OnRemoving(PDEVICE_OBJECT Top)
{
    UNREFERENCED_PARAMETER(Top);
#ifdef QUERY_DURING_REMOVAL
    EndQueries();
    TakeOnce("at the removal", Top);
#endif
}

static VOID OnGone(VOID)
{
#ifdef CALL_AFTER_DEREFERENCE
    GiveBack(&Doubler);
    Tell("call after the last reference", DoubleOne(&Doubler));
#endif
}
