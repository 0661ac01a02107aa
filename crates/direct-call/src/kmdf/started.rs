//! What a device holds while it is started.
#![allow(unsafe_code, reason = "callbacks")]

use wdk_sys::{NTSTATUS, STATUS_SUCCESS, WDF_PNPPOWER_EVENT_CALLBACKS, WDFCMRESLIST, WDFDEVICE};

use super::device::Device;
use super::device_init::DeviceInit;
use crate::slot::Slot;
use crate::{Failure, device_context};

/// What a device holds from `EvtDevicePrepareHardware` to `EvtDeviceReleaseHardware`: the owners of interfaces of its stack.
///
/// It is dropped in the latter, which is the last moment at which the providers of the stack are there.
pub trait WhileStarted: Sized + Send + Sync + 'static {
    /// The device starts; what is below it in the stack has started.
    ///
    /// # Errors
    ///
    /// The device does not start then.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    fn start(device: Device<'_>) -> Result<Self, Failure>;
}

/// The kind of attachment that holds it.
struct Equipment {
    _first: u8,
}

device_context!(Equipment, c"DirectCallEquipment");

impl DeviceInit<'_> {
    /// Has the new device hold an `S` while it is started. For devices without callbacks of their own: it calls
    /// [`DeviceInit::set_pnp_power_callbacks`].
    pub fn while_started<S: WhileStarted>(&self) {
        self.set_pnp_power_callbacks(WDF_PNPPOWER_EVENT_CALLBACKS {
            EvtDevicePrepareHardware: Some(evt_device_prepare_hardware::<S>),
            EvtDeviceReleaseHardware: Some(evt_device_release_hardware::<S>),
            ..WDF_PNPPOWER_EVENT_CALLBACKS::default()
        });
    }
}

/// `EvtDevicePrepareHardware`.
unsafe extern "C" fn evt_device_prepare_hardware<S: WhileStarted>(
    device: WDFDEVICE,
    _raw: WDFCMRESLIST,
    _translated: WDFCMRESLIST,
) -> NTSTATUS {
    // SAFETY: the device or object that `EvtDevicePrepareHardware` is about: it exists until the callback returns.
    Failure::status_of(prepare::<S>(unsafe { Device::from_raw(device) }))
}

/// A device may be started again after a stop: its slot is there then.
fn prepare<S: WhileStarted>(device: Device<'_>) -> Result<(), Failure> {
    let slot: &Slot<S> = match device.attached::<Equipment, S>() {
        Some(slot) => slot,
        None => device.attach::<Equipment, S>(None)?,
    };
    let started = S::start(device)?;
    // SAFETY: the framework runs prepare and release one after the other, and nothing else uses the slot.
    unsafe { slot.put(started) };
    Ok(())
}

/// `EvtDeviceReleaseHardware`, also after a start that failed.
unsafe extern "C" fn evt_device_release_hardware<S: WhileStarted>(
    device: WDFDEVICE,
    _translated: WDFCMRESLIST,
) -> NTSTATUS {
    // SAFETY: the device or object that `EvtDeviceReleaseHardware` is about: it exists until the callback returns.
    let device: Device<'_> = unsafe { Device::from_raw(device) };
    if let Some(slot) = device.attached::<Equipment, S>() {
        // SAFETY: as in `prepare`.
        drop(unsafe { slot.take() });
    }
    STATUS_SUCCESS
}
