//! `[Manufacturer]` and the models sections: the devices of a package, and what it installs for each.

use super::PLATFORM;
use super::files::SourceFile;
use super::install::Install;
use crate::{Directive, Inf, InfError, Section};

/// What is known of the package when its models are read.
pub(super) struct Reading<'a> {
    pub(super) sources: &'a [SourceFile],
    pub(super) is_extension: bool,
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
    /// What the package does for it.
    pub install: Install,
}

/// The models for this machine.
pub(super) fn models(inf: &Inf, reading: &Reading<'_>) -> Result<Vec<Model>, InfError> {
    let manufacturers = inf.section("Manufacturer").ok_or_else(|| {
        inf.error(
            0,
            "there is neither a [Manufacturer] section nor a [DefaultInstall.NTamd64] section",
        )
    })?;
    let mut models = Vec::new();
    for line in &manufacturers.directives {
        let manufacturer = line.key.clone().unwrap_or_else(|| line.value(0).to_owned());
        let Some(section) = models_section(inf, line)? else {
            continue;
        };
        for model in &section.directives {
            models.push(one_model(inf, &manufacturer, model, reading)?);
        }
    }
    if models.is_empty() {
        let reason = "the INF does not contain a model for this platform (NTamd64)";
        return Err(inf.error(manufacturers.line, reason));
    }
    Ok(models)
}

/// The models section for this machine, if there is one.
///
/// `Models.NTamd64…` where the line lists one, of several that with the highest version; `Models` where it lists none for this machine.
fn models_section<'a>(inf: &'a Inf, line: &Directive) -> Result<Option<&'a Section>, InfError> {
    let base = line.value(0);
    let targets = || line.values.iter().skip(1).filter(|target| !target.is_empty());
    let best = targets()
        .max_by_key(|target| fit(target))
        .filter(|target| fit(target).is_some());
    let Some(best) = best else {
        return match inf.section(base) {
            None if targets().next().is_none() => {
                Err(inf.error(line.line, format!("there is no models section [{base}]")))
            }
            found => Ok(found),
        };
    };
    let name = format!("{base}.{best}");
    let section = inf.section(&name);
    section
        .map(Some)
        .ok_or_else(|| inf.error(line.line, format!("there is no models section [{name}]")))
}

/// How well a target operating system such as `NTamd64.10.0...16299` fits this machine: the architecture, then the version.
fn fit(target: &str) -> Option<(bool, Vec<u32>)> {
    let target = target.to_lowercase();
    let (platform, version) = target.split_once('.').unwrap_or((&target, ""));
    let is_named = match platform {
        "ntamd64" => true,
        "nt" => false,
        _ => return None,
    };
    Some((
        is_named,
        version.split('.').map(|part| part.parse().unwrap_or(0)).collect(),
    ))
}

fn one_model(
    inf: &Inf,
    manufacturer: &str,
    line: &Directive,
    reading: &Reading<'_>,
) -> Result<Model, InfError> {
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
    let install = Install::of(inf, &section, reading.sources)?;
    if let (Some((_, line)), true) = (&install.function, reading.is_extension) {
        let reason =
            "an extension INF has no function driver: SPSVCINST_ASSOCSERVICE (0x2) is for base packages";
        return Err(inf.error(*line, reason));
    }
    Ok(Model {
        description,
        manufacturer: manufacturer.to_owned(),
        ids,
        install,
    })
}

fn decorated(inf: &Inf, install: &str) -> Option<String> {
    PLATFORM
        .iter()
        .map(|suffix| format!("{install}{suffix}"))
        .find(|name| inf.section(name).is_some())
}
