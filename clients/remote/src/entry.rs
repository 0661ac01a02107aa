//! `DriverEntry` and `EvtDriverDeviceAdd`.

use core::sync::atomic::Ordering;

use direct_call::Failure;
use direct_call::kmdf::{DeviceInit, Target, object_attributes};
use sample_interface::GUID_DEVINTERFACE_REMOTE;
use wdk_sys::WDF_PNPPOWER_EVENT_CALLBACKS;

use crate::context::RemoteContext;
use crate::{arrival, ioctl};

// `Rmte` in a pool listing.
direct_call::driver! { tag: b"Rmte", add: add }

fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.set_pnp_power_callbacks(WDF_PNPPOWER_EVENT_CALLBACKS {
        EvtDevicePrepareHardware: Some(arrival::evt_device_prepare_hardware),
        EvtDeviceReleaseHardware: Some(arrival::evt_device_release_hardware),
        ..WDF_PNPPOWER_EVENT_CALLBACKS::default()
    });
    let device = init.create(Some(object_attributes::<RemoteContext>()))?;
    let context = device.context::<RemoteContext>().ok_or(Failure::UNSUCCESSFUL)?;
    // No request gets at the interface before there is one.
    context.gate.initialize();
    context.searching.initialize(device)?;
    context.lock.initialize(device)?;
    context
        .target
        .store(Target::create(device)?.raw(), Ordering::Relaxed);
    arrival::create_search(device, context)?;
    device.create_default_queue(Some(ioctl::evt_io_device_control), None)?;
    device.offer_device_interface(GUID_DEVINTERFACE_REMOTE)
}
