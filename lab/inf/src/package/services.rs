//! `AddService`: the services that a package installs.

use super::registry::{self, RegistryEntry, number};
use crate::{Directive, Inf, InfError};

/// `SPSVCINST_ASSOCSERVICE` of setupapi.h: this service is the device's function driver.
const SPSVCINST_ASSOCSERVICE: u32 = 0x2;

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
        services.all.push(service(inf, line, name, section)?);
    }
    Ok(services)
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
        registry: registry::entries(inf, section)?,
    })
}
