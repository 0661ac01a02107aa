//! `DriverEntry` and `EvtDriverDeviceAdd`.

use direct_call::Failure;
use direct_call::kmdf::{DeviceInit, object_attributes};
use sample_interface::GUID_DEVINTERFACE_CHILD;
use wdk_sys::WDF_PNPPOWER_EVENT_CALLBACKS;

use crate::doubler::ChildContext;
use crate::{hardware, ioctl};

direct_call::driver! { tag: b"Chld", add: add }

fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.set_pnp_power_callbacks(WDF_PNPPOWER_EVENT_CALLBACKS {
        EvtDevicePrepareHardware: Some(hardware::evt_device_prepare_hardware),
        EvtDeviceReleaseHardware: Some(hardware::evt_device_release_hardware),
        EvtDeviceSurpriseRemoval: Some(hardware::evt_device_surprise_removal),
        ..WDF_PNPPOWER_EVENT_CALLBACKS::default()
    });
    let device = init.create(Some(object_attributes::<ChildContext>()))?;
    // No request gets at the interface before there is one.
    let context = device.context::<ChildContext>().ok_or(Failure::UNSUCCESSFUL)?;
    context.gate.initialize();
    device.create_default_queue(Some(ioctl::evt_io_device_control), None)?;
    device.offer_device_interface(GUID_DEVINTERFACE_CHILD)
}
