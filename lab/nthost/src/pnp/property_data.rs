//! Properties of a device that a key names (`DEVPROPKEY`): what drivers set, and those of the `PnP` manager's own that the lab knows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{node, property};
use crate::abi::{GUID, NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_OBJECT_NAME_NOT_FOUND};
use crate::io::Device;
use crate::verifier;

/// `DEVPROP_TYPE_EMPTY` of devpropdef.h: takes a property away.
const EMPTY: u32 = 0;
/// `DEVPROP_TYPE_STRING` and `DEVPROP_TYPE_STRING_LIST` of devpropdef.h.
const STRING: u32 = 0x12;
const STRING_LIST: u32 = 0x2012;

/// The category of `DEVPKEY_Device_DeviceDesc` and its kin in devpkey.h.
const DEVICE: GUID = GUID {
    Data1: 0xa45c_254e,
    Data2: 0xdf1c,
    Data3: 0x4efd,
    Data4: [0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0],
};

/// The number in that category, the `DEVICE_REGISTRY_PROPERTY` of wdm.h that is the same, and its type.
const KNOWN: [(u32, i32, u32); 10] = [
    (2, 0, STRING),
    (3, 1, STRING_LIST),
    (4, 2, STRING_LIST),
    (9, 5, STRING),
    (11, 7, STRING),
    (13, 8, STRING),
    (14, 9, STRING),
    (15, 10, STRING),
    (16, 11, STRING),
    (24, 15, STRING),
];

/// Which property of which device, in which language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    instance: String,
    category: String,
    number: u32,
    language: u32,
}

/// What a property is.
#[derive(Clone, Debug)]
pub struct PropertyData {
    /// `DEVPROPTYPE`.
    pub kind: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

static SET: Mutex<Option<HashMap<Key, PropertyData>>> = Mutex::new(None);

fn with_set<R>(f: impl FnOnce(&mut HashMap<Key, PropertyData>) -> R) -> R {
    f(SET
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(HashMap::new))
}

fn key(pdo: Device, category: GUID, number: u32, language: u32) -> Result<Key, NTSTATUS> {
    let node = node::node_of(pdo).ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
    Ok(Key {
        instance: node.instance.to_uppercase(),
        category: category.to_string(),
        number,
        language,
    })
}

/// `IoSetDevicePropertyData`: sets a property, or takes it away.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` for what is no PDO, `STATUS_OBJECT_NAME_NOT_FOUND` when there is none to take away.
pub fn set_property_data(
    pdo: Device,
    category: GUID,
    (number, language): (u32, u32),
    data: PropertyData,
) -> Result<(), NTSTATUS> {
    let key = key(pdo, category, number, language)?;
    with_set(|set| {
        if data.kind == EMPTY {
            return set.remove(&key).map(|_| ()).ok_or(STATUS_OBJECT_NAME_NOT_FOUND);
        }
        set.insert(key, data);
        Ok(())
    })
}

/// `IoGetDevicePropertyData`: a property.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` for what is no PDO, `STATUS_OBJECT_NAME_NOT_FOUND` for a property that the device does not have.
pub fn property_data(
    pdo: Device,
    category: GUID,
    (number, language): (u32, u32),
) -> Result<PropertyData, NTSTATUS> {
    let key = key(pdo, category, number, language)?;
    if let Some(data) = with_set(|set| set.get(&key).cloned()) {
        return Ok(data);
    }
    if key.category != DEVICE.to_string() {
        return Err(STATUS_OBJECT_NAME_NOT_FOUND);
    }
    let Some((_, same, kind)) = KNOWN.iter().find(|(known, ..)| *known == number) else {
        verifier::unsupported(&format!("IoGetDevicePropertyData for {{{category}}} {number}"));
    };
    let bytes = property::property(pdo, *same)?;
    Ok(PropertyData { kind: *kind, bytes })
}
