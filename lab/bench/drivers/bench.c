/*
 * Times direct calls into sample.sys, and what a driver would use instead, in kernel code.
 *
 * The function driver of the bus's children, whose interfaces it takes, of a device with sample.sys as its filter, and of a device root\Bench that
 * starts the measurements: IOCTL 0x222000 takes a measurement's number and the number of rounds, two ULONGs. Every round runs every subject
 * once, so that a busy machine disturbs subject and reference alike. One line goes out for each sample: `bench: NAME CALLS TICKS`, in ticks of
 * the time-stamp counter.
 */
#include <ntddk.h>
#include <initguid.h>
#include "sample.h"
#include "../../tests/drivers/query.h"
#include "reference.h"
#include "rundown.h"

#define CHILDREN 8
#define MOST_ROUNDS 1000
#define MOST_SUBJECTS 24
#define LARGEST (4 * 1024 * 1024)
#define TAG 'hcnB'
#define IOCTL_RUN CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Doubles an INT in the system buffer; internally too. */
#define IOCTL_DOUBLE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct {
    PDEVICE_OBJECT Lower;
    PDEVICE_OBJECT Pdo;
    LONG Slot;
} BENCH_EXTENSION;

/* {9E1F4B60-2C7D-4A85-B3D9-05C86E7A1F24} */
DEFINE_GUID(GUID_DEVINTERFACE_BENCH, 0x9e1f4b60, 0x2c7d, 0x4a85, 0xb3, 0xd9, 0x05, 0xc8, 0x6e, 0x7a, 0x1f, 0x24);

static SAMPLE_INTERFACE First[CHILDREN];
static SAMPLE_INTERFACE_2 Second[CHILDREN], Reference;
static volatile LONG Slots;
/* The tops of the stacks of a child, of the device that the requests go to, of one with sample.sys as a filter, and of the bus. */
static PDEVICE_OBJECT Child, Target, Filtered, Bus;
static INT *Values;
static SIZE_T Count;
static PIRP Reused;
static ULONG64 Samples[MOST_SUBJECTS][MOST_ROUNDS];

static ULONG64 Ticks(VOID)
{
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc();
}

/* What a client does once: asks a stack, and gives the interface back. */
static NTSTATUS QueryAndRelease(PDEVICE_OBJECT Top)
{
    SAMPLE_INTERFACE table;
    NTSTATUS status = Query(Top, &GUID_SAMPLE_INTERFACE, &table.InterfaceHeader, sizeof(table), SAMPLE_INTERFACE_VERSION_1);
    if (NT_SUCCESS(status)) {
        table.InterfaceHeader.InterfaceDereference(table.InterfaceHeader.Context);
    }
    return status;
}

/* The interface of the bus, which its own stack answers, and a child's through that. */
static NTSTATUS QueryBusAndRelease(PDEVICE_OBJECT Top)
{
    SAMPLE_BUS_INTERFACE table;
    NTSTATUS status = Query(Top, &GUID_SAMPLE_BUS_INTERFACE, &table.InterfaceHeader, sizeof(table), SAMPLE_BUS_INTERFACE_VERSION_1);
    if (NT_SUCCESS(status)) {
        table.InterfaceHeader.InterfaceDereference(table.InterfaceHeader.Context);
    }
    return status;
}

/* A request of its own for each call, as drivers send it. */
static VOID SendInternal(INT *Value)
{
    KEVENT done;
    IO_STATUS_BLOCK io;
    PIRP irp;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_DOUBLE, Target, Value, sizeof(*Value), Value, sizeof(*Value), TRUE, &done, &io);
    if (irp != NULL && IoCallDriver(Target, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    }
}

static NTSTATUS TakeBack(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The cheapest that the same path can be: one request for all calls, and nobody waits. */
static VOID SendReused(INT *Value)
{
    PIO_STACK_LOCATION next;
    IoReuseIrp(Reused, STATUS_SUCCESS);
    Reused->AssociatedIrp.SystemBuffer = Value;
    next = IoGetNextIrpStackLocation(Reused);
    next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_DOUBLE;
    next->Parameters.DeviceIoControl.InputBufferLength = sizeof(*Value);
    next->Parameters.DeviceIoControl.OutputBufferLength = sizeof(*Value);
    IoSetCompletionRoutine(Reused, TakeBack, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(Target, Reused);
}

static __inline__ NTSTATUS DoubleInline(INT *Value)
{
    INT doubled;
    /* The compiler does not know the value: it doubles in every turn of the loop. */
    __asm__ volatile("" : "+m"(*Value));
    if (__builtin_mul_overflow(*Value, 2, &doubled)) {
        return STATUS_INTEGER_OVERFLOW;
    }
    *Value = doubled;
    return STATUS_SUCCESS;
}

/* Values in turns: a processor takes more or less time, as it likes, to read what it has only just written. */
#define SEVERAL 16

/* A subject makes `Calls` calls and returns the ticks that they took. Twice 0 is 0: no value ever overflows. */
typedef ULONG64 (*SUBJECT)(ULONG Calls);

/* Where the compiler puts a loop can cost a fifth, so each begins a line of the cache. */
#define ALIGNED __attribute__((noinline, aligned(64)))

#define SUBJECT(Name, Statement)                                                                                                           \
    static ALIGNED ULONG64 Name(ULONG Calls)                                                                                               \
    {                                                                                                                                      \
        INT values[SEVERAL] = { 0 }, *value = values;                                                                                      \
        SIZE_T done = 0;                                                                                                                   \
        ULONG64 start = Ticks();                                                                                                           \
        while (Calls-- != 0) {                                                                                                             \
            value = &values[Calls % SEVERAL];                                                                                              \
            Statement;                                                                                                                     \
        }                                                                                                                                  \
        UNREFERENCED_PARAMETER(value);                                                                                                     \
        UNREFERENCED_PARAMETER(done);                                                                                                      \
        return Ticks() - start;                                                                                                            \
    }

static KEVENT Event;

/* Rundown protection alone, around nothing. */
static RUNDOWN Protection;

static __inline__ VOID Protect(VOID)
{
    if (EnterRundown(&Protection)) {
        LeaveRundown(&Protection, TRUE);
    }
}

/* One loop for every table. */
static ALIGNED ULONG64 TimeTable(const PSAMPLE_DOUBLE volatile *Entry, ULONG Calls)
{
    INT values[SEVERAL] = { 0 };
    ULONG64 start = Ticks();
    while (Calls-- != 0) {
        (*Entry)(&values[Calls % SEVERAL]);
    }
    return Ticks() - start;
}

static ULONG64 TableOfC(ULONG Calls) { return TimeTable(&Reference.SampleDouble, Calls); }
static ULONG64 TableOne(ULONG Calls) { return TimeTable(&First[0].SampleDouble, Calls); }
static ULONG64 TableTwo(ULONG Calls) { return TimeTable(&Second[0].SampleDouble, Calls); }

SUBJECT(Inlined, DoubleInline(value))
SUBJECT(ImportOfC, ReferenceDouble(value))
SUBJECT(Import, SampleDouble(value))
SUBJECT(Protected, Protect())
SUBJECT(ContextOfC, Reference.SampleDoubleArray(Reference.InterfaceHeader.Context, value, 1, &done))
SUBJECT(Context, Second[0].SampleDoubleArray(Second[0].InterfaceHeader.Context, value, 1, &done))
SUBJECT(HostExport, KeClearEvent(&Event))
SUBJECT(InternalRequest, SendInternal(value))
SUBJECT(ReusedRequest, SendReused(value))
SUBJECT(QueryPdo, QueryAndRelease(Child))
SUBJECT(QueryFilter, QueryAndRelease(Filtered))
SUBJECT(QueryFdo, QueryBusAndRelease(Bus))
SUBJECT(QueryThroughParent, QueryBusAndRelease(Child))
SUBJECT(LoopOfC, ReferenceLoop(Values, Count))
SUBJECT(ArrayOfC, Reference.SampleDoubleArray(Reference.InterfaceHeader.Context, Values, Count, &done))
SUBJECT(Array, Second[0].SampleDoubleArray(Second[0].InterfaceHeader.Context, Values, Count, &done))
SUBJECT(Sweep, ReferenceSweep(Values, Count))

typedef struct {
    PCSTR Name;
    SUBJECT Run;
    ULONG Calls;
} ENTRY;

static const ENTRY Calls[] = {
    { "inline", Inlined, 20000 },
    { "c-table", TableOfC, 20000 },
    { "table-1", TableOne, 20000 },
    { "table-2", TableTwo, 20000 },
    { "c-import", ImportOfC, 20000 },
    { "import", Import, 20000 },
    { "protection", Protected, 5000 },
    { "c-context", ContextOfC, 5000 },
    { "context", Context, 5000 },
    { "host-export", HostExport, 5000 },
    { "internal", InternalRequest, 50 },
    { "reused", ReusedRequest, 200 },
    { "query-pdo", QueryPdo, 20 },
    { "query-filter", QueryFilter, 20 },
    { "query-fdo", QueryFdo, 20 },
    { "query-parent", QueryThroughParent, 20 },
};

static const ENTRY Arrays[] = { { "c-loop", LoopOfC, 0 }, { "c-array", ArrayOfC, 0 }, { "array", Array, 0 }, { "sweep", Sweep, 0 } };
static const SIZE_T Counts[] = { 1, 16, 1024, 65536, LARGEST };

static VOID Measure(const ENTRY *Entries, ULONG Number, ULONG Rounds, ULONG FixedCalls)
{
    ULONG round, i;
    for (i = 0; i < Number; i++) {
        Entries[i].Run(FixedCalls != 0 ? FixedCalls : Entries[i].Calls);
    }
    for (round = 0; round < Rounds; round++) {
        for (i = 0; i < Number; i++) {
            Samples[i][round] = Entries[i].Run(FixedCalls != 0 ? FixedCalls : Entries[i].Calls);
        }
    }
    for (round = 0; round < Rounds; round++) {
        for (i = 0; i < Number; i++) {
            ULONG calls = FixedCalls != 0 ? FixedCalls : Entries[i].Calls;
            if (FixedCalls != 0) {
                DbgPrint("bench: %s-%llu %lu %llu\n", Entries[i].Name, (ULONGLONG)Count, calls, Samples[i][round]);
            } else {
                DbgPrint("bench: %s %lu %llu\n", Entries[i].Name, calls, Samples[i][round]);
            }
        }
    }
}

static NTSTATUS MeasureCalls(ULONG Rounds)
{
    Reused = IoAllocateIrp(Target->StackSize, FALSE);
    if (Reused == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Measure(Calls, RTL_NUMBER_OF(Calls), Rounds, 0);
    IoFreeIrp(Reused);
    return STATUS_SUCCESS;
}

static NTSTATUS MeasureArrays(ULONG Rounds)
{
    ULONG i;
    Values = ExAllocatePool2(POOL_FLAG_NON_PAGED, LARGEST * sizeof(INT), TAG);
    if (Values == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (i = 0; i < RTL_NUMBER_OF(Counts); i++) {
        ULONG64 k;
        Count = Counts[i];
        /* Small arrays several times for a sample, so that the clock's own cost does not count. The sweep turns every bit, twice. */
        k = 65536 / Count;
        RtlZeroMemory(Values, LARGEST * sizeof(INT));
        Measure(Arrays, RTL_NUMBER_OF(Arrays), Count == LARGEST && Rounds > 21 ? 21 : Rounds, k < 2 ? 2 : (ULONG)k & ~1u);
    }
    ExFreePoolWithTag(Values, TAG);
    return STATUS_SUCCESS;
}

#include "callers.h"

/* The bus's stack is not the bench's: it is opened, as a client in another stack does. */
static NTSTATUS OpenBus(PFILE_OBJECT *File)
{
    PWSTR links;
    UNICODE_STRING link;
    NTSTATUS status = IoGetDeviceInterfaces(&GUID_DEVINTERFACE_SAMPLE_BUS, NULL, 0, &links);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlInitUnicodeString(&link, links);
    status = IoGetDeviceObjectPointer(&link, FILE_READ_DATA, File, &Bus);
    ExFreePoolWithTag(links, 0);
    return status;
}

/* So many queries of one kind: of the child's PDO, the filter, the bus's FDO, the bus through the child. */
static NTSTATUS Ask(ULONG Kind, ULONG Times)
{
    NTSTATUS status = STATUS_SUCCESS;
    while (Times-- != 0 && NT_SUCCESS(status)) {
        switch (Kind) {
        case 0:
            status = QueryAndRelease(Child);
            break;
        case 1:
            status = QueryAndRelease(Filtered);
            break;
        case 2:
            status = QueryBusAndRelease(Bus);
            break;
        case 3:
            status = QueryBusAndRelease(Child);
            break;
        default:
            status = STATUS_INVALID_PARAMETER;
            break;
        }
    }
    return status;
}

static NTSTATUS Measurement(ULONG Which, ULONG Rounds)
{
    LARGE_INTEGER frequency, before = KeQueryPerformanceCounter(&frequency), after;
    ULONG64 ticks = Ticks();
    NTSTATUS status;
    if (Slots < CHILDREN || Filtered == NULL || Rounds == 0 || Rounds > MOST_ROUNDS) {
        return STATUS_INVALID_PARAMETER;
    }
    switch (Which) {
    case 0:
        status = MeasureCalls(Rounds);
        break;
    case 1:
        status = MeasureArrays(Rounds);
        break;
    case 2:
        status = MeasureCallers();
        break;
    default:
        /* Nothing is timed: the host counts what so many queries of one kind take. */
        return Ask(Which - 3, Rounds);
    }
    ticks = Ticks() - ticks;
    after = KeQueryPerformanceCounter(NULL);
    /* Nanoseconds, and the ticks in them. */
    DbgPrint("bench: clock %llu %llu\n", (ULONGLONG)((after.QuadPart - before.QuadPart) * 1000000000ULL / frequency.QuadPart), ticks);
    return status;
}

static NTSTATUS Run(ULONG Which, ULONG Rounds)
{
    PFILE_OBJECT file;
    NTSTATUS status = OpenBus(&file);
    if (NT_SUCCESS(status)) {
        status = Measurement(Which, Rounds);
        ObDereferenceObject(file);
    }
    return status;
}

static VOID OfferRuns(PDEVICE_OBJECT Pdo)
{
    UNICODE_STRING name;
    if (NT_SUCCESS(IoRegisterDeviceInterface(Pdo, &GUID_DEVINTERFACE_BENCH, NULL, &name))) {
        IoSetDeviceInterfaceState(&name, TRUE);
        RtlFreeUnicodeString(&name);
    }
}

/* A child has the bus's interface too, a filter not; the device that starts the measurements has none. */
static VOID Begin(PDEVICE_OBJECT Device, BENCH_EXTENSION *Extension)
{
    SAMPLE_INTERFACE first;
    LONG slot;
    if (!NT_SUCCESS(Query(Device, &GUID_SAMPLE_INTERFACE, &first.InterfaceHeader, sizeof(first), SAMPLE_INTERFACE_VERSION_1))) {
        Target = Device;
        OfferRuns(Extension->Pdo);
        return;
    }
    if (!NT_SUCCESS(QueryBusAndRelease(Device))) {
        Filtered = Device;
        first.InterfaceHeader.InterfaceDereference(first.InterfaceHeader.Context);
        return;
    }
    slot = InterlockedIncrement(&Slots) - 1;
    if (slot >= CHILDREN) {
        first.InterfaceHeader.InterfaceDereference(first.InterfaceHeader.Context);
        return;
    }
    Extension->Slot = slot;
    Child = Device;
    First[slot] = first;
    Query(Device, &GUID_SAMPLE_INTERFACE_2, &Second[slot].InterfaceHeader, sizeof(Second[slot]), SAMPLE_INTERFACE_VERSION_2);
}

static VOID Release(const BENCH_EXTENSION *Extension)
{
    if (Extension->Slot >= 0) {
        PINTERFACE first = &First[Extension->Slot].InterfaceHeader, second = &Second[Extension->Slot].InterfaceHeader;
        first->InterfaceDereference(first->Context);
        second->InterfaceDereference(second->Context);
    }
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS SendDown(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((BENCH_EXTENSION *)Device->DeviceExtension)->Lower, Irp);
}

static NTSTATUS Remove(PDEVICE_OBJECT Device, PIRP Irp)
{
    BENCH_EXTENSION extension = *(BENCH_EXTENSION *)Device->DeviceExtension;
    NTSTATUS status;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = SendDown(Device, Irp);
    IoDetachDevice(extension.Lower);
    IoDeleteDevice(Device);
    /* Last: the device below is gone, and its interface goes with the reference. */
    Release(&extension);
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    BENCH_EXTENSION *extension = (BENCH_EXTENSION *)Device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        IoForwardIrpSynchronously(extension->Lower, Irp);
        if (NT_SUCCESS(Irp->IoStatus.Status)) {
            Begin(Device, extension);
        }
        return Complete(Irp, Irp->IoStatus.Status, 0);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Device, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return SendDown(Device, Irp);
    default:
        return SendDown(Device, Irp);
    }
}

static NTSTATUS Succeed(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Double(PIRP Irp, const IO_STACK_LOCATION *Stack)
{
    INT *value = Irp->AssociatedIrp.SystemBuffer, doubled;
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(INT) ||
        Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(INT)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    if (__builtin_mul_overflow(*value, 2, &doubled)) {
        return Complete(Irp, STATUS_INTEGER_OVERFLOW, 0);
    }
    *value = doubled;
    return Complete(Irp, STATUS_SUCCESS, sizeof(INT));
}

static NTSTATUS Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    const ULONG *numbers = Irp->AssociatedIrp.SystemBuffer;
    UNREFERENCED_PARAMETER(Device);
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DOUBLE:
        return Double(Irp, stack);
    case IOCTL_RUN:
        if (stack->Parameters.DeviceIoControl.InputBufferLength >= 2 * sizeof(ULONG)) {
            return Complete(Irp, Run(numbers[0], numbers[1]), 0);
        }
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(BENCH_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status)) {
        BENCH_EXTENSION *extension = device->DeviceExtension;
        extension->Pdo = Pdo;
        extension->Slot = -1;
        extension->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
        device->Flags &= ~DO_DEVICE_INITIALIZING;
    }
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG major;
    UNREFERENCED_PARAMETER(Path);
    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        Driver->MajorFunction[major] = SendDown;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = Succeed;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = Succeed;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Succeed;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = Control;
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    ReferenceTable(&Reference);
    KeInitializeEvent(&Protection.Left, NotificationEvent, FALSE);
    return STATUS_SUCCESS;
}
