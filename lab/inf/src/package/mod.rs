//! What an INF says about a driver package: the devices it is for, the services and filters it installs.

mod files;
mod filters;
mod install;
mod models;
mod registry;
mod services;
mod version;
mod warnings;
mod wdf;

pub use files::{CopiedFile, Directory, SourceFile, Target};
pub use filters::{Filter, Place, Side};
pub use install::Install;
pub use models::Model;
pub use registry::{RegistryEntry, number};
pub use services::Service;
pub use wdf::Wdf;

use crate::{Inf, InfError};

/// Decorations of section names that apply to this machine, best first.
const PLATFORM: [&str; 3] = [".NTamd64", ".NT", ""];
/// Decorations of the sections with disks and files that apply to this machine, best first.
const PLATFORM_DISKS: [&str; 2] = [".amd64", ""];

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
    /// The files that come into the driver store.
    pub sources: Vec<SourceFile>,
    /// The devices, in the order of the file. None in a primitive package.
    pub models: Vec<Model>,
    /// `[DefaultInstall.NTamd64]`: what a primitive package does, which has no devices.
    pub primitive: Option<Install>,
    /// What Windows ignores, and what is not read here, each with its line.
    pub warnings: Vec<InfError>,
}

impl Package {
    /// Reads what an INF says.
    ///
    /// # Errors
    /// A section or directive that an installation needs is missing or wrong; the error names the line.
    pub fn of(inf: &Inf) -> Result<Self, InfError> {
        let version = version::Version::of(inf)?;
        let sources = files::sources(inf)?;
        let primitive = primitive(inf, &sources)?;
        let reading = models::Reading {
            sources: &sources,
            is_extension: version.extension_id.is_some(),
        };
        let models = match primitive {
            Some(_) => Vec::new(),
            None => models::models(inf, &reading)?,
        };
        let installs: Vec<&Install> = models
            .iter()
            .map(|model| &model.install)
            .chain(&primitive)
            .collect();
        Ok(Self {
            warnings: warnings::warnings(inf, &installs),
            provider: version.provider,
            class: version.class,
            class_guid: version.class_guid,
            driver_ver: version.driver_ver,
            extension_id: version.extension_id,
            sources,
            models,
            primitive,
        })
    }

    /// Every install section, of models and of the package itself.
    pub fn installs(&self) -> impl Iterator<Item = &Install> {
        self.models
            .iter()
            .map(|model| &model.install)
            .chain(&self.primitive)
    }
}

/// The install section of a primitive package ("Creating a new primitive driver"): decorated, and without a `[Manufacturer]`.
fn primitive(inf: &Inf, sources: &[SourceFile]) -> Result<Option<Install>, InfError> {
    const SECTION: &str = "DefaultInstall.NTamd64";
    if inf.section(SECTION).is_none() {
        return refuse_other_primitive(inf).map(|()| None);
    }
    if let Some(manufacturer) = inf.section("Manufacturer") {
        let reason = "a package with [DefaultInstall.NTamd64] is a primitive one and has no [Manufacturer]";
        return Err(inf.error(manufacturer.line, reason));
    }
    check_uninstall(inf)?;
    let install = Install::of(inf, SECTION, sources)?;
    if let Some(entry) = install
        .software
        .first()
        .filter(|entry| entry.root.eq_ignore_ascii_case("HKR"))
    {
        return Err(inf.error(
            entry.line,
            "there is no key for HKR in the AddReg of [DefaultInstall]",
        ));
    }
    if let Some((_, line)) = &install.function {
        let reason =
            "a primitive package has no function driver: SPSVCINST_ASSOCSERVICE (0x2) is for devices";
        return Err(inf.error(*line, reason));
    }
    Ok(Some(install))
}

/// An undecorated section, or one for another machine, makes no primitive package.
fn refuse_other_primitive(inf: &Inf) -> Result<(), InfError> {
    if inf.section("Manufacturer").is_some() {
        return Ok(());
    }
    if let Some(section) = inf.section("DefaultInstall") {
        let reason = "[DefaultInstall] needs the decoration of its platform: [DefaultInstall.NTamd64]";
        return Err(inf.error(section.line, reason));
    }
    let other =
        ["NTx86", "NTarm", "NTarm64"].map(|platform| inf.section(&format!("DefaultInstall.{platform}")));
    other.into_iter().flatten().next().map_or(Ok(()), |section| {
        let reason = "the INF does not contain a [DefaultInstall] for this platform (NTamd64)";
        Err(inf.error(section.line, reason))
    })
}

/// Uninstalling undoes the installation; a section of its own is for older systems, and says so.
fn check_uninstall(inf: &Inf) -> Result<(), InfError> {
    for suffix in PLATFORM {
        let name = format!("DefaultUninstall{suffix}");
        let Some(section) = inf.section(&name) else {
            continue;
        };
        let is_legacy = inf.value(&name, "LegacyUninstall").and_then(number) == Some(1);
        if !is_legacy {
            let reason =
                "a primitive package has no [DefaultUninstall], unless that says LegacyUninstall = 1";
            return Err(inf.error(section.line, reason));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
