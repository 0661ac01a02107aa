//! What an INF says about a driver package: the devices it is for, the services it installs.

use crate::{Directive, Inf, InfError};

/// Decorations of section names that apply to this machine, best first.
const PLATFORM: [&str; 3] = [".ntamd64", ".nt", ""];

/// A driver package.
#[derive(Clone, Debug)]
pub struct Package {
    /// `Provider` of `[Version]`.
    pub provider: String,
    /// `Class` of `[Version]`.
    pub class: String,
    /// `ClassGuid` of `[Version]`.
    pub class_guid: String,
    /// `DriverVer` of `[Version]`: date, comma, version.
    pub driver_ver: String,
    /// The devices, in the order of the file.
    pub models: Vec<Model>,
}

/// A device that the package supports.
#[derive(Clone, Debug)]
pub struct Model {
    /// The device's description.
    pub description: String,
    /// The manufacturer's name.
    pub manufacturer: String,
    /// The hardware ID, then compatible IDs.
    pub ids: Vec<String>,
    /// The name of its install section, with decoration.
    pub section: String,
    /// The service of the function driver, where the package installs one.
    pub service: Option<String>,
    /// Every service of the package's section for this device.
    pub services: Vec<Service>,
    /// `.HW` `AddReg`: values of the device's hardware key.
    pub hardware: Vec<RegistryEntry>,
    /// Whether a `.Wdf` section names the service.
    pub has_wdf_section: bool,
}

/// A service that the package installs.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The file name of `ServiceBinary`.
    pub binary: String,
    /// The line that names the binary.
    pub line: usize,
    /// `AddReg` of the service-install section, relative to the service's key.
    pub registry: Vec<RegistryEntry>,
}

/// A line of an `AddReg` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryEntry {
    /// The line.
    pub line: usize,
    /// The root: `HKR`, `HKLM` and so on.
    pub root: String,
    /// The key below the root.
    pub subkey: String,
    /// The value's name.
    pub name: String,
    /// The flags: type and behaviour (`FLG_ADDREG_…` of setupapi.h).
    pub flags: u32,
    /// The data, as written.
    pub data: Vec<String>,
}

/// `SPSVCINST_ASSOCSERVICE` of setupapi.h: this service is the device's function driver.
const SPSVCINST_ASSOCSERVICE: u32 = 0x2;

impl Package {
    /// Reads what an INF says.
    ///
    /// # Errors
    /// A section or directive that an installation needs is missing or wrong; the error names the line.
    pub fn of(inf: &Inf) -> Result<Self, InfError> {
        let version = inf
            .section("Version")
            .ok_or_else(|| inf.error(0, "there is no [Version] section"))?;
        let signature = inf.value("Version", "Signature").unwrap_or_default();
        if !["$windows nt$", "$chicago$"].contains(&signature.to_lowercase().as_str()) {
            return Err(inf.error(
                version.line,
                format!("Signature is {signature:?} and must be \"$Windows NT$\""),
            ));
        }
        let text = |key| inf.value("Version", key).unwrap_or_default().to_owned();
        let date = inf
            .directives("Version", "DriverVer")
            .next()
            .map(|line| line.values.join(","))
            .unwrap_or_default();
        Ok(Self {
            provider: text("Provider"),
            class: text("Class"),
            class_guid: text("ClassGuid"),
            driver_ver: date,
            models: models(inf)?,
        })
    }
}

fn models(inf: &Inf) -> Result<Vec<Model>, InfError> {
    let manufacturers = inf
        .section("Manufacturer")
        .ok_or_else(|| inf.error(0, "there is no [Manufacturer] section"))?;
    let mut models = Vec::new();
    for line in &manufacturers.directives {
        let manufacturer = line.key.clone().unwrap_or_else(|| line.value(0).to_owned());
        let section = models_section(inf, line)?;
        for model in inf
            .section(&section)
            .map_or(&[] as &[Directive], |found| &found.directives)
        {
            models.push(one_model(inf, &manufacturer, model)?);
        }
    }
    Ok(models)
}

/// The models section that fits this machine: `Models.NTamd64…` where the line lists one, else `Models`.
fn models_section(inf: &Inf, line: &Directive) -> Result<String, InfError> {
    let base = line.value(0);
    let targets = || line.values.iter().skip(1);
    let ours = targets().find(|target| target.to_lowercase().starts_with("ntamd64"));
    let generic = || targets().find(|target| target.eq_ignore_ascii_case("nt"));
    let section = ours
        .or_else(generic)
        .map_or_else(|| base.to_owned(), |target| format!("{base}.{target}"));
    if inf.section(&section).is_none() {
        return Err(inf.error(line.line, format!("there is no models section [{section}]")));
    }
    Ok(section)
}

fn one_model(inf: &Inf, manufacturer: &str, line: &Directive) -> Result<Model, InfError> {
    let description = line
        .key
        .clone()
        .ok_or_else(|| inf.error(line.line, "a model needs a description before the ="))?;
    let install = line.value(0);
    let ids: Vec<String> = line
        .values
        .iter()
        .skip(1)
        .filter(|id| !id.is_empty())
        .cloned()
        .collect();
    if ids.is_empty() {
        return Err(inf.error(line.line, format!("the model {description:?} has no hardware ID")));
    }
    let section = decorated(inf, install)
        .ok_or_else(|| inf.error(line.line, format!("there is no install section [{install}]")))?;
    let (service, services) = services(inf, &section)?;
    let hardware = registry(inf, &format!("{section}.HW"))?;
    let has_wdf_section = inf.section(&format!("{section}.Wdf")).is_some();
    Ok(Model {
        description,
        manufacturer: manufacturer.to_owned(),
        ids,
        section,
        service,
        services,
        hardware,
        has_wdf_section,
    })
}

fn decorated(inf: &Inf, install: &str) -> Option<String> {
    PLATFORM
        .iter()
        .map(|suffix| format!("{install}{suffix}"))
        .find(|name| inf.section(name).is_some())
}

fn services(inf: &Inf, install: &str) -> Result<(Option<String>, Vec<Service>), InfError> {
    let (mut function, mut services) = (None, Vec::new());
    for line in inf.directives(&format!("{install}.Services"), "AddService") {
        let (name, section) = (line.value(0), line.value(2));
        if name.is_empty() {
            continue;
        }
        let flags = number(line.value(1))
            .ok_or_else(|| inf.error(line.line, format!("{:?} is no number", line.value(1))))?;
        if flags & SPSVCINST_ASSOCSERVICE != 0 {
            if function.is_some() {
                return Err(inf.error(
                    line.line,
                    "a second AddService has the flag SPSVCINST_ASSOCSERVICE (0x2)",
                ));
            }
            function = Some(name.to_owned());
        }
        services.push(service(inf, line, name, section)?);
    }
    Ok((function, services))
}

fn service(inf: &Inf, line: &Directive, name: &str, section: &str) -> Result<Service, InfError> {
    if inf.section(section).is_none() {
        return Err(inf.error(
            line.line,
            format!("there is no service-install section [{section}]"),
        ));
    }
    let binary = inf.directives(section, "ServiceBinary").next();
    let binary = binary.ok_or_else(|| inf.error(line.line, format!("[{section}] has no ServiceBinary")))?;
    let file = binary.value(0).rsplit('\\').next().unwrap_or_default();
    if file.is_empty() {
        return Err(inf.error(binary.line, "ServiceBinary names no file"));
    }
    Ok(Service {
        name: name.to_owned(),
        binary: file.to_owned(),
        line: binary.line,
        registry: registry(inf, section)?,
    })
}

/// The lines of every section that a section's `AddReg` directives name.
fn registry(inf: &Inf, section: &str) -> Result<Vec<RegistryEntry>, InfError> {
    let mut entries = Vec::new();
    for line in inf.directives(section, "AddReg") {
        for name in &line.values {
            let found = inf
                .section(name)
                .ok_or_else(|| inf.error(line.line, format!("there is no AddReg section [{name}]")))?;
            for entry in &found.directives {
                entries.push(registry_entry(inf, entry)?);
            }
        }
    }
    Ok(entries)
}

fn registry_entry(inf: &Inf, line: &Directive) -> Result<RegistryEntry, InfError> {
    let text = |index| line.value(index).to_owned();
    let flags = number(line.value(3))
        .ok_or_else(|| inf.error(line.line, format!("the flags {:?} are no number", line.value(3))))?;
    let data = line.values.iter().skip(4).cloned().collect();
    Ok(RegistryEntry {
        line: line.line,
        root: text(0),
        subkey: text(1),
        name: text(2),
        flags,
        data,
    })
}

/// A decimal or hexadecimal number; nothing is zero.
#[must_use]
pub fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if text.is_empty() => Some(0),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Package;
    use crate::{Inf, InfError};

    const GOOD: &str = r#"
[Version]
Signature = "$Windows NT$"
Class = System
ClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}
Provider = %Us%
DriverVer = 11/21/2026,1.0.0.0
[Manufacturer]
%Us% = Models, NTamd64.10.0...16299
[Models.NTamd64.10.0...16299]
%Device% = Install, root\Thing, root\AnyThing
[Install.NT]
[Install.NT.Services]
AddService = thing, 0x2, Thing_Service
[Install.NT.HW]
AddReg = Thing_HW
[Thing_HW]
HKR,,DeviceCharacteristics,0x10001,0x100
[Thing_Service]
ServiceBinary = %13%\thing.sys
AddReg = Thing_Parameters
[Thing_Parameters]
HKR,Parameters,Count,0x00010001,3
[Strings]
Us = "Us"
Device = "A thing"
"#;

    fn package(text: &str) -> Result<Package, InfError> {
        Package::of(&Inf::parse(Path::new("x.inf"), text.as_bytes())?)
    }

    #[test]
    fn a_package_is_read_with_its_models_services_and_registry() {
        let package = package(GOOD).unwrap();
        assert_eq!(
            (package.provider.as_str(), package.class.as_str()),
            ("Us", "System")
        );
        let [model] = package.models.as_slice() else {
            panic!("one model")
        };
        assert_eq!(model.ids, [r"root\Thing", r"root\AnyThing"]);
        assert_eq!(model.service.as_deref(), Some("thing"));
        assert!(!model.has_wdf_section);
        assert_eq!(
            (
                model.services[0].binary.as_str(),
                model.services[0].registry[0].name.as_str()
            ),
            ("thing.sys", "Count")
        );
        assert_eq!(model.hardware[0].flags, 0x10001);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (cut, with, reason) in [
            ("[Version]", "[Versio]", "there is no [Version] section"),
            (
                "$Windows NT$",
                "Linux",
                "Signature is \"Linux\" and must be \"$Windows NT$\"",
            ),
            (
                "[Models.NTamd64.10.0...16299]",
                "[Other]",
                "there is no models section [Models.NTamd64.10.0...16299]",
            ),
            ("[Install.NT]\n", "", "there is no install section [Install]"),
            (
                "[Thing_Service]",
                "[Service]",
                "there is no service-install section [Thing_Service]",
            ),
            ("0x2, Thing", "two, Thing", "\"two\" is no number"),
            ("[Thing_HW]", "[X]", "there is no AddReg section [Thing_HW]"),
        ] {
            assert_eq!(package(&GOOD.replacen(cut, with, 1)).unwrap_err().reason, reason);
        }
    }

    #[test]
    fn two_function_drivers_are_refused_with_the_second_line() {
        let text = GOOD.replace(
            "AddService = thing",
            "AddService = other, 0x2, Thing_Service\nAddService = thing",
        );
        let error = package(&text).unwrap_err();
        assert_eq!(
            error.reason,
            "a second AddService has the flag SPSVCINST_ASSOCSERVICE (0x2)"
        );
    }
}
