//! The glue to KMDF: a [`Provider`] on a device, a [`Client`] of a device's own stack or, through a [`Target`], of another one.
//!
//! All of it is for Plug and Play devices. `Device` stands for a `WDFDEVICE` that is valid for a callback's
//! duration, so that the promise is made once, in the trampoline, and not at each call.

mod attached;
mod below;
mod client;
mod context;
mod dereference;
mod device;
mod device_init;
mod driver;
mod event;
mod functions;
mod gate;
mod provide;
mod provider;
mod request;
mod spin_lock;
mod started;
mod target;

#[doc(inline)]
pub use crate::Client;
#[doc(inline)]
pub use crate::slot::Slot;
#[doc(inline)]
pub use below::Offers;
#[doc(inline)]
pub use context::{Context, ContextType, object_attributes, object_attributes_of};
#[doc(inline)]
pub use device::{Device, guid_of, size_of_ulong};
#[doc(inline)]
pub use device_init::{DeviceInit, create_driver};
#[doc(hidden)]
pub use functions::expect_always_available_functions;
#[doc(inline)]
pub use gate::{Entered, Gate};
#[doc(inline)]
pub use provide::{Providing, query_two_way};
#[doc(inline)]
pub use provider::{InSlot, Inside, Provider, ProviderSlot, forward_to_parent};
#[doc(inline)]
pub use request::{Output, Plain, Request};
#[doc(inline)]
pub use spin_lock::{Locked, SpinLock};
#[doc(inline)]
pub use started::WhileStarted;
#[doc(inline)]
pub use target::{Target, TargetEvents};

#[doc(hidden)]
pub use wdk_sys;

/// `Header` is the header that the framework copies.
const _: () = {
    use core::mem::{align_of, offset_of, size_of};

    use wdk_sys::INTERFACE;

    use crate::Header;

    assert!(size_of::<Header>() == size_of::<INTERFACE>());
    assert!(align_of::<Header>() == align_of::<INTERFACE>());
    assert!(offset_of!(Header, size) == offset_of!(INTERFACE, Size));
    assert!(offset_of!(Header, version) == offset_of!(INTERFACE, Version));
    assert!(offset_of!(Header, context) == offset_of!(INTERFACE, Context));
    assert!(offset_of!(Header, reference) == offset_of!(INTERFACE, InterfaceReference));
    assert!(offset_of!(Header, dereference) == offset_of!(INTERFACE, InterfaceDereference));
};
