//! The physical device of a child, which offers the interfaces.
#![allow(unsafe_code, reason = "framework calls and callbacks")]

use direct_call::Failure;
use direct_call::call_wdf;
use direct_call::kmdf::{Device, DeviceInit, forward_to_parent, size_of_ulong};
use wdk_sys::{
    _WDF_TRI_STATE, LCID, NTSTATUS, WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER, WDF_DEVICE_PNP_CAPABILITIES,
    WDFCHILDLIST, WDFDEVICE_INIT,
};

use crate::children::Identification;
use crate::doubler;
use crate::interfaces::SampleBusInterface;
use crate::unicode::{DIGITS, ascii, before_digits, numbered, unicode_string};

/// US English, winnt.h: `MAKELCID(MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), SORT_DEFAULT)`.
const LOCALE: LCID = 0x409;

/// Device ID and hardware ID: what the INF of a function driver matches.
const DEVICE_ID: [u16; 17] = ascii(b"SAMPLEBUS\\Doubler");
/// Compatible ID: any device of this bus.
const COMPATIBLE_ID: [u16; 16] = ascii(b"SAMPLEBUS\\Device");
const INSTANCE_ID: [u16; DIGITS] = before_digits(b"");
const DESCRIPTION: [u16; 15 + DIGITS] = before_digits(b"Sample doubler ");
const LOCATION: [u16; 16 + DIGITS] = before_digits(b"Sample bus slot ");

/// `EvtChildListCreateDevice`.
pub unsafe extern "C" fn evt_child_list_create_device(
    _list: WDFCHILDLIST,
    identification: *mut WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
    init: *mut WDFDEVICE_INIT,
) -> NTSTATUS {
    // SAFETY: the framework passes a copy of a description that the bus put on the list, an `Identification`.
    let number = unsafe { (*identification.cast::<Identification>()).number };
    // SAFETY: the framework's argument, good until this routine returns, and wrapped once.
    let init = unsafe { DeviceInit::from_raw(init) };
    Failure::status_of(create(init, number))
}

fn create(init: DeviceInit<'_>, number: u32) -> Result<(), Failure> {
    assign_ids(&init, number)?;
    add_text(&init, number)?;
    let device = init.create(None)?;
    set_capabilities(device, number);
    doubler::publish(device)?;
    forward_to_parent::<SampleBusInterface>(device)
}

/// A framework routine that takes an init and one string, as a number for [`assign`].
#[derive(Clone, Copy)]
enum Id {
    Device,
    Hardware,
    Compatible,
    Instance,
}

fn assign_ids(init: &DeviceInit<'_>, number: u32) -> Result<(), Failure> {
    assign(init, Id::Device, &DEVICE_ID)?;
    assign(init, Id::Hardware, &DEVICE_ID)?;
    assign(init, Id::Compatible, &COMPATIBLE_ID)?;
    assign(init, Id::Instance, &numbered(INSTANCE_ID, number))
}

/// The framework copies the string.
fn assign<const N: usize>(init: &DeviceInit<'_>, id: Id, text: &[u16; N]) -> Result<(), Failure> {
    let text = unicode_string(text);
    let text = &raw const text;
    let status = match id {
        // SAFETY: an init that has not become a device yet, and a string that outlives the call.
        Id::Device => unsafe { call_wdf!(WdfPdoInitAssignDeviceID, init.raw(), text) },
        // SAFETY: as for the device ID.
        Id::Hardware => unsafe { call_wdf!(WdfPdoInitAddHardwareID, init.raw(), text) },
        // SAFETY: as for the device ID.
        Id::Compatible => unsafe { call_wdf!(WdfPdoInitAddCompatibleID, init.raw(), text) },
        // SAFETY: as for the device ID.
        Id::Instance => unsafe { call_wdf!(WdfPdoInitAssignInstanceID, init.raw(), text) },
    };
    Failure::check(status)
}

fn add_text(init: &DeviceInit<'_>, number: u32) -> Result<(), Failure> {
    let description = numbered(DESCRIPTION, number);
    let location = numbered(LOCATION, number);
    let description = unicode_string(&description);
    let location = unicode_string(&location);
    // SAFETY: an init that has not become a device yet; the strings outlive the call, which copies them.
    let status = unsafe {
        call_wdf!(
            WdfPdoInitAddDeviceText,
            init.raw(),
            &raw const description,
            &raw const location,
            LOCALE
        )
    };
    Failure::check(status)?;
    // SAFETY: an init that has not become a device yet.
    unsafe { call_wdf!(WdfPdoInitSetDefaultLocale, init.raw(), LOCALE) };
    Ok(())
}

fn set_capabilities(device: Device<'_>, number: u32) {
    use _WDF_TRI_STATE::{WdfFalse, WdfTrue, WdfUseDefault};
    let mut capabilities = WDF_DEVICE_PNP_CAPABILITIES {
        Size: size_of_ulong::<WDF_DEVICE_PNP_CAPABILITIES>(),
        LockSupported: WdfUseDefault,
        EjectSupported: WdfFalse,
        Removable: WdfTrue,
        DockDevice: WdfFalse,
        UniqueID: WdfFalse, // unique on its bus only: there may be several buses
        SilentInstall: WdfUseDefault,
        SurpriseRemovalOK: WdfTrue,
        HardwareDisabled: WdfUseDefault,
        NoDisplayInUI: WdfUseDefault,
        Address: number,
        UINumber: number,
    };
    // SAFETY: a device of this driver, just made; the capabilities are copied.
    unsafe {
        call_wdf!(WdfDeviceSetPnpCapabilities, device.raw(), &raw mut capabilities);
    }
}
