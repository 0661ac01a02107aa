//! What an installation writes: services, and what a device has got, in the device's key and its driver key as on Windows.

use std::path::Path;

use super::node::{self, Node, NodeId};
use super::rank::{self, Match};
use super::store;
use crate::cm::{self, Value};
use crate::io;
use lab_inf::{RegistryEntry, Service};

// FLG_ADDREG_… of setupapi.h: the types of values, and what happens to one that is there.
const FLG_ADDREG_BINVALUETYPE: u32 = 0x0000_0001;
const FLG_ADDREG_NOCLOBBER: u32 = 0x0000_0002;
const FLG_ADDREG_TYPE_MASK: u32 = 0xFFFF_0000 | FLG_ADDREG_BINVALUETYPE;
const FLG_ADDREG_TYPE_SZ: u32 = 0x0000_0000;
const FLG_ADDREG_TYPE_MULTI_SZ: u32 = 0x0001_0000;
const FLG_ADDREG_TYPE_EXPAND_SZ: u32 = 0x0002_0000;
const FLG_ADDREG_TYPE_BINARY: u32 = 0x0000_0001;
const FLG_ADDREG_TYPE_DWORD: u32 = 0x0001_0001;

/// `SERVICE_KERNEL_DRIVER` and `SERVICE_DEMAND_START` of wdm.h.
const SERVICE_KERNEL_DRIVER: u32 = 1;
const SERVICE_DEMAND_START: u32 = 3;

/// Values of a device's key that are there while it has a driver.
const DRIVER_VALUES: [&str; 4] = ["Driver", "Service", "Mfg", "ClassGUID"];

/// The key of a device.
pub(super) fn device_key(instance: &str) -> String {
    format!(r"{}\{instance}", cm::ENUM)
}

/// The key in which an installation keeps what it knows of a device's driver, below the class key: the device's value `Driver`.
pub(super) fn driver_key(instance: &str) -> Option<String> {
    cm::text(&device_key(instance), "Driver")
}

/// Gives a device the package that fits it best; returns its service.
pub(super) fn assign_driver(id: NodeId) -> Option<String> {
    let node = node::get(id)?;
    let best = rank::matches(&node).into_iter().next()?;
    let service = best.model.service.clone()?;
    for service in &best.model.services {
        install_service(&best.published.original, service);
    }
    write_binding(&node, &best, &service);
    for entry in &best.model.hardware {
        add_registry(&device_key(&node.instance), entry);
    }
    restore(id);
    record_device(id);
    Some(service)
}

/// Writes which driver a device has got.
fn write_binding(node: &Node, best: &Match, service: &str) {
    clear(&node.instance);
    let package = &best.published.package;
    let class = format!(r"{}\{}", cm::CLASS, package.class_guid);
    cm::set(&class, "Class", Value::string(&package.class));
    let driver = free_driver_key(&package.class_guid);
    let key = format!(r"{}\{driver}", cm::CLASS);
    let (date, version) = package.driver_ver.split_once(',').unwrap_or_default();
    for (name, text) in [
        ("InfPath", best.published.name.as_str()),
        ("InfSection", &best.model.section),
        ("MatchingDeviceId", &best.id),
        ("DriverDesc", &best.model.description),
        ("DriverDate", date.trim()),
        ("DriverVersion", version.trim()),
        ("ProviderName", &package.provider),
    ] {
        cm::set(&key, name, Value::string(text));
    }
    let own = [
        driver.as_str(),
        service,
        &best.model.manufacturer,
        &package.class_guid,
    ];
    for (name, text) in DRIVER_VALUES.into_iter().zip(own) {
        cm::set(&device_key(&node.instance), name, Value::string(text));
    }
}

/// `{class}\0000`: the lowest number that no device of the class has.
fn free_driver_key(class: &str) -> String {
    let mut number = 0;
    loop {
        let driver = format!(r"{class}\{number:04}");
        if cm::ensure_key(&format!(r"{}\{driver}", cm::CLASS)) {
            return driver;
        }
        number += 1;
    }
}

/// Tells a node which driver its device has got, now or before it came back.
pub(super) fn restore(id: NodeId) {
    let Some(node) = node::get(id) else { return };
    let device = device_key(&node.instance);
    let Some(driver) = driver_key(&node.instance) else {
        return;
    };
    let text = |key: &str, name| cm::text(key, name).unwrap_or_default();
    let key = format!(r"{}\{driver}", cm::CLASS);
    let class_guid = text(&device, "ClassGUID");
    let class = text(&format!(r"{}\{class_guid}", cm::CLASS), "Class");
    node::update(id, |node| {
        node.service = cm::text(&device, "Service");
        node.inf = cm::text(&key, "InfPath");
        node.description = text(&key, "DriverDesc");
        node.manufacturer = text(&device, "Mfg");
        (node.class, node.class_guid) = (class, class_guid);
    });
}

/// Forgets which driver a device has got.
pub(super) fn clear(instance: &str) {
    if let Some(driver) = driver_key(instance) {
        cm::delete_key(&format!(r"{}\{driver}", cm::CLASS));
    }
    for value in DRIVER_VALUES {
        cm::delete_value(&device_key(instance), value);
    }
    if let Some(node) = node::find_instance(instance) {
        node::update(node.id, |node| {
            (node.service, node.inf) = (None, None);
            for text in [&mut node.manufacturer, &mut node.class, &mut node.class_guid] {
                text.clear();
            }
        });
    }
}

/// Forgets a device altogether.
pub(super) fn forget(instance: &str) {
    clear(instance);
    cm::delete_key(&device_key(instance));
}

/// The devices that have got a package, those too that are not there now.
pub(super) fn users(inf: &str) -> Vec<String> {
    let uses = |instance: &String| {
        let driver = driver_key(instance).unwrap_or_default();
        let own = cm::text(&format!(r"{}\{driver}", cm::CLASS), "InfPath");
        own.is_some_and(|own| own.eq_ignore_ascii_case(inf))
    };
    known_devices().into_iter().filter(uses).collect()
}

/// Every device that has a key: enumerator, device, instance.
fn known_devices() -> Vec<String> {
    let below = |path: String| {
        let names = cm::subkeys(&format!(r"{}\{path}", cm::ENUM));
        names.into_iter().map(move |name| format!(r"{path}\{name}"))
    };
    cm::subkeys(cm::ENUM)
        .into_iter()
        .flat_map(below)
        .flat_map(below)
        .collect()
}

fn install_service(inf: &Path, service: &Service) {
    let key = format!(r"{}\{}", cm::SERVICES, service.name);
    io::set_image(&service.name, store::beside(inf, &service.binary));
    let folder = inf
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let image = format!(
        r"\SystemRoot\System32\DriverStore\FileRepository\{folder}.inf_amd64\{}",
        service.binary
    );
    cm::set(&key, "Type", Value::dword(SERVICE_KERNEL_DRIVER));
    cm::set(&key, "Start", Value::dword(SERVICE_DEMAND_START));
    cm::set(&key, "ImagePath", Value::expandable(&image));
    for entry in &service.registry {
        add_registry(&key, entry);
    }
}

/// A line of an `AddReg` section, relative to a key.
fn add_registry(key: &str, entry: &RegistryEntry) {
    let path = if entry.subkey.is_empty() {
        key.to_owned()
    } else {
        format!(r"{key}\{}", entry.subkey)
    };
    let keep = entry.flags & FLG_ADDREG_NOCLOBBER != 0 && cm::query(&path, &entry.name).is_some();
    if let (Some(value), false) = (value_of(entry), keep) {
        cm::set(&path, &entry.name, value);
    }
}

/// The value that a line writes; `None` for a type or data that is wrong.
pub(super) fn value_of(entry: &RegistryEntry) -> Option<Value> {
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

/// Writes what is known of a device to its key.
pub(super) fn record_device(id: NodeId) {
    let Some(node) = node::get(id) else { return };
    let key = device_key(&node.instance);
    for (name, ids) in [
        ("HardwareID", &node.hardware_ids),
        ("CompatibleIDs", &node.compatible_ids),
    ] {
        cm::set(&key, name, Value::strings(ids.iter().map(String::as_str)));
    }
    for (name, text) in [
        ("DeviceDesc", &node.description),
        ("LocationInformation", &node.location),
    ] {
        if !text.is_empty() {
            cm::set(&key, name, Value::string(text));
        }
    }
}
