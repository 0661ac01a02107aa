//! The bus: the function device of `root\SampleBus`, which enumerates the children.
#![allow(unsafe_code, reason = "framework calls and a callback")]

use direct_call::call_wdf;
use direct_call::kmdf::{
    Device, DeviceInit, Provider, ProviderSlot, guid_of, object_attributes, size_of_ulong,
};
use direct_call::{Failure, device_context};
use sample_interface::{GUID_BUS_TYPE_SAMPLE, GUID_DEVINTERFACE_SAMPLE_BUS};
use wdk_sys::{
    _INTERFACE_TYPE, FILE_DEVICE_BUS_EXTENDER, FILE_DEVICE_SECURE_OPEN, PNP_BUS_INFORMATION,
    WDF_CHILD_LIST_CONFIG, WDF_NO_OBJECT_ATTRIBUTES, WDF_OBJECT_ATTRIBUTES, WDFOBJECT,
};

use crate::children::{Children, Identification};
use crate::context_routines::Calls;
use crate::parameters::Driver;
use crate::{bus_ioctl, child_count, child_pdo, interfaces};

/// The context space of a bus device.
pub struct BusContext {
    /// What the bus publishes; filled when the device is made, emptied in [`evt_cleanup`].
    pub provider: ProviderSlot<Children>,
    /// What it hands out on request; as the other.
    pub doubler: ProviderSlot<Calls>,
}

device_context!(BusContext, c"BusContext");

/// Makes the bus device and plugs its children in.
///
/// # Errors
///
/// `STATUS_INVALID_PARAMETER` for a bad `ChildCount`, else what the framework answers; the device is not
/// added then.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn add(driver: Driver, init: DeviceInit<'_>) -> Result<(), Failure> {
    let count = child_count::read(driver)?;
    configure(&init);
    let attributes = WDF_OBJECT_ATTRIBUTES {
        EvtCleanupCallback: Some(evt_cleanup),
        ..object_attributes::<BusContext>()
    };
    let bus = init.create(Some(attributes))?;
    describe_bus(bus);
    publish(bus, count)?;
    bus_ioctl::create_queue(bus)?;
    bus.offer_device_interface(GUID_DEVINTERFACE_SAMPLE_BUS)
}

fn configure(init: &DeviceInit<'_>) {
    let init = init.raw();
    let mut config = WDF_CHILD_LIST_CONFIG {
        Size: size_of_ulong::<WDF_CHILD_LIST_CONFIG>(),
        IdentificationDescriptionSize: size_of_ulong::<Identification>(),
        EvtChildListCreateDevice: Some(child_pdo::evt_child_list_create_device),
        ..WDF_CHILD_LIST_CONFIG::default()
    };
    // SAFETY: no device has been made of the init yet, or `create` would own it; the configuration is copied.
    unsafe {
        call_wdf!(
            WdfFdoInitSetDefaultChildListConfig,
            init,
            &raw mut config,
            WDF_NO_OBJECT_ATTRIBUTES
        );
    }
    // SAFETY: no device has been made of the init yet; the device type is passed by value.
    unsafe { call_wdf!(WdfDeviceInitSetDeviceType, init, FILE_DEVICE_BUS_EXTENDER) };
    // SAFETY: no device has been made of the init yet. TRUE: added to the characteristics that the INF gives.
    unsafe {
        call_wdf!(
            WdfDeviceInitSetCharacteristics,
            init,
            FILE_DEVICE_SECURE_OPEN,
            u8::from(true)
        );
    }
}

fn describe_bus(bus: Device<'_>) {
    let mut information = PNP_BUS_INFORMATION {
        BusTypeGuid: guid_of(GUID_BUS_TYPE_SAMPLE),
        LegacyBusType: _INTERFACE_TYPE::PNPBus,
        BusNumber: 0,
    };
    // SAFETY: a device of this driver, just made; the information is copied.
    unsafe {
        call_wdf!(
            WdfDeviceSetBusInformationForChildren,
            bus.raw(),
            &raw mut information
        );
    }
}

/// Registers the bus's interface and plugs in the children that the registry asks for.
fn publish(bus: Device<'_>, count: u32) -> Result<(), Failure> {
    let context = bus.context::<BusContext>().ok_or(Failure::UNSUCCESSFUL)?;
    let children = Children::new(bus);
    children
        .announce(count)
        .map_err(|status| Failure::new(status.0))?;
    context.doubler.put(Provider::new(bus, Calls::default())?);
    let provider = Provider::new(bus, children)?;
    let published = interfaces::publish_bus(&provider, bus);
    // Also after a failure: the device may have been given the interface, and cleanup looks here.
    context.provider.put(provider);
    published
}

/// `EvtCleanupCallback` of the device: the owners go, and clients that still hold a reference keep the rest.
unsafe extern "C" fn evt_cleanup(object: WDFOBJECT) {
    // SAFETY: the framework cleans up the device that `add` made; the handle is good until this returns.
    let device: Device<'_> = unsafe { Device::from_raw(object.cast()) };
    if let Some(context) = device.context::<BusContext>() {
        drop(context.provider.take());
        drop(context.doubler.take());
    }
}
