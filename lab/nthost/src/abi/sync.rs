//! Dispatcher objects, queues and locks (`wdm.h`).

use super::{KSPIN_LOCK, LIST_ENTRY, PVOID, SINGLE_LIST_ENTRY};

/// The head of every object that a thread can wait for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DISPATCHER_HEADER {
    pub Type: u8,
    pub Signalling: u8,
    pub Size: u8,
    pub DpcActive: u8,
    pub SignalState: i32,
    pub WaitListHead: LIST_ENTRY,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KEVENT {
    pub Header: DISPATCHER_HEADER,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KSEMAPHORE {
    pub Header: DISPATCHER_HEADER,
    pub Limit: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KMUTANT {
    pub Header: DISPATCHER_HEADER,
    pub MutantListEntry: LIST_ENTRY,
    pub OwnerThread: PVOID,
    pub Abandoned: u8,
    pub ApcDisable: u8,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KTIMER {
    pub Header: DISPATCHER_HEADER,
    pub DueTime: u64,
    pub TimerListEntry: LIST_ENTRY,
    pub Dpc: *mut KDPC,
    pub Processor: u32,
    pub Period: u32,
}

pub type PKDEFERRED_ROUTINE = Option<unsafe extern "win64" fn(*mut KDPC, PVOID, PVOID, PVOID)>;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KDPC {
    pub Type: u8,
    pub Importance: u8,
    pub Number: u16,
    pub DpcListEntry: SINGLE_LIST_ENTRY,
    pub ProcessorHistory: usize,
    pub DeferredRoutine: PKDEFERRED_ROUTINE,
    pub DeferredContext: PVOID,
    pub SystemArgument1: PVOID,
    pub SystemArgument2: PVOID,
    pub DpcData: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KDEVICE_QUEUE {
    pub Type: i16,
    pub Size: i16,
    pub DeviceListHead: LIST_ENTRY,
    pub Lock: KSPIN_LOCK,
    pub Busy: u8,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KDEVICE_QUEUE_ENTRY {
    pub DeviceListEntry: LIST_ENTRY,
    pub SortKey: u32,
    pub Inserted: u8,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KAPC {
    pub Type: u8,
    pub SpareByte0: u8,
    pub Size: u8,
    pub SpareByte1: u8,
    pub SpareLong0: u32,
    pub Thread: PVOID,
    pub ApcListEntry: LIST_ENTRY,
    pub KernelRoutine: PVOID,
    pub RundownRoutine: PVOID,
    pub NormalRoutine: PVOID,
    pub NormalContext: PVOID,
    pub SystemArgument1: PVOID,
    pub SystemArgument2: PVOID,
    pub ApcStateIndex: i8,
    pub ApcMode: i8,
    pub Inserted: u8,
}

/// A mutex that raises to `APC_LEVEL` while it is held.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FAST_MUTEX {
    pub Count: i32,
    pub Owner: PVOID,
    pub Contention: u32,
    pub Event: KEVENT,
    pub OldIrql: u32,
}

/// Run-down protection: the count of holders, shifted by one, and the bit "running down".
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EX_RUNDOWN_REF {
    pub Count: usize,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KSPIN_LOCK_QUEUE {
    pub Next: *mut Self,
    pub Lock: *mut KSPIN_LOCK,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct KLOCK_QUEUE_HANDLE {
    pub LockQueue: KSPIN_LOCK_QUEUE,
    pub OldIrql: u8,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WORK_QUEUE_ITEM {
    pub List: LIST_ENTRY,
    pub WorkerRoutine: Option<unsafe extern "win64" fn(PVOID)>,
    pub Parameter: PVOID,
}

/// The part of a remove lock that every build has.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IO_REMOVE_LOCK_COMMON_BLOCK {
    pub Removed: u8,
    pub Reserved: [u8; 3],
    pub IoCount: i32,
    pub RemoveEvent: KEVENT,
}
