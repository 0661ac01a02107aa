//! The function table: 458 slots, each an implementation or a stub that stops the run by name.
#![allow(unsafe_code, reason = "the table is shared, constant data made of addresses")]

use core::ffi::CStr;

use crate::{
    child_list, collection, control, ddi, device, device_init, device_interface, device_property, dpc, driver, fdo, file_object,
    io_target, lock, memory, object, pdo, query_interface, queue, registry, request, request_io, resource, string, timer,
    unsupported, work_item,
};

include!(concat!(env!("OUT_DIR"), "/functions.rs"));

/// The address of a function.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Slot(*const ());

// SAFETY: The address of a function of this image, never written.
unsafe impl Sync for Slot {}

impl Slot {
    /// The address.
    pub const fn address(self) -> *const core::ffi::c_void {
        self.0.cast()
    }
}

/// The table that clients get.
pub static TABLE: [Slot; COUNT] = table();

/// The names as C strings, for nthost, which reads them by the export's name.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub static WdfCallNames: [Slot; COUNT] = names();

const fn names() -> [Slot; COUNT] {
    let mut names = [Slot(core::ptr::null()); COUNT];
    let mut at = 0;
    while at < COUNT {
        names[at] = Slot(NAMES[at].as_ptr().cast());
        at += 1;
    }
    names
}

/// What an unimplemented function does.
extern "C" fn stub<const INDEX: usize>() -> ! {
    ddi::count(INDEX);
    unsupported::stop(NAMES[INDEX])
}

/// Puts the implementations over the stubs.
macro_rules! implemented {
    ($($module:path { $($name:ident)* })*) => {
        const fn table() -> [Slot; COUNT] {
            let mut table = STUBS;
            $({
                use $module as module;
                $(table[index::$name] = Slot(module::$name as *const ());)*
            })*
            table
        }
    };
}

implemented! {
    object::api {
        WdfObjectCreate WdfObjectDelete WdfObjectReferenceActual WdfObjectDereferenceActual WdfObjectGetTypedContextWorker
        WdfObjectAllocateContext WdfObjectContextGetObject WdfObjectQuery
    }
}
