/* The commands about locks and waiting. */
#pragma once

static KSPIN_LOCK Spin;
static FAST_MUTEX Fast;
static KMUTEX Mutant;

static VOID InitializeLocks(VOID)
{
    KeInitializeSpinLock(&Spin);
    ExInitializeFastMutex(&Fast);
    KeInitializeMutex(&Mutant, 0);
}

static NTSTATUS SpinLockTwiceBreak(CALL *Call)
{
    KIRQL before;
    UNREFERENCED_PARAMETER(Call);
    KeAcquireSpinLock(&Spin, &before);
    KeAcquireSpinLockAtDpcLevel(&Spin);
    KeReleaseSpinLock(&Spin, before);
    return STATUS_SUCCESS;
}

static NTSTATUS SpinLockKeep(CALL *Call)
{
    KIRQL before;
    UNREFERENCED_PARAMETER(Call);
    KeAcquireSpinLock(&Spin, &before);
    KeReleaseSpinLock(&Spin, before);
    return STATUS_SUCCESS;
}

static NTSTATUS SpinLockNotOwnedBreak(CALL *Call)
{
    KIRQL before;
    UNREFERENCED_PARAMETER(Call);
    KeRaiseIrql(DISPATCH_LEVEL, &before);
    KeReleaseSpinLock(&Spin, before);
    return STATUS_SUCCESS;
}

static NTSTATUS SpinLockHeldBreak(CALL *Call)
{
    KIRQL before;
    UNREFERENCED_PARAMETER(Call);
    KeAcquireSpinLock(&Spin, &before);
    return STATUS_SUCCESS;
}

static VOID CancelAndKeepLock(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
}

static VOID CancelAndReleaseLock(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

static NTSTATUS Cancel(PDRIVER_CANCEL Routine)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetCancelRoutine(irp, Routine);
    IoCancelIrp(irp);
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS CancelLockHeldBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Cancel(CancelAndKeepLock);
}

static NTSTATUS CancelLockHeldKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Cancel(CancelAndReleaseLock);
}

static NTSTATUS CancelLockTakenBreak(CALL *Call)
{
    KIRQL before;
    UNREFERENCED_PARAMETER(Call);
    IoAcquireCancelSpinLock(&before);
    return STATUS_SUCCESS;
}

static NTSTATUS MutexTwiceBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    ExAcquireFastMutex(&Fast);
    ExAcquireFastMutex(&Fast);
    ExReleaseFastMutex(&Fast);
    return STATUS_SUCCESS;
}

static NTSTATUS MutexKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    ExAcquireFastMutex(&Fast);
    ExReleaseFastMutex(&Fast);
    return STATUS_SUCCESS;
}

static NTSTATUS MutexNotOwnedBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    ExReleaseFastMutex(&Fast);
    return STATUS_SUCCESS;
}

static NTSTATUS TakeMutant(VOID) { return KeWaitForSingleObject(&Mutant, Executive, KernelMode, FALSE, NULL); }

/* A mutex may be taken again by its holder. */
static NTSTATUS MutantKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    TakeMutant();
    TakeMutant();
    KeReleaseMutex(&Mutant, FALSE);
    KeReleaseMutex(&Mutant, FALSE);
    return STATUS_SUCCESS;
}

static NTSTATUS MutantNotOwnedBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    KeReleaseMutex(&Mutant, FALSE);
    return STATUS_SUCCESS;
}

static VOID ThreadThatKeepsMutant(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    TakeMutant();
}

static VOID ThreadThatReleasesMutant(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    TakeMutant();
    KeReleaseMutex(&Mutant, FALSE);
}

static NTSTATUS MutantHeldBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    EndThread(StartThread(ThreadThatKeepsMutant, NULL));
    return STATUS_SUCCESS;
}

static NTSTATUS MutantHeldKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    EndThread(StartThread(ThreadThatReleasesMutant, NULL));
    return STATUS_SUCCESS;
}

static NTSTATUS Release(LONG Limit)
{
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 0, Limit);
    KeReleaseSemaphore(&semaphore, 0, 2, FALSE);
    return STATUS_SUCCESS;
}

static NTSTATUS SemaphoreLimitBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Release(1);
}

static NTSTATUS SemaphoreLimitKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Release(2);
}

static NTSTATUS Rundown(BOOLEAN Acquire)
{
    EX_RUNDOWN_REF reference;
    ExInitializeRundownProtection(&reference);
    if (Acquire && !ExAcquireRundownProtection(&reference)) {
        return STATUS_UNSUCCESSFUL;
    }
    ExReleaseRundownProtection(&reference);
    return STATUS_SUCCESS;
}

static NTSTATUS RundownNotHeldBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Rundown(FALSE);
}

static NTSTATUS RundownNotHeldKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return Rundown(TRUE);
}

static VOID SpinInside(KSPIN_LOCK *First, KSPIN_LOCK *Second)
{
    KIRQL before;
    KeAcquireSpinLock(First, &before);
    KeAcquireSpinLockAtDpcLevel(Second);
    KeReleaseSpinLockFromDpcLevel(Second);
    KeReleaseSpinLock(First, before);
}

/* A, B, C and then C, A: no two locks are taken in both orders, and three threads can still wait for each other. */
static NTSTATUS LockOrder(BOOLEAN Keep)
{
    static KSPIN_LOCK locks[3];
    ULONG i;
    for (i = 0; i < RTL_NUMBER_OF(locks); i++) {
        KeInitializeSpinLock(&locks[i]);
    }
    SpinInside(&locks[0], &locks[1]);
    SpinInside(&locks[1], &locks[2]);
    SpinInside(&locks[Keep ? 0 : 2], &locks[Keep ? 2 : 0]);
    return STATUS_SUCCESS;
}

static NTSTATUS LockOrderBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return LockOrder(FALSE);
}

static NTSTATUS LockOrderKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return LockOrder(TRUE);
}

static VOID MutantThenFast(VOID)
{
    TakeMutant();
    ExAcquireFastMutex(&Fast);
    ExReleaseFastMutex(&Fast);
    KeReleaseMutex(&Mutant, FALSE);
}

static VOID FastThenMutant(VOID)
{
    ExAcquireFastMutex(&Fast);
    TakeMutant();
    KeReleaseMutex(&Mutant, FALSE);
    ExReleaseFastMutex(&Fast);
}

static NTSTATUS MutexOrderBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    MutantThenFast();
    FastThenMutant();
    return STATUS_SUCCESS;
}

static NTSTATUS MutexOrderKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    MutantThenFast();
    MutantThenFast();
    return STATUS_SUCCESS;
}

/* The other thread of a real deadlock: it takes the fast mutex, says so, and wants the mutex. */
static VOID OtherOfDeadlock(PVOID Context)
{
    ExAcquireFastMutex(&Fast);
    KeSetEvent(Context, 0, FALSE);
    TakeMutant();
    KeReleaseMutex(&Mutant, FALSE);
    ExReleaseFastMutex(&Fast);
}

static NTSTATUS DeadlockBreak(CALL *Call)
{
    KEVENT taken;
    PVOID thread;
    UNREFERENCED_PARAMETER(Call);
    KeInitializeEvent(&taken, NotificationEvent, FALSE);
    TakeMutant();
    thread = StartThread(OtherOfDeadlock, &taken);
    KeWaitForSingleObject(&taken, Executive, KernelMode, FALSE, NULL);
    ExAcquireFastMutex(&Fast);
    ExReleaseFastMutex(&Fast);
    KeReleaseMutex(&Mutant, FALSE);
    EndThread(thread);
    return STATUS_SUCCESS;
}

static ERESOURCE Resource;

/* A resource may be taken again by its holder. */
static NTSTATUS UseResource(ULONG Initializations, ULONG Releases)
{
    ULONG i;
    for (i = 0; i < Initializations; i++) {
        ExInitializeResourceLite(&Resource);
    }
    ExAcquireResourceExclusiveLite(&Resource, TRUE);
    ExAcquireResourceSharedLite(&Resource, TRUE);
    for (i = 0; i < Releases; i++) {
        ExReleaseResourceLite(&Resource);
    }
    return ExDeleteResourceLite(&Resource);
}

static NTSTATUS ResourceNotOwnedBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return UseResource(1, 3);
}

static NTSTATUS ResourceInvalidBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return UseResource(0, 2);
}

static NTSTATUS ResourceTwiceBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return UseResource(2, 2);
}

static NTSTATUS ResourceKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return UseResource(1, 2);
}

static NTSTATUS ResourceInPool(BOOLEAN Delete)
{
    PERESOURCE resource = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*resource), TAG);
    ExInitializeResourceLite(resource);
    if (Delete) {
        ExDeleteResourceLite(resource);
    }
    ExFreePoolWithTag(resource, TAG);
    return STATUS_SUCCESS;
}

static NTSTATUS ActiveResourceFreedBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return ResourceInPool(FALSE);
}

static NTSTATUS ActiveResourceFreedKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return ResourceInPool(TRUE);
}

static NTSTATUS ResourceOrder(BOOLEAN Keep)
{
    ExInitializeResourceLite(&Resource);
    ExAcquireResourceSharedLite(&Resource, TRUE);
    MutexKeep(NULL);
    ExReleaseResourceLite(&Resource);
    if (!Keep) {
        ExAcquireFastMutexUnsafe(&Fast);
    }
    ExAcquireResourceSharedLite(&Resource, TRUE);
    ExReleaseResourceLite(&Resource);
    if (!Keep) {
        ExReleaseFastMutexUnsafe(&Fast);
    }
    return ExDeleteResourceLite(&Resource);
}

static NTSTATUS ResourceOrderBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return ResourceOrder(FALSE);
}

static NTSTATUS ResourceOrderKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return ResourceOrder(TRUE);
}

/* An event whose initialization was forgotten. */
static NTSTATUS NoDispatcherObjectBreak(CALL *Call)
{
    KEVENT event;
    UNREFERENCED_PARAMETER(Call);
    RtlFillMemory(&event, sizeof(event), 0x55);
    return KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS NoDispatcherObjectKeep(CALL *Call)
{
    KEVENT event;
    UNREFERENCED_PARAMETER(Call);
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    return KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static VOID SetEventRoutine(PVOID Event) { KeSetEvent(Event, 0, FALSE); }

static NTSTATUS QueueItem(PWORKER_THREAD_ROUTINE Routine)
{
    WORK_QUEUE_ITEM item;
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, Routine, &event);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    return KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS WorkItemInvalidBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return QueueItem(NULL);
}

static NTSTATUS WorkItemInvalidKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return QueueItem(SetEventRoutine);
}

#define LOCK_COMMANDS \
    { "spin-lock-twice", SpinLockTwiceBreak, SpinLockKeep }, { "spin-lock-not-owned", SpinLockNotOwnedBreak, SpinLockKeep }, \
    { "spin-lock-held", SpinLockHeldBreak, SpinLockKeep }, { "cancel-lock-held", CancelLockHeldBreak, CancelLockHeldKeep }, \
    { "cancel-lock-held:dispatch", CancelLockTakenBreak, CancelLockHeldKeep }, \
    { "mutex-twice", MutexTwiceBreak, MutexKeep }, { "mutex-not-owned", MutexNotOwnedBreak, MutexKeep }, \
    { "mutant-not-owned", MutantNotOwnedBreak, MutantKeep }, { "mutant-held", MutantHeldBreak, MutantHeldKeep }, \
    { "semaphore-limit", SemaphoreLimitBreak, SemaphoreLimitKeep }, \
    { "rundown-not-held", RundownNotHeldBreak, RundownNotHeldKeep }, { "lock-order", LockOrderBreak, LockOrderKeep }, \
    { "lock-order:mutexes", MutexOrderBreak, MutexOrderKeep }, { "lock-order:deadlock", DeadlockBreak, MutexOrderKeep }, \
    { "resource-not-owned", ResourceNotOwnedBreak, ResourceKeep }, { "resource-invalid", ResourceInvalidBreak, ResourceKeep }, \
    { "resource-invalid:twice", ResourceTwiceBreak, ResourceKeep }, \
    { "active-resource-freed", ActiveResourceFreedBreak, ActiveResourceFreedKeep }, \
    { "lock-order:resource", ResourceOrderBreak, ResourceOrderKeep }, \
    { "no-dispatcher-object", NoDispatcherObjectBreak, NoDispatcherObjectKeep }, \
    { "work-item-invalid", WorkItemInvalidBreak, WorkItemInvalidKeep }
