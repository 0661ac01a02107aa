//! `[Manufacturer]` and the models sections: the devices of a package, and what it installs for each.

use super::filters::{Filter, filters};
use super::registry::{self, RegistryEntry};
use super::services::{Service, services};
use crate::{Directive, Inf, InfError};

/// Decorations of section names that apply to this machine, best first.
const PLATFORM: [&str; 3] = [".ntamd64", ".nt", ""];

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
    /// The filters that the package puts into the device's stack.
    pub filters: Vec<Filter>,
    /// `AddReg` of the install section: values of the device's software key.
    pub software: Vec<RegistryEntry>,
    /// `.HW` `AddReg`: values of the device's hardware key.
    pub hardware: Vec<RegistryEntry>,
    /// Whether a `.Wdf` section names the service.
    pub has_wdf_section: bool,
}

/// The models for this machine.
pub(super) fn models(inf: &Inf, is_extension: bool) -> Result<Vec<Model>, InfError> {
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
            models.push(one_model(inf, &manufacturer, model, is_extension)?);
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

fn one_model(inf: &Inf, manufacturer: &str, line: &Directive, is_extension: bool) -> Result<Model, InfError> {
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
    let services = services(inf, &section)?;
    if let (Some((_, line)), true) = (&services.function, is_extension) {
        let reason =
            "an extension INF has no function driver: SPSVCINST_ASSOCSERVICE (0x2) is for base packages";
        return Err(inf.error(*line, reason));
    }
    let hardware = registry::entries(inf, &format!("{section}.HW"))?;
    let has_wdf_section = inf.section(&format!("{section}.Wdf")).is_some();
    Ok(Model {
        description,
        manufacturer: manufacturer.to_owned(),
        ids,
        software: registry::entries(inf, &section)?,
        filters: filters(inf, &section)?,
        section,
        service: services.function.map(|(name, _)| name),
        services: services.all,
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
