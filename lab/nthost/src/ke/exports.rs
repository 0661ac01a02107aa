//! The exports of the kernel proper, and those of `Ps` that make threads.
#![allow(unsafe_code, reason = "exports work on objects in drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;
use std::time::Duration;

use super::{call, dispatcher, dpc, irql, spin_lock, thread, time, timer};
use crate::abi::{
    APC_LEVEL, BOOLEAN, DISPATCH_LEVEL, HANDLE, KDPC, KEVENT, KIRQL, KLOCK_QUEUE_HANDLE, KMUTANT,
    KPROCESSOR_MODE, KSEMAPHORE, KSPIN_LOCK, KTIMER, MutantObject, NTSTATUS, OBJECT_ATTRIBUTES,
    PKDEFERRED_ROUTINE, PVOID, STATUS_SUCCESS, SemaphoreObject, WaitAll,
};
use crate::ob;
use crate::verifier::{self, BugCheck, Owner};

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
    PsCreateSystemThread <= PASSIVE_LEVEL;
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

// Events.

unsafe extern "win64" fn KeInitializeEvent(event: *mut KEVENT, kind: i32, state: BOOLEAN) {
    // SAFETY: the driver gives a place for the event.
    unsafe { dispatcher::initialize_event(event, kind, state != 0) };
}

unsafe extern "win64" fn KeSetEvent(event: *mut KEVENT, _increment: i32, _wait: BOOLEAN) -> i32 {
    // SAFETY: the driver gives an initialized event.
    i32::from(unsafe { dispatcher::set_event(event) })
}

unsafe extern "win64" fn KeResetEvent(event: *mut KEVENT) -> i32 {
    // SAFETY: the driver gives an initialized event.
    i32::from(unsafe { dispatcher::clear_event(event) })
}

unsafe extern "win64" fn KeClearEvent(event: *mut KEVENT) {
    // SAFETY: the driver gives an initialized event.
    unsafe { dispatcher::clear_event(event) };
}

unsafe extern "win64" fn KeReadStateEvent(event: *mut KEVENT) -> i32 {
    // SAFETY: the driver gives an initialized event.
    unsafe { dispatcher::state(event.cast()) }
}

// Waiting.

/// A timeout as waits take it.
///
/// # Safety
///
/// `timeout` is null or readable.
unsafe fn timeout(timeout: *const i64) -> Option<Duration> {
    // SAFETY: the caller's promise.
    unsafe { timeout.as_ref() }.map(|due| time::until(*due))
}

unsafe extern "win64" fn KeWaitForSingleObject(
    object: PVOID,
    _reason: i32,
    _mode: KPROCESSOR_MODE,
    _alertable: BOOLEAN,
    due: *const i64,
) -> NTSTATUS {
    // SAFETY: the driver gives null or a readable timeout.
    let limit = unsafe { timeout(due) };
    // SAFETY: the driver gives an initialized object and keeps it.
    unsafe { dispatcher::wait(object, limit) }
}

unsafe extern "win64" fn KeWaitForMultipleObjects(
    count: u32,
    objects: *const PVOID,
    kind: i32,
    _reason: i32,
    _mode: KPROCESSOR_MODE,
    _alertable: BOOLEAN,
    due: *const i64,
    _blocks: PVOID,
) -> NTSTATUS {
    // SAFETY: the driver gives null or a readable timeout.
    let limit = unsafe { timeout(due) };
    // SAFETY: the driver gives `count` pointers.
    let objects = unsafe { std::slice::from_raw_parts(objects, count as usize) };
    let headers: Vec<_> = objects.iter().map(|object| object.cast()).collect();
    // SAFETY: the driver gives initialized objects and keeps them.
    unsafe { dispatcher::wait_many(&headers, kind == WaitAll, limit) }
}

unsafe extern "win64" fn KeDelayExecutionThread(
    _mode: KPROCESSOR_MODE,
    _alertable: BOOLEAN,
    interval: *const i64,
) -> NTSTATUS {
    let _activity = thread::activity("KeDelayExecutionThread");
    // SAFETY: the driver gives a readable interval.
    if let Some(duration) = unsafe { timeout(interval) } {
        std::thread::sleep(duration);
    }
    STATUS_SUCCESS
}

// Mutexes and semaphores.

unsafe extern "win64" fn KeInitializeMutex(mutex: *mut KMUTANT, _level: u32) {
    /// `sizeof(KMUTANT) / sizeof(ULONG)`.
    const WORDS: u8 = 14;
    // SAFETY: the driver gives a place for the mutex; zero is "no owner, no list".
    unsafe { mutex.write_bytes(0, 1) };
    // SAFETY: the header is the mutex's first member.
    unsafe { dispatcher::initialize(mutex.cast(), MutantObject, WORDS, 1) };
}

unsafe extern "win64" fn KeReleaseMutex(mutex: *mut KMUTANT, _wait: BOOLEAN) -> i32 {
    // SAFETY: the driver gives an initialized mutex.
    unsafe { dispatcher::release_mutex(mutex) }.unwrap_or_else(|| {
        let what = format!(
            "releases the mutex at {mutex:p}, which this thread does not hold (STATUS_MUTANT_NOT_OWNED)"
        );
        verifier::bugcheck(BugCheck::KMODE_EXCEPTION_NOT_HANDLED, &what, verifier::owner())
    })
}

unsafe extern "win64" fn KeReadStateMutex(mutex: *mut KMUTANT) -> i32 {
    // SAFETY: the driver gives an initialized mutex.
    unsafe { dispatcher::state(mutex.cast()) }
}

unsafe extern "win64" fn KeInitializeSemaphore(semaphore: *mut KSEMAPHORE, count: i32, limit: i32) {
    /// `sizeof(KSEMAPHORE) / sizeof(ULONG)`.
    const WORDS: u8 = 8;
    // SAFETY: the header is the semaphore's first member, and the driver gives a place for it.
    unsafe { dispatcher::initialize(semaphore.cast(), SemaphoreObject, WORDS, count) };
    // SAFETY: the driver gives a place for the semaphore.
    unsafe { (*semaphore).Limit = limit };
}

unsafe extern "win64" fn KeReleaseSemaphore(
    semaphore: *mut KSEMAPHORE,
    _increment: i32,
    adjustment: i32,
    _wait: BOOLEAN,
) -> i32 {
    // SAFETY: the driver gives an initialized semaphore.
    unsafe { dispatcher::release_semaphore(semaphore, adjustment) }.unwrap_or_else(|| {
        let what =
            format!("passes the limit of the semaphore at {semaphore:p} (STATUS_SEMAPHORE_LIMIT_EXCEEDED)");
        verifier::bugcheck(BugCheck::KMODE_EXCEPTION_NOT_HANDLED, &what, verifier::owner())
    })
}

unsafe extern "win64" fn KeReadStateSemaphore(semaphore: *mut KSEMAPHORE) -> i32 {
    // SAFETY: the driver gives an initialized semaphore.
    unsafe { dispatcher::state(semaphore.cast()) }
}

// Spin locks.

const unsafe extern "win64" fn KeInitializeSpinLock(lock: *mut KSPIN_LOCK) {
    // SAFETY: the driver gives a place for the lock.
    unsafe { lock.write(0) };
}

unsafe extern "win64" fn KeAcquireSpinLockRaiseToDpc(lock: *mut KSPIN_LOCK) -> KIRQL {
    let old = irql::raise(DISPATCH_LEVEL);
    // SAFETY: the driver gives an initialized lock.
    unsafe { spin_lock::acquire(lock) };
    old
}

unsafe extern "win64" fn KeReleaseSpinLock(lock: *mut KSPIN_LOCK, old: KIRQL) {
    // SAFETY: the driver gives an initialized lock.
    unsafe { spin_lock::release(lock) };
    irql::lower(old);
}

unsafe extern "win64" fn KeAcquireSpinLockAtDpcLevel(lock: *mut KSPIN_LOCK) {
    require_dispatch("KeAcquireSpinLockAtDpcLevel");
    // SAFETY: the driver gives an initialized lock.
    unsafe { spin_lock::acquire(lock) };
}

unsafe extern "win64" fn KeReleaseSpinLockFromDpcLevel(lock: *mut KSPIN_LOCK) {
    require_dispatch("KeReleaseSpinLockFromDpcLevel");
    // SAFETY: the driver gives an initialized lock.
    unsafe { spin_lock::release(lock) };
}

unsafe extern "win64" fn KeTryToAcquireSpinLockAtDpcLevel(lock: *mut KSPIN_LOCK) -> BOOLEAN {
    require_dispatch("KeTryToAcquireSpinLockAtDpcLevel");
    // SAFETY: the driver gives an initialized lock.
    u8::from(unsafe { spin_lock::try_acquire(lock) })
}

unsafe extern "win64" fn KeTestSpinLock(lock: *const KSPIN_LOCK) -> BOOLEAN {
    // SAFETY: the driver gives an initialized lock.
    u8::from(unsafe { lock.read_volatile() } == 0)
}

unsafe extern "win64" fn KeAcquireInStackQueuedSpinLock(
    lock: *mut KSPIN_LOCK,
    handle: *mut KLOCK_QUEUE_HANDLE,
) {
    let old = irql::raise(DISPATCH_LEVEL);
    // SAFETY: the driver gives an initialized lock and a handle.
    unsafe { acquire_queued(lock, handle, old) };
}

unsafe extern "win64" fn KeReleaseInStackQueuedSpinLock(handle: *mut KLOCK_QUEUE_HANDLE) {
    // SAFETY: the driver gives the handle of the acquisition.
    let handle = unsafe { handle.read() };
    // SAFETY: the handle holds the lock of the acquisition.
    unsafe { spin_lock::release(handle.LockQueue.Lock) };
    irql::lower(handle.OldIrql);
}

unsafe extern "win64" fn KeAcquireInStackQueuedSpinLockAtDpcLevel(
    lock: *mut KSPIN_LOCK,
    handle: *mut KLOCK_QUEUE_HANDLE,
) {
    require_dispatch("KeAcquireInStackQueuedSpinLockAtDpcLevel");
    // SAFETY: the driver gives an initialized lock and a handle.
    unsafe { acquire_queued(lock, handle, irql::current()) };
}

unsafe extern "win64" fn KeReleaseInStackQueuedSpinLockFromDpcLevel(handle: *mut KLOCK_QUEUE_HANDLE) {
    require_dispatch("KeReleaseInStackQueuedSpinLockFromDpcLevel");
    // SAFETY: the driver gives the handle of the acquisition.
    let lock = unsafe { (*handle).LockQueue.Lock };
    // SAFETY: the handle holds the lock of the acquisition.
    unsafe { spin_lock::release(lock) };
}

/// Takes a lock and notes it in the handle.
///
/// # Safety
///
/// `lock` is initialized, `handle` writable.
unsafe fn acquire_queued(lock: *mut KSPIN_LOCK, handle: *mut KLOCK_QUEUE_HANDLE, old: KIRQL) {
    // SAFETY: the caller's promise.
    unsafe { spin_lock::acquire(lock) };
    // SAFETY: the caller's promise.
    let handle = unsafe { &mut *handle };
    handle.LockQueue.Lock = lock;
    handle.OldIrql = old;
}

fn require_dispatch(name: &str) {
    let level = irql::current();
    if level < DISPATCH_LEVEL {
        let what = format!("{name} was called at IRQL {level}, and its lowest is {DISPATCH_LEVEL}");
        verifier::bugcheck(
            BugCheck::DRIVER_VERIFIER_DETECTED_VIOLATION,
            &what,
            verifier::owner(),
        );
    }
}

// IRQL.

unsafe extern "win64" fn KeGetCurrentIrql() -> KIRQL {
    irql::current()
}

unsafe extern "win64" fn KfRaiseIrql(to: KIRQL) -> KIRQL {
    irql::raise(to)
}

unsafe extern "win64" fn KeRaiseIrqlToDpcLevel() -> KIRQL {
    irql::raise(DISPATCH_LEVEL)
}

unsafe extern "win64" fn KeLowerIrql(to: KIRQL) {
    irql::lower(to);
}

unsafe extern "win64" fn KfLowerIrql(to: KIRQL) {
    irql::lower(to);
}

// DPCs and timers.

unsafe extern "win64" fn KeInitializeDpc(dpc: *mut KDPC, routine: PKDEFERRED_ROUTINE, context: PVOID) {
    // SAFETY: the driver gives a place for the DPC.
    unsafe { dpc::initialize(dpc, routine, context) };
}

unsafe extern "win64" fn KeInsertQueueDpc(dpc: *mut KDPC, first: PVOID, second: PVOID) -> BOOLEAN {
    // SAFETY: the driver gives an initialized DPC and keeps it until it ran.
    u8::from(unsafe { dpc::insert(dpc, first, second) })
}

unsafe extern "win64" fn KeRemoveQueueDpc(dpc: *mut KDPC) -> BOOLEAN {
    u8::from(dpc::remove(dpc))
}

unsafe extern "win64" fn KeFlushQueuedDpcs() {
    let _activity = thread::activity("KeFlushQueuedDpcs");
    dpc::flush();
}

unsafe extern "win64" fn KeSetImportanceDpc(dpc: *mut KDPC, importance: i32) {
    // SAFETY: the driver gives an initialized DPC.
    unsafe { (*dpc).Importance = importance.to_le_bytes()[0] };
}

const unsafe extern "win64" fn KeSetTargetProcessorDpc(_dpc: *mut KDPC, _processor: i8) {
    // One thread stands for all processors: every target is the same.
}

unsafe extern "win64" fn KeInitializeTimer(timer: *mut KTIMER) {
    // SAFETY: the driver gives a place for the timer.
    unsafe { timer::initialize(timer, 0) };
}

unsafe extern "win64" fn KeInitializeTimerEx(timer: *mut KTIMER, kind: i32) {
    // SAFETY: the driver gives a place for the timer.
    unsafe { timer::initialize(timer, kind) };
}

unsafe extern "win64" fn KeSetTimer(timer: *mut KTIMER, due: i64, dpc: *mut KDPC) -> BOOLEAN {
    // SAFETY: the driver gives initialized objects and keeps them until the timer expired or was cancelled.
    u8::from(unsafe { timer::set(timer, due, 0, dpc) })
}

unsafe extern "win64" fn KeSetTimerEx(timer: *mut KTIMER, due: i64, period: i32, dpc: *mut KDPC) -> BOOLEAN {
    // SAFETY: as for KeSetTimer.
    u8::from(unsafe { timer::set(timer, due, period.max(0).unsigned_abs(), dpc) })
}

unsafe extern "win64" fn KeSetCoalescableTimer(
    timer: *mut KTIMER,
    due: i64,
    period: u32,
    _tolerable_delay: u32,
    dpc: *mut KDPC,
) -> BOOLEAN {
    // SAFETY: as for KeSetTimer.
    u8::from(unsafe { timer::set(timer, due, period, dpc) })
}

unsafe extern "win64" fn KeCancelTimer(timer: *mut KTIMER) -> BOOLEAN {
    u8::from(timer::cancel(timer))
}

unsafe extern "win64" fn KeReadStateTimer(timer: *mut KTIMER) -> BOOLEAN {
    // SAFETY: the driver gives an initialized timer.
    u8::from(unsafe { dispatcher::state(timer.cast()) } > 0)
}

// Threads. There are no APCs, so that a region without them differs from none only in what a driver is told.

const unsafe extern "win64" fn KeEnterCriticalRegion() {}

const unsafe extern "win64" fn KeLeaveCriticalRegion() {}

const unsafe extern "win64" fn KeEnterGuardedRegion() {}

const unsafe extern "win64" fn KeLeaveGuardedRegion() {}

unsafe extern "win64" fn KeAreApcsDisabled() -> BOOLEAN {
    u8::from(irql::current() >= APC_LEVEL)
}

unsafe extern "win64" fn KeGetCurrentThread() -> PVOID {
    thread::current()
}

unsafe extern "win64" fn PsGetCurrentThread() -> PVOID {
    thread::current()
}

unsafe extern "win64" fn PsGetCurrentThreadId() -> HANDLE {
    std::ptr::without_provenance_mut(usize::try_from(thread::current_id()).unwrap_or(0) * 4)
}

type StartRoutine = unsafe extern "win64" fn(PVOID);

unsafe extern "win64" fn PsCreateSystemThread(
    handle: *mut HANDLE,
    _access: u32,
    _attributes: *const OBJECT_ATTRIBUTES,
    _process: HANDLE,
    _client_id: PVOID,
    routine: StartRoutine,
    context: PVOID,
) -> NTSTATUS {
    let owner = verifier::owner();
    let (made, wait) = std::sync::mpsc::channel();
    let context = context.expose_provenance();
    let name = format!("of {owner}");
    let body = move || run_system_thread(routine, context);
    // Whoever waits for the thread waits for its object; the host's handle of it is not needed.
    drop(thread::start(
        owner,
        &name,
        move |object| announce(&made, object),
        body,
    ));
    let Ok(object) = wait.recv() else {
        verifier::lab_defect("a thread ended before it began")
    };
    let object = std::ptr::with_exposed_provenance_mut(object);
    let value = ob::handles::insert(object, None);
    ob::dereference(object);
    // SAFETY: the driver gives a place for the handle.
    unsafe { handle.write(value) };
    STATUS_SUCCESS
}

/// Gives the new thread's object to its maker, with a reference: the thread may end before the maker looks.
fn announce(made: &std::sync::mpsc::Sender<usize>, object: PVOID) {
    ob::reference(object);
    // The receiver is waiting in PsCreateSystemThread.
    let _ = made.send(object.expose_provenance());
}

fn run_system_thread(routine: StartRoutine, context: usize) {
    let _activity = thread::activity("a driver's system thread");
    call("a system thread", routine as usize, || {
        // SAFETY: the routine is the driver's, called with the context it gave.
        unsafe { routine(std::ptr::with_exposed_provenance_mut::<c_void>(context)) }
    });
}

unsafe extern "win64" fn PsTerminateSystemThread(_status: NTSTATUS) -> NTSTATUS {
    thread::exit()
}

// Time.

unsafe extern "win64" fn KeQueryPerformanceCounter(frequency: *mut i64) -> i64 {
    // SAFETY: the driver gives null or a place for the frequency.
    if let Some(place) = unsafe { frequency.as_mut() } {
        *place = time::UNITS_PER_SECOND;
    }
    time::interrupt_time()
}

unsafe extern "win64" fn KeQuerySystemTimePrecise(now: *mut i64) {
    // SAFETY: the driver gives a place for the time.
    unsafe { now.write(time::system_time()) };
}

unsafe extern "win64" fn KeQueryInterruptTime() -> u64 {
    time::interrupt_time().unsigned_abs()
}

unsafe extern "win64" fn KeQueryUnbiasedInterruptTime() -> u64 {
    time::interrupt_time().unsigned_abs()
}

unsafe extern "win64" fn KeQueryInterruptTimePrecise(counter: *mut u64) -> u64 {
    let now = time::interrupt_time().unsigned_abs();
    // SAFETY: the driver gives a place for the counter.
    unsafe { counter.write(now) };
    now
}

const unsafe extern "win64" fn KeQueryTimeIncrement() -> u32 {
    /// A clock tick of 15.625 ms.
    const INCREMENT: u32 = 156_250;
    INCREMENT
}

unsafe extern "win64" fn KeStallExecutionProcessor(microseconds: u32) {
    std::thread::sleep(Duration::from_micros(u64::from(microseconds)));
}

// Processors: the host shows one.

const unsafe extern "win64" fn KeQueryActiveProcessorCount(affinity: *mut usize) -> u32 {
    // SAFETY: the driver gives null or a place for the mask.
    if let Some(place) = unsafe { affinity.as_mut() } {
        *place = 1;
    }
    1
}

const unsafe extern "win64" fn KeQueryActiveProcessorCountEx(_group: u16) -> u32 {
    1
}

const unsafe extern "win64" fn KeQueryMaximumProcessorCountEx(_group: u16) -> u32 {
    1
}

/// `PROCESSOR_NUMBER`.
#[repr(C)]
struct ProcessorNumber {
    group: u16,
    number: u8,
    reserved: u8,
}

const unsafe extern "win64" fn KeGetCurrentProcessorNumberEx(number: *mut ProcessorNumber) -> u32 {
    // SAFETY: the driver gives null or a place for the number.
    if let Some(place) = unsafe { number.as_mut() } {
        *place = ProcessorNumber {
            group: 0,
            number: 0,
            reserved: 0,
        };
    }
    0
}

// The end.

unsafe extern "win64" fn KeBugCheck(code: u32) -> ! {
    stop(code, [0; 4])
}

unsafe extern "win64" fn KeBugCheckEx(code: u32, one: usize, two: usize, three: usize, four: usize) -> ! {
    stop(code, [one, two, three, four])
}

fn stop(code: u32, parameters: [usize; 4]) -> ! {
    let notes: Vec<String> = parameters
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let place = Owner::at(*value)
                .location()
                .map_or_else(String::new, |location| format!(" ({location})"));
            format!("parameter {}: {value:#x}{place}", index + 1)
        })
        .collect();
    verifier::bugcheck_with(
        BugCheck(code),
        "the driver called KeBugCheckEx",
        verifier::owner(),
        &notes,
    )
}
