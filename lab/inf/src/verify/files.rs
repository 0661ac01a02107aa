//! Files: where they come from, `[SourceDisksFiles]`, and where they go to, `[DestinationDirs]`.

use std::collections::{HashMap, HashSet};

use super::grammar::{Kind, WINDOWS_10_1709};
use super::layout::{Layout, too_old};
use super::report::Report;
use super::rules;
use crate::{Directive, Inf, Section, number};

/// The directory of the package in the driver store.
pub(super) const DRIVER_STORE: u32 = 13;

/// Destinations of a universal INF: Windows (with a subdirectory), System32, drivers ("Using a Universal INF File").
const UNIVERSAL: &[u32] = &[10, 11, 12, DRIVER_STORE];

/// A destination: directory identifier and subdirectory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Destination {
    pub(super) dirid: u32,
    pub(super) folder: String,
}

/// A file that is copied.
struct Copy<'a> {
    source: &'a str,
    target: &'a str,
    line: usize,
    destination: Option<Destination>,
}

/// What is known of a file under `[SourceDisksFiles]`.
struct Source<'a> {
    line: &'a Directive,
    folder: &'a str,
}

pub(super) fn check(layout: &Layout<'_>, report: &mut Report<'_>) {
    let sources = sources(layout);
    let disks = layout
        .visits(Kind::Disks)
        .flat_map(|visit| &visit.section.directives);
    let disks: HashSet<_> = disks.filter_map(|line| number(line.key.as_deref()?)).collect();
    for source in sources.values().flatten() {
        check_source(source, &disks, report);
    }
    check_destinations(layout, report);
    let (mut used, mut targets) = (HashSet::new(), HashMap::new());
    for (list, build) in lists(layout) {
        for copy in list {
            used.insert(copy.source.to_lowercase());
            check_copy(&copy, build, &sources, report);
            check_target(&copy, &mut targets, report);
        }
    }
    for (name, lines) in &sources {
        if !used.contains(name) && layout.visits(Kind::Install).next().is_some() {
            let message = format!("{name} is never copied; name it in a CopyFiles list, or take it out");
            report.add(&rules::SOURCE_UNUSED, lines[0].line.line, message);
        }
    }
    check_copy_inf(layout, report);
}

/// `[SourceDisksFiles]` of all architectures, by name in lower case.
fn sources<'a>(layout: &Layout<'a>) -> HashMap<String, Vec<Source<'a>>> {
    let mut sources: HashMap<_, Vec<_>> = HashMap::new();
    for visit in layout.visits(Kind::SourceFiles) {
        for line in &visit.section.directives {
            let Some(name) = &line.key else { continue };
            let folder = line.value(1);
            sources
                .entry(name.to_lowercase())
                .or_default()
                .push(Source { line, folder });
        }
    }
    sources
}

fn check_source(source: &Source<'_>, disks: &HashSet<u32>, report: &mut Report<'_>) {
    let line = source.line;
    let name = line.key.as_deref().unwrap_or_default();
    if name.to_lowercase().ends_with(".cat") {
        let message = format!("{name} is a catalog; name it by CatalogFile only");
        report.add(&rules::CATALOG_LISTED, line.line, message);
    }
    if name.ends_with('_') {
        let message = format!("{name} is the name of a compressed file; write that of the file itself");
        report.add(&rules::SOURCE_COMPRESSED, line.line, message);
    }
    let disk = line.value(0);
    if disk.is_empty() || number(disk).is_none() {
        let message = format!("{name} has no disk; write {name} = 1");
        report.add(&rules::DISK_ID, line.line, message);
    } else if number(disk).is_none_or(|disk| !disks.contains(&disk)) {
        let message = format!("the disk {disk} of {name} is not under [SourceDisksNames]; add it");
        report.add(&rules::DISK_MISSING, line.line, message);
    }
}

/// Destinations by the name of their list, in lower case.
struct Destinations(HashMap<String, Option<Destination>>);

impl Destinations {
    fn of(inf: &Inf) -> Self {
        let lines = inf
            .section("DestinationDirs")
            .map_or(&[][..], |found| &found.directives);
        let lines = lines.iter().filter_map(|line| {
            let dirid = number(line.value(0)).filter(|_| !line.value(0).is_empty());
            let folder = line.value(1).to_lowercase();
            Some((
                line.key.as_ref()?.to_lowercase(),
                dirid.map(|dirid| Destination { dirid, folder }),
            ))
        });
        Self(lines.collect())
    }

    /// The destination of a list of files, or of `CopyFiles = @file`: its own, else `DefaultDestDir`.
    fn find(&self, list: Option<&Section>) -> Option<Destination> {
        let own = list.and_then(|list| self.0.get(&list.name.to_lowercase()));
        own.or_else(|| self.0.get("defaultdestdir"))?.clone()
    }
}

fn check_destinations(layout: &Layout<'_>, report: &mut Report<'_>) {
    for visit in layout.visits(Kind::Destinations) {
        for line in &visit.section.directives {
            let name = line.key.as_deref().unwrap_or_default();
            let Some(dirid) = number(line.value(0)).filter(|_| !line.value(0).is_empty()) else {
                let message =
                    format!("the destination of {name} is no number; write 13 for the driver store");
                report.add(&rules::DESTINATION_DIRID, line.line, message);
                continue;
            };
            if dirid != DRIVER_STORE {
                let message = format!("{name} goes to DIRID {dirid}; write 13, the driver store");
                report.add(&rules::DESTINATION_NOT_ISOLATED, line.line, message);
            }
            if !UNIVERSAL.contains(&dirid) || dirid == 10 && line.value(1).is_empty() {
                let message = format!("{name} goes to DIRID {dirid}; write 13, the driver store");
                report.add(&rules::DESTINATION_NOT_SYSTEM, line.line, message);
            }
        }
    }
}

/// Every list of files that is copied, with the oldest build that copies it.
fn lists<'a>(layout: &Layout<'a>) -> Vec<(Vec<Copy<'a>>, u32)> {
    let destinations = Destinations::of(layout.inf);
    let named = layout.visits(Kind::Files).map(|visit| {
        let to = destinations.find(Some(visit.section));
        let lines = visit.section.directives.iter();
        (lines.map(|line| copy(line, to.clone())).collect(), visit.build)
    });
    let single = layout.visits(Kind::Install).map(|visit| {
        let lines = visit
            .section
            .directives
            .iter()
            .filter(|line| line.is("CopyFiles"));
        let files = lines.flat_map(|line| line.values.iter().map(move |value| (line.line, value)));
        let to = destinations.find(None);
        let copies = files.filter_map(|(line, value)| {
            let source = value.strip_prefix('@')?;
            let destination = to.clone();
            Some(Copy {
                source,
                target: source,
                line,
                destination,
            })
        });
        (copies.collect(), visit.build)
    });
    named.chain(single).collect()
}

/// A line of a list of files: destination name, then source name where that is another.
fn copy(line: &Directive, destination: Option<Destination>) -> Copy<'_> {
    let target = line.key.as_deref().unwrap_or_else(|| line.value(0));
    let source = Some(line.value(1))
        .filter(|name| !name.is_empty())
        .unwrap_or(target);
    Copy {
        source,
        target,
        line: line.line,
        destination,
    }
}

fn check_copy(
    copy: &Copy<'_>,
    build: u32,
    sources: &HashMap<String, Vec<Source<'_>>>,
    report: &mut Report<'_>,
) {
    let found = sources.get(&copy.source.to_lowercase());
    if found.is_none() {
        let message = format!("{} is not under [SourceDisksFiles]; add it", copy.source);
        report.add(&rules::SOURCE_MISSING, copy.line, message);
    }
    let Some(to) = &copy.destination else {
        let message = format!(
            "{} has no destination; add DefaultDestDir = 13 to [DestinationDirs]",
            copy.target
        );
        report.add(&rules::DESTINATION_MISSING, copy.line, message);
        return;
    };
    if to.dirid != DRIVER_STORE {
        return;
    }
    if build < WINDOWS_10_1709 {
        too_old(report, copy.line, "DIRID 13", WINDOWS_10_1709);
    }
    let mut folders = found.into_iter().flatten().map(|source| trimmed(source.folder));
    if !copy.source.eq_ignore_ascii_case(copy.target) || folders.any(|folder| folder != trimmed(&to.folder)) {
        let message = format!(
            "{} has another name or folder in the driver store than in the package; keep both the same",
            copy.source
        );
        report.add(&rules::STORE_RENAME, copy.line, message);
    }
}

fn trimmed(folder: &str) -> String {
    folder.trim_matches(['\\', '.']).to_lowercase()
}

fn check_target<'a>(
    copy: &Copy<'a>,
    targets: &mut HashMap<(Destination, String), &'a str>,
    report: &mut Report<'_>,
) {
    let Some(to) = copy.destination.clone() else {
        return;
    };
    let first = *targets
        .entry((to, copy.target.to_lowercase()))
        .or_insert(copy.source);
    if !first.eq_ignore_ascii_case(copy.source) {
        let message = format!(
            "{first} and {} are both copied to {}; give each its own name",
            copy.source, copy.target
        );
        report.add(&rules::DESTINATION_TWICE, copy.line, message);
    }
}

fn check_copy_inf(layout: &Layout<'_>, report: &mut Report<'_>) {
    for visit in layout.visits(Kind::Install) {
        for line in visit.section.directives.iter().filter(|line| line.is("CopyINF")) {
            for name in line
                .values
                .iter()
                .filter(|name| !name.to_lowercase().ends_with(".inf"))
            {
                let message = format!("CopyINF names {name}, which is no INF; copy it by CopyFiles");
                report.add(&rules::COPY_INF, line.line, message);
            }
        }
    }
}

/// Every place that a file is copied to, with its name, in lower case.
pub(super) fn copied(layout: &Layout<'_>) -> HashSet<(Destination, String)> {
    let copies = lists(layout).into_iter().flat_map(|(list, _)| list);
    copies
        .filter_map(|copy| Some((copy.destination?, copy.target.to_lowercase())))
        .collect()
}
