//! `[Version]`.

use super::classes::{Class, SAMPLE, SYSTEM, VENDORS};
use super::layout::Layout;
use super::report::Report;
use super::rules;
use crate::{Directive, Inf, Section};

/// `ClassGuid` of extension INFs ("Using an Extension INF File").
pub(super) const EXTENSION: &str = "{e2f84ce7-8efa-411c-aa69-97454ca4cb57}";

/// The longest name of a class (code 1286).
const LONGEST_CLASS: usize = 31;

pub(super) fn check(layout: &Layout<'_>, report: &mut Report<'_>) {
    let inf = layout.inf;
    let Some(version) = inf.section("Version") else {
        let message = "there is no [Version] section; add it with Signature = \"$Windows NT$\"";
        report.add(&rules::SIGNATURE, 0, message);
        return;
    };
    let signature = inf.value("Version", "Signature").unwrap_or_default();
    if !["$windows nt$", "$chicago$"].contains(&signature.to_lowercase().as_str()) {
        let message = format!("Signature is {signature:?}; write \"$Windows NT$\"");
        report.add(&rules::SIGNATURE, version.line, message);
    }
    for key in ["Class", "ClassGuid", "Provider", "DriverVer"] {
        if find(version, key).is_none_or(|line| line.value(0).is_empty()) {
            let message = format!("[Version] has no {key}; add it");
            report.add(&rules::VERSION_DIRECTIVE, version.line, message);
        }
    }
    check_class(inf, version, report);
    check_extension(layout, version, report);
    check_catalog(version, report);
    check_driver_ver(version, report);
    check_provider(version, report);
    check_lockdown(version, report);
}

fn find<'a>(section: &'a Section, key: &str) -> Option<&'a Directive> {
    section.directives.iter().find(|line| line.is(key))
}

fn check_class(inf: &Inf, version: &Section, report: &mut Report<'_>) {
    let (class, guid) = (find(version, "Class"), find(version, "ClassGuid"));
    if let Some(line) = guid
        && !is_guid(line.value(0))
    {
        let message = format!("ClassGuid is {:?}; write a GUID in braces", line.value(0));
        report.add(&rules::CLASS_GUID_FORM, line.line, message);
    }
    let (Some(class), Some(guid)) = (class, guid) else {
        return;
    };
    let name = class.value(0);
    if name.chars().count() > LONGEST_CLASS {
        let message = format!("the class {name} has more than {LONGEST_CLASS} characters; shorten it");
        report.add(&rules::CLASS_LONG, class.line, message);
    }
    let by_name = known(|class| class.name.eq_ignore_ascii_case(name));
    let by_guid = known(|class| class.guid.eq_ignore_ascii_case(guid.value(0)));
    match (by_name, by_guid) {
        (_, Some(known)) if !known.name.eq_ignore_ascii_case(name) => {
            let message = format!(
                "Class is {name}, and {} is that of {}; write that",
                known.guid, known.name
            );
            report.add(&rules::CLASS_NAME, class.line, message);
        }
        (Some(known), None) => {
            let message = format!("ClassGuid is not that of {}; write {}", known.name, known.guid);
            report.add(&rules::CLASS_GUID, guid.line, message);
        }
        _ => {}
    }
    let reserved = |known: &Class| {
        known.name.eq_ignore_ascii_case(name) || known.guid.eq_ignore_ascii_case(guid.value(0))
    };
    if SYSTEM.iter().chain([&SAMPLE]).any(reserved) {
        let message = format!("the class {name} is reserved; choose another, or one of your own");
        report.add(&rules::CLASS_RESERVED, class.line, message);
    }
    let install = inf
        .sections()
        .iter()
        .find(|section| section.name.to_lowercase().starts_with("classinstall32"));
    if let Some(section) = install
        && by_guid.is_some()
    {
        let message = format!("[{}] is not for a class of the system; take it out", section.name);
        report.add(&rules::CLASS_INSTALL, section.line, message);
    }
}

fn known(is: impl Fn(&Class) -> bool) -> Option<&'static Class> {
    VENDORS
        .iter()
        .chain(SYSTEM)
        .chain([&SAMPLE])
        .find(|class| is(class))
}

fn check_extension(layout: &Layout<'_>, version: &Section, report: &mut Report<'_>) {
    match find(version, "ExtensionId") {
        Some(line) if !is_guid(line.value(0)) => {
            let message = format!(
                "ExtensionId is {:?}; write a GUID of your own in braces",
                line.value(0)
            );
            report.add(&rules::EXTENSION_ID, line.line, message);
        }
        None if layout.is_extension() => {
            let message = "an extension INF needs ExtensionId; add a GUID of your own";
            report.add(&rules::EXTENSION_ID_MISSING, version.line, message);
        }
        _ => {}
    }
}

fn check_catalog(version: &Section, report: &mut Report<'_>) {
    let is_catalog = |line: &&Directive| {
        line.key
            .as_ref()
            .is_some_and(|key| key.to_lowercase().starts_with("catalogfile"))
    };
    let mut catalogs = version.directives.iter().filter(is_catalog).peekable();
    if catalogs.peek().is_none() {
        let message = "[Version] has no CatalogFile, so nothing can be signed; add CatalogFile = name.cat";
        report.add(&rules::CATALOG_MISSING, version.line, message);
    }
    for line in catalogs {
        let stem = line
            .value(0)
            .to_lowercase()
            .strip_suffix(".cat")
            .map(str::to_owned);
        if stem.is_none_or(|stem| stem.is_empty() || stem.contains(['\\', '/'])) {
            let message = format!("the catalog {:?} is not of the form name.cat", line.value(0));
            report.add(&rules::CATALOG_NAME, line.line, message);
        }
    }
}

fn check_driver_ver(version: &Section, report: &mut Report<'_>) {
    let Some(line) = find(version, "DriverVer").filter(|line| !line.value(0).is_empty()) else {
        return;
    };
    if !is_date(line.value(0)) {
        let message = format!("the date {:?} in DriverVer is not mm/dd/yyyy", line.value(0));
        report.add(&rules::DRIVER_DATE, line.line, message);
    }
    let parts: Vec<_> = line.value(1).split('.').map(str::parse::<u16>).collect();
    let is_zero = parts.iter().all(|part| *part == Ok(0));
    if parts.len() != 4 || parts.iter().any(Result::is_err) || is_zero {
        let message = format!(
            "the version {:?} in DriverVer is not w.x.y.z, above 0.0.0.0",
            line.value(1)
        );
        report.add(&rules::DRIVER_VERSION, line.line, message);
    }
}

/// Month and day of two digits, year of four, with slashes or hyphens.
fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split(['/', '-']).collect();
    let [month, day, year] = parts.as_slice() else {
        return false;
    };
    let number = |text: &str, digits: usize| {
        let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (Some(month), Some(day), Some(_)) = (number(month, 2), number(day, 2), number(year, 4)) else {
        return false;
    };
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn check_provider(version: &Section, report: &mut Report<'_>) {
    let Some(line) = find(version, "Provider") else {
        return;
    };
    if line.value(0).to_lowercase().starts_with("microsoft") {
        let message = format!("the provider is {:?}; write who wrote the INF", line.value(0));
        report.add(&rules::PROVIDER_MICROSOFT, line.line, message);
    }
}

fn check_lockdown(version: &Section, report: &mut Report<'_>) {
    let line = find(version, "PnpLockdown");
    if line.is_none_or(|line| line.value(0) != "1") {
        let at = line.map_or(version.line, |line| line.line);
        report.add(
            &rules::PNP_LOCKDOWN,
            at,
            "[Version] does not say PnpLockdown = 1; add it",
        );
    }
}

/// `{8-4-4-4-12}` hexadecimal digits.
pub(super) fn is_guid(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return false;
    };
    let lengths: Vec<_> = inner.split('-').map(str::len).collect();
    let is_hexadecimal = inner.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    lengths == [8, 4, 4, 4, 12] && is_hexadecimal
}
