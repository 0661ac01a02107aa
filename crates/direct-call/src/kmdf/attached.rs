//! What this crate keeps with a device, beside the context spaces of the driver.
//!
//! A context type is a static, and there are no generic statics: so each kind of attachment has one type of context, in which a value of any
//! Rust type lies ([`WDF_OBJECT_ATTRIBUTES::ContextSizeOverride`]), with the type's identity before it.
#![allow(
    unsafe_code,
    reason = "framework calls, and memory of a type that is known at run time"
)]

use core::any::TypeId;
use core::mem::MaybeUninit;
use core::ptr;

use wdk_sys::{PFN_WDF_OBJECT_CONTEXT_CLEANUP, STATUS_SUCCESS, WDF_OBJECT_ATTRIBUTES};

use super::context::{Context, object_attributes};
use super::device::Device;
use crate::Failure;
use crate::call_wdf;
use crate::slot::Slot;

/// The least alignment of what the framework allocates, `MEMORY_ALLOCATION_ALIGNMENT` of 64-bit Windows, ntdef.h.
const ALIGNMENT: usize = 16;

/// The memory of an attachment: a slot of which any reader first sees the type.
#[repr(C)]
struct Memory<V> {
    /// Zero, which is no `TypeId`, until the type's identity is written: when the memory is made, before anybody else knows of it.
    _kind: MaybeUninit<TypeId>,
    slot: Slot<V>,
}

impl<'callback> Device<'callback> {
    /// Makes an empty slot of kind `K` on the device, which lasts as long as the device.
    ///
    /// # Errors
    ///
    /// `STATUS_INSUFFICIENT_RESOURCES`; `STATUS_UNSUCCESSFUL` if the device has one of that kind.
    pub(super) fn attach<K: Context, V: 'static>(
        self,
        cleanup: PFN_WDF_OBJECT_CONTEXT_CLEANUP,
    ) -> Result<&'callback Slot<V>, Failure> {
        const { assert!(align_of::<Memory<V>>() <= ALIGNMENT) };
        let mut attributes = WDF_OBJECT_ATTRIBUTES {
            EvtCleanupCallback: cleanup,
            ContextSizeOverride: size_of::<Memory<V>>() as _,
            ..object_attributes::<K>()
        };
        let mut memory = ptr::null_mut();
        // SAFETY: a valid handle, by `Device`; the attributes are copied.
        let status = unsafe {
            call_wdf!(
                WdfObjectAllocateContext,
                self.raw().cast(),
                &raw mut attributes,
                &raw mut memory
            )
        };
        if status != STATUS_SUCCESS {
            return Err(Failure::new(status));
        }
        let memory = memory.cast::<Memory<V>>();
        // SAFETY: just made with this size and alignment, and nobody else knows of it; begins with the identity, as it is `repr(C)`.
        unsafe { memory.cast::<TypeId>().write(TypeId::of::<V>()) };
        // SAFETY: lasts as long as the device; the framework has zeroed it, which is an empty slot.
        Ok(unsafe { &(*memory).slot })
    }

    /// The slot of kind `K`, if the device has one with such a value.
    pub(super) fn attached<K: Context, V: 'static>(self) -> Option<&'callback Slot<V>> {
        let memory = ptr::from_ref(self.context::<K>()?).cast::<Memory<V>>();
        // SAFETY: the memory was made by `attach`, which wrote the type's identity first, whatever the type.
        if unsafe { memory.cast::<TypeId>().read() } != TypeId::of::<V>() {
            return None;
        }
        // SAFETY: made for this very type, as just checked; lasts as long as the device.
        Some(unsafe { &(*memory).slot })
    }
}
