/* The commands about pool. */
#pragma once

static volatile UCHAR *Block(SIZE_T Size) { return ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, TAG); }
static VOID Free(volatile VOID *Block) { ExFreePoolWithTag((PVOID)Block, TAG); }

static NTSTATUS PoolLeakBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Block(64) != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS PoolLeakKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    Free(Block(64));
    return STATUS_SUCCESS;
}

static NTSTATUS DoubleFreeBreak(CALL *Call)
{
    volatile UCHAR *block = Block(64);
    UNREFERENCED_PARAMETER(Call);
    Free(block);
    Free(block);
    return STATUS_SUCCESS;
}

static NTSTATUS FreeOfNoBlockBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    Free(Block(64) + 16);
    return STATUS_SUCCESS;
}

static NTSTATUS WrongTagBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    ExFreePoolWithTag((PVOID)Block(64), 'eslE');
    return STATUS_SUCCESS;
}

/* The guard page is right behind a block whose size is a multiple of 16. */
static NTSTATUS PoolOverrunBreak(CALL *Call)
{
    volatile UCHAR *block = Block(64);
    UNREFERENCED_PARAMETER(Call);
    block[64] = 1;
    Free(block);
    return STATUS_SUCCESS;
}

static NTSTATUS PoolOverrunKeep(CALL *Call)
{
    volatile UCHAR *block = Block(64);
    UNREFERENCED_PARAMETER(Call);
    block[0] = 1;
    block[63] = 1;
    Free(block);
    return STATUS_SUCCESS;
}

static NTSTATUS PoolDamageBreak(CALL *Call)
{
    volatile UCHAR *block = Block(60);
    UNREFERENCED_PARAMETER(Call);
    block[60] = 1;
    Free(block);
    return STATUS_SUCCESS;
}

static NTSTATUS PoolDamageKeep(CALL *Call)
{
    volatile UCHAR *block = Block(60);
    UNREFERENCED_PARAMETER(Call);
    block[59] = 1;
    Free(block);
    return STATUS_SUCCESS;
}

static NTSTATUS PoolUnderrunBreak(CALL *Call)
{
    volatile UCHAR *block = Block(64);
    UNREFERENCED_PARAMETER(Call);
    block[(LONG)Zero - 1] = 1;
    Free(block);
    return STATUS_SUCCESS;
}

/* A block of a page begins at one: the guard page is right before it. */
static NTSTATUS PoolUnderrunOfPageBreak(CALL *Call)
{
    volatile UCHAR *block = Block(PAGE_SIZE);
    UNREFERENCED_PARAMETER(Call);
    block[(LONG)Zero - 1] = 1;
    Free(block);
    return STATUS_SUCCESS;
}

static NTSTATUS UseAfterFreeBreak(CALL *Call)
{
    volatile UCHAR *block = Block(64);
    UNREFERENCED_PARAMETER(Call);
    Free(block);
    return block[8] == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static NTSTATUS UseAfterFreeKeep(CALL *Call)
{
    volatile UCHAR *block = Block(64);
    UCHAR byte = block[8];
    UNREFERENCED_PARAMETER(Call);
    Free(block);
    return byte == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static NTSTATUS ZeroAllocationBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Block(Zero) != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* Allocates at the one level and frees at the other. */
static NTSTATUS Paged(KIRQL Allocation, KIRQL Deallocation)
{
    KIRQL before;
    PVOID block;
    KeRaiseIrql(Allocation, &before);
    block = ExAllocatePool2(POOL_FLAG_PAGED, 64, TAG);
    KeLowerIrql(before);
    KeRaiseIrql(Deallocation, &before);
    Free(block);
    KeLowerIrql(before);
    return STATUS_SUCCESS;
}

static NTSTATUS AllocationIrqlBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Paged(DISPATCH_LEVEL, PASSIVE_LEVEL);
}

static NTSTATUS FreeIrqlBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Paged(PASSIVE_LEVEL, DISPATCH_LEVEL);
}

static NTSTATUS PagedKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Paged(APC_LEVEL, APC_LEVEL);
}

static NTSTATUS TimerInPool(BOOLEAN Cancel)
{
    KTIMER *timer = (KTIMER *)Block(sizeof(*timer));
    LARGE_INTEGER due;
    due.QuadPart = ONE_HOUR;
    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    if (Cancel) {
        KeCancelTimer(timer);
    }
    Free(timer);
    return STATUS_SUCCESS;
}

static NTSTATUS ActiveTimerFreedBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return TimerInPool(FALSE);
}

static NTSTATUS ActiveTimerFreedKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return TimerInPool(TRUE);
}

#define POOL_COMMANDS \
    { "pool-leak", PoolLeakBreak, PoolLeakKeep }, { "double-free", DoubleFreeBreak, PoolLeakKeep }, \
    { "free-of-no-block", FreeOfNoBlockBreak, PoolLeakKeep }, { "wrong-tag", WrongTagBreak, PoolLeakKeep }, \
    { "pool-overrun", PoolOverrunBreak, PoolOverrunKeep }, { "pool-damage", PoolDamageBreak, PoolDamageKeep }, \
    { "pool-underrun", PoolUnderrunBreak, PoolOverrunKeep }, \
    { "pool-underrun:page", PoolUnderrunOfPageBreak, PoolOverrunKeep }, \
    { "use-after-free", UseAfterFreeBreak, UseAfterFreeKeep }, { "zero-allocation", ZeroAllocationBreak, PoolLeakKeep }, \
    { "allocation-irql", AllocationIrqlBreak, PagedKeep }, { "free-irql", FreeIrqlBreak, PagedKeep }, \
    { "active-timer-freed", ActiveTimerFreedBreak, ActiveTimerFreedKeep }
