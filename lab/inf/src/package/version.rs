//! `[Version]`: whose package this is, and of which class.

use crate::{Inf, InfError, Section};

/// The class of extension INFs ("Using an Extension INF File").
const EXTENSION: &str = "Extension";

/// Classes of Microsoft's with their GUIDs ("System-Defined Device Setup Classes Available to Vendors"; devguid.h).
const KNOWN_CLASSES: &[(&str, &str)] = &[
    (EXTENSION, "{e2f84ce7-8efa-411c-aa69-97454ca4cb57}"),
    ("SoftwareComponent", "{5c4c3332-344d-483c-8739-259e934c9cc8}"),
    ("System", "{4d36e97d-e325-11ce-bfc1-08002be10318}"),
    ("Battery", "{72631e54-78a4-11d0-bcf7-00aa00b7b32a}"),
    ("Bluetooth", "{e0cbf06c-cd8b-4647-bb8a-263b43f0f974}"),
    ("CDROM", "{4d36e965-e325-11ce-bfc1-08002be10318}"),
    ("DiskDrive", "{4d36e967-e325-11ce-bfc1-08002be10318}"),
    ("Display", "{4d36e968-e325-11ce-bfc1-08002be10318}"),
    ("HDC", "{4d36e96a-e325-11ce-bfc1-08002be10318}"),
    ("HIDClass", "{745a17a0-74d3-11d0-b6fe-00a0c90f57da}"),
    ("Keyboard", "{4d36e96b-e325-11ce-bfc1-08002be10318}"),
    ("Media", "{4d36e96c-e325-11ce-bfc1-08002be10318}"),
    ("Modem", "{4d36e96d-e325-11ce-bfc1-08002be10318}"),
    ("Monitor", "{4d36e96e-e325-11ce-bfc1-08002be10318}"),
    ("Mouse", "{4d36e96f-e325-11ce-bfc1-08002be10318}"),
    ("Net", "{4d36e972-e325-11ce-bfc1-08002be10318}"),
    ("Ports", "{4d36e978-e325-11ce-bfc1-08002be10318}"),
    ("SCSIAdapter", "{4d36e97b-e325-11ce-bfc1-08002be10318}"),
    ("USB", "{36fc9e60-c465-11cf-8056-444553540000}"),
    ("USBDevice", "{88bae032-5a81-49f0-bc3d-a4ff138216d6}"),
    ("Volume", "{71a27cdd-812a-11d0-bec7-08002be2092f}"),
];

/// What `[Version]` says.
pub(super) struct Version {
    pub(super) provider: String,
    pub(super) class: String,
    pub(super) class_guid: String,
    pub(super) driver_ver: String,
    /// `ExtensionId`, of an extension INF.
    pub(super) extension_id: Option<String>,
}

impl Version {
    pub(super) fn of(inf: &Inf) -> Result<Self, InfError> {
        let section = inf
            .section("Version")
            .ok_or_else(|| inf.error(0, "there is no [Version] section"))?;
        check_signature(inf, section)?;
        let text = |key| inf.value("Version", key).unwrap_or_default().to_owned();
        let (class, class_guid) = (text("Class"), text("ClassGuid"));
        if class_guid.is_empty() {
            return Err(inf.error(section.line, "[Version] has no ClassGuid"));
        }
        check_class(inf, &class, &class_guid)?;
        let driver_ver = inf.directives("Version", "DriverVer").next();
        Ok(Self {
            provider: text("Provider"),
            extension_id: extension_id(inf, section, &class)?,
            class,
            class_guid,
            driver_ver: driver_ver.map(|line| line.values.join(",")).unwrap_or_default(),
        })
    }
}

fn check_signature(inf: &Inf, version: &Section) -> Result<(), InfError> {
    let signature = inf.value("Version", "Signature").unwrap_or_default();
    if ["$windows nt$", "$chicago$"].contains(&signature.to_lowercase().as_str()) {
        return Ok(());
    }
    let reason = format!("Signature is {signature:?} and must be \"$Windows NT$\"");
    Err(inf.error(version.line, reason))
}

/// A name and a GUID of Microsoft's belong together.
fn check_class(inf: &Inf, class: &str, guid: &str) -> Result<(), InfError> {
    let wrong =
        |(name, known): &&(&str, &str)| name.eq_ignore_ascii_case(class) != known.eq_ignore_ascii_case(guid);
    let Some((name, known)) = KNOWN_CLASSES.iter().find(wrong) else {
        return Ok(());
    };
    let line = inf.directives("Version", "ClassGuid").next();
    let line = line.or_else(|| inf.directives("Version", "Class").next());
    let reason = format!("Class is {class:?} and ClassGuid {guid:?}, but the class {name} has {known}");
    Err(inf.error(line.map_or(0, |line| line.line), reason))
}

/// An extension INF says which extension it is: of several with one ID a device gets the best.
fn extension_id(inf: &Inf, version: &Section, class: &str) -> Result<Option<String>, InfError> {
    if !class.eq_ignore_ascii_case(EXTENSION) {
        return Ok(None);
    }
    let id = inf.value("Version", "ExtensionId").unwrap_or_default();
    if id.is_empty() {
        return Err(inf.error(version.line, "the class Extension needs an ExtensionId"));
    }
    Ok(Some(id.to_lowercase()))
}
