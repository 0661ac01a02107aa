//! The bus: the function device of `root\SampleBus`, which enumerates the children.
//!
//! The children are in the framework's default child list, keyed by a serial number from 1, so that some can
//! come and go while the bus runs.
#![allow(unsafe_code, reason = "framework calls")]

use core::ptr;

use direct_call::Failure;
use direct_call::kmdf::{DeviceInit, guid_of, size_of_ulong};
use sample_interface::GUID_BUS_TYPE_SAMPLE;
use wdk_sys::{
    _INTERFACE_TYPE, FILE_DEVICE_BUS_EXTENDER, FILE_DEVICE_SECURE_OPEN, PNP_BUS_INFORMATION,
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER, WDF_CHILD_LIST_CONFIG, WDF_NO_OBJECT_ATTRIBUTES,
    WDFCHILDLIST, WDFDEVICE, call_unsafe_wdf_function_binding,
};

use crate::parameters::Driver;
use crate::{child_count, child_pdo};

/// What identifies a child in the list.
#[repr(C)]
pub struct Identification {
    header: WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
    /// From 1, unique on its bus.
    pub serial: u32,
}

impl Identification {
    const fn new(serial: u32) -> Self {
        let header = WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER {
            IdentificationDescriptionSize: size_of_ulong::<Self>(),
        };
        Self { header, serial }
    }
}

/// Makes the bus device and puts its children on the list.
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
    let bus = init.create(None)?.raw();
    describe_bus(bus);
    announce(child_list(bus), count)
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
        call_unsafe_wdf_function_binding!(
            WdfFdoInitSetDefaultChildListConfig,
            init,
            &raw mut config,
            WDF_NO_OBJECT_ATTRIBUTES
        );
    }
    // SAFETY: no device has been made of the init yet; the device type is passed by value.
    unsafe { call_unsafe_wdf_function_binding!(WdfDeviceInitSetDeviceType, init, FILE_DEVICE_BUS_EXTENDER) };
    // SAFETY: no device has been made of the init yet. TRUE: added to the characteristics that the INF gives.
    unsafe {
        call_unsafe_wdf_function_binding!(
            WdfDeviceInitSetCharacteristics,
            init,
            FILE_DEVICE_SECURE_OPEN,
            u8::from(true)
        );
    }
}

fn describe_bus(bus: WDFDEVICE) {
    let mut information = PNP_BUS_INFORMATION {
        BusTypeGuid: guid_of(GUID_BUS_TYPE_SAMPLE),
        LegacyBusType: _INTERFACE_TYPE::PNPBus,
        BusNumber: 0,
    };
    // SAFETY: `add` has just made the device; the information is copied.
    unsafe {
        call_unsafe_wdf_function_binding!(WdfDeviceSetBusInformationForChildren, bus, &raw mut information);
    }
}

fn child_list(bus: WDFDEVICE) -> WDFCHILDLIST {
    // SAFETY: a function device with a default child list, made in `add` after `configure`.
    unsafe { call_unsafe_wdf_function_binding!(WdfFdoGetDefaultChildList, bus) }
}

/// Reports children 1 to `count` as present, and all others as gone.
fn announce(list: WDFCHILDLIST, count: u32) -> Result<(), Failure> {
    // SAFETY: the bus's own list, from `child_list`; a scan that begins here ends below.
    unsafe { call_unsafe_wdf_function_binding!(WdfChildListBeginScan, list) };
    let outcome = (1..=count).try_for_each(|serial| plug_in(list, serial));
    // SAFETY: ends the scan begun above, also after a failure.
    unsafe { call_unsafe_wdf_function_binding!(WdfChildListEndScan, list) };
    outcome
}

fn plug_in(list: WDFCHILDLIST, serial: u32) -> Result<(), Failure> {
    let mut identification = Identification::new(serial);
    // SAFETY: the bus's own list; the description has the size that `configure` announced, and is copied.
    let status = unsafe {
        call_unsafe_wdf_function_binding!(
            WdfChildListAddOrUpdateChildDescriptionAsPresent,
            list,
            (&raw mut identification).cast(),
            ptr::null_mut()
        )
    };
    // STATUS_OBJECT_NAME_EXISTS, a success, says that the child is on the list already.
    Failure::check(status)
}
