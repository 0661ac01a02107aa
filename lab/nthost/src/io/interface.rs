//! Device interfaces: names under which user mode and drivers find devices of a class.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::device::Device;
use super::notification;
use crate::abi::{GUID, NTSTATUS, STATUS_OBJECT_NAME_EXISTS, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS};
use crate::cm;
use crate::ob::names;

#[derive(Clone, Debug)]
struct Interface {
    link: String,
    pdo: Device,
    class: GUID,
    enabled: bool,
}

struct Interfaces {
    /// Every registered interface by its lower-case link.
    by_link: BTreeMap<String, Interface>,
    /// The lower-case links of a device.
    of_device: BTreeSet<(usize, String)>,
}

impl Interfaces {
    fn insert(&mut self, interface: Interface) {
        let (pdo, link) = (interface.pdo, interface.link.to_lowercase());
        let known = self.by_link.entry(link.clone()).or_insert(interface);
        self.of_device.remove(&(known.pdo.as_ptr().addr(), link.clone()));
        known.pdo = pdo;
        self.of_device.insert((pdo.as_ptr().addr(), link));
    }

    fn of(&self, pdo: Device) -> impl Iterator<Item = &Interface> {
        let pdo = pdo.as_ptr().addr();
        let links = self.of_device.range((pdo, String::new())..);
        let links = links.take_while(move |(known, _)| *known == pdo);
        links.filter_map(|(_, link)| self.by_link.get(link))
    }

    fn forget(&mut self, pdo: Device) {
        let links: Vec<String> = self
            .of(pdo)
            .map(|interface| interface.link.to_lowercase())
            .collect();
        for link in links {
            self.by_link.remove(&link);
            self.of_device.remove(&(pdo.as_ptr().addr(), link));
        }
    }
}

static INTERFACES: Mutex<Interfaces> = Mutex::new(Interfaces {
    by_link: BTreeMap::new(),
    of_device: BTreeSet::new(),
});

fn with_interfaces<R>(f: impl FnOnce(&mut Interfaces) -> R) -> R {
    f(&mut INTERFACES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The symbolic link of an interface: `\??\` and the instance with `#` for each backslash, the class, the reference string.
fn link_name(instance: &str, class: &GUID, reference: &str) -> String {
    let instance = instance.replace('\\', "#");
    let class = class.to_string().to_lowercase();
    let suffix = if reference.is_empty() {
        String::new()
    } else {
        format!(r"\{reference}")
    };
    format!(r"\??\{instance}#{class}{suffix}")
}

/// `IoRegisterDeviceInterface`: the link's name. Registering again is no error.
pub(super) fn register(pdo: Device, instance: &str, class: &GUID, reference: &str) -> String {
    let link = link_name(instance, class, reference);
    cm::ensure_key(&format!(
        r"{}\{class}\{}",
        cm::DEVICE_CLASSES,
        link.replace('\\', "#")
    ));
    let interface = Interface {
        link: link.clone(),
        pdo,
        class: *class,
        enabled: false,
    };
    with_interfaces(|interfaces| interfaces.insert(interface));
    link
}

/// `IoSetDeviceInterfaceState`: makes the link lead to the device, or not.
///
/// Statuses: `STATUS_OBJECT_NAME_NOT_FOUND` for a link that is not registered or not enabled, `STATUS_OBJECT_NAME_EXISTS` (a
/// success) for one that is enabled already.
pub(super) fn set_state(link: &str, enable: bool) -> NTSTATUS {
    let found = with_interfaces(|interfaces| {
        let interface = interfaces.by_link.get_mut(&link.to_lowercase())?;
        let before = std::mem::replace(&mut interface.enabled, enable);
        Some((before, interface.clone()))
    });
    match found {
        None => STATUS_OBJECT_NAME_NOT_FOUND,
        Some((before, _)) if before == enable => {
            if enable {
                STATUS_OBJECT_NAME_EXISTS
            } else {
                STATUS_OBJECT_NAME_NOT_FOUND
            }
        }
        Some((_, interface)) => {
            if enable {
                // A link of this name is the interface's own from before.
                let _ = names::link(&interface.link, &device_name(interface.pdo));
            } else {
                // A link that is gone already was deleted by its driver.
                let _ = names::remove(&interface.link);
            }
            notification::interface_changed(interface.class, interface.link, enable);
            STATUS_SUCCESS
        }
    }
}

/// The object name of a PDO: the last word of its description.
fn device_name(pdo: Device) -> String {
    pdo.describe().rsplit(' ').next().unwrap_or_default().to_owned()
}

/// The links of a class, of one device or of all; with `inactive` those that are not enabled too.
pub(super) fn links_with(class: &GUID, pdo: Option<Device>, inactive: bool) -> Vec<String> {
    let wanted = |interface: &&Interface| {
        interface.class == *class
            && (inactive || interface.enabled)
            && pdo.is_none_or(|pdo| interface.pdo == pdo)
    };
    with_interfaces(|interfaces| {
        let found = interfaces.by_link.values().filter(wanted);
        found.map(|interface| interface.link.clone()).collect()
    })
}

/// The links of a device's interfaces, with their classes and whether they are enabled.
#[must_use]
pub fn links_of(pdo: Device) -> Vec<(String, GUID, bool)> {
    with_interfaces(|interfaces| {
        let own = interfaces.of(pdo);
        own.map(|interface| (interface.link.clone(), interface.class, interface.enabled))
            .collect()
    })
}

/// The first enabled interface of a device.
#[must_use]
pub fn enabled_link(pdo: Device) -> Option<String> {
    links_of(pdo)
        .into_iter()
        .find(|(_, _, enabled)| *enabled)
        .map(|(link, ..)| link)
}

/// Disables every interface of a device, as the `PnP` manager does when a device goes.
pub fn disable_all(pdo: Device) {
    for (link, _, enabled) in links_of(pdo) {
        if enabled {
            set_state(&link, false);
        }
    }
}

/// Forgets the interfaces of a device object that is about to go.
pub fn forget_device(pdo: Device) {
    disable_all(pdo);
    with_interfaces(|interfaces| interfaces.forget(pdo));
}
