//! The physical device of a child, which offers the interfaces.
#![allow(unsafe_code, reason = "framework calls and callbacks")]

use core::ptr;

use direct_call::kmdf::{Device, Provider, ProviderSlot, object_attributes, size_of_ulong};
use direct_call::{Failure, device_context};
use wdk_sys::{
    _WDF_TRI_STATE, LCID, NTSTATUS, WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER, WDF_DEVICE_PNP_CAPABILITIES,
    WDFCHILDLIST, WDFDEVICE, WDFDEVICE_INIT, WDFOBJECT, call_unsafe_wdf_function_binding,
};

use crate::bus::Identification;
use crate::interfaces;
use crate::unicode::{ascii, numbered, unicode_string};

/// US English, winnt.h: `MAKELCID(MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), SORT_DEFAULT)`.
const LOCALE: LCID = 0x409;

/// Device ID and hardware ID: what the INF of a function driver matches.
const DEVICE_ID: [u16; 17] = ascii(b"SAMPLEBUS\\Doubler");
/// Compatible ID: any device of this bus.
const COMPATIBLE_ID: [u16; 16] = ascii(b"SAMPLEBUS\\Device");
const INSTANCE_ID: [u16; 2] = ascii(b"00");
const DESCRIPTION: [u16; 17] = ascii(b"Sample doubler 00");
const LOCATION: [u16; 18] = ascii(b"Sample bus slot 00");

/// The context space of a child's physical device.
#[derive(Default)]
struct ChildContext {
    /// Emptied in [`evt_cleanup`].
    provider: ProviderSlot,
}

device_context!(ChildContext, c"ChildContext");

/// `EvtChildListCreateDevice`.
pub unsafe extern "C" fn evt_child_list_create_device(
    _list: WDFCHILDLIST,
    identification: *mut WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
    init: *mut WDFDEVICE_INIT,
) -> NTSTATUS {
    // SAFETY: the framework passes a copy of a description that the bus put on the list, an `Identification`.
    let serial = unsafe { (*identification.cast::<Identification>()).serial };
    Failure::status_of(create(Init(init), serial))
}

fn create(init: Init, serial: u32) -> Result<(), Failure> {
    init.assign_ids(serial)?;
    init.add_text(serial)?;
    let device = init.create()?;
    set_capabilities(device, serial);
    // SAFETY: made in the line before last, and not deleted while its creation is going on.
    publish(unsafe { Device::from_raw(device) })
}

/// The interfaces are registered at once: a query may come as soon as the device exists.
fn publish(device: Device<'_>) -> Result<(), Failure> {
    let context = device.context::<ChildContext>().ok_or(Failure::UNSUCCESSFUL)?;
    let provider = Provider::new(device)?;
    let published = interfaces::publish(&provider, device);
    // Also after a failure: the device may have been given one interface, and cleanup looks here.
    context.provider.put(provider);
    published
}

/// `EvtCleanupCallback` of the device: the owner goes, and clients that still hold a reference keep the rest.
unsafe extern "C" fn evt_cleanup(object: WDFOBJECT) {
    // SAFETY: the framework cleans up the device that `Init::create` made; the handle is good until this
    // returns.
    let device: Device<'_> = unsafe { Device::from_raw(object.cast()) };
    drop(
        device
            .context::<ChildContext>()
            .and_then(|context| context.provider.take()),
    );
}

/// The `WDFDEVICE_INIT` of the running `EvtChildListCreateDevice`.
struct Init(*mut WDFDEVICE_INIT);

/// A framework routine that takes an init and one string, as a number for [`Init::assign`].
#[derive(Clone, Copy)]
enum Id {
    Device,
    Hardware,
    Compatible,
    Instance,
}

impl Init {
    fn assign_ids(&self, serial: u32) -> Result<(), Failure> {
        self.assign(Id::Device, &DEVICE_ID)?;
        self.assign(Id::Hardware, &DEVICE_ID)?;
        self.assign(Id::Compatible, &COMPATIBLE_ID)?;
        self.assign(Id::Instance, &numbered(INSTANCE_ID, serial))
    }

    /// The framework copies the string.
    fn assign<const N: usize>(&self, id: Id, text: &[u16; N]) -> Result<(), Failure> {
        let text = unicode_string(text);
        let text = &raw const text;
        let status = match id {
            // SAFETY: an init that has not become a device yet, and a string that outlives the call.
            Id::Device => unsafe {
                call_unsafe_wdf_function_binding!(WdfPdoInitAssignDeviceID, self.0, text)
            },
            // SAFETY: as for the device ID.
            Id::Hardware => unsafe {
                call_unsafe_wdf_function_binding!(WdfPdoInitAddHardwareID, self.0, text)
            },
            // SAFETY: as for the device ID.
            Id::Compatible => unsafe {
                call_unsafe_wdf_function_binding!(WdfPdoInitAddCompatibleID, self.0, text)
            },
            // SAFETY: as for the device ID.
            Id::Instance => unsafe {
                call_unsafe_wdf_function_binding!(WdfPdoInitAssignInstanceID, self.0, text)
            },
        };
        Failure::check(status)
    }

    fn add_text(&self, serial: u32) -> Result<(), Failure> {
        let description = numbered(DESCRIPTION, serial);
        let location = numbered(LOCATION, serial);
        let description = unicode_string(&description);
        let location = unicode_string(&location);
        // SAFETY: an init that has not become a device yet; the strings outlive the call, which copies them.
        let status = unsafe {
            call_unsafe_wdf_function_binding!(
                WdfPdoInitAddDeviceText,
                self.0,
                &raw const description,
                &raw const location,
                LOCALE
            )
        };
        Failure::check(status)?;
        // SAFETY: an init that has not become a device yet.
        unsafe { call_unsafe_wdf_function_binding!(WdfPdoInitSetDefaultLocale, self.0, LOCALE) };
        Ok(())
    }

    fn create(mut self) -> Result<WDFDEVICE, Failure> {
        let mut attributes = object_attributes::<ChildContext>();
        attributes.EvtCleanupCallback = Some(evt_cleanup);
        let mut device = ptr::null_mut();
        // SAFETY: the init is used up here; on failure the framework frees it.
        let status = unsafe {
            call_unsafe_wdf_function_binding!(
                WdfDeviceCreate,
                &raw mut self.0,
                &raw mut attributes,
                &raw mut device
            )
        };
        Failure::check(status).map(|()| device)
    }
}

fn set_capabilities(device: WDFDEVICE, serial: u32) {
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
        Address: serial,
        UINumber: serial,
    };
    // SAFETY: a device of this driver, just made; the capabilities are copied.
    unsafe {
        call_unsafe_wdf_function_binding!(WdfDeviceSetPnpCapabilities, device, &raw mut capabilities);
    }
}
