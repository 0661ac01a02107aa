//! A device that provides interfaces, without a context space of the driver's own: the counted context is the device's.
#![allow(unsafe_code, reason = "framework calls and callbacks")]

use core::ffi::c_void;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use wdk_sys::{
    INTERFACE, LPCGUID, NTSTATUS, PVOID, WDF_OBJECT_ATTRIBUTES, WDFDEVICE, WDFOBJECT,
    call_unsafe_wdf_function_binding,
};

use super::context::object_attributes;
use super::device::Device;
use super::event::Event;
use super::provider::{DeviceObject, Provider};
use super::slot::Slot;
use crate::interface::ProvidedBy;
use crate::two_way::{self, Connect, TwoWay};
use crate::{Client, Failure, QueryError};

/// The provider of a device, in whatever type it has; empty while all bytes are zero.
struct Provision(AtomicPtr<c_void>);

device_context!(Provision, c"DirectCallProvision");

/// A device of the running callback, with a provider that goes with it.
#[derive(Debug)]
pub struct Providing<'callback, T: Send + Sync + 'static> {
    device: Device<'callback>,
    provider: &'callback Provider<T>,
}
