//! `[Manufacturer]`, models, and the install sections they lead to.

use super::grammar::{Kind, PLATFORMS};
use super::layout::{ANY_BUILD, Layout};
use super::report::Report;
use super::rules;
use super::target::Target;
use crate::{Directive, Inf, Section};

/// A name to which platform decorations are added to find install sections.
pub(super) struct Root {
    pub(super) name: String,
    /// The line that names it.
    pub(super) line: usize,
    /// The oldest build for which it is named.
    pub(super) build: u32,
    pub(super) is_primitive: bool,
}

const INSTALL: &str = "DefaultInstall";
pub(super) const UNINSTALL: &str = "DefaultUninstall";

/// The first build that a decoration can name (the page of the Manufacturer section).
const FIRST_BUILD: u32 = 14310;

/// Where installations begin, and the names of the models sections.
pub(super) fn roots<'a>(inf: &'a Inf, report: &mut Report<'_>) -> (Vec<Root>, Vec<&'a str>) {
    let (mut roots, mut models) = (Vec::new(), Vec::new());
    let manufacturers = inf
        .section("Manufacturer")
        .map_or(&[][..], |found| &found.directives);
    for line in manufacturers {
        for (section, build) in models_sections(inf, line, report) {
            models.push(section.name.as_str());
            roots.extend(
                section
                    .directives
                    .iter()
                    .filter_map(|model| root(model, build, report)),
            );
        }
    }
    let has_primitive = primitive(inf, &mut roots);
    check_entry(inf, has_primitive, report);
    (roots, models)
}

fn check_entry(inf: &Inf, has_primitive: bool, report: &mut Report<'_>) {
    match (inf.section("Manufacturer"), has_primitive) {
        (Some(section), true) => report.add(
            &rules::DEVICE_AND_PRIMITIVE,
            section.line,
            "both [Manufacturer] and [DefaultInstall]; an INF is for devices or a primitive driver",
        ),
        (None, false) => report.add(
            &rules::NOTHING_INSTALLED,
            0,
            "neither [Manufacturer] nor [DefaultInstall] with an architecture; add one",
        ),
        _ => {}
    }
}

/// The sections that a line of `[Manufacturer]` leads to, each with its oldest build.
fn models_sections<'a>(inf: &'a Inf, line: &Directive, report: &mut Report<'_>) -> Vec<(&'a Section, u32)> {
    let base = line.value(0);
    if base.is_empty() {
        report.add(
            &rules::MODELS_NAME,
            line.line,
            "the manufacturer has no models section; name one behind the =",
        );
        return Vec::new();
    }
    let targets: Vec<_> = line
        .values
        .iter()
        .skip(1)
        .filter(|target| !target.is_empty())
        .collect();
    let mut found = Vec::new();
    for target in &targets {
        let build = check_target(target, line.line, report);
        match inf.section(&format!("{base}.{target}")) {
            Some(section) => found.push((section, build)),
            None => report.add(
                &rules::SECTION_NOT_FOUND,
                line.line,
                format!("there is no models section [{base}.{target}]; add it, or correct the name"),
            ),
        }
    }
    match inf.section(base) {
        Some(section) => {
            let message = format!("[{base}] has no architecture and means x86; decorate it with .NTamd64");
            report.add(&rules::TARGET_ARCHITECTURE, section.line, message);
            found.push((section, 0));
        }
        None if targets.is_empty() => report.add(
            &rules::SECTION_NOT_FOUND,
            line.line,
            format!("there is no models section [{base}]; add it, or correct the name"),
        ),
        None => {}
    }
    found
}

/// The oldest build of a decoration, with what is wrong with it.
fn check_target(text: &str, line: usize, report: &mut Report<'_>) -> u32 {
    let Some(target) = Target::parse(text) else {
        let message = format!("{text} is no target decoration; write for example NTamd64.10.0...16299");
        report.add(&rules::TARGET_DECORATION, line, message);
        return ANY_BUILD;
    };
    if target.build.is_some_and(|build| build < FIRST_BUILD) {
        let message = format!("{text}: build numbers begin with {FIRST_BUILD}");
        report.add(&rules::TARGET_BUILD, line, message);
    }
    if target.is_for_product {
        let message = format!("{text} has a product type or suite mask; leave those fields empty");
        report.add(&rules::TARGET_PRODUCT, line, message);
    }
    if !target.has_architecture {
        let message = format!("{text} has no architecture and means x86; write for example NTamd64");
        report.add(&rules::TARGET_ARCHITECTURE, line, message);
    }
    target.build.unwrap_or(0)
}

fn root(model: &Directive, build: u32, report: &mut Report<'_>) -> Option<Root> {
    let name = model.value(0);
    if model.key.is_none() || name.is_empty() {
        report.add(
            &rules::INSTALL_NAME,
            model.line,
            "the device has no install section; write %description% = section, hardware ID",
        );
        return None;
    }
    Some(Root {
        name: name.to_owned(),
        line: model.line,
        build,
        is_primitive: false,
    })
}

/// `[DefaultInstall]`, and whether there is one.
fn primitive(inf: &Inf, roots: &mut Vec<Root>) -> bool {
    for name in [INSTALL, UNINSTALL] {
        let prefix = name.to_lowercase();
        let first = inf
            .sections()
            .iter()
            .find(|section| is_primitive(section, &prefix));
        roots.extend(first.map(|section| Root {
            name: name.to_owned(),
            line: section.line,
            build: ANY_BUILD,
            is_primitive: true,
        }));
    }
    roots.iter().any(|root| root.is_primitive && root.name == INSTALL)
}

fn is_primitive(section: &Section, prefix: &str) -> bool {
    let name = section.name.to_lowercase();
    let decoration = name.strip_prefix(prefix);
    decoration.is_some_and(|decoration| PLATFORMS.contains(&decoration))
}

/// What concerns devices and primitive drivers as such.
pub(super) fn check(layout: &Layout<'_>, report: &mut Report<'_>) {
    check_primitive(layout, report);
    for visit in layout.visits(Kind::Legacy) {
        let message = format!(
            "[{}] has no effect in a declarative package; take it out",
            visit.section.name
        );
        report.add(&rules::LEGACY_SECTION, visit.section.line, message);
    }
    let mut models = layout.visits(Kind::Models).peekable();
    let Some(first) = models.peek().copied() else {
        return;
    };
    let has_id = |line: &Directive| line.values.iter().skip(1).any(|id| !id.is_empty());
    if !models.any(|visit| visit.section.directives.iter().any(has_id)) {
        report.add(
            &rules::NO_HARDWARE_ID,
            first.section.line,
            "no device has a hardware ID; add one behind the install section, or make it a primitive driver",
        );
    }
}

fn check_primitive(layout: &Layout<'_>, report: &mut Report<'_>) {
    for install in layout.installs.iter().filter(|install| install.is_primitive) {
        let section = install.section;
        let name = section.name.to_lowercase();
        if name
            .rsplit_once(".nt")
            .is_none_or(|(_, architecture)| architecture.is_empty())
        {
            let message = format!(
                "[{}] has no architecture; write [{}.NTamd64]",
                section.name, section.name
            );
            report.add(&rules::PRIMITIVE_ARCHITECTURE, section.line, message);
        }
        let is_legacy = section
            .directives
            .iter()
            .any(|line| line.is("LegacyUninstall") && line.value(0) == "1");
        if name.starts_with("defaultuninstall") && !is_legacy {
            let message = format!(
                "[{}] is not processed; add LegacyUninstall = 1 or take it out",
                section.name
            );
            report.add(&rules::PRIMITIVE_UNINSTALL, section.line, message);
        }
    }
}
