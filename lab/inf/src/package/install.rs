//! An install section with its companions: what is done for a device, or for a package without devices.

use super::files::{self, CopiedFile, Directory, SourceFile};
use super::filters::{Filter, filters};
use super::registry::{self, RegistryEntry};
use super::services::{Service, services};
use super::wdf::{Wdf, wdf};
use crate::{Inf, InfError};

/// What an install section and its companions say.
#[derive(Clone, Debug, Default)]
pub struct Install {
    /// The name of the section, with decoration.
    pub section: String,
    /// The service of the function driver, and the line that says so.
    pub function: Option<(String, usize)>,
    /// Every service.
    pub services: Vec<Service>,
    /// The filters that are put into the device's stack.
    pub filters: Vec<Filter>,
    /// The files that are copied.
    pub files: Vec<CopiedFile>,
    /// `AddReg`: values of the device's software key.
    pub software: Vec<RegistryEntry>,
    /// `.HW` `AddReg`: values of the device's hardware key, and properties of the device.
    pub hardware: Vec<RegistryEntry>,
    /// `.Wdf`: the framework versions of the services.
    pub wdf: Vec<Wdf>,
}

impl Install {
    /// Reads an install section that is there.
    pub(super) fn of(inf: &Inf, section: &str, sources: &[SourceFile]) -> Result<Self, InfError> {
        let services = services(inf, section)?;
        let install = Self {
            section: section.to_owned(),
            function: services.function,
            services: services.all,
            filters: filters(inf, section)?,
            files: files::copied(inf, section, sources)?,
            software: registry::entries(inf, section)?,
            hardware: registry::entries(inf, &format!("{section}.HW"))?,
            wdf: wdf(inf, section)?,
        };
        for service in &install.services {
            check_binary(inf, service, sources)?;
        }
        Ok(install)
    }

    /// The service of the function driver.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.function.as_ref().map(|(name, _)| name.as_str())
    }
}

/// What stays in the driver store must have come into it.
fn check_binary(inf: &Inf, service: &Service, sources: &[SourceFile]) -> Result<(), InfError> {
    let target = &service.binary;
    let comes = |source: &SourceFile| files::store_path(source).eq_ignore_ascii_case(&target.path);
    if target.directory == Directory::Store && !sources.iter().any(comes) {
        let reason = format!(
            "ServiceBinary names {} in the driver store (dirid 13), which is not in [SourceDisksFiles]",
            target.path
        );
        return Err(inf.error(service.line, reason));
    }
    Ok(())
}
