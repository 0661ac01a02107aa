//! The lock that keeps callbacks of a driver apart, and what an object's synchronization scope and execution level make of it.
//!
//! A driver, a device and a queue each have one: a spin lock where callbacks may come at `DISPATCH_LEVEL`, else a lock to sleep for. It is
//! held while a callback runs when the scope asks for it, and between `WdfObjectAcquireLock` and `WdfObjectReleaseLock`.
#![allow(
    unsafe_code,
    reason = "the spin lock lives in a cell and is passed by address"
)]

use core::{
    cell::{Cell, UnsafeCell},
    ffi::{CStr, c_void},
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

use wdk_sys::{
    _WDF_EXECUTION_LEVEL as Level, _WDF_SYNCHRONIZATION_SCOPE as Scope, KIRQL, KSPIN_LOCK, WDFOBJECT,
    ntddk::{KeAcquireSpinLockRaiseToDpc, KeEnterCriticalRegion, KeLeaveCriticalRegion, KeReleaseSpinLock},
};

use crate::{
    device::Device,
    failure::{Outcome, STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL, fail},
    file_object::FileObject,
    object::{Attributes, Header, Obj},
    queue::Queue,
    wdm::{
        bugcheck::{Violation, violation},
        sync::{Gate, current_thread},
    },
};

/// The execution level and the synchronization scope of an object, neither of them "inherit".
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Constraints {
    level: i32,
    scope: i32,
}

impl Constraints {
    /// Those of a driver that asks for nothing (fxdriver.cpp).
    pub const DRIVER: Self = Self {
        level: Level::WdfExecutionLevelDispatch,
        scope: Scope::WdfSynchronizationScopeNone,
    };

    /// What the attributes say, and where they inherit, what the parent has.
    pub const fn of(attributes: &Attributes, parent: Self) -> Self {
        Self {
            level: match attributes.execution_level {
                Level::WdfExecutionLevelInheritFromParent => parent.level,
                level => level,
            },
            scope: match attributes.synchronization {
                Scope::WdfSynchronizationScopeInheritFromParent => parent.scope,
                scope => scope,
            },
        }
    }

    /// Whether callbacks come at `PASSIVE_LEVEL` only.
    pub const fn is_passive(self) -> bool {
        self.level == Level::WdfExecutionLevelPassive
    }

    /// Whether the callbacks of all queues of the device are kept apart.
    pub const fn is_device_wide(self) -> bool {
        self.scope == Scope::WdfSynchronizationScopeDevice
    }

    /// Whether callbacks are kept apart at all.
    pub const fn is_synchronized(self) -> bool {
        self.is_device_wide() || self.scope == Scope::WdfSynchronizationScopeQueue
    }
}

/// The lock of a driver, a device or a queue.
pub struct CallbackLock {
    /// Whether the holder may sleep.
    passive: bool,
    spin: UnsafeCell<KSPIN_LOCK>,
    gate: Gate,
    /// The thread that holds it, null for none.
    owner: AtomicPtr<c_void>,
    /// The IRQL to return to, of whoever holds the spin lock.
    previous: Cell<KIRQL>,
}

impl CallbackLock {
    /// A free lock; [`Self::ready`] must follow in place.
    pub const fn new(passive: bool) -> Self {
        Self {
            passive,
            spin: UnsafeCell::new(0),
            gate: Gate::zeroed(),
            owner: AtomicPtr::new(ptr::null_mut()),
            previous: Cell::new(0),
        }
    }

    /// Makes it ready in place.
    pub fn ready(&self) {
        self.gate.ready();
    }

    /// Whether the thread that runs holds it.
    pub fn is_mine(&self) -> bool {
        current_thread().is_some_and(|thread| self.owner.load(Ordering::Relaxed) == thread.as_ptr())
    }

    /// Takes it; the run ends when this thread holds it already, as on Windows. IRQL: `PASSIVE_LEVEL` for a passive one.
    fn acquire(&self, function: &CStr) {
        if self.is_mine() {
            violation(Violation::RecursiveLock, function, ptr::from_ref(self).addr());
        }
        if self.passive {
            // SAFETY: The routine takes no argument; `release` leaves the region.
            unsafe { KeEnterCriticalRegion() };
            self.gate.take(None);
        } else {
            // SAFETY: A spin lock in nonpaged memory that only kernel routines touch.
            let irql = unsafe { KeAcquireSpinLockRaiseToDpc(self.spin.get()) };
            self.previous.set(irql);
        }
        let me = current_thread().map_or(ptr::null_mut(), ptr::NonNull::as_ptr);
        self.owner.store(me, Ordering::Relaxed);
    }

    fn release(&self) {
        self.owner.store(ptr::null_mut(), Ordering::Relaxed);
        if self.passive {
            self.gate.give();
            // SAFETY: `acquire` entered the region on this thread.
            unsafe { KeLeaveCriticalRegion() };
        } else {
            // SAFETY: This thread holds the lock, which was taken at this IRQL.
            unsafe { KeReleaseSpinLock(self.spin.get(), self.previous.get()) };
        }
    }

    /// Runs a callback while the lock is held.
    pub fn run<R>(&self, callback: impl FnOnce() -> R) -> R {
        self.acquire(c"a callback of the driver");
        let answer = callback();
        self.release();
        answer
    }
}

/// An object with callbacks: it, or one above it, says under which lock they run.
enum Owner {
    Device(Obj<Device>),
    Queue(Obj<Queue>),
}

impl Owner {
    /// The object as one with callbacks (`FX_TYPE_IHASCALLBACKS`); a file object has those of its device.
    fn of(object: Obj<Header>) -> Option<Self> {
        let device = object.try_narrow().map(Self::Device);
        let queue = || object.try_narrow().map(Self::Queue);
        let file = || {
            object
                .try_narrow::<FileObject>()
                .map(|file| Self::Device(file.device))
        };
        device.or_else(queue).or_else(file)
    }

    fn constraints(&self) -> Constraints {
        match self {
            Self::Device(device) => device.constraints,
            Self::Queue(queue) => queue.constraints,
        }
    }

    fn lock(&self) -> &CallbackLock {
        match self {
            Self::Device(device) => &device.lock,
            Self::Queue(queue) => queue.callback_lock(),
        }
    }
}

/// The lock under which the callbacks of a timer, DPC or work item run that hangs under this object and asks for serialization: the parent of
/// a callback's lock, by its handle, since the lock is found through it.
///
/// # Errors
/// `STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL`: the callback comes at another level than those that it would be kept apart from.
pub fn effective(parent: Obj<Header>, serialized: bool, passive: bool) -> Outcome<Option<Obj<Header>>> {
    if !serialized {
        return Ok(None);
    }
    let mut at = Some(parent);
    while let Some(object) = at {
        if let Some(owner) = Owner::of(object) {
            if !owner.constraints().is_synchronized() {
                return Ok(None);
            }
            if owner.constraints().is_passive() != passive {
                return fail(STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL);
            }
            return Ok(Some(object));
        }
        at = object.parent();
    }
    Ok(None)
}

/// Runs a callback under the lock that [`effective`] found, if it found one.
pub fn run_under(owner: Option<Obj<Header>>, callback: impl FnOnce()) {
    match owner.and_then(Owner::of) {
        Some(owner) => owner.lock().run(callback),
        None => callback(),
    }
}

ddi! {
    /// Takes the lock of a device, a queue or a file object's device. IRQL: the lock's, `DISPATCH_LEVEL` until it is released for a spin lock.
    fn WdfObjectAcquireLock: PFN_WDFOBJECTACQUIRELOCK(call, object: WDFOBJECT) {
        match Owner::of(object.any(call)) {
            None => call.violation(Violation::Lock, object.pointer().addr()),
            Some(owner) => owner.lock().acquire(call.name()),
        }
    }

    /// Gives it back.
    fn WdfObjectReleaseLock: PFN_WDFOBJECTRELEASELOCK(call, object: WDFOBJECT) {
        match Owner::of(object.any(call)) {
            None => call.violation(Violation::Lock, object.pointer().addr()),
            Some(owner) => owner.lock().release(),
        }
    }
}
