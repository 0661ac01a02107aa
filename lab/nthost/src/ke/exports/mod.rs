//! The exports of the kernel proper, and those of `Ps` that make threads.

mod dispatcher;
mod spin_lock;
mod system;
mod thread;
mod timer;

use self::dispatcher::{
    KeClearEvent, KeDelayExecutionThread, KeInitializeEvent, KeInitializeMutex, KeInitializeSemaphore,
    KeReadStateEvent, KeReadStateMutex, KeReadStateSemaphore, KeReleaseMutex, KeReleaseSemaphore,
    KeResetEvent, KeSetEvent, KeWaitForMultipleObjects, KeWaitForSingleObject,
};
use self::spin_lock::{
    KeAcquireInStackQueuedSpinLock, KeAcquireInStackQueuedSpinLockAtDpcLevel, KeAcquireSpinLockAtDpcLevel,
    KeAcquireSpinLockRaiseToDpc, KeGetCurrentIrql, KeInitializeSpinLock, KeLowerIrql, KeRaiseIrqlToDpcLevel,
    KeReleaseInStackQueuedSpinLock, KeReleaseInStackQueuedSpinLockFromDpcLevel, KeReleaseSpinLock,
    KeReleaseSpinLockFromDpcLevel, KeTestSpinLock, KeTryToAcquireSpinLockAtDpcLevel, KfLowerIrql,
    KfRaiseIrql,
};
use self::system::{
    KeBugCheck, KeBugCheckEx, KeGetCurrentProcessorNumberEx, KeQueryActiveProcessorCount,
    KeQueryActiveProcessorCountEx, KeQueryInterruptTime, KeQueryInterruptTimePrecise,
    KeQueryMaximumProcessorCountEx, KeQueryPerformanceCounter, KeQuerySystemTimePrecise,
    KeQueryTimeIncrement, KeQueryUnbiasedInterruptTime, KeStallExecutionProcessor,
};
use self::thread::{
    KeAreApcsDisabled, KeEnterCriticalRegion, KeEnterGuardedRegion, KeGetCurrentThread,
    KeLeaveCriticalRegion, KeLeaveGuardedRegion, PsCreateSystemThread, PsGetCurrentThread,
    PsGetCurrentThreadId, PsTerminateSystemThread,
};
use self::timer::{
    KeCancelTimer, KeFlushQueuedDpcs, KeInitializeDpc, KeInitializeTimer, KeInitializeTimerEx,
    KeInsertQueueDpc, KeReadStateTimer, KeRemoveQueueDpc, KeSetCoalescableTimer, KeSetImportanceDpc,
    KeSetTargetProcessorDpc, KeSetTimer, KeSetTimerEx,
};

crate::exports! {
    KeInitializeEvent <= HIGH_LEVEL;
    KeSetEvent <= DISPATCH_LEVEL;
    KeResetEvent <= DISPATCH_LEVEL;
    KeClearEvent <= DISPATCH_LEVEL;
    KeReadStateEvent <= DISPATCH_LEVEL;
    KeWaitForSingleObject <= DISPATCH_LEVEL;
    KeWaitForMultipleObjects <= DISPATCH_LEVEL;
    KeDelayExecutionThread <= APC_LEVEL;
    KeInitializeMutex <= DISPATCH_LEVEL;
    KeReleaseMutex <= DISPATCH_LEVEL;
    KeReadStateMutex <= DISPATCH_LEVEL;
    KeInitializeSemaphore <= DISPATCH_LEVEL;
    KeReleaseSemaphore <= DISPATCH_LEVEL;
    KeReadStateSemaphore <= DISPATCH_LEVEL;
    KeInitializeSpinLock <= HIGH_LEVEL;
    KeAcquireSpinLockRaiseToDpc <= DISPATCH_LEVEL;
    KeReleaseSpinLock <= DISPATCH_LEVEL;
    KeAcquireSpinLockAtDpcLevel <= HIGH_LEVEL;
    KeReleaseSpinLockFromDpcLevel <= HIGH_LEVEL;
    KeTryToAcquireSpinLockAtDpcLevel <= HIGH_LEVEL;
    KeTestSpinLock <= HIGH_LEVEL;
    KeAcquireInStackQueuedSpinLock <= DISPATCH_LEVEL;
    KeReleaseInStackQueuedSpinLock <= DISPATCH_LEVEL;
    KeAcquireInStackQueuedSpinLockAtDpcLevel <= DISPATCH_LEVEL;
    KeReleaseInStackQueuedSpinLockFromDpcLevel <= DISPATCH_LEVEL;
    KeGetCurrentIrql <= HIGH_LEVEL;
    KfRaiseIrql <= HIGH_LEVEL;
    KeRaiseIrqlToDpcLevel <= HIGH_LEVEL;
    KeLowerIrql <= HIGH_LEVEL;
    KfLowerIrql <= HIGH_LEVEL;
    KeInitializeDpc <= HIGH_LEVEL;
    KeInsertQueueDpc <= HIGH_LEVEL;
    KeRemoveQueueDpc <= HIGH_LEVEL;
    KeFlushQueuedDpcs <= PASSIVE_LEVEL;
    KeSetImportanceDpc <= HIGH_LEVEL;
    KeSetTargetProcessorDpc <= HIGH_LEVEL;
    KeInitializeTimer <= DISPATCH_LEVEL;
    KeInitializeTimerEx <= DISPATCH_LEVEL;
    KeSetTimer <= DISPATCH_LEVEL;
    KeSetTimerEx <= DISPATCH_LEVEL;
    KeSetCoalescableTimer <= DISPATCH_LEVEL;
    KeCancelTimer <= DISPATCH_LEVEL;
    KeReadStateTimer <= DISPATCH_LEVEL;
    KeEnterCriticalRegion <= APC_LEVEL;
    KeLeaveCriticalRegion <= APC_LEVEL;
    KeEnterGuardedRegion <= APC_LEVEL;
    KeLeaveGuardedRegion <= APC_LEVEL;
    KeAreApcsDisabled <= DISPATCH_LEVEL;
    KeGetCurrentThread <= HIGH_LEVEL;
    PsGetCurrentThread <= HIGH_LEVEL;
    PsGetCurrentThreadId <= DISPATCH_LEVEL;
    PsCreateSystemThread <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    PsTerminateSystemThread <= PASSIVE_LEVEL;
    KeQueryPerformanceCounter <= HIGH_LEVEL;
    KeQuerySystemTimePrecise <= HIGH_LEVEL;
    KeQueryInterruptTime <= HIGH_LEVEL;
    KeQueryInterruptTimePrecise <= HIGH_LEVEL;
    KeQueryUnbiasedInterruptTime <= HIGH_LEVEL;
    KeQueryTimeIncrement <= HIGH_LEVEL;
    KeStallExecutionProcessor <= HIGH_LEVEL;
    KeQueryActiveProcessorCount <= HIGH_LEVEL;
    KeQueryActiveProcessorCountEx <= HIGH_LEVEL;
    KeQueryMaximumProcessorCountEx <= HIGH_LEVEL;
    KeGetCurrentProcessorNumberEx <= HIGH_LEVEL;
    KeBugCheck <= HIGH_LEVEL;
    KeBugCheckEx <= HIGH_LEVEL;
}
