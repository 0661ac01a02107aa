/*
 * Exceptions in a driver: each case raises one, and tells what its handlers see. With UNHANDLED one of the last cases runs alone, which no handler takes.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>

#define SAY(...) DbgPrint(NAME ": " __VA_ARGS__)

/* Clang gives handlers what calls raise, not what the instructions of the block itself do; so each fault is in a function. */
#define ELSEWHERE __attribute__((noinline))

static ELSEWHERE ULONG Read(volatile ULONG *Address) { return *Address; }
static ELSEWHERE VOID Write(volatile ULONG *Address) { *Address = 1; }
static ELSEWHERE VOID Divide(volatile int *By) { *By = 7 / *By; }
static ELSEWHERE VOID Break(VOID) { __asm__ volatile("int $3"); }
static ELSEWHERE VOID Illegal(VOID) { __asm__ volatile("ud2"); }
static ELSEWHERE VOID Assert(VOID) { __asm__ volatile("int $0x2c"); }

static LONG Tell(PEXCEPTION_POINTERS Exception, LONG Answer)
{
    PEXCEPTION_RECORD record = Exception->ExceptionRecord;
    SAY("filter: 0x%08X, flags %u, parameters %u: %Iu, 0x%Ix\n", record->ExceptionCode, record->ExceptionFlags, record->NumberParameters,
        record->NumberParameters > 0 ? record->ExceptionInformation[0] : 0, record->NumberParameters > 1 ? record->ExceptionInformation[1] : 0);
    return Answer;
}

static VOID Status(VOID)
{
    try {
        ExRaiseStatus(STATUS_INVALID_PARAMETER);
    } except (Tell(GetExceptionInformation(), EXCEPTION_EXECUTE_HANDLER)) {
        SAY("status: 0x%08X\n", GetExceptionCode());
    }
}

static VOID Faults(VOID)
{
    volatile int zero = 0;
    try {
        Read((ULONG *)0x10);
    } except (Tell(GetExceptionInformation(), EXCEPTION_EXECUTE_HANDLER)) {
        SAY("read: 0x%08X\n", GetExceptionCode());
    }
    try {
        Write(NULL);
    } except (Tell(GetExceptionInformation(), EXCEPTION_EXECUTE_HANDLER)) {
        SAY("write: 0x%08X\n", GetExceptionCode());
    }
    try {
        Divide(&zero);
    } except (EXCEPTION_EXECUTE_HANDLER) {
        SAY("divide: 0x%08X\n", GetExceptionCode());
    }
    try {
        Illegal();
    } except (EXCEPTION_EXECUTE_HANDLER) {
        SAY("illegal: 0x%08X\n", GetExceptionCode());
    }
    try {
        Break();
    } except (EXCEPTION_EXECUTE_HANDLER) {
        SAY("break: 0x%08X\n", GetExceptionCode());
    }
    try {
        Assert();
    } except (EXCEPTION_EXECUTE_HANDLER) {
        SAY("assert: 0x%08X\n", GetExceptionCode());
    }
    try {
        memmove(&zero, (PVOID)0x20, sizeof(zero));
    } except (Tell(GetExceptionInformation(), EXCEPTION_EXECUTE_HANDLER)) {
        SAY("memmove: 0x%08X\n", GetExceptionCode());
    }
}

/* An inner filter that wants something else, and termination handlers on the way out. */
static VOID Order(VOID)
{
    try {
        try {
            try {
                try {
                    ExRaiseStatus(STATUS_DEVICE_BUSY);
                } except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
                    SAY("order: the wrong handler\n");
                }
            } finally {
                SAY("order: inner finally, abnormal %d\n", AbnormalTermination() != 0);
            }
        } finally {
            SAY("order: outer finally, abnormal %d\n", AbnormalTermination() != 0);
        }
    } except ((SAY("order: filter\n"), EXCEPTION_EXECUTE_HANDLER)) {
        SAY("order: handler\n");
    }
    try {
        SAY("order: no exception\n");
    } finally {
        SAY("order: finally, abnormal %d\n", AbnormalTermination() != 0);
    }
}

/* A handler that raises, and one outside that takes it. */
static VOID Again(VOID)
{
    try {
        try {
            ExRaiseStatus(STATUS_DEVICE_BUSY);
        } except (EXCEPTION_EXECUTE_HANDLER) {
            ExRaiseStatus(STATUS_DATA_ERROR);
        }
    } except (EXCEPTION_EXECUTE_HANDLER) {
        SAY("again: 0x%08X\n", GetExceptionCode());
    }
}

/* A filter in which an exception comes and goes. */
static LONG Busy(VOID)
{
    try {
        Read(NULL);
    } except (EXCEPTION_EXECUTE_HANDLER) {
        SAY("nested: 0x%08X in the filter\n", GetExceptionCode());
    }
    return EXCEPTION_EXECUTE_HANDLER;
}

static VOID Nested(VOID)
{
    try {
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    } except (Busy()) {
        SAY("nested: 0x%08X\n", GetExceptionCode());
    }
}

/* Recursion with large frames: the handler's frame has its own values, whatever the registers were below. */
static ELSEWHERE ULONG Deep(ULONG Depth)
{
    volatile UCHAR room[20000];
    room[Depth] = (UCHAR)Depth;
    if (Depth == 0) {
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    }
    return Deep(Depth - 1) + room[Depth];
}

static ELSEWHERE VOID Locals(ULONG One, ULONG Two, ULONG Three, double Four)
{
    ULONG sum = One * 1000 + Two;
    double product = Four * 2;
    try {
        sum += Deep(20);
    } except (EXCEPTION_EXECUTE_HANDLER) {
        SAY("locals: %u %u %u\n", sum, Three, (ULONG)product);
    }
}

/* The filter steps over the two bytes of ud2. */
static LONG Skip(PEXCEPTION_POINTERS Exception)
{
    Exception->ContextRecord->Rip += 2;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static VOID Continue(VOID)
{
    try {
        Illegal();
        SAY("continue: behind the instruction\n");
    } except (Skip(GetExceptionInformation())) {
        SAY("continue: the handler\n");
    }
}

static VOID Probe(PCSTR What, PVOID Address, SIZE_T Length, ULONG Alignment)
{
    try {
        ProbeForRead(Address, Length, Alignment);
        SAY("probe: %s is good\n", What);
    } except (EXCEPTION_EXECUTE_HANDLER) {
        SAY("probe: %s: 0x%08X\n", What, GetExceptionCode());
    }
}

static VOID Probes(VOID)
{
    ULONG local = 0;
    PVOID pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'hesT');
    Probe("nothing", NULL, 0, 1);
    Probe("an odd address", (PVOID)0x20001, 4, 4);
    Probe("pool", pool, 16, 1);
    Probe("the stack", &local, 4, 4);
    Probe("the end of memory", (PVOID)~(ULONG_PTR)7, 16, 1);
    try {
        ProbeForWrite((PVOID)0x20000, 8192, 1);
    } except (Tell(GetExceptionInformation(), EXCEPTION_EXECUTE_HANDLER)) {
        SAY("probe: a write to nothing: 0x%08X\n", GetExceptionCode());
    }
    ExFreePoolWithTag(pool, 'hesT');
}

#ifdef UNHANDLED
static VOID Unhandled(VOID)
{
    PULONG pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'hesT');
    KIRQL irql = PASSIVE_LEVEL;
    ExFreePoolWithTag(pool, 'hesT');
    try {
        switch (UNHANDLED) {
        case 1: ExRaiseStatus(STATUS_DATA_ERROR);
        case 2: Read(NULL); break;
        case 3: Read(pool); break;
        case 4: irql = KeRaiseIrqlToDpcLevel(); Read((ULONG *)0x12340000); break;
        }
    } except (UNHANDLED > 2 ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        SAY("the wrong handler\n");
    }
    KeLowerIrql(irql);
}
#endif

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
#ifdef UNHANDLED
    Unhandled();
#endif
    Status();
    Faults();
    Order();
    Again();
    Nested();
    Locals(1, 2, 3, 4.5);
    Continue();
    Probes();
    return STATUS_SUCCESS;
}
