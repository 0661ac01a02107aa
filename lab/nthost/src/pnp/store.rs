//! The driver store: packages that were added, what they install, and which one a device gets.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::node::{self, NodeId, Problem};
use super::start;
use crate::cm::{self, Value};
use crate::inf::{Inf, InfError, Model, Package, RegistryEntry, Service};
use crate::io;

/// Why a package is not added.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InstallError {
    /// The INF is wrong.
    #[error(transparent)]
    Inf(#[from] InfError),
}

/// A package in the store.
#[derive(Clone, Debug)]
pub struct Published {
    /// `oem0.inf` and so on.
    pub name: String,
    /// Where it came from.
    pub original: PathBuf,
    /// What it says.
    pub package: Package,
}

static STORE: Mutex<Vec<Published>> = Mutex::new(Vec::new());

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

fn with_store<R>(f: impl FnOnce(&mut Vec<Published>) -> R) -> R {
    f(&mut STORE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The packages in the store.
#[must_use]
pub fn published() -> Vec<Published> {
    with_store(|store| store.clone())
}

/// Adds a package to the store: `pnputil /add-driver`.
///
/// # Errors
/// The INF is wrong, or a file that it names does not lie beside it. Nothing is added then.
pub fn add_driver(file: &Path) -> Result<Published, InstallError> {
    let inf = Inf::read(file)?;
    let package = Package::of(&inf)?;
    for service in package.models.iter().flat_map(|model| &model.services) {
        let binary = beside(file, &service.binary);
        if !binary.is_file() {
            let reason = format!(
                "ServiceBinary names {}, which does not lie beside the INF",
                service.binary
            );
            return Err(inf.error(service.line, reason).into());
        }
        check_types(&inf, &service.registry)?;
    }
    for model in &package.models {
        check_types(&inf, &model.hardware)?;
    }
    Ok(with_store(|store| {
        let name = format!("oem{}.inf", store.len());
        store.push(Published {
            name,
            original: file.to_owned(),
            package,
        });
        store[store.len() - 1].clone()
    }))
}

fn beside(inf: &Path, binary: &str) -> PathBuf {
    inf.parent().unwrap_or_else(|| Path::new("")).join(binary)
}

/// Registers the services of a package and starts the devices that have waited for it: `/install`. Returns their instances.
#[must_use]
pub fn install(published: &Published) -> Vec<String> {
    for service in published.package.models.iter().flat_map(|model| &model.services) {
        install_service(&published.original, service);
    }
    let waiting = node::nodes()
        .into_iter()
        .filter(|node| node.problem == Some(Problem::NoDriver));
    let mut started = Vec::new();
    for node in waiting.filter(|node| matching(&node.hardware_ids, &node.compatible_ids).is_some()) {
        started.push(node.instance);
        start::start(node.id);
    }
    started
}

fn install_service(inf: &Path, service: &Service) {
    let key = format!(r"{}\{}", cm::SERVICES, service.name);
    io::set_image(&service.name, beside(inf, &service.binary));
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
fn value_of(entry: &RegistryEntry) -> Option<Value> {
    let first = entry.data.first().map_or("", String::as_str);
    match entry.flags & FLG_ADDREG_TYPE_MASK {
        FLG_ADDREG_TYPE_SZ => Some(Value::string(first)),
        FLG_ADDREG_TYPE_EXPAND_SZ => Some(Value::expandable(first)),
        FLG_ADDREG_TYPE_MULTI_SZ => Some(Value::strings(entry.data.iter().map(String::as_str))),
        FLG_ADDREG_TYPE_DWORD => Some(Value::dword(crate::inf::number(first)?)),
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

/// Every line must write something, under HKR.
fn check_types(inf: &Inf, entries: &[RegistryEntry]) -> Result<(), InfError> {
    for entry in entries {
        if !entry.root.eq_ignore_ascii_case("HKR") {
            return Err(inf.error(
                entry.line,
                format!("AddReg writes below {} and may write below HKR only", entry.root),
            ));
        }
        if value_of(entry).is_none() {
            return Err(inf.error(
                entry.line,
                format!(
                    "AddReg with flags {:#x} cannot write {:?}",
                    entry.flags, entry.data
                ),
            ));
        }
    }
    Ok(())
}

/// The best package and model for a device: the earliest of its hardware IDs, then of its compatible IDs; of two for the same ID
/// the one that was added later.
fn matching(hardware: &[String], compatible: &[String]) -> Option<(Published, Model)> {
    let store = published();
    hardware.iter().chain(compatible).find_map(|id| {
        let fits = |model: &&Model| model.ids.iter().any(|known| known.eq_ignore_ascii_case(id));
        store.iter().rev().find_map(|published| {
            let model = published.package.models.iter().find(fits)?;
            Some((published.clone(), model.clone()))
        })
    })
}

/// Gives a device the driver that fits it best; returns its service.
pub(super) fn assign_driver(id: NodeId) -> Option<String> {
    let node = node::get(id)?;
    let (published, model) = matching(&node.hardware_ids, &node.compatible_ids)?;
    let service = model.service.clone()?;
    for entry in &model.hardware {
        add_registry(&format!(r"{}\{}", cm::ENUM, node.instance), entry);
    }
    node::update(id, |node| {
        node.service = Some(service.clone());
        node.inf = Some(published.name.clone());
        node.description.clone_from(&model.description);
        node.manufacturer.clone_from(&model.manufacturer);
        node.class.clone_from(&published.package.class);
        node.class_guid.clone_from(&published.package.class_guid);
    });
    record_device(id);
    Some(service)
}

/// Writes what is known of a device to its key.
pub(super) fn record_device(id: NodeId) {
    let Some(node) = node::get(id) else { return };
    let key = format!(r"{}\{}", cm::ENUM, node.instance);
    cm::set(
        &key,
        "HardwareID",
        Value::strings(node.hardware_ids.iter().map(String::as_str)),
    );
    cm::set(
        &key,
        "CompatibleIDs",
        Value::strings(node.compatible_ids.iter().map(String::as_str)),
    );
    for (name, text) in [
        ("DeviceDesc", &node.description),
        ("LocationInformation", &node.location),
        ("Mfg", &node.manufacturer),
    ] {
        if !text.is_empty() {
            cm::set(&key, name, Value::string(text));
        }
    }
    if let Some(service) = &node.service {
        cm::set(&key, "Service", Value::string(service));
    }
}
