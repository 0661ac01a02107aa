//! WDFTIMER: one-shot or periodic, its callback at `DISPATCH_LEVEL`, or in a worker where the execution level
//! is passive.

use core::cell::Cell;

use wdk_sys::{
    PFN_WDF_TIMER, PKDPC, PVOID, PWDF_OBJECT_ATTRIBUTES, PWDF_TIMER_CONFIG, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, WDF_TIMER_CONFIG,
    WDFOBJECT, WDFTIMER, WDFWORKITEM,
};

use crate::{
    callback_lock, dpc,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    wdm::timer::KernelTimer,
    work_item::{self, WorkItem},
};

/// What a WDFTIMER stands for.
#[repr(C)]
pub struct Timer {
    header: Header,
    callback: PFN_WDF_TIMER,
    /// Under whose lock the callback runs.
    serialized: Option<Obj<Header>>,
    /// Milliseconds, 0 for a one-shot timer.
    period: i32,
    kernel: KernelTimer,
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
    fn call(self) {
        callback_lock::run_under(self.serialized, || {
            invoke!(self.callback, self.handle());
        });
    }

    /// Stops it; whether it was running.
    fn stop(self, wait: bool) -> bool {
        let running = self.kernel.cancel();
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
        None => timer.call(),
    }
}

/// The worker of a passive timer, which hangs under it.
extern "C" fn work(item: WDFWORKITEM) {
    let timer = Obj::<Header>::from_handle(item.cast())
        .and_then(Obj::parent)
        .and_then(Obj::try_narrow::<Timer>);
    if let Some(timer) = timer {
        timer.call();
    }
}

ddi! {
    /// Creates a timer. How late it may be, and how exact it is, changes nothing in the lab.
    ///
    /// # Errors
    /// those of the attributes with a parent, `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (the period; high resolution and a
    /// delay), `STATUS_NOT_SUPPORTED` (periodic and passive), `STATUS_INVALID_DEVICE_REQUEST` (no device above the parent),
    /// `STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfTimerCreate: PFN_WDFTIMERCREATE(
        call, config: PWDF_TIMER_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES, timer: *mut WDFTIMER,
    ) -> NTSTATUS {
        let parent = Attributes::required_parent(call, attributes)?;
        let config = config.required(call);
        timer.not_null(call);
        if config.Size as usize != size_of::<WDF_TIMER_CONFIG>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let Ok(period) = i32::try_from(config.Period) else { return fail(STATUS_INVALID_PARAMETER) };
        if config.TolerableDelay > 0 && config.UseHighResolutionTimer != 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let attributes = Attributes::with_level(call, attributes, Parent::Required)?;
        if period > 0 && attributes.is_passive() {
            return fail(STATUS_NOT_SUPPORTED);
        }
        let serialized = config.AutomaticSerialization != 0;
        timer.put(new(parent, &attributes, config.EvtTimerFunc, serialized, period)?.handle());
        Ok(())
    }

    /// Starts it, or starts it anew; whether it was running. Units of 100 ns, negative: from now.
    fn WdfTimerStart: PFN_WDFTIMERSTART(call, timer: WDFTIMER, due: i64) -> u8 {
        let timer = timer.object(call);
        u8::from(timer.kernel.start(due, timer.period))
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

fn new(
    parent: Obj<Header>,
    attributes: &Attributes,
    callback: PFN_WDF_TIMER,
    serialized: bool,
    period: i32,
) -> Outcome<Obj<Timer>> {
    if parent.device_object().is_none() {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    let object = Timer {
        header: Header::new::<Timer>(parent.client),
        callback,
        serialized: callback_lock::effective(parent, serialized, attributes.is_passive())?,
        period,
        kernel: KernelTimer::new(),
        worker: Cell::new(None),
    };
    let object = create(object, attributes, Some(parent))?;
    object.kernel.ready(expire, object.pointer().cast());
    if attributes.is_passive() {
        match work_item::new(object.header(), Some(work), false, &Attributes::NONE) {
            Ok(worker) => object.worker.set(Some(worker)),
            Err(failure) => {
                object.delete();
                return Err(failure);
            }
        }
    }
    Ok(object)
}
