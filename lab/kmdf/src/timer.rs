//! WDFTIMER: one-shot or periodic, its callback at `DISPATCH_LEVEL`, or in a worker where the execution level
//! is passive.
#![allow(
    unsafe_code,
    reason = "the kernel's timer and DPC live in the object and are passed by address"
)]

use core::{
    cell::{Cell, UnsafeCell},
    ffi::c_void,
};

use wdk_sys::{
    _TIMER_TYPE, KDPC, KTIMER, PFN_WDF_TIMER, PKDPC, PVOID, PWDF_OBJECT_ATTRIBUTES, PWDF_TIMER_CONFIG,
    STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER, WDF_TIMER_CONFIG, WDFOBJECT, WDFTIMER,
    WDFWORKITEM,
    ntddk::{KeCancelTimer, KeInitializeDpc, KeInitializeTimerEx, KeSetTimerEx},
};

use crate::{
    dpc,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    wdm::device_object::{time, zeroed},
    work_item::{self, WorkItem},
};

/// What a WDFTIMER stands for.
#[repr(C)]
pub struct Timer {
    header: Header,
    callback: PFN_WDF_TIMER,
    /// Milliseconds, 0 for a one-shot timer.
    period: i32,
    kernel: UnsafeCell<KTIMER>,
    dpc: UnsafeCell<KDPC>,
    /// The worker of a passive timer.
    worker: Cell<Option<Obj<WorkItem>>>,
}

framework! {
    Timer: Timer {
        fn dispose(this: Obj<Self>) {
            this.stop(true);
        }
    }
}

impl Obj<Timer> {
    /// Stops it; whether it was running.
    fn stop(self, wait: bool) -> bool {
        // SAFETY: Initialized at creation.
        let running = unsafe { KeCancelTimer(self.kernel.get()) } != 0;
        if wait {
            dpc::flush();
            if let Some(worker) = self.worker.get() {
                worker.flush();
            }
        }
        running
    }
}

/// The timer is due.
extern "C" fn expire(_dpc: PKDPC, context: PVOID, _first: PVOID, _second: PVOID) {
    let Some(timer) = Obj::<Timer>::from_pointer(context.cast()) else {
        return;
    };
    match timer.worker.get() {
        Some(worker) => worker.enqueue(),
        None => {
            invoke!(timer.callback, timer.handle());
        }
    }
}

/// The worker of a passive timer, which hangs under it.
extern "C" fn work(item: WDFWORKITEM) {
    let timer = Obj::<Header>::from_handle(item.cast())
        .and_then(Obj::parent)
        .and_then(Obj::try_narrow::<Timer>);
    if let Some(timer) = timer {
        invoke!(timer.callback, timer.handle());
    }
}

ddi! {
    /// Creates a timer.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (no callback), those of the attributes with
    /// a parent, `STATUS_INVALID_DEVICE_REQUEST` (a passive one without a device),
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfTimerCreate: PFN_WDFTIMERCREATE(
        call, config: PWDF_TIMER_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES, timer: *mut WDFTIMER,
    ) -> NTSTATUS {
        let config = config.required(call);
        if config.Size as usize != size_of::<WDF_TIMER_CONFIG>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let period = i32::try_from(config.Period);
        let (true, Ok(period)) = (config.EvtTimerFunc.is_some(), period) else { return fail(STATUS_INVALID_PARAMETER) };
        let attributes = Attributes::of(call, attributes, Parent::Required)?;
        let created = new(&attributes, config.EvtTimerFunc, period)?;
        timer.not_null(call).put(created.handle());
        Ok(())
    }

    /// Starts it, or starts it anew; whether it was running. Units of 100 ns, negative: from now.
    fn WdfTimerStart: PFN_WDFTIMERSTART(call, timer: WDFTIMER, due: i64) -> u8 {
        let timer = timer.object(call);
        // SAFETY: Timer and DPC were initialized at creation.
        unsafe { KeSetTimerEx(timer.kernel.get(), time(due), timer.period, timer.dpc.get()) }
    }

    /// Stops it, and waits for a callback that runs if asked to; whether it was running.
    fn WdfTimerStop: PFN_WDFTIMERSTOP(call, timer: WDFTIMER, wait: u8) -> u8 {
        u8::from(timer.object(call).stop(wait != 0))
    }

    /// The object that it hangs under.
    fn WdfTimerGetParentObject: PFN_WDFTIMERGETPARENTOBJECT(call, timer: WDFTIMER) -> WDFOBJECT {
        timer.object(call).header().parent().map_or(core::ptr::null_mut(), Obj::handle)
    }
}

fn new(attributes: &Attributes, callback: PFN_WDF_TIMER, period: i32) -> Outcome<Obj<Timer>> {
    let Some(parent) = attributes.parent else {
        return fail(STATUS_INVALID_PARAMETER);
    };
    let header = Header::new::<Timer>(parent.client);
    let (kernel, dpc) = (UnsafeCell::new(zeroed()), UnsafeCell::new(zeroed()));
    let object = Timer {
        header,
        callback,
        period,
        kernel,
        dpc,
        worker: Cell::new(None),
    };
    let object = create(object, attributes, Some(parent))?;
    // SAFETY: The timer stays where it is until its object is destroyed, which cancels it first.
    unsafe { KeInitializeTimerEx(object.kernel.get(), _TIMER_TYPE::NotificationTimer) };
    let context = object.pointer().cast::<c_void>();
    // SAFETY: As for the timer.
    unsafe { KeInitializeDpc(object.dpc.get(), Some(expire), context) };
    if attributes.is_passive() {
        match work_item::new(object.header(), Some(work), &Attributes::NONE) {
            Ok(worker) => object.worker.set(Some(worker)),
            Err(failure) => {
                object.delete();
                return Err(failure);
            }
        }
    }
    Ok(object)
}
