//! `AddService`: the services that a package installs.

use super::files::{self, Target};
use super::registry::{self, RegistryEntry, number};
use crate::{Directive, Inf, InfError};

/// `SPSVCINST_ASSOCSERVICE` of setupapi.h: this service is the device's function driver.
const SPSVCINST_ASSOCSERVICE: u32 = 0x2;

/// A service that the package installs: what `CreateService` is given.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The `SPSVCINST_…` flags of `AddService`.
    pub flags: u32,
    /// Where `ServiceBinary` says the image is.
    pub binary: Target,
    /// The line that names the image.
    pub line: usize,
    /// `ServiceType`, `StartType` and `ErrorControl`: values of winnt.h.
    pub kind: u32,
    /// See `kind`.
    pub start: u32,
    /// See `kind`.
    pub error_control: u32,
    /// `DisplayName`.
    pub display_name: Option<String>,
    /// `Description`.
    pub description: Option<String>,
    /// `LoadOrderGroup`.
    pub group: Option<String>,
    /// `Dependencies`: services, and groups behind a `+`.
    pub dependencies: Vec<String>,
    /// `AddReg` of the service-install section, relative to the service's key.
    pub registry: Vec<RegistryEntry>,
}

/// The services of an install section.
#[derive(Clone, Debug, Default)]
pub(super) struct Services {
    /// The one with `SPSVCINST_ASSOCSERVICE`, and the line that says so.
    pub(super) function: Option<(String, usize)>,
    /// All of them.
    pub(super) all: Vec<Service>,
}

/// Reads the `.Services` section of an install section.
pub(super) fn services(inf: &Inf, install: &str) -> Result<Services, InfError> {
    let mut services = Services::default();
    for line in inf.directives(&format!("{install}.Services"), "AddService") {
        let (name, section) = (line.value(0), line.value(2));
        if name.is_empty() {
            continue;
        }
        let flags = number(line.value(1))
            .ok_or_else(|| inf.error(line.line, format!("{:?} is no number", line.value(1))))?;
        if flags & SPSVCINST_ASSOCSERVICE != 0 {
            if services.function.is_some() {
                return Err(inf.error(
                    line.line,
                    "a second AddService has the flag SPSVCINST_ASSOCSERVICE (0x2)",
                ));
            }
            services.function = Some((name.to_owned(), line.line));
        }
        services.all.push(service(inf, line, name, flags, section)?);
    }
    Ok(services)
}

fn service(inf: &Inf, line: &Directive, name: &str, flags: u32, section: &str) -> Result<Service, InfError> {
    if inf.section(section).is_none() {
        let reason = format!("there is no service-install section [{section}]");
        return Err(inf.error(line.line, reason));
    }
    let entry = |key| {
        let found = inf.directives(section, key).next();
        found.ok_or_else(|| inf.error(line.line, format!("[{section}] has no {key}")))
    };
    let value = |key| {
        let entry = entry(key)?;
        number(entry.value(0))
            .filter(|_| !entry.value(0).is_empty())
            .ok_or_else(|| {
                inf.error(
                    entry.line,
                    format!("{key} is {:?}, which is no number", entry.value(0)),
                )
            })
    };
    let text = |key| {
        inf.value(section, key)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let binary = entry("ServiceBinary")?;
    Ok(Service {
        name: name.to_owned(),
        flags,
        binary: files::binary(inf, binary)?,
        line: binary.line,
        kind: value("ServiceType")?,
        start: value("StartType")?,
        error_control: value("ErrorControl")?,
        display_name: text("DisplayName"),
        description: text("Description"),
        group: text("LoadOrderGroup"),
        dependencies: dependencies(inf, section),
        registry: registry::entries(inf, section)?,
    })
}

fn dependencies(inf: &Inf, section: &str) -> Vec<String> {
    let lines = inf.directives(section, "Dependencies");
    let all = lines.flat_map(|line| &line.values);
    all.filter(|name| !name.is_empty()).cloned().collect()
}
