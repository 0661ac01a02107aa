//! WDFDPC.
#![allow(
    unsafe_code,
    reason = "the kernel's DPC lives in the object and is passed by address"
)]

use core::{cell::UnsafeCell, ffi::c_void};

use wdk_sys::{
    KDPC, PFN_WDF_DPC, PKDPC, PVOID, PWDF_DPC_CONFIG, PWDF_OBJECT_ATTRIBUTES, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_REQUEST, WDF_DPC_CONFIG, WDFDPC, WDFOBJECT,
    ntddk::{KeFlushQueuedDpcs, KeInitializeDpc, KeInsertQueueDpc, KeRemoveQueueDpc},
};

use crate::{
    callback_lock,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    wdm::device_object::zeroed,
};

/// What a WDFDPC stands for.
#[repr(C)]
pub struct Dpc {
    header: Header,
    callback: PFN_WDF_DPC,
    /// Under whose lock the callback runs.
    serialized: Option<Obj<Header>>,
    kernel: UnsafeCell<KDPC>,
}

framework! {
    Dpc: Dpc {
        fn dispose(this: Obj<Self>) {
            this.cancel(true);
        }
    }
}

impl Obj<Dpc> {
    fn cancel(self, wait: bool) -> bool {
        // SAFETY: Initialized at creation.
        let removed = unsafe { KeRemoveQueueDpc(self.kernel.get()) } != 0;
        if wait && !removed {
            flush();
        }
        removed
    }
}

/// Waits until all DPCs that were queued have run. IRQL: `PASSIVE_LEVEL`.
pub fn flush() {
    // SAFETY: The routine takes no argument.
    unsafe { KeFlushQueuedDpcs() }
}

extern "C" fn run(_dpc: PKDPC, context: PVOID, _first: PVOID, _second: PVOID) {
    if let Some(dpc) = Obj::<Dpc>::from_pointer(context.cast()) {
        callback_lock::run_under(dpc.serialized, || {
            invoke!(dpc.callback, dpc.handle());
        });
    }
}

/// A DPC under an object that hangs under a device.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` (no device), `STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL`, `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(
    parent: Obj<Header>,
    callback: PFN_WDF_DPC,
    serialized: bool,
    attributes: &Attributes,
) -> Outcome<Obj<Dpc>> {
    if parent.device_object().is_none() {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    let object = Dpc {
        header: Header::new::<Dpc>(parent.client),
        callback,
        serialized: callback_lock::effective(parent, serialized, false)?,
        kernel: UnsafeCell::new(zeroed()),
    };
    let object = create(object, attributes, Some(parent))?;
    let context = object.pointer().cast::<c_void>();
    // SAFETY: The DPC stays where it is until its object is destroyed, which removes it first.
    unsafe { KeInitializeDpc(object.kernel.get(), Some(run), context) };
    Ok(object)
}

impl Obj<Dpc> {
    /// Queues it; whether it was not queued before.
    pub fn enqueue(self) -> bool {
        // SAFETY: Initialized at creation.
        unsafe { KeInsertQueueDpc(self.kernel.get(), core::ptr::null_mut(), core::ptr::null_mut()) != 0 }
    }
}

ddi! {
    /// Creates a DPC.
    ///
    /// # Errors
    /// those of the attributes with a parent, `STATUS_INFO_LENGTH_MISMATCH`, those of [`new`].
    fn WdfDpcCreate: PFN_WDFDPCCREATE(
        call, config: PWDF_DPC_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES, dpc: *mut WDFDPC,
    ) -> NTSTATUS {
        let parent = Attributes::required_parent(call, attributes)?;
        let config = config.required(call);
        dpc.not_null(call);
        if config.Size as usize != size_of::<WDF_DPC_CONFIG>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let attributes = Attributes::of(call, attributes, Parent::Required)?;
        let created = new(parent, config.EvtDpcFunc, config.AutomaticSerialization != 0, &attributes)?;
        dpc.put(created.handle());
        Ok(())
    }

    /// Queues it; whether it was not queued before.
    fn WdfDpcEnqueue: PFN_WDFDPCENQUEUE(call, dpc: WDFDPC) -> u8 {
        u8::from(dpc.object(call).enqueue())
    }

    /// Takes it from the queue; whether it was there.
    fn WdfDpcCancel: PFN_WDFDPCCANCEL(call, dpc: WDFDPC, wait: u8) -> u8 {
        u8::from(dpc.object(call).cancel(wait != 0))
    }

    /// The object that it hangs under.
    fn WdfDpcGetParentObject: PFN_WDFDPCGETPARENTOBJECT(call, dpc: WDFDPC) -> WDFOBJECT {
        dpc.object(call).header().parent().map_or(core::ptr::null_mut(), Obj::handle)
    }

    /// The kernel's DPC.
    fn WdfDpcWdmGetDpc: PFN_WDFDPCWDMGETDPC(call, dpc: WDFDPC) -> PKDPC {
        dpc.object(call).kernel.get()
    }
}
