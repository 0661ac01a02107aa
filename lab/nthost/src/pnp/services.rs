//! The services that driver packages install.

use super::addreg;
use super::store::Published;
use crate::cm::{self, Value};
use crate::{dbg, io};
use lab_inf::{Install, Service, Wdf};

// SPSVCINST_NOCLOBBER_… of setupapi.h: what a service that is there keeps.
const NOCLOBBER_DISPLAYNAME: u32 = 0x008;
const NOCLOBBER_STARTTYPE: u32 = 0x010;
const NOCLOBBER_ERRORCONTROL: u32 = 0x020;
const NOCLOBBER_LOADORDERGROUP: u32 = 0x040;
const NOCLOBBER_DEPENDENCIES: u32 = 0x080;
const NOCLOBBER_DESCRIPTION: u32 = 0x100;

/// The value of a service's key with the packages that install it.
const OWNERS: &str = "Owners";

fn key(service: &str) -> String {
    format!(r"{}\{service}", cm::SERVICES)
}

/// Writes the services of an install section.
pub(super) fn install(published: &Published, install: &Install) {
    for service in &install.services {
        write(published, service);
    }
    for wdf in &install.wdf {
        write_wdf(wdf);
    }
}

fn write(published: &Published, service: &Service) {
    let key = key(&service.name);
    let image = published.path_of(&service.binary);
    tell_new_image(published, &key, service, &image);
    let kept = |flag: u32, name: &str| service.flags & flag != 0 && cm::query(&key, name).is_some();
    let (services, groups) = dependencies(service);
    for (flag, name, value) in [
        (0, "Type", Some(Value::dword(service.kind))),
        (0, "ImagePath", Some(Value::expandable(&image))),
        (NOCLOBBER_STARTTYPE, "Start", Some(Value::dword(service.start))),
        (
            NOCLOBBER_ERRORCONTROL,
            "ErrorControl",
            Some(Value::dword(service.error_control)),
        ),
        (
            NOCLOBBER_DISPLAYNAME,
            "DisplayName",
            text(service.display_name.as_ref()),
        ),
        (
            NOCLOBBER_DESCRIPTION,
            "Description",
            text(service.description.as_ref()),
        ),
        (NOCLOBBER_LOADORDERGROUP, "Group", text(service.group.as_ref())),
        (NOCLOBBER_DEPENDENCIES, "DependOnService", list(&services)),
        (NOCLOBBER_DEPENDENCIES, "DependOnGroup", list(&groups)),
    ] {
        match value {
            _ if kept(flag, name) => {}
            Some(value) => cm::set(&key, name, value),
            None => drop(cm::delete_value(&key, name)),
        }
    }
    own(&key, &published.name);
    service.registry.iter().for_each(|entry| addreg::add(&key, entry));
}

fn text(text: Option<&String>) -> Option<Value> {
    text.map(|text| Value::string(text))
}

fn list(names: &[&str]) -> Option<Value> {
    (!names.is_empty()).then(|| Value::strings(names.iter().copied()))
}

/// What a service depends on: services, and groups, which stand behind a `+` (`SC_GROUP_IDENTIFIER` of winsvc.h).
fn dependencies(service: &Service) -> (Vec<&str>, Vec<&str>) {
    let names = service.dependencies.iter().map(String::as_str);
    let (groups, services): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with('+'));
    (services, groups.into_iter().map(|name| &name[1..]).collect())
}

/// As on Windows, of two packages that install one service the later one has its way.
fn tell_new_image(published: &Published, key: &str, service: &Service, image: &str) {
    let Some(before) = cm::text(key, "ImagePath") else {
        return;
    };
    if !before.eq_ignore_ascii_case(image) {
        let owners = cm::texts(key, OWNERS).join(", ");
        dbg::print(&format!(
            "PnP: warning: the service {} had the image {before} ({owners}) and has {image} of {} now\n",
            service.name, published.name
        ));
    }
}

fn own(key: &str, inf: &str) {
    let mut owners = cm::texts(key, OWNERS);
    if !owners.iter().any(|owner| owner == inf) {
        owners.push(inf.to_owned());
    }
    cm::set(key, OWNERS, Value::strings(owners.iter().map(String::as_str)));
}

/// `KmdfLibraryVersion` as Windows records it. The framework itself adds `WdfMajorVersion` and `WdfMinorVersion` when a driver binds.
fn write_wdf(wdf: &Wdf) {
    let key = format!(r"{}\Parameters\Wdf", key(&wdf.service));
    cm::set(&key, "KmdfLibraryVersion", Value::string(&wdf.version));
}

/// Takes a package off the services that it owns; those that nobody owns then go, one that runs as soon as it is stopped.
pub(super) fn uninstall(published: &Published) {
    for service in published.package.installs().flat_map(|install| &install.services) {
        let key = key(&service.name);
        let mut owners = cm::texts(&key, OWNERS);
        if !owners.contains(&published.name) {
            continue;
        }
        owners.retain(|owner| *owner != published.name);
        if !owners.is_empty() {
            cm::set(&key, OWNERS, Value::strings(owners.iter().map(String::as_str)));
        } else if io::loaded(&service.name).is_some() {
            cm::set(&key, "DeleteFlag", Value::dword(1));
        } else {
            cm::delete_key(&key);
        }
    }
}
