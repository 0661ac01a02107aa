//! WDFWORKITEM.

use core::{
    cell::RefCell,
    ffi::c_void,
    sync::atomic::{AtomicBool, Ordering},
};

use wdk_sys::{
    PDEVICE_OBJECT, PFN_WDF_WORKITEM, PWDF_OBJECT_ATTRIBUTES, PWDF_WORKITEM_CONFIG,
    STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER,
    WDF_WORKITEM_CONFIG, WDFOBJECT, WDFWORKITEM,
};

use crate::{
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    wdm::{device_object::DeviceObject, sync::Event, work::IoWorkItem},
};

/// What a WDFWORKITEM stands for.
#[repr(C)]
pub struct WorkItem {
    header: Header,
    callback: PFN_WDF_WORKITEM,
    queued: AtomicBool,
    idle: Event,
    item: RefCell<Option<IoWorkItem>>,
}

framework! {
    WorkItem: WorkItem {
        fn dispose(this: Obj<Self>) {
            this.flush();
        }
    }
}

impl Obj<Header> {
    /// The device object of the device that this object is, or hangs under.
    pub fn device_object(self) -> Option<DeviceObject> {
        let mut at = Some(self);
        while let Some(object) = at {
            if let Some(device) = object.try_narrow::<crate::device::Device>() {
                return device.wdm.get();
            }
            at = object.parent();
        }
        None
    }
}

impl Obj<WorkItem> {
    /// Waits until the callback has run, if it is due. IRQL: `PASSIVE_LEVEL`.
    pub fn flush(self) {
        self.idle.wait();
    }

    /// Has a worker call the callback, once for all calls before it begins.
    pub fn enqueue(self) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        self.idle.clear();
        self.reference();
        if let Some(item) = self.item.borrow().as_ref() {
            item.queue(run, self.pointer().cast());
        }
    }
}

extern "C" fn run(_device: PDEVICE_OBJECT, context: *mut c_void) {
    let Some(item) = Obj::<WorkItem>::from_pointer(context.cast()) else {
        return;
    };
    item.queued.store(false, Ordering::Release);
    invoke!(item.callback, item.handle());
    if !item.queued.load(Ordering::Acquire) {
        item.idle.set();
    }
    item.release();
}

/// A work item under a device.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` (no device above the parent), `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(
    parent: Obj<Header>,
    callback: PFN_WDF_WORKITEM,
    attributes: &Attributes,
) -> Outcome<Obj<WorkItem>> {
    let Some(device) = parent.device_object() else {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    };
    let object = WorkItem {
        header: Header::new::<WorkItem>(parent.client),
        callback,
        queued: AtomicBool::new(false),
        idle: Event::zeroed(),
        item: RefCell::new(Some(IoWorkItem::new(device)?)),
    };
    let object = create(object, attributes, Some(parent))?;
    object.idle.reset_to(true);
    Ok(object)
}

ddi! {
    /// Creates a work item.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (no callback), those of the attributes with
    /// a parent, `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfWorkItemCreate: PFN_WDFWORKITEMCREATE(
        call, config: PWDF_WORKITEM_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES, item: *mut WDFWORKITEM,
    ) -> NTSTATUS {
        let config = config.required(call);
        if config.Size as usize != size_of::<WDF_WORKITEM_CONFIG>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        if config.EvtWorkItemFunc.is_none() {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let attributes = Attributes::of(call, attributes, Parent::Required)?;
        let Some(parent) = attributes.parent else { return fail(STATUS_INVALID_PARAMETER) };
        item.not_null(call).put(new(parent, config.EvtWorkItemFunc, &attributes)?.handle());
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
