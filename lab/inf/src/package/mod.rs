//! What an INF says about a driver package: the devices it is for, the services and filters it installs.

mod filters;
mod models;
mod registry;
mod services;
mod version;

pub use filters::{Filter, Place, Side};
pub use models::Model;
pub use registry::{RegistryEntry, number};
pub use services::Service;

use crate::{Inf, InfError};

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
    /// `ExtensionId` of `[Version]`, in lower case: the package adds to what a device's base package says.
    pub extension_id: Option<String>,
    /// The devices, in the order of the file.
    pub models: Vec<Model>,
}

impl Package {
    /// Reads what an INF says.
    ///
    /// # Errors
    /// A section or directive that an installation needs is missing or wrong; the error names the line.
    pub fn of(inf: &Inf) -> Result<Self, InfError> {
        let version = version::Version::of(inf)?;
        Ok(Self {
            models: models::models(inf, version.extension_id.is_some())?,
            provider: version.provider,
            class: version.class,
            class_guid: version.class_guid,
            driver_ver: version.driver_ver,
            extension_id: version.extension_id,
        })
    }
}

#[cfg(test)]
mod tests;
