//! WDFWORKITEM.

use core::ffi::c_void;

use wdk_sys::{
    PDEVICE_OBJECT, PFN_WDF_WORKITEM, PWDF_OBJECT_ATTRIBUTES, PWDF_WORKITEM_CONFIG,
    STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER,
    WDF_WORKITEM_CONFIG, WDFOBJECT, WDFWORKITEM,
};

use crate::{
    callback_lock,
    device::Device,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    wdm::{
        device_object::DeviceObject,
        sync::{Event, SpinLock},
        work::IoWorkItem,
    },
};

/// What a WDFWORKITEM stands for.
#[repr(C)]
pub struct WorkItem {
    header: Header,
    callback: PFN_WDF_WORKITEM,
    /// Under whose lock the callback runs.
    serialized: Option<Obj<Header>>,
    progress: SpinLock<Progress>,
    /// Set and cleared under the lock of `progress`: neither queued nor running.
    idle: Event,
    item: IoWorkItem,
}

/// Where the calls of the callback stand. One that was queued again while it runs may run twice at once (fxworkitem.cpp).
#[derive(Default)]
struct Progress {
    queued: bool,
    running: u32,
}

framework! {
    WorkItem: WorkItem {
        fn dispose(this: Obj<Self>) {
            this.flush();
        }
    }
}

impl Obj<Header> {
    /// The device that this object is, or hangs under.
    pub fn device(self) -> Option<Obj<Device>> {
        let mut at = Some(self);
        while let Some(object) = at {
            if let Some(device) = object.try_narrow() {
                return Some(device);
            }
            at = object.parent();
        }
        None
    }

    /// Its device object.
    pub fn device_object(self) -> Option<DeviceObject> {
        self.device().and_then(|device| device.wdm.get())
    }
}

impl Obj<WorkItem> {
    /// Waits until the callback has run, if it is due. IRQL: `PASSIVE_LEVEL`.
    pub fn flush(self) {
        self.idle.wait();
    }

    /// Has a worker call the callback, once for all calls before it begins.
    pub fn enqueue(self) {
        let was_queued = {
            let mut progress = self.progress.lock();
            self.idle.clear();
            core::mem::replace(&mut progress.queued, true)
        };
        if !was_queued {
            self.reference();
            self.item.queue(run, self.pointer().cast());
        }
    }

    fn begin(self) {
        let mut progress = self.progress.lock();
        progress.queued = false;
        progress.running += 1;
    }

    fn end(self) {
        let mut progress = self.progress.lock();
        progress.running -= 1;
        if progress.running == 0 && !progress.queued {
            self.idle.set();
        }
    }
}

extern "C" fn run(_device: PDEVICE_OBJECT, context: *mut c_void) {
    let Some(item) = Obj::<WorkItem>::from_pointer(context.cast()) else {
        return;
    };
    item.begin();
    callback_lock::run_under(item.serialized, || {
        invoke!(item.callback, item.handle());
    });
    item.end();
    item.release();
}

/// A work item under a device.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` (no device above the parent), `STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL`,
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(
    parent: Obj<Header>,
    callback: PFN_WDF_WORKITEM,
    serialized: bool,
    attributes: &Attributes,
) -> Outcome<Obj<WorkItem>> {
    let Some(device) = parent.device_object() else {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    };
    let object = WorkItem {
        header: Header::new::<WorkItem>(parent.client),
        callback,
        serialized: callback_lock::effective(parent, serialized, true)?,
        progress: SpinLock::new(Progress::default()),
        idle: Event::zeroed(),
        item: IoWorkItem::new(device)?,
    };
    let object = create(object, attributes, Some(parent))?;
    object.idle.reset_to(true);
    Ok(object)
}

ddi! {
    /// Creates a work item.
    ///
    /// # Errors
    /// those of the attributes with a parent, `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (no callback), those of [`new`].
    fn WdfWorkItemCreate: PFN_WDFWORKITEMCREATE(
        call, config: PWDF_WORKITEM_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES, item: *mut WDFWORKITEM,
    ) -> NTSTATUS {
        let parent = Attributes::required_parent(call, attributes)?;
        let config = config.required(call);
        item.not_null(call);
        if config.Size as usize != size_of::<WDF_WORKITEM_CONFIG>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        if config.EvtWorkItemFunc.is_none() {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let attributes = Attributes::of(call, attributes, Parent::Required)?;
        let created = new(parent, config.EvtWorkItemFunc, config.AutomaticSerialization != 0, &attributes)?;
        item.put(created.handle());
        Ok(())
    }

    /// Queues it. IRQL: at most `DISPATCH_LEVEL`.
    fn WdfWorkItemEnqueue: PFN_WDFWORKITEMENQUEUE(call, item: WDFWORKITEM) {
        item.object(call).enqueue();
    }

    /// The object that it hangs under.
    fn WdfWorkItemGetParentObject: PFN_WDFWORKITEMGETPARENTOBJECT(call, item: WDFWORKITEM) -> WDFOBJECT {
        item.object(call).header().parent().map_or(core::ptr::null_mut(), Obj::handle)
    }

    /// Waits until the callback has run. IRQL: `PASSIVE_LEVEL`.
    fn WdfWorkItemFlush: PFN_WDFWORKITEMFLUSH(call, item: WDFWORKITEM) {
        item.object(call).flush();
    }
}
