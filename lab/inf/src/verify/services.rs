//! Services: `AddService`, their install sections, and the `.Wdf` part.

use std::collections::HashSet;

use super::files::{self, DRIVER_STORE, Destination};
use super::grammar::{Kind, WINDOWS_10_1709};
use super::layout::{Install, Layout, Visit, too_old};
use super::report::Report;
use super::rules;
use crate::{Directive, Section, number};

/// `SPSVCINST_ASSOCSERVICE` of setupapi.h: this service is the device's function driver.
const SPSVCINST_ASSOCSERVICE: u32 = 0x2;
/// Every `SPSVCINST_…` flag that the page of `AddService` lists.
const SPSVCINST_FLAGS: u32 = 0x0006_FDFB | SPSVCINST_ASSOCSERVICE;

/// `SERVICE_KERNEL_DRIVER` of wdm.h.
const SERVICE_KERNEL_DRIVER: u32 = 1;
/// `SERVICE_AUTO_START` of wdm.h: the service control manager starts it.
const SERVICE_AUTO_START: u32 = 2;
/// `SERVICE_DISABLED` of wdm.h.
const SERVICE_DISABLED: u32 = 4;

/// What a service-install section has to say, and the highest value of those that are numbers: of `ServiceType` the flag
/// `SERVICE_INTERACTIVE_PROCESS` with those of a program, of the others the last of their values.
const REQUIRED: &[(&str, Option<u32>)] = &[
    ("ServiceType", Some(0x1FF)),
    ("StartType", Some(SERVICE_DISABLED)),
    ("ErrorControl", Some(3)),
    ("ServiceBinary", None),
];

pub(super) fn check(layout: &Layout<'_>, report: &mut Report<'_>) {
    for install in &layout.installs {
        check_install(layout, install, report);
    }
    let copied = files::copied(layout);
    for visit in layout.visits(Kind::ServiceInstall) {
        check_section(visit, &copied, report);
    }
    for visit in layout.visits(Kind::WdfInstall) {
        check_wdf_install(layout, visit.section, report);
    }
}

/// The services that an install section adds, and their flags.
fn added<'a>(layout: &Layout<'a>, install: &Install<'_>) -> Vec<(&'a Directive, Option<u32>)> {
    let lines = layout
        .part(install, ".Services")
        .map_or(&[][..], |section| &section.directives);
    let lines = lines.iter().filter(|line| line.is("AddService"));
    lines.map(|line| (line, number(line.value(1)))).collect()
}

fn check_install(layout: &Layout<'_>, install: &Install<'_>, report: &mut Report<'_>) {
    let services = added(layout, install);
    let mut function: Option<&str> = None;
    for (line, flags) in &services {
        check_add_service(layout, line, *flags, report);
        if flags.unwrap_or_default() & SPSVCINST_ASSOCSERVICE == 0 {
            continue;
        }
        let name = line.value(0);
        if let Some(first) = function {
            let message = format!(
                "{name} and {first} both have SPSVCINST_ASSOCSERVICE (0x2); leave it to the function driver"
            );
            report.add(&rules::TWO_FUNCTION_DRIVERS, line.line, message);
        }
        function = Some(name);
        if layout.is_extension() {
            let message =
                format!("{name} has SPSVCINST_ASSOCSERVICE (0x2); an extension INF has no function driver");
            report.add(&rules::EXTENSION_FUNCTION_DRIVER, line.line, message);
        }
        let start = layout.inf.value(line.value(2), "StartType").and_then(number);
        if start == Some(SERVICE_DISABLED) {
            let message = format!("{name} is the function driver and disabled; write StartType = 3");
            report.add(&rules::SERVICE_DISABLED, line.line, message);
        }
    }
    let needs = layout
        .part(install, ".Services")
        .is_some_and(|section| section.directives.iter().any(|line| line.is("Needs")));
    if function.is_none() && !needs && !install.is_primitive && !layout.is_extension() {
        let name = &install.section.name;
        let message =
            format!("no service of [{name}.Services] is the function driver; add one with the flag 0x2");
        report.add(&rules::NO_SERVICE, install.section.line, message);
    }
    check_wdf(layout, install, &services, report);
}

fn check_add_service(layout: &Layout<'_>, line: &Directive, flags: Option<u32>, report: &mut Report<'_>) {
    let (name, section) = (line.value(0), line.value(2));
    if flags.is_none_or(|flags| flags & !SPSVCINST_FLAGS != 0) {
        let message = format!(
            "{:?} is no set of flags of AddService; write 0x2 for a function driver",
            line.value(1)
        );
        report.add(&rules::DIRECTIVE_FLAGS, line.line, message);
    }
    if name.is_empty() {
        let is_none = flags.unwrap_or_default() & SPSVCINST_ASSOCSERVICE != 0;
        if !is_none {
            let message = "AddService without a name; give one, or write AddService = ,2 for no driver";
            report.add(&rules::SERVICE_NAME, line.line, message);
        } else if !section.is_empty() {
            let message =
                format!("AddService without a name ignores [{section}]; give a name, or take it out");
            report.add(&rules::SERVICE_UNNAMED, line.line, message);
        }
        return;
    }
    if layout.inf.section(section).is_none() {
        let message = format!("the section [{section}] of the service {name} is not there; add it");
        report.add(&rules::SERVICE_NOT_FOUND, line.line, message);
    }
    let log = line.value(4).to_lowercase();
    if !["", "system", "security", "application"].contains(&log.as_str()) {
        let message = format!(
            "{:?} is no event log; write System, Security or Application",
            line.value(4)
        );
        report.add(&rules::EVENT_LOG, line.line, message);
    }
}

fn check_section(visit: Visit<'_>, copied: &HashSet<(Destination, String)>, report: &mut Report<'_>) {
    let section = visit.section;
    for (key, highest) in REQUIRED {
        let Some(line) = section.directives.iter().find(|line| line.is(key)) else {
            let message = format!("[{}] has no {key}; add it", section.name);
            report.add(&rules::SERVICE_DIRECTIVE, section.line, message);
            continue;
        };
        if let Some(highest) = highest
            && number(line.value(0)).is_none_or(|value| value > *highest)
        {
            let message = format!("{key} is {:?}, which is no such value", line.value(0));
            report.add(&rules::SERVICE_VALUE, line.line, message);
        }
    }
    let value = |key| {
        let line = section.directives.iter().find(|line| line.is(key));
        line.and_then(|line| Some((line.line, number(line.value(0))?)))
    };
    if let (Some((_, SERVICE_KERNEL_DRIVER)), Some((line, SERVICE_AUTO_START))) =
        (value("ServiceType"), value("StartType"))
    {
        let message = "StartType 2 is for services; write 3, and Plug and Play starts the driver";
        report.add(&rules::SERVICE_START, line, message);
    }
    check_binary(visit, copied, report);
}

fn check_binary(visit: Visit<'_>, copied: &HashSet<(Destination, String)>, report: &mut Report<'_>) {
    let Some(line) = visit
        .section
        .directives
        .iter()
        .find(|line| line.is("ServiceBinary"))
    else {
        return;
    };
    let path = line.value(0);
    let Some((to, name)) = place(path) else {
        let message = format!("ServiceBinary is {path:?}; write %13%\\ and the file");
        report.add(&rules::BINARY_PATH, line.line, message);
        return;
    };
    if to.dirid == DRIVER_STORE && visit.build < WINDOWS_10_1709 {
        too_old(report, line.line, "DIRID 13", WINDOWS_10_1709);
    }
    if !copied.contains(&(to, name)) {
        let message =
            format!("{path} is not copied by this INF; add it to a CopyFiles list with that destination");
        report.add(&rules::BINARY_NOT_COPIED, line.line, message);
    }
}

/// `%dirid%\folder\file` in parts, in lower case.
fn place(path: &str) -> Option<(Destination, String)> {
    let (dirid, rest) = path.strip_prefix('%')?.split_once('%')?;
    let rest = rest.strip_prefix('\\')?.to_lowercase();
    let (folder, name) = rest.rsplit_once('\\').unwrap_or(("", &rest));
    let (folder, name) = (folder.to_owned(), name.to_owned());
    (!name.is_empty()).then_some(())?;
    Some((
        Destination {
            dirid: number(dirid)?,
            folder,
        },
        name,
    ))
}

fn check_wdf(
    layout: &Layout<'_>,
    install: &Install<'_>,
    services: &[(&Directive, Option<u32>)],
    report: &mut Report<'_>,
) {
    let lines = layout
        .part(install, ".Wdf")
        .map_or(&[][..], |section| &section.directives);
    let kmdf: Vec<_> = lines.iter().filter(|line| line.is("KmdfService")).collect();
    for line in &kmdf {
        let service = line.value(0);
        if !services.iter().any(|(added, _)| is_of(added, service)) {
            let message = format!(
                "KmdfService names {service}, which [{}.Services] does not add",
                install.section.name
            );
            report.add(&rules::WDF_SERVICE, line.line, message);
        }
    }
    for (line, _) in services.iter().filter(|_| !install.is_primitive) {
        let kind = layout.inf.value(line.value(2), "ServiceType").and_then(number);
        let name = line.value(0);
        if kind == Some(SERVICE_KERNEL_DRIVER)
            && !name.is_empty()
            && !kmdf.iter().any(|line| is_of(line, name))
        {
            let message = format!(
                "no KmdfService of [{}.Wdf] names {name}; add it if the driver is a KMDF driver",
                install.section.name
            );
            report.add(&rules::WDF_SECTION, line.line, message);
        }
    }
}

/// Whether a directive begins with the name of a service.
fn is_of(line: &Directive, service: &str) -> bool {
    line.value(0).eq_ignore_ascii_case(service)
}

fn check_wdf_install(layout: &Layout<'_>, section: &Section, report: &mut Report<'_>) {
    let named = layout
        .visits(Kind::Wdf)
        .flat_map(|visit| &visit.section.directives);
    let is_kmdf = named
        .filter(|line| line.is("KmdfService"))
        .any(|line| line.value(1).eq_ignore_ascii_case(&section.name));
    let Some(line) = section
        .directives
        .iter()
        .find(|line| line.is("KmdfLibraryVersion"))
    else {
        if is_kmdf {
            let message = format!(
                "[{}] has no KmdfLibraryVersion; add KmdfLibraryVersion = $KMDFVERSION$",
                section.name
            );
            report.add(&rules::WDF_VERSION_MISSING, section.line, message);
        }
        return;
    };
    let version = line.value(0);
    let minor = version
        .strip_prefix("1.")
        .and_then(|minor| minor.parse::<u32>().ok());
    if minor.is_none() && !version.contains('$') {
        let message = format!("KmdfLibraryVersion is {version:?}; write 1. and the minor version");
        report.add(&rules::WDF_VERSION, line.line, message);
    }
}
