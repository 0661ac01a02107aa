/* The commands that the processor refuses, or that the driver ends the system with itself. */
#pragma once

static NTSTATUS NothingKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return STATUS_SUCCESS;
}

static NTSTATUS NullPointerBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return (NTSTATUS)Nowhere[4];
}

static NTSTATUS PointerKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Nowhere != NULL ? (NTSTATUS)Nowhere[4] : STATUS_SUCCESS;
}

/* The lab faults on the driver's behalf. */
static NTSTATUS NullPointerInExportBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    KeSetEvent((PRKEVENT)Nowhere, 0, FALSE);
    return STATUS_SUCCESS;
}

static NTSTATUS NullPointerInPrintBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    DbgPrint("%s\n", (PCSTR)(ULONG_PTR)(Zero + 8));
    return STATUS_SUCCESS;
}

/* A routine that is NULL. */
static NTSTATUS NullRoutineBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    ((VOID (*)(VOID))(ULONG_PTR)Zero)();
    return STATUS_SUCCESS;
}

/* Where no kernel has anything. */
static NTSTATUS BadPointerBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    *(volatile ULONG *)0xFFFFAA0012345678ULL = 1;
    return STATUS_SUCCESS;
}

static NTSTATUS BadPointerAtDispatchBreak(CALL *Call)
{
    KIRQL before;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Call);
    KeRaiseIrql(DISPATCH_LEVEL, &before);
    status = (NTSTATUS)Nowhere[4];
    KeLowerIrql(before);
    return status;
}

static NTSTATUS ReadOnlyWrittenBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    *(volatile ULONG *)&OwnInterface = 0;
    return STATUS_SUCCESS;
}

/* ret */
static volatile UCHAR Data[] = { 0xC3 };

static NTSTATUS DataExecutedBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    ((VOID (*)(VOID))Data)();
    return STATUS_SUCCESS;
}

static ULONG Recurse(ULONG Depth)
{
    volatile UCHAR large[1024];
    large[0] = (UCHAR)Depth;
    return Depth == 0 ? 0 : large[0] + Recurse(Depth - 1);
}

static NTSTATUS StackOverflowBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Recurse(MAXLONG) != 1 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static NTSTATUS StackOverflowKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Recurse(5) == 15 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static NTSTATUS DivisionBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return 7 / Zero != 1 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static NTSTATUS IllegalInstructionBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    __asm__ volatile("ud2");
    return STATUS_SUCCESS;
}

static NTSTATUS PrivilegedInstructionBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    __asm__ volatile("hlt");
    return STATUS_SUCCESS;
}

static NTSTATUS BreakpointBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    DbgBreakPoint();
    return STATUS_SUCCESS;
}

static NTSTATUS Int3Break(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    __asm__ volatile("int3");
    return STATUS_SUCCESS;
}

static NTSTATUS AssertionBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    RtlAssert("Zero != 0", "faults.h", __LINE__, NULL);
    return STATUS_SUCCESS;
}

/* NT_ASSERT of a checked build. */
static NTSTATUS Int2cBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    __asm__ volatile("int $0x2c");
    return STATUS_SUCCESS;
}

static NTSTATUS FastFailBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    __asm__ volatile("int $0x29" : : "c"(3));
    return STATUS_SUCCESS;
}

static NTSTATUS OwnBugcheckBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    KeBugCheckEx(0xE2, 1, 2, 3, 4);
    return STATUS_SUCCESS;
}

static NTSTATUS ExceptionNotHandledBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    ExRaiseStatus(STATUS_INVALID_PARAMETER);
}

static NTSTATUS ExceptionNotHandledKeep(CALL *Call)
{
    __try {
        return ExceptionNotHandledBreak(Call);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_SUCCESS;
    }
}

#define FAULT_COMMANDS \
    { "exception-not-handled", ExceptionNotHandledBreak, ExceptionNotHandledKeep }, \
    { "null-pointer", NullPointerBreak, PointerKeep }, { "bad-pointer", BadPointerBreak, PointerKeep }, \
    { "null-pointer:export", NullPointerInExportBreak, PointerKeep }, \
    { "null-pointer:print", NullPointerInPrintBreak, PointerKeep }, { "null-pointer:routine", NullRoutineBreak, PointerKeep }, \
    { "bad-pointer-at-dispatch", BadPointerAtDispatchBreak, PointerKeep }, \
    { "read-only-written", ReadOnlyWrittenBreak, NothingKeep }, { "data-executed", DataExecutedBreak, NothingKeep }, \
    { "stack-overflow", StackOverflowBreak, StackOverflowKeep }, { "division", DivisionBreak, NothingKeep }, \
    { "illegal-instruction", IllegalInstructionBreak, NothingKeep }, \
    { "privileged-instruction", PrivilegedInstructionBreak, NothingKeep }, { "breakpoint", BreakpointBreak, NothingKeep }, \
    { "breakpoint:int3", Int3Break, NothingKeep }, { "assertion", AssertionBreak, NothingKeep }, \
    { "assertion:int2c", Int2cBreak, NothingKeep }, { "fast-fail", FastFailBreak, NothingKeep }, \
    { "own-bugcheck", OwnBugcheckBreak, NothingKeep }
