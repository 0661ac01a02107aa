//! The one list of the rules that drivers must keep: what reports call them, what Windows stops with, what to do instead.
//!
//! `docs/verifier-rules.md` is [`page`]; the tests of `lab/tests` have a driver break every rule of the list, and keep it.

use std::fmt::Write;

use super::{BugCheck, Outcome};

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// What reports and the page call it.
    pub name: &'static str,
    /// What Windows, or its Driver Verifier, stops with; `None` where it hangs, goes on, or has no such thing.
    pub code: Option<BugCheck>,
    /// The outcome of a run in which it is broken.
    pub outcome: Outcome,
    /// What is wrong.
    pub wrong: &'static str,
    /// What to do instead.
    pub remedy: &'static str,
    /// Where it is documented.
    pub source: &'static str,
}

/// `NAME "name" OUTCOME, CODE or no code: "what is wrong" "what to do" "source";`, under the headings of the page.
macro_rules! rules {
    (@code) => { None };
    (@code $code:ident) => { Some(BugCheck::$code) };
    ($($heading:literal {
        $($rule:ident $name:literal $outcome:ident $($code:ident)?: $wrong:literal, $remedy:literal, $source:literal;)*
    })*) => {
        $($(
            #[doc = $wrong]
            #[allow(clippy::doc_markdown, reason = "the text is that of the page")]
            pub const $rule: &Rule = &Rule {
                name: $name,
                code: rules!(@code $($code)?),
                outcome: Outcome::$outcome,
                wrong: $wrong,
                remedy: $remedy,
                source: $source,
            };
        )*)*

        /// Every rule, under its heading.
        pub const ALL: &[(&str, &[&Rule])] = &[$(($heading, &[$($rule),*])),*];
    };
}

rules! {
    "Pool" {
        POOL_LEAK "pool-leak" Leak DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a pool block is left when the driver is gone",
            "free every block before DriverUnload returns",
            "Bug Check 0xC4, parameter 1 is 0x60 or 0x62";
        DOUBLE_FREE "double-free" Bugcheck BAD_POOL_CALLER:
            "a pool block is freed a second time",
            "free it once, and set the pointer to NULL",
            "Bug Check 0xC2, parameter 1 is 0x7";
        FREE_OF_NO_BLOCK "free-of-no-block" Bugcheck BAD_POOL_CALLER:
            "an address is freed that no allocation returned",
            "free the pointer that ExAllocatePool2 returned, not one into the block",
            "Bug Check 0xC2, parameter 1 is 0x46";
        WRONG_TAG "wrong-tag" Bugcheck BAD_POOL_CALLER:
            "a block is freed with another tag than its own",
            "give ExFreePoolWithTag the tag of the allocation",
            "Bug Check 0xC2, parameter 1 is 0xA";
        POOL_OVERRUN "pool-overrun" Bugcheck DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION:
            "memory behind a pool block is touched",
            "allocate as much as is used, and compare lengths before a copy",
            "Bug Check 0xD6";
        POOL_DAMAGE "pool-damage" Bugcheck SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION:
            "the bytes right behind a pool block were written, which the free finds out",
            "allocate as much as is used, and compare lengths before a copy",
            "Bug Check 0xC1";
        POOL_UNDERRUN "pool-underrun" Bugcheck SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION:
            "memory before a pool block is touched, or the free finds it written",
            "use no negative offset or index",
            "Bug Check 0xC1";
        USE_AFTER_FREE "use-after-free" Bugcheck DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL:
            "a freed pool block is touched",
            "free a block when nobody can reach it any more",
            "Bug Check 0xD5";
        ZERO_ALLOCATION "zero-allocation" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a pool block of zero bytes is asked for",
            "compare the size with zero first",
            "Bug Check 0xC4, parameter 1 is 0x0";
        ALLOCATION_IRQL "allocation-irql" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "paged memory is allocated above APC_LEVEL",
            "allocate it earlier, or take nonpaged memory",
            "Bug Check 0xC4, parameter 1 is 0x1 or 0x2";
        FREE_IRQL "free-irql" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "paged memory is freed above APC_LEVEL",
            "free it after the level is lowered, or in a work item",
            "Bug Check 0xC4, parameter 1 is 0x11 or 0x12";
        ACTIVE_TIMER_FREED "active-timer-freed" Bugcheck TIMER_OR_DPC_INVALID:
            "memory is freed with a timer or DPC in it that is still set",
            "cancel the timer and flush the DPCs before the free",
            "Bug Check 0xC7; Bug Check 0xC4, parameter 1 is 0x15";
    }
    "IRQL" {
        IRQL_TOO_HIGH "irql-too-high" Bugcheck IRQL_NOT_LESS_OR_EQUAL:
            "a routine is called above its highest IRQL, such as one for PASSIVE_LEVEL at DISPATCH_LEVEL",
            "call it before the level is raised, or in a work item",
            "Bug Check 0xA; Bug Check 0xC4, parameter 1 is 0xE5; the routine's page, Requirements";
        IRQL_TOO_LOW "irql-too-low" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a routine is called below its lowest IRQL",
            "raise the level first, or call the routine that raises it itself",
            "Bug Check 0xC4, parameter 1 is 0x40 or 0x41";
        IRQL_NOT_RESTORED "irql-not-restored" Bugcheck IRQL_UNEXPECTED_VALUE:
            "a routine of the driver returns at another IRQL than it was called at",
            "lower the level on every way out",
            "Bug Check 0xC8; Bug Check 0xC9, parameter 1 is 0x5";
        IRQL_RAISED_DOWN "irql-raised-down" Bugcheck IRQL_NOT_GREATER_OR_EQUAL:
            "KeRaiseIrql is called with a lower level than the current one",
            "raise only to a level that is not below the current one",
            "Bug Check 0x9; Bug Check 0xC4, parameter 1 is 0x30";
        IRQL_LOWERED_UP "irql-lowered-up" Bugcheck IRQL_NOT_LESS_OR_EQUAL:
            "KeLowerIrql is called with a higher level than the current one",
            "give it the level that KeRaiseIrql returned",
            "Bug Check 0xA; Bug Check 0xC4, parameter 1 is 0x31";
        WAIT_AT_DISPATCH "wait-at-dispatch" Bugcheck IRQL_NOT_LESS_OR_EQUAL:
            "a wait that may block begins at DISPATCH_LEVEL",
            "wait below DISPATCH_LEVEL, or with a timeout of zero",
            "KeWaitForSingleObject, Requirements; Bug Check 0xB8";
    }
    "Locks" {
        SPIN_LOCK_TWICE "spin-lock-twice" Bugcheck SPIN_LOCK_ALREADY_OWNED:
            "a spin lock is taken that the thread holds already",
            "take it once; let the inner routine expect it held",
            "Bug Check 0xF";
        SPIN_LOCK_NOT_OWNED "spin-lock-not-owned" Bugcheck SPIN_LOCK_NOT_OWNED:
            "a spin lock is released that the thread does not hold",
            "release each lock once, on the thread that took it",
            "Bug Check 0x10";
        SPIN_LOCK_HELD "spin-lock-held" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a routine of the driver returns with a spin lock that it took",
            "release it on every way out",
            "DDI compliance rule SpinLock";
        CANCEL_LOCK_HELD "cancel-lock-held" Bugcheck DRIVER_RETURNED_HOLDING_CANCEL_LOCK:
            "a routine of the driver returns with the cancel spin lock",
            "begin a cancel routine with IoReleaseCancelSpinLock(Irp->CancelIrql)",
            "Bug Check 0x11B; DDI compliance rule CancelSpinLock";
        MUTEX_TWICE "mutex-twice" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a fast or guarded mutex is taken that the thread holds already",
            "take it once; these mutexes are not recursive",
            "Bug Check 0xC4, parameter 1 is 0x1000";
        MUTEX_NOT_OWNED "mutex-not-owned" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a fast or guarded mutex is released that the thread does not hold",
            "release it once, on the thread that took it",
            "Bug Check 0xC4, parameter 1 is 0x1003 or 0x1005";
        MUTANT_NOT_OWNED "mutant-not-owned" Bugcheck KMODE_EXCEPTION_NOT_HANDLED:
            "KeReleaseMutex is called for a mutex that the thread does not hold",
            "release it once, on the thread whose wait took it",
            "KeReleaseMutex, Remarks: STATUS_MUTANT_NOT_OWNED";
        MUTANT_HELD "mutant-held" Bugcheck THREAD_TERMINATE_HELD_MUTEX:
            "a system thread ends with a mutex that it holds",
            "release it before the thread ends",
            "Bug Check 0x4000008A";
        SEMAPHORE_LIMIT "semaphore-limit" Bugcheck KMODE_EXCEPTION_NOT_HANDLED:
            "a semaphore is released beyond its limit",
            "release what was taken, or initialize it with a higher limit",
            "KeReleaseSemaphore, Remarks: STATUS_SEMAPHORE_LIMIT_EXCEEDED";
        RUNDOWN_NOT_HELD "rundown-not-held" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "run-down protection is released that is not held",
            "release it once for each acquisition that returned TRUE",
            "Run-Down Protection";
        RESOURCE_NOT_OWNED "resource-not-owned" Bugcheck RESOURCE_NOT_OWNED:
            "a resource is released that the thread does not hold",
            "release it once for each acquisition, on the thread that acquired it",
            "Bug Check 0xE3";
        RESOURCE_INVALID "resource-invalid" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a resource is used that was not initialized or is deleted, or is initialized twice",
            "initialize it once with ExInitializeResourceLite, and delete it last",
            "Bug Check 0xC4, parameter 1 is 0xD0 or 0xD1";
        ACTIVE_RESOURCE_FREED "active-resource-freed" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "memory is freed with a resource in it that was not deleted",
            "call ExDeleteResourceLite before the free",
            "Bug Check 0xC4, parameter 1 is 0xD2";
        LOCK_ORDER "lock-order" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "two threads take the same locks in opposite orders, which is a deadlock sooner or later",
            "take the locks in one order everywhere",
            "Bug Check 0xC4, parameter 1 is 0x1001; Deadlock Detection";
        NO_DISPATCHER_OBJECT "no-dispatcher-object" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a wait is for something that is no dispatcher object",
            "initialize the event, mutex, semaphore or timer before the wait",
            "Bug Check 0xC4, parameter 1 is 0xE1";
        WORK_ITEM_INVALID "work-item-invalid" Bugcheck WORKER_INVALID:
            "a work item without a routine is queued",
            "initialize it with ExInitializeWorkItem",
            "Bug Check 0xE4";
    }
    "Objects and interfaces" {
        REFERENCE_BY_POINTER "reference-by-pointer" Bugcheck REFERENCE_BY_POINTER:
            "something is referenced or dereferenced that is no object, or has no reference left",
            "give back each reference once",
            "Bug Check 0x18; Bug Check 0xC4, parameter 1 is 0x3F";
        INTERFACE_NOT_HELD "interface-not-held" Bugcheck REFERENCE_BY_POINTER:
            "an interface is referenced or dereferenced by a client that holds no reference",
            "dereference it once for each query and each InterfaceReference",
            "IRP_MN_QUERY_INTERFACE; the interface's routines are counted for each client";
        INTERFACE_LEFT "interface-left" Leak:
            "a reference of an interface is not given back",
            "call InterfaceDereference at the latest when the own device is removed",
            "IRP_MN_QUERY_INTERFACE, Operation";
        OBJECT_LEFT "object-left" Leak:
            "an object has references of the driver when it is gone",
            "dereference it once for each reference that was taken",
            "ObfDereferenceObject";
        HANDLE_LEFT "handle-left" Leak:
            "a handle is open when the driver is gone",
            "close it with ZwClose",
            "ZwClose";
        REGISTRATION_LEFT "registration-left" Leak:
            "a registration for notifications is left when the driver is gone",
            "call IoUnregisterPlugPlayNotificationEx before DriverUnload returns",
            "IoRegisterPlugPlayNotification, Remarks";
        REGISTRATION_INVALID "registration-invalid" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "a registration for notifications is ended that is none, or has ended",
            "unregister once, and set the pointer to NULL",
            "IoUnregisterPlugPlayNotificationEx";
    }
    "IRPs" {
        IRP_COMPLETED_TWICE "irp-completed-twice" Bugcheck MULTIPLE_IRP_COMPLETE_REQUESTS:
            "an IRP is completed, sent or freed that was completed or freed already",
            "complete an IRP once, and forget it then",
            "Bug Check 0x44; DDI compliance rule DoubleCompletion";
        IRP_TOUCHED "irp-touched" Bugcheck DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL:
            "an IRP is touched after it was completed",
            "read what is needed of it before IoCompleteRequest or IoCallDriver",
            "DDI compliance rule IrpProcessingComplete; Bug Check 0xD5";
        IRP_LOST "irp-lost" Leak:
            "an IRP of the driver's own is left when it is gone",
            "free it with IoFreeIrp when it has come back",
            "IoAllocateIrp, Remarks";
        IRP_NOT_COMPLETED "irp-not-completed" Timeout:
            "a request is kept and never completed",
            "complete it, or set a cancel routine that does",
            "Completing IRPs";
        PENDING_NOT_MARKED "pending-not-marked" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "a dispatch routine returns STATUS_PENDING and its stack location is not marked",
            "call IoMarkIrpPending before the IRP is queued, or in the completion routine if Irp->PendingReturned is set",
            "Bug Check 0xC9, I/O error 0x23D; IoMarkIrpPending, Remarks";
        PENDING_NOT_RETURNED "pending-not-returned" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "a dispatch routine marks its stack location pending and returns another status",
            "return STATUS_PENDING once IoMarkIrpPending was called",
            "Bug Check 0xC9, I/O error 0x23E; IoMarkIrpPending, Remarks";
        IRP_FORGOTTEN "irp-forgotten" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "a dispatch routine neither completes an IRP nor passes it on nor returns STATUS_PENDING",
            "do one of the three on every way out",
            "Bug Check 0xC9, I/O error 0x226";
        STATUS_DIFFERS "status-differs" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "a dispatch routine returns another status than it completed the IRP with",
            "return the status that was put into Irp->IoStatus.Status",
            "Bug Check 0xC9, I/O error 0x224";
        NO_STACK_LOCATION "no-stack-location" Bugcheck NO_MORE_IRP_STACK_LOCATIONS:
            "an IRP is sent that has no stack location for the receiver",
            "allocate it with the StackSize of the device it is sent to",
            "Bug Check 0x35; Bug Check 0xC9, I/O error 0x208";
        WRONG_STACK_LOCATION "wrong-stack-location" Bugcheck DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION:
            "a stack location is touched that the IRP does not have",
            "use IoGetNextIrpStackLocation in an IRP of one's own: its current location lies beyond the end",
            "IoGetCurrentIrpStackLocation, Remarks; Bug Check 0xD6";
        LOCATION_COPIED "location-copied" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "an IRP is sent with the completion routine of the driver above copied into the next location",
            "use IoCopyCurrentIrpStackLocationToNext or IoSkipCurrentIrpStackLocation",
            "Bug Check 0xC9, I/O error 0x207";
        SENT_WITH_CANCEL_ROUTINE "sent-with-cancel-routine" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "an IRP is sent with a cancel routine set",
            "call IoSetCancelRoutine(Irp, NULL) first",
            "Bug Check 0xC9, I/O error 0x203";
        COMPLETED_WITH_CANCEL_ROUTINE "completed-with-cancel-routine" Bugcheck CANCEL_STATE_IN_COMPLETED_IRP:
            "an IRP is completed with a cancel routine set",
            "call IoSetCancelRoutine(Irp, NULL) first",
            "Bug Check 0x48; Bug Check 0xC9, parameter 1 is 0x7";
        COMPLETED_WITH_PENDING "completed-with-pending" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "an IRP is completed with STATUS_PENDING",
            "set Irp->IoStatus.Status to how the request ended",
            "Bug Check 0xC9, parameter 1 is 0x6";
        OWN_IRP_NOT_TAKEN_BACK "own-irp-not-taken-back" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "an IRP of IoAllocateIrp is completed to its end",
            "take it back in a completion routine that returns STATUS_MORE_PROCESSING_REQUIRED, and free it",
            "IoAllocateIrp, Remarks";
        IRP_OF_OTHERS_FREED "irp-of-others-freed" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "an IRP is freed that the driver did not allocate",
            "complete it instead",
            "Bug Check 0xC9, parameter 1 is 0x2";
        ADDRESS_TO_USER "address-to-user" Bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION:
            "a request of user mode ends with an address of the kernel in its output or its Information",
            "answer with an index or a handle of the driver's own",
            "the lab's own, Windows does not look";
    }
    "Drivers and devices" {
        DEVICE_INVALID "device-invalid" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "a device object is named that is none, or was deleted",
            "use the pointer of IoCreateDevice or IoAttachDeviceToDeviceStack, and hold a reference",
            "Bug Check 0xC9, parameter 1 is 0x4";
        DRIVER_INVALID "driver-invalid" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "a driver object is named that is none, or was deleted",
            "use the pointer that DriverEntry gets",
            "IoCreateDevice, Parameters";
        DEVICE_INITIALIZING "device-initializing" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "AddDevice returns with DO_DEVICE_INITIALIZING set in its device",
            "clear it after the device is attached",
            "Bug Check 0xC9, I/O error 0x243; Writing an AddDevice Routine";
        DEVICE_DELETED_ATTACHED "device-deleted-attached" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "a device is deleted that is attached to another one",
            "call IoDetachDevice before IoDeleteDevice",
            "Bug Check 0xC9, I/O error 0x201";
        DETACHED_TWICE "detached-twice" Bugcheck DRIVER_VERIFIER_IOMANAGER_VIOLATION:
            "IoDetachDevice is called for a device that nothing is attached to",
            "detach once, with the device that IoAttachDeviceToDeviceStack returned",
            "Bug Check 0xC9, I/O error 0x202";
        DEVICE_LEFT "device-left" Leak:
            "a device object of the driver's is left when it is gone",
            "delete it with IoDeleteDevice before DriverUnload returns",
            "Writing an Unload Routine";
        PENDING_AT_UNLOAD "pending-at-unload" Bugcheck DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS:
            "a driver unloads with a timer or DPC set",
            "cancel timers and call KeFlushQueuedDpcs in DriverUnload",
            "Bug Check 0xCE";
        RUNS_UNLOADED "runs-unloaded" Bugcheck DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS:
            "code or data of an unloaded image is used",
            "wait in DriverUnload for threads, work items and callbacks",
            "Bug Check 0xCE";
    }
    "Faults" {
        NULL_POINTER "null-pointer" Bugcheck SYSTEM_THREAD_EXCEPTION_NOT_HANDLED:
            "a NULL pointer is used",
            "compare the pointer with NULL",
            "Bug Check 0x7E: STATUS_ACCESS_VIOLATION";
        BAD_POINTER "bad-pointer" Bugcheck PAGE_FAULT_IN_NONPAGED_AREA:
            "an address is used where nothing is",
            "initialize the pointer; keep what it points to while it is used",
            "Bug Check 0x50";
        BAD_POINTER_AT_DISPATCH "bad-pointer-at-dispatch" Bugcheck DRIVER_IRQL_NOT_LESS_OR_EQUAL:
            "an address where nothing is, NULL too, is used at DISPATCH_LEVEL",
            "initialize the pointer; keep what it points to while it is used",
            "Bug Check 0xD1";
        READ_ONLY_WRITTEN "read-only-written" Bugcheck ATTEMPTED_WRITE_TO_READONLY_MEMORY:
            "code or constants are written",
            "write to data; cast no const away",
            "Bug Check 0xBE";
        DATA_EXECUTED "data-executed" Bugcheck ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY:
            "data is executed",
            "call routines only; check pointers to them",
            "Bug Check 0xFC";
        EXCEPTION_NOT_HANDLED "exception-not-handled" Bugcheck SYSTEM_THREAD_EXCEPTION_NOT_HANDLED:
            "an exception is raised and no handler takes it",
            "call what raises within __try, with an __except that takes the status",
            "Bug Check 0x7E; ExRaiseStatus, Remarks";
        STACK_OVERFLOW "stack-overflow" Bugcheck UNEXPECTED_KERNEL_MODE_TRAP:
            "the kernel stack is used up",
            "bound the recursion, and keep large buffers in pool",
            "Bug Check 0x7F, parameter 1 is 0x8; Using the Kernel Stack";
        DIVISION "division" Bugcheck SYSTEM_THREAD_EXCEPTION_NOT_HANDLED:
            "an integer is divided by zero, or the quotient does not fit",
            "compare the divisor with zero",
            "Bug Check 0x7E: STATUS_INTEGER_DIVIDE_BY_ZERO";
        ILLEGAL_INSTRUCTION "illegal-instruction" Bugcheck SYSTEM_THREAD_EXCEPTION_NOT_HANDLED:
            "an instruction is executed that does not exist, such as the end of an unreachable path",
            "see why the path is reached; check pointers to routines",
            "Bug Check 0x7E: STATUS_ILLEGAL_INSTRUCTION";
        PRIVILEGED_INSTRUCTION "privileged-instruction" Bugcheck SYSTEM_THREAD_EXCEPTION_NOT_HANDLED:
            "an instruction is executed that the lab does not carry out for drivers, or an address is used that cannot exist",
            "use the kernel's routine for it; check the pointer",
            "Bug Check 0x7E: STATUS_PRIVILEGED_INSTRUCTION";
        BREAKPOINT "breakpoint" Bugcheck KMODE_EXCEPTION_NOT_HANDLED:
            "a breakpoint is hit and no debugger is there",
            "leave it out of what is shipped, or ask KdRefreshDebuggerNotPresent first",
            "Bug Check 0x1E: STATUS_BREAKPOINT";
        ASSERTION "assertion" Bugcheck SYSTEM_THREAD_EXCEPTION_NOT_HANDLED:
            "an assertion of the driver failed",
            "see which one; the place is that of the assertion",
            "NT_ASSERT; RtlAssert";
        FAST_FAIL "fast-fail" Bugcheck KERNEL_SECURITY_CHECK_FAILURE:
            "the driver found its own data damaged, such as a list or a stack cookie",
            "look up the code of __fastfail, and who wrote over the data",
            "Bug Check 0x139";
        OWN_BUGCHECK "own-bugcheck" Bugcheck:
            "the driver calls KeBugCheckEx with a code of its own",
            "fail the request, or the start of the device, instead of stopping the system",
            "KeBugCheckEx, Remarks";
    }
    "Time, and what the lab does not have" {
        ENDLESS_LOOP "endless-loop" Timeout:
            "a routine of the driver has not returned when the time is up, and runs",
            "bound the loop; wait for an object instead of polling",
            "Bug Check 0x133, above PASSIVE_LEVEL";
        WAIT_WITHOUT_WAKER "wait-without-waker" Timeout:
            "a routine of the driver waits when the time is up: for what nobody signals, or for a lock that its holder keeps",
            "see who should signal the object or release the lock, or wait with a timeout",
            "KeWaitForSingleObject, Remarks";
        NOT_MODELLED "not-modelled" Unsupported:
            "a driver asks for something that the lab does not have; nothing is wrong with that",
            "see docs/lab.md, What is not modelled; run this on Windows",
            "docs/lab.md";
    }
    "KMDF" {
        KMDF_INVALID_HANDLE "kmdf-invalid-handle" Bugcheck WDF_VIOLATION:
            "a framework function gets no handle, one of another kind, or one of a deleted object",
            "keep a handle no longer than its object, and hand on the kind that is asked for",
            "Bug Check 0x10D, parameter 1 is 0x5";
        KMDF_REQUEST "kmdf-request" Bugcheck WDF_VIOLATION:
            "a request is completed twice, or used after its completion",
            "complete a request once, and forget it then",
            "Bug Check 0x10D, parameter 1 is 0x6";
        KMDF_OBJECT "kmdf-object" Bugcheck WDF_VIOLATION:
            "an object is deleted that the framework deletes itself",
            "leave devices, queues and requests to the framework",
            "Bug Check 0x10D, parameter 1 is 0x7";
        KMDF_FATAL "kmdf-fatal" Bugcheck WDF_VIOLATION:
            "a call breaks a rule of the framework that has no code of its own",
            "see the function's page, Remarks",
            "Bug Check 0x10D, parameter 1 is 0x3";
        KMDF_NULL "kmdf-null" Bugcheck WDF_VIOLATION:
            "a parameter of a framework function is NULL that must not be",
            "pass a place for the result",
            "Bug Check 0x10D, parameter 1 is 0x4";
        KMDF_RECURSIVE_LOCK "kmdf-recursive-lock" Bugcheck WDF_VIOLATION:
            "the lock of a device or queue is acquired by the thread that holds it",
            "acquire it once; the framework holds it already in callbacks that it synchronizes",
            "Bug Check 0x10D, parameter 1 is 0x2";
        KMDF_LOCK "kmdf-lock" Bugcheck WDF_VIOLATION:
            "the lock of an object is acquired or released that has none",
            "use the device or the queue, or a WDFSPINLOCK or WDFWAITLOCK",
            "Bug Check 0x10D, parameter 1 is 0xB";
        KMDF_QUEUE "kmdf-queue" Bugcheck WDF_VIOLATION:
            "a queue is stopped, drained or purged while another call waits for the same",
            "wait for the callback of the first call",
            "Bug Check 0x10D, parameter 1 is 0xA";
    }
}

/// The rule behind a bugcheck of the framework, by its first parameter, `WDF_BUGCHECK_CODES` of wdfbugcodes.h. One without a rule of its
/// own is [`KMDF_FATAL`].
#[must_use]
pub const fn of_framework(code: u32, parameter: usize) -> Option<&'static Rule> {
    if code != BugCheck::WDF_VIOLATION.0 {
        return None;
    }
    match parameter {
        2 => Some(KMDF_RECURSIVE_LOCK),
        4 => Some(KMDF_NULL),
        5 => Some(KMDF_INVALID_HANDLE),
        6 => Some(KMDF_REQUEST),
        7 => Some(KMDF_OBJECT),
        0xA => Some(KMDF_QUEUE),
        0xB => Some(KMDF_LOCK),
        _ => Some(KMDF_FATAL),
    }
}

const COLUMNS: &str = "| rule | outcome | code | what is wrong | what to do | source |\n\
                       | --- | --- | --- | --- | --- | --- |\n";

/// The page of the rules, for `docs/` and for who asks nthost.
#[must_use]
pub fn page() -> String {
    let mut page = format!(
        "# What the verifier watches\n\n\
         The {} rules that nthost holds drivers to. A run in which one is broken ends with its outcome, and the report names the rule, the driver, \
         offset and symbol of the code, and what to do. The code is what Windows or its Driver Verifier stops with for the same.\n\n\
         Written by `cargo xtask verifier-rules` from [the list](../lab/nthost/src/verifier/rules.rs), which `nthost --rules` prints. \
         The test has [a driver](../lab/tests/drivers/hostile) break each rule, in a run of its own, and keep it in another.\n",
        ALL.iter().map(|(_, rules)| rules.len()).sum::<usize>(),
    );
    for (heading, rules) in ALL {
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## {heading}\n\n{COLUMNS}");
        page.extend(rules.iter().map(|rule| row(rule)));
    }
    page
}

fn row(rule: &Rule) -> String {
    let code = rule.code.map_or_else(String::new, |code| code.to_string());
    format!(
        "| `{}` | {} | {code} | {} | {} | {} |\n",
        rule.name, rule.outcome, rule.wrong, rule.remedy, rule.source
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, OWN_BUGCHECK, Outcome, page};

    #[test]
    fn a_name_stands_for_one_rule() {
        let names: Vec<&str> = ALL
            .iter()
            .flat_map(|(_, rules)| rules.iter().map(|rule| rule.name))
            .collect();
        let different: BTreeSet<_> = names.iter().collect();
        assert_eq!(names.len(), different.len());
        assert!(names.iter().all(|name| page().contains(&format!("| `{name}` |"))));
    }

    #[test]
    fn what_is_reported_as_a_bugcheck_has_a_code() {
        for rule in ALL.iter().flat_map(|(_, rules)| rules.iter()) {
            let is_ours = rule.outcome == Outcome::Bugcheck && rule.name != OWN_BUGCHECK.name;
            assert!(
                !is_ours || rule.code.is_some_and(|code| code.name().is_some()),
                "{}",
                rule.name
            );
        }
    }
}
