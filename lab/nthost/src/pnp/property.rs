//! What drivers may ask the `PnP` manager about a device.

use super::{addreg, binding, node};
use crate::abi::{
    NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER_2, STATUS_OBJECT_NAME_NOT_FOUND,
};
use crate::cm::{self, Value};
use crate::io::Device;
use crate::verifier;

// DEVICE_REGISTRY_PROPERTY of wdm.h.
const DEVICE_DESCRIPTION: i32 = 0;
const HARDWARE_ID: i32 = 1;
const COMPATIBLE_IDS: i32 = 2;
const CLASS_NAME: i32 = 5;
const CLASS_GUID: i32 = 6;
const DRIVER_KEY_NAME: i32 = 7;
const MANUFACTURER: i32 = 8;
const FRIENDLY_NAME: i32 = 9;
const LOCATION_INFORMATION: i32 = 10;
const PHYSICAL_DEVICE_OBJECT_NAME: i32 = 11;
const BUS_TYPE_GUID: i32 = 12;
const ENUMERATOR_NAME: i32 = 15;
const LAST: i32 = 24;

// PLUGPLAY_REGKEY of wdm.h.
const PLUGPLAY_REGKEY_DEVICE: u32 = 1;
const PLUGPLAY_REGKEY_DRIVER: u32 = 2;

/// `IoGetDeviceProperty`: the bytes of a property.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` for what is no PDO, `STATUS_INVALID_PARAMETER_2` for what is no property,
/// `STATUS_OBJECT_NAME_NOT_FOUND` for a property that the device does not have.
pub fn property(pdo: Device, property: i32) -> Result<Vec<u8>, NTSTATUS> {
    let node = node::node_of(pdo).ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
    let text = |text: &str| {
        if text.is_empty() {
            Err(STATUS_OBJECT_NAME_NOT_FOUND)
        } else {
            Ok(Value::string(text).data)
        }
    };
    let list = |list: &[String]| Value::strings(list.iter().map(String::as_str)).data;
    match property {
        DEVICE_DESCRIPTION => text(&node.description),
        HARDWARE_ID => Ok(list(&node.hardware_ids)),
        COMPATIBLE_IDS => Ok(list(&node.compatible_ids)),
        CLASS_NAME => text(&node.class),
        CLASS_GUID => text(&node.class_guid),
        DRIVER_KEY_NAME => text(&binding::driver_key(&node.instance).unwrap_or_default()),
        MANUFACTURER => text(&node.manufacturer),
        FRIENDLY_NAME => {
            let name = cm::text(&binding::device_key(&node.instance), "FriendlyName");
            text(&name.unwrap_or_default())
        }
        LOCATION_INFORMATION => text(&node.location),
        PHYSICAL_DEVICE_OBJECT_NAME => text(&object_name(pdo)),
        ENUMERATOR_NAME => text(node.instance.split('\\').next().unwrap_or_default()),
        BUS_TYPE_GUID => node.bus_type.map(guid_bytes).ok_or(STATUS_OBJECT_NAME_NOT_FOUND),
        property if (0..=LAST).contains(&property) => {
            verifier::unsupported(&format!("IoGetDeviceProperty for property {property}"))
        }
        _ => Err(STATUS_INVALID_PARAMETER_2),
    }
}

fn guid_bytes(guid: crate::abi::GUID) -> Vec<u8> {
    let head = [
        guid.Data1.to_le_bytes().as_slice(),
        &guid.Data2.to_le_bytes(),
        &guid.Data3.to_le_bytes(),
    ]
    .concat();
    [head, guid.Data4.to_vec()].concat()
}

/// The object name of a device: what follows the kind in its description.
fn object_name(device: Device) -> String {
    device
        .describe()
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The key that `IoOpenDeviceRegistryKey` opens; `None` for flags that name none.
#[must_use]
pub fn registry_path(pdo: Device, kind: u32) -> Option<String> {
    let node = node::node_of(pdo)?;
    match kind & (PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_DRIVER) {
        PLUGPLAY_REGKEY_DEVICE => Some(addreg::hardware_key(&node.instance)),
        PLUGPLAY_REGKEY_DRIVER => {
            let driver = binding::driver_key(&node.instance)?;
            Some(format!(r"{}\{driver}", cm::CLASS))
        }
        _ => None,
    }
}
