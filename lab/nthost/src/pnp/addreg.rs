//! `AddReg`: what a driver package writes to the registry.

use super::binding::device_key;
use crate::cm::{self, Value};
use lab_inf::RegistryEntry;

// FLG_ADDREG_… of setupapi.h: the types of values, and what happens to one that is there.
const FLG_ADDREG_BINVALUETYPE: u32 = 0x0000_0001;
const FLG_ADDREG_NOCLOBBER: u32 = 0x0000_0002;
const FLG_ADDREG_DELVAL: u32 = 0x0000_0004;
const FLG_ADDREG_APPEND: u32 = 0x0000_0008;
const FLG_ADDREG_KEYONLY: u32 = 0x0000_0010;
const FLG_ADDREG_OVERWRITEONLY: u32 = 0x0000_0020;
const FLG_ADDREG_TYPE_MASK: u32 = 0xFFFF_0000 | FLG_ADDREG_BINVALUETYPE;
const FLG_ADDREG_TYPE_SZ: u32 = 0x0000_0000;
const FLG_ADDREG_TYPE_MULTI_SZ: u32 = 0x0001_0000;
const FLG_ADDREG_TYPE_EXPAND_SZ: u32 = 0x0002_0000;
const FLG_ADDREG_TYPE_BINARY: u32 = 0x0000_0001;
const FLG_ADDREG_TYPE_DWORD: u32 = 0x0001_0001;

/// Names that stand for properties of the device itself when a `.HW` section writes them: "Special value-entry-name Keywords"
/// of the `AddReg` directive, `FriendlyName` (`DEVPKEY_Device_FriendlyName`), and the filter levels ("Device filter driver
/// ordering"). Every other name is a value of the hardware key, `Device Parameters`.
const DEVICE_PROPERTIES: [&str; 15] = [
    "DeviceCharacteristics",
    "DeviceType",
    "Security",
    "UpperFilters",
    "LowerFilters",
    "Exclusive",
    "EnumPropPages32",
    "LocationInformationOverride",
    "ResourcePickerTags",
    "ResourcePickerExceptions",
    "FriendlyName",
    "UpperFilterLevels",
    "UpperFilterDefaultLevel",
    "LowerFilterLevels",
    "LowerFilterDefaultLevel",
];

/// The hardware key of a device: `PLUGPLAY_REGKEY_DEVICE` of `IoOpenDeviceRegistryKey`.
pub(super) fn hardware_key(instance: &str) -> String {
    format!(r"{}\Device Parameters", device_key(instance))
}

/// A line of a `.HW` section's `AddReg`.
pub(super) fn add_hardware(instance: &str, entry: &RegistryEntry) {
    let is_property = is_relative(entry)
        && entry.subkey.is_empty()
        && DEVICE_PROPERTIES
            .iter()
            .any(|name| name.eq_ignore_ascii_case(&entry.name));
    if is_property {
        add(&device_key(instance), entry);
    } else {
        add(&hardware_key(instance), entry);
    }
}

/// Takes away what packages have written as properties of a device.
pub(super) fn clear_properties(instance: &str) {
    for name in DEVICE_PROPERTIES {
        cm::delete_value(&device_key(instance), name);
    }
}

/// The roots of `AddReg` beside HKR, which is relative to the section.
const ROOTS: [&str; 4] = ["HKLM", "HKCR", "HKCU", "HKU"];

fn is_relative(entry: &RegistryEntry) -> bool {
    entry.root.eq_ignore_ascii_case("HKR")
}

/// Whether a line's root is one.
pub(super) fn has_root(entry: &RegistryEntry) -> bool {
    is_relative(entry) || ROOTS.iter().any(|root| root.eq_ignore_ascii_case(&entry.root))
}

/// Whether a line says what to do in a way that can be done.
pub(super) fn is_understood(entry: &RegistryEntry) -> bool {
    entry.flags & (FLG_ADDREG_KEYONLY | FLG_ADDREG_DELVAL) != 0 || value_of(entry).is_some()
}

/// A line of an `AddReg` section, relative to a key.
pub(super) fn add(key: &str, entry: &RegistryEntry) {
    let root = if is_relative(entry) { key } else { &entry.root };
    let path = if entry.subkey.is_empty() {
        root.to_owned()
    } else {
        format!(r"{root}\{}", entry.subkey)
    };
    let has = |flag| entry.flags & flag != 0;
    let there = cm::query(&path, &entry.name);
    let stays =
        (has(FLG_ADDREG_NOCLOBBER) && there.is_some()) || (has(FLG_ADDREG_OVERWRITEONLY) && there.is_none());
    if stays {
        return;
    }
    if has(FLG_ADDREG_KEYONLY) {
        cm::ensure_key(&path);
    } else if has(FLG_ADDREG_DELVAL) {
        cm::delete_value(&path, &entry.name);
    } else if has(FLG_ADDREG_APPEND) {
        append(&path, entry, there);
    } else if let Some(value) = value_of(entry) {
        cm::set(&path, &entry.name, value);
    }
}

/// Adds strings to a list, but for those that it has.
fn append(path: &str, entry: &RegistryEntry, there: Option<Value>) {
    let mut texts = there.map_or_else(Vec::new, |value| value.texts());
    for text in &entry.data {
        if !texts.iter().any(|known| known.eq_ignore_ascii_case(text)) {
            texts.push(text.clone());
        }
    }
    let value = Value::strings(texts.iter().map(String::as_str));
    cm::set(path, &entry.name, value);
}

/// The value that a line writes; `None` for a type or data that is wrong.
fn value_of(entry: &RegistryEntry) -> Option<Value> {
    let first = entry.data.first().map_or("", String::as_str);
    match entry.flags & FLG_ADDREG_TYPE_MASK {
        FLG_ADDREG_TYPE_SZ => Some(Value::string(first)),
        FLG_ADDREG_TYPE_EXPAND_SZ => Some(Value::expandable(first)),
        FLG_ADDREG_TYPE_MULTI_SZ => Some(Value::strings(entry.data.iter().map(String::as_str))),
        FLG_ADDREG_TYPE_DWORD => Some(Value::dword(lab_inf::number(first)?)),
        FLG_ADDREG_TYPE_BINARY => {
            let bytes: Result<Vec<u8>, _> = entry
                .data
                .iter()
                .map(|byte| u8::from_str_radix(byte, 16))
                .collect();
            bytes.ok().map(Value::binary)
        }
        _ => None,
    }
}
