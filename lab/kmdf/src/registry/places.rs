//! Keys at places that the framework knows: a driver's own state, and the map of devices.

use wdk_sys::{
    ACCESS_MASK, PCUNICODE_STRING, PWDF_OBJECT_ATTRIBUTES, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_PARAMETER,
    ULONG, WDFDEVICE, WDFDRIVER, WDFKEY,
};

use super::{check_irql, handle};
use crate::{
    failure::{Outcome, fail},
    object::{Attributes, Parent},
    pool::Array,
    wdm::{key::OpenKey, text::wide},
};

/// wdm.h: `REG_OPTION_VOLATILE`
const VOLATILE: ULONG = 1;
/// Where the keys of the map are.
const DEVICE_MAP: [u16; 36] = wide(br"\REGISTRY\MACHINE\HARDWARE\DEVICEMAP");
/// How many units a path may have (fxdevicekm.cpp).
const LONGEST: usize = 256;

/// The path of a key of the map.
fn in_map(tag: crate::pool::Tag, name: &[u16]) -> Outcome<Array<u16>> {
    let mut path = Array::of(tag, &DEVICE_MAP)?;
    path.push(u16::from(b'\\'))?;
    path.extend(name)?;
    if path.as_slice().len() > LONGEST {
        return fail(STATUS_BUFFER_TOO_SMALL);
    }
    Ok(path)
}

ddi! {
    /// The key of the driver's own state. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`, what `IoOpenDriverRegistryKey`
    /// returns.
    fn WdfDriverOpenPersistentStateRegistryKey: PFN_WDFDRIVEROPENPERSISTENTSTATEREGISTRYKEY(
        call, driver: WDFDRIVER, access: ACCESS_MASK, attributes: PWDF_OBJECT_ATTRIBUTES, key: *mut WDFKEY,
    ) -> NTSTATUS {
        key.not_null(call).put(core::ptr::null_mut());
        check_irql()?;
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        driver.object(call);
        handle(call, &attributes, OpenKey::persistent_state(call.client.driver_object, access)?, key)
    }

    /// A key of the map of devices, made when it is missing, and gone with the system. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (the name), `STATUS_INVALID_DEVICE_REQUEST` (IRQL), those of the attributes, `STATUS_BUFFER_TOO_SMALL` (a long
    /// name), `STATUS_INSUFFICIENT_RESOURCES`, what `ZwCreateKey` returns.
    fn WdfDeviceOpenDevicemapKey: PFN_WDFDEVICEOPENDEVICEMAPKEY(
        call, device: WDFDEVICE, name: PCUNICODE_STRING, access: ACCESS_MASK, attributes: PWDF_OBJECT_ATTRIBUTES,
        key: *mut WDFKEY,
    ) -> NTSTATUS {
        let device = device.object(call);
        key.not_null(call).put(core::ptr::null_mut());
        let name = name.valid_text()?;
        if name.is_empty() {
            return fail(STATUS_INVALID_PARAMETER);
        }
        check_irql()?;
        let attributes = Attributes::of(call, attributes, Parent::Forbidden)?;
        let path = in_map(device.header.client.tag(), name)?;
        let (created, _) = OpenKey::create(None, path.as_slice(), access, VOLATILE)?;
        handle(call, &attributes, created, key)
    }
}
