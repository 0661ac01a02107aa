//! `IoQueueWorkItem`: work for a system thread, with the device object held until it is done.
#![allow(unsafe_code, reason = "calls routines that drivers queue")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;

use super::device::Device;
use crate::abi::{DEVICE_OBJECT, IO_WORKITEM_ROUTINE, IO_WORKITEM_ROUTINE_EX, PVOID};
use crate::ke::{self, work};
use crate::mm::pool::{self, Kind, Request, Tag};
use crate::ob;
use crate::verifier;

crate::exports! {
    IoAllocateWorkItem <= DISPATCH_LEVEL or NULL;
    IoFreeWorkItem <= DISPATCH_LEVEL;
    IoInitializeWorkItem <= DISPATCH_LEVEL;
    IoUninitializeWorkItem <= DISPATCH_LEVEL;
    IoSizeofWorkItem <= DISPATCH_LEVEL;
    IoQueueWorkItem <= DISPATCH_LEVEL;
    IoQueueWorkItemEx <= DISPATCH_LEVEL;
}

/// The host's `IO_WORKITEM`, opaque to drivers.
#[repr(C)]
struct WorkItem {
    /// A device or driver object.
    object: *mut c_void,
}

/// What Windows tags its work items with.
const TAG: Tag = Tag(u32::from_le_bytes(*b"IoWi"));

unsafe extern "win64" fn IoAllocateWorkItem(device: *mut DEVICE_OBJECT) -> *mut WorkItem {
    let request = Request {
        kind: Kind::NonPaged,
        size: size_of::<WorkItem>(),
        tag: TAG,
        zeroed: true,
        owner: verifier::owner(),
    };
    let item = pool::allocate(request).cast::<WorkItem>();
    if !item.is_null() {
        // SAFETY: the block was just allocated with the size of a work item.
        unsafe {
            item.write(WorkItem {
                object: device.cast(),
            });
        };
    }
    item
}

unsafe extern "win64" fn IoFreeWorkItem(item: *mut WorkItem) {
    pool::free(item.cast(), Some(TAG), verifier::owner());
}

const unsafe extern "win64" fn IoInitializeWorkItem(object: PVOID, item: *mut WorkItem) {
    // SAFETY: the driver gives IoSizeofWorkItem bytes.
    unsafe { item.write(WorkItem { object }) };
}

const unsafe extern "win64" fn IoUninitializeWorkItem(_item: *mut WorkItem) {}

unsafe extern "win64" fn IoSizeofWorkItem() -> u32 {
    u32::try_from(size_of::<WorkItem>()).unwrap_or(u32::MAX)
}

/// # Safety
/// The item is initialized.
unsafe fn object_of(item: *mut WorkItem) -> *mut c_void {
    // SAFETY: `item` is initialized (`# Safety`), so its `object` can be read.
    unsafe { (*item).object }
}

unsafe extern "win64" fn IoQueueWorkItem(
    item: *mut WorkItem,
    routine: IO_WORKITEM_ROUTINE,
    _queue: i32,
    context: PVOID,
) {
    // SAFETY: `item` came from IoAllocateWorkItem or went through IoInitializeWorkItem; both set its object.
    let device = Device::of_driver(unsafe { object_of(item) }.cast());
    let Some(routine) = routine else { return };
    device.reference();
    let context = context.expose_provenance();
    work::SYSTEM.queue(move || {
        ke::call("a work item", routine as usize, || {
            // SAFETY: the driver queued the routine with this context; the device is held until it returns.
            unsafe { routine(device.as_ptr(), core::ptr::with_exposed_provenance_mut(context)) };
        });
        device.dereference();
    });
}

unsafe extern "win64" fn IoQueueWorkItemEx(
    item: *mut WorkItem,
    routine: IO_WORKITEM_ROUTINE_EX,
    _queue: i32,
    context: PVOID,
) {
    let Some(routine) = routine else { return };
    // SAFETY: the driver allocated or initialized `item`, and frees it in its routine at the earliest.
    let object = unsafe { object_of(item) };
    ob::reference(object);
    let (object, item, context) = (
        object.expose_provenance(),
        item.expose_provenance(),
        context.expose_provenance(),
    );
    work::SYSTEM.queue(move || {
        let pointer = core::ptr::with_exposed_provenance_mut::<c_void>;
        ke::call("a work item", routine as usize, || {
            // SAFETY: the driver queued the routine with this context; the object is held until it returns.
            unsafe { routine(pointer(object), pointer(context), pointer(item)) };
        });
        ob::dereference(pointer(object));
    });
}
