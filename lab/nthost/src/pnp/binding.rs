//! What an installation writes: services, and what a device has got, in the device's key and its driver key as on Windows.

use std::collections::BTreeMap;
use std::iter;
use std::sync::{Mutex, PoisonError};

use super::node::{self, Node, NodeId};
use super::rank::{self, Match};
use super::{addreg, services, stack};
use crate::cm::{self, Value};

/// Values of a device's key that are there while it has a driver.
const DRIVER_VALUES: [&str; 4] = ["Driver", "Service", "Mfg", "ClassGUID"];

/// The value of a device's software key with the extension packages that it has. Windows keeps them in
/// `DEVPKEY_Device_ExtendedConfigurationIds`; the value's name is the lab's own.
const EXTENSIONS: &str = "ExtensionInfs";

/// The key of a device.
pub(super) fn device_key(instance: &str) -> String {
    format!(r"{}\{instance}", cm::ENUM)
}

/// The key in which an installation keeps what it knows of a device's driver, below the class key: the device's value `Driver`.
pub(super) fn driver_key(instance: &str) -> Option<String> {
    cm::text(&device_key(instance), "Driver")
}

/// The base package that fits a device best, if that names a function driver.
pub(super) fn best_base(node: &Node) -> Option<Match> {
    let best = rank::matches(node).into_iter().next();
    best.filter(|best| best.model.install.function.is_some())
}

/// Gives a device the package that fits it best, and the extension packages on top of it. False if no base package fits.
pub(super) fn assign_driver(id: NodeId) -> bool {
    let Some(node) = node::get(id) else { return false };
    let Some(best) = best_base(&node) else {
        return false;
    };
    let extensions = rank::extensions(&node);
    clear(&node.instance);
    write_binding(&node, &best, &extensions);
    for part in iter::once(&best).chain(&extensions) {
        apply(&node, part);
    }
    restore(id);
    record_device(id);
    true
}

/// Writes what a package says of services, registry and filters.
fn apply(node: &Node, part: &Match) {
    let install = &part.model.install;
    part.published.copy_files(install);
    services::install(&part.published, install);
    if let Some(driver) = driver_key(&node.instance) {
        let key = format!(r"{}\{driver}", cm::CLASS);
        install.software.iter().for_each(|entry| addreg::add(&key, entry));
    }
    for entry in &install.hardware {
        addreg::add_hardware(&node.instance, entry);
    }
    for filter in &install.filters {
        stack::register(&node.instance, filter);
    }
}

/// Writes which driver a device has got.
fn write_binding(node: &Node, best: &Match, extensions: &[Match]) {
    let package = &best.published.package;
    let class = format!(r"{}\{}", cm::CLASS, package.class_guid);
    cm::set(&class, "Class", Value::string(&package.class));
    let driver = free_driver_key(&package.class_guid);
    let key = format!(r"{}\{driver}", cm::CLASS);
    let (date, version) = package.driver_ver.split_once(',').unwrap_or_default();
    for (name, text) in [
        ("InfPath", best.published.name.as_str()),
        ("InfSection", &best.model.install.section),
        ("MatchingDeviceId", &best.id),
        ("DriverDesc", &best.model.description),
        ("DriverDate", date.trim()),
        ("DriverVersion", version.trim()),
        ("ProviderName", &package.provider),
    ] {
        cm::set(&key, name, Value::string(text));
    }
    let names = extensions
        .iter()
        .map(|extension| extension.published.name.as_str());
    cm::set(&key, EXTENSIONS, Value::strings(names));
    let own = [
        driver.as_str(),
        best.model.install.service().unwrap_or_default(),
        &best.model.manufacturer,
        &package.class_guid,
    ];
    for (name, text) in DRIVER_VALUES.into_iter().zip(own) {
        cm::set(&device_key(&node.instance), name, Value::string(text));
    }
}

/// The number from which on [`free_driver_key`] looks, for each class: all below it are taken.
static FREE_FROM: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

fn with_free_from<R>(class: &str, f: impl FnOnce(&mut u32) -> R) -> R {
    let mut all = FREE_FROM.lock().unwrap_or_else(PoisonError::into_inner);
    f(all.entry(class.to_lowercase()).or_insert(0))
}

/// `{class}\0000`: the lowest number that no device of the class has.
fn free_driver_key(class: &str) -> String {
    with_free_from(class, |number| {
        loop {
            let driver = format!(r"{class}\{number:04}");
            *number += 1;
            if cm::ensure_key(&format!(r"{}\{driver}", cm::CLASS)) {
                return driver;
            }
        }
    })
}

/// Gives back what [`free_driver_key`] returned.
fn delete_driver_key(driver: &str) {
    cm::delete_key(&format!(r"{}\{driver}", cm::CLASS));
    if let Some((class, number)) = driver.rsplit_once('\\')
        && let Ok(number) = number.parse()
    {
        with_free_from(class, |free| *free = (*free).min(number));
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
        node.extensions = cm::texts(&key, EXTENSIONS);
        node.description = text(&key, "DriverDesc");
        node.manufacturer = text(&device, "Mfg");
        (node.class, node.class_guid) = (class, class_guid);
    });
}

/// Forgets which driver a device has got.
pub(super) fn clear(instance: &str) {
    if let Some(driver) = driver_key(instance) {
        delete_driver_key(&driver);
    }
    for value in DRIVER_VALUES {
        cm::delete_value(&device_key(instance), value);
    }
    addreg::clear_properties(instance);
    stack::clear(instance);
    if let Some(node) = node::find_instance(instance) {
        node::update(node.id, |node| {
            (node.service, node.inf) = (None, None);
            node.extensions.clear();
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

/// The devices that have got a package, as their base package or an extension, those too that are not there now.
pub(super) fn users(inf: &str) -> Vec<String> {
    let uses = |instance: &String| {
        let driver = driver_key(instance).unwrap_or_default();
        let key = format!(r"{}\{driver}", cm::CLASS);
        let base = cm::text(&key, "InfPath");
        base.into_iter()
            .chain(cm::texts(&key, EXTENSIONS))
            .any(|own| own.eq_ignore_ascii_case(inf))
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
