/*
 * What compilers and the WDK's headers write into a driver itself: the IRQL in cr8, the processor's block behind gs, stack cookies, large frames, floating point.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>

#define SAY(...) DbgPrint(NAME ": " __VA_ARGS__)
#define DEFAULT_SECURITY_COOKIE 0x00002B992DDFA232ULL

extern ULONG_PTR __security_cookie;

static ULONG64 ReadCr8(VOID)
{
    ULONG64 value;
    __asm__ volatile("mov %%cr8, %0" : "=r"(value));
    return value;
}

static VOID WriteCr8(ULONG64 Value)
{
    __asm__ volatile("mov %0, %%cr8" : : "r"(Value));
}

#define READ_GS(offset)                                                      \
    ({                                                                       \
        ULONG64 value_;                                                      \
        __asm__ volatile("movq %%gs:" #offset ", %0" : "=r"(value_));        \
        value_;                                                              \
    })

static VOID Levels(VOID)
{
    ULONG64 at_start = ReadCr8(), raised;
    WriteCr8(DISPATCH_LEVEL);
    raised = ReadCr8();
    SAY("cr8: %u, then %u, which KeGetCurrentIrql calls %u\n", (ULONG)at_start, (ULONG)raised, KeGetCurrentIrql());
    WriteCr8(at_start);
    SAY("cr8: %u again\n", KeGetCurrentIrql());
}

static VOID Processor(VOID)
{
    ULONG64 self = READ_GS(0x18), block = READ_GS(0x20);
    ULONG number = (ULONG)(READ_GS(0x1a0) >> 32);
    SAY("gs: the block at +0x%Ix, processor %u of %u, the thread is %s\n", (ULONG_PTR)(block - self), number, KeQueryActiveProcessorCount(NULL),
        (PVOID)READ_GS(0x188) == (PVOID)KeGetCurrentThread() ? "the current one" : "another");
}

/* Its frame is larger than a page, and it has an array, which gets a cookie. */
static __attribute__((noinline)) ULONG Fill(ULONG Count, ULONG Value)
{
    volatile UCHAR array[3 * PAGE_SIZE];
    ULONG sum = 0;
    for (ULONG at = 0; at < Count; at++) {
        array[at] = (UCHAR)Value;
    }
    for (ULONG at = 0; at < Count; at++) {
        sum += array[at];
    }
    return sum;
}

static __attribute__((noinline)) double Half(double Value) { return Value / 2; }

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
    Levels();
    Processor();
    SAY("cookie: %s\n", __security_cookie == DEFAULT_SECURITY_COOKIE ? "the linker's" : "its own");
    SAY("frame: %u\n", Fill(3 * PAGE_SIZE, 1));
    SAY("half of 25: %u tenths\n", (ULONG)(Half(25.0) * 10));
#ifdef OVERRUN
    SAY("frame: %u\n", Fill(3 * PAGE_SIZE + 64, 1));
#endif
    return STATUS_SUCCESS;
}
