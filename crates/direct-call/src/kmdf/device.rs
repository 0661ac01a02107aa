//! A WDFDEVICE that is valid for a callback's duration.
#![allow(
    unsafe_code,
    reason = "framework calls; the handle is proven valid in Device::from_raw"
)]

use core::marker::PhantomData;
use core::ptr;

use guid_create::GUID;
use wdk_sys::WDFDEVICE;

use super::context::Context;
use super::provider::DeviceObject;
use crate::Failure;
use crate::call_wdf;

/// A framework device of the calling driver, valid for `'callback`.
#[derive(Clone, Copy, Debug)]
pub struct Device<'callback>(WDFDEVICE, PhantomData<&'callback ()>);

impl<'callback> Device<'callback> {
    /// Wraps the handle that the framework passed to a callback, or that `WdfDeviceCreate` returned in one.
    ///
    /// # Safety
    ///
    /// `handle` is a WDFDEVICE of this driver that is not deleted during `'callback`.
    #[must_use]
    pub const unsafe fn from_raw(handle: WDFDEVICE) -> Self {
        Self(handle, PhantomData)
    }

    /// The handle, for framework calls.
    #[must_use]
    pub const fn raw(self) -> WDFDEVICE {
        self.0
    }

    /// The context space of type `C`; `None` if the device was created without one. IRQL <= `DISPATCH_LEVEL`.
    #[must_use]
    pub fn context<C: Context>(self) -> Option<&'callback C> {
        // SAFETY: a valid handle, by `from_raw`; the type information is a static.
        let space = unsafe { call_wdf!(WdfObjectGetTypedContextWorker, self.0.cast(), C::type_info()) };
        // SAFETY: null, or this device's space of exactly this type, zeroed by the framework at first, which
        // `Context` declares a valid value; it lasts as long as the device.
        unsafe { space.cast::<C>().as_ref() }
    }

    /// Offers a device interface class: to user mode, and to drivers that open the device.
    ///
    /// # Errors
    ///
    /// What `WdfDeviceCreateDeviceInterface` answers.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn offer_device_interface(self, class: GUID) -> Result<(), Failure> {
        let class = guid_of(class);
        // SAFETY: a valid handle, by `from_raw`; the GUID is copied, and no reference string is given.
        let status = unsafe {
            call_wdf!(
                WdfDeviceCreateDeviceInterface,
                self.0,
                &raw const class,
                ptr::null()
            )
        };
        Failure::check(status)
    }

    /// The WDM device object under the framework device.
    pub(super) fn device_object(self) -> DeviceObject {
        // SAFETY: a valid handle, by `from_raw`.
        let object = unsafe { call_wdf!(WdfDeviceWdmGetDeviceObject, self.0) };
        DeviceObject::new(object)
    }
}

/// The same GUID in the WDK's form.
#[must_use]
pub fn guid_of(guid: GUID) -> wdk_sys::GUID {
    wdk_sys::GUID {
        Data1: guid.data1(),
        Data2: guid.data2(),
        Data3: guid.data3(),
        Data4: guid.data4(),
    }
}

/// `size_of::<T>()` as the `ULONG` that framework structures carry in their `Size`.
#[must_use]
pub const fn size_of_ulong<T>() -> u32 {
    const { assert!(size_of::<T>() <= u32::MAX as usize) };
    #[expect(clippy::cast_possible_truncation, reason = "asserted in the line above")]
    {
        size_of::<T>() as u32
    }
}
