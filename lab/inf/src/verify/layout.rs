//! What an installation looks at: which sections it reaches, as what, and from which Windows on.

use std::collections::{HashMap, HashSet, VecDeque};

use super::grammar::{Kind, NEWER, Names, PARTS, PLATFORMS, REPEATED, ROOTS, Word};
use super::models::{self, Root};
use super::report::Report;
use super::rules;
use crate::{Directive, Inf, Section};

/// The build that stands for "no older Windows takes this section".
pub(super) const ANY_BUILD: u32 = u32::MAX;

/// An install section: of a device, or of a primitive driver.
pub(super) struct Install<'a> {
    pub(super) section: &'a Section,
    pub(super) is_primitive: bool,
}

/// A section that is reached.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) section: &'a Section,
    pub(super) kind: Kind,
    /// The oldest build that reaches it.
    pub(super) build: u32,
}

/// What an installation looks at.
pub(super) struct Layout<'a> {
    pub(super) inf: &'a Inf,
    pub(super) installs: Vec<Install<'a>>,
    visits: Vec<Visit<'a>>,
    seen: HashMap<String, Reference>,
    mentioned: HashSet<String>,
}

/// How a section was first reached.
#[derive(Clone)]
struct Reference {
    kind: Kind,
    by: String,
}

impl<'a> Layout<'a> {
    /// Follows every reference from the sections that Windows looks for by name.
    pub(super) fn of(inf: &'a Inf, report: &mut Report<'_>) -> Self {
        let mut layout = Self {
            inf,
            installs: Vec::new(),
            visits: Vec::new(),
            seen: HashMap::new(),
            mentioned: HashSet::new(),
        };
        let mut open = VecDeque::from(layout.roots());
        let (roots, models) = models::roots(inf, report);
        for section in models {
            open.extend(layout.reach(section, Kind::Models, "Manufacturer", 0, ANY_BUILD, report));
        }
        open.extend(layout.installs(roots, report));
        // In turn, so that a section is reached from the oldest Windows first.
        while let Some(visit) = open.pop_front() {
            for line in &visit.section.directives {
                open.extend(layout.follow(visit, line, report));
            }
            Self::check_record(visit, report);
        }
        layout.check_unused(report);
        layout
    }

    /// The sections that are reached as a kind.
    pub(super) fn visits(&self, kind: Kind) -> impl Iterator<Item = Visit<'a>> {
        self.visits
            .iter()
            .copied()
            .filter(move |visit| visit.kind == kind)
    }

    /// The part of an install section, such as `.Services`.
    pub(super) fn part(&self, install: &Install<'_>, suffix: &str) -> Option<&'a Section> {
        self.inf.section(&format!("{}{suffix}", install.section.name))
    }

    /// Whether the INF says that it is an extension.
    pub(super) fn is_extension(&self) -> bool {
        let is = |key, value: &str| {
            self.inf
                .value("Version", key)
                .is_some_and(|found| found.eq_ignore_ascii_case(value))
        };
        is("Class", "Extension") || is("ClassGuid", super::version::EXTENSION)
    }

    fn roots(&mut self) -> Vec<Visit<'a>> {
        let mut open = Vec::new();
        for section in self.inf.sections() {
            let name = section.name.to_lowercase();
            let root = ROOTS
                .iter()
                .find(|(root, _)| *root == name || root.ends_with('.') && name.starts_with(root));
            if let Some((_, kind)) = root {
                open.push(self.visit(section, *kind, "Windows", ANY_BUILD));
            }
        }
        open
    }

    /// Every existing platform of the install sections, the ones for the oldest Windows first, with their parts.
    fn installs(&mut self, mut roots: Vec<Root>, report: &mut Report<'_>) -> Vec<Visit<'a>> {
        roots.sort_by_key(|root| root.build);
        let (mut open, mut known) = (Vec::new(), HashSet::new());
        for root in roots {
            if !known.insert(root.name.to_lowercase()) {
                continue;
            }
            let mut is_there = false;
            for platform in PLATFORMS {
                if let Some(section) = self.inf.section(&format!("{}{platform}", root.name)) {
                    open.extend(self.install(section, &root));
                    is_there = true;
                }
            }
            if !is_there {
                let message = format!(
                    "the device's install section [{}] is not there; add it, or correct the name",
                    root.name
                );
                report.add(&rules::INSTALL_NOT_FOUND, root.line, message);
            }
        }
        open
    }

    fn install(&mut self, section: &'a Section, root: &Root) -> Vec<Visit<'a>> {
        self.installs.push(Install {
            section,
            is_primitive: root.is_primitive,
        });
        let is_uninstall = root.name == models::UNINSTALL;
        let mut open = Vec::new();
        for (suffix, kind) in PARTS {
            let kind = match kind {
                Kind::Install if is_uninstall => Kind::Uninstall,
                _ if is_uninstall => Kind::Free,
                kind => *kind,
            };
            if let Some(part) = self.inf.section(&format!("{}{suffix}", section.name)) {
                open.push(self.visit(part, kind, "an install section", root.build));
            }
        }
        open
    }

    fn visit(&mut self, section: &'a Section, kind: Kind, by: &str, build: u32) -> Visit<'a> {
        let by = by.to_owned();
        self.seen
            .entry(section.name.to_lowercase())
            .or_insert(Reference { kind, by });
        let visit = Visit { section, kind, build };
        self.visits.push(visit);
        visit
    }

    /// Goes where a directive points to.
    fn follow(&mut self, from: Visit<'a>, line: &Directive, report: &mut Report<'_>) -> Vec<Visit<'a>> {
        let Some(words) = from.kind.words() else {
            check_age(from, line, report);
            return Vec::new();
        };
        let key = line.key.as_deref().unwrap_or_else(|| line.value(0));
        let Some((name, names)) = words.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) else {
            let message = format!(
                "[{}] does not know the directive {key}; correct it or take it out",
                from.section.name
            );
            report.add(&rules::UNKNOWN_DIRECTIVE, line.line, message);
            return Vec::new();
        };
        check_age(from, line, report);
        if line.value(0).is_empty() && line.values.len() < 2 {
            report.add(
                &rules::VALUE_MISSING,
                line.line,
                format!("{name} has no value; give one or take the line out"),
            );
            return Vec::new();
        }
        if name.eq_ignore_ascii_case("Needs") {
            return self.needs(from, line, report);
        }
        self.named(from, (name, *names), line, report)
    }

    fn named(
        &mut self,
        from: Visit<'a>,
        (name, names): Word,
        line: &Directive,
        report: &mut Report<'_>,
    ) -> Vec<Visit<'a>> {
        let (kind, values, required) = match names {
            Names::Nothing => return Vec::new(),
            Names::Breaks(rule) => {
                let message = format!("{name} is not allowed here; take it out");
                report.add(rule, line.line, message);
                return Vec::new();
            }
            Names::Each(kind) => (kind, line.values.as_slice(), false),
            Names::At(index, kind, required) => {
                (kind, line.values.get(index..=index).unwrap_or(&[]), required)
            }
            Names::Mentions => {
                self.mentioned
                    .extend(line.values.iter().map(|value| value.to_lowercase()));
                return Vec::new();
            }
            Names::Service => return self.service(from, line, report),
        };
        if required && values.iter().all(String::is_empty) {
            let message = format!("{name} needs the name of a section; give one");
            report.add(&rules::SECTION_NAME_MISSING, line.line, message);
        }
        let sections = values
            .iter()
            .filter(|value| !value.is_empty() && !value.starts_with('@'));
        sections
            .filter_map(|value| self.reach(value, kind, name, line.line, from.build, report))
            .collect()
    }

    fn service(&mut self, from: Visit<'a>, line: &Directive, report: &mut Report<'_>) -> Vec<Visit<'a>> {
        let mut open = Vec::new();
        if self.inf.section(line.value(2)).is_some() {
            let by = "AddService";
            open.extend(self.reach(
                line.value(2),
                Kind::ServiceInstall,
                by,
                line.line,
                from.build,
                report,
            ));
        }
        if !line.value(3).is_empty() {
            let by = "AddService (event log)";
            open.extend(self.reach(line.value(3), Kind::EventLog, by, line.line, from.build, report));
        }
        open
    }

    fn needs(&mut self, from: Visit<'a>, line: &Directive, report: &mut Report<'_>) -> Vec<Visit<'a>> {
        let includes = from.section.directives.iter().any(|line| line.is("Include"));
        let mut open = Vec::new();
        for name in &line.values {
            if self.inf.section(name).is_some() {
                open.extend(self.reach(name, from.kind, "Needs", line.line, from.build, report));
            } else if !includes {
                let message = format!(
                    "Needs names [{name}], which is not there; add the Include of the INF that has it"
                );
                report.add(&rules::NEEDS_WITHOUT_INCLUDE, line.line, message);
            }
        }
        open
    }

    /// A reference to a section: its visit, the first time that it is reached.
    fn reach(
        &mut self,
        name: &str,
        kind: Kind,
        by: &str,
        line: usize,
        build: u32,
        report: &mut Report<'_>,
    ) -> Option<Visit<'a>> {
        let Some(section) = self.inf.section(name) else {
            let message =
                format!("{by} names the section [{name}], which is not there; add it, or correct the name");
            report.add(&rules::SECTION_NOT_FOUND, line, message);
            return None;
        };
        match self.seen.get(&name.to_lowercase()) {
            None => Some(self.visit(section, kind, by, build)),
            Some(known) if known.kind == kind => {
                if known.by != by && by != "Needs" && known.by != "Needs" {
                    let message = format!("[{name}] is named by {} and by {by}; give each its own", known.by);
                    report.add(&rules::SECTION_SHARED, line, message);
                }
                None
            }
            // The same list of values for a device and for a service: allowed, and checked as both.
            Some(known) if known.kind.is_registry() && kind.is_registry() => {
                let again = self
                    .visits(kind)
                    .any(|visit| core::ptr::eq(visit.section, section));
                (!again).then(|| self.visit(section, kind, by, build))
            }
            Some(known) => {
                let message = format!(
                    "{by} names [{name}], which {} uses for something else; give each its own",
                    known.by
                );
                report.add(&rules::SECTION_KIND, line, message);
                None
            }
        }
    }

    fn check_record(visit: Visit<'_>, report: &mut Report<'_>) {
        if !visit.kind.is_record() {
            return;
        }
        let mut keys = HashSet::new();
        for line in &visit.section.directives {
            let Some(key) = &line.key else { continue };
            let repeated = REPEATED.iter().any(|name| name.eq_ignore_ascii_case(key));
            if !repeated && !keys.insert(key.to_lowercase()) {
                let message = format!(
                    "a second {key} in [{}]; only one takes effect",
                    visit.section.name
                );
                report.add(&rules::DIRECTIVE_TWICE, line.line, message);
            }
        }
    }

    fn check_unused(&self, report: &mut Report<'_>) {
        for section in self.inf.sections() {
            let name = section.name.to_lowercase();
            if !self.seen.contains_key(&name) && !self.mentioned.contains(&name) {
                let message = format!(
                    "nothing refers to [{}]; correct a name, or take it out",
                    section.name
                );
                report.add(&rules::SECTION_UNUSED, section.line, message);
            }
        }
    }
}

fn check_age(from: Visit<'_>, line: &Directive, report: &mut Report<'_>) {
    let found = NEWER.iter().find(|(name, _)| line.is(name));
    if let Some((name, build)) = found
        && from.build < *build
    {
        too_old(report, line.line, name, *build);
    }
}

/// What the INF uses is newer than the oldest Windows it is for.
pub(super) fn too_old(report: &mut Report<'_>, line: usize, what: &str, build: u32) {
    let message =
        format!("{what} is there from build {build} on; decorate the models section with .10.0...{build}");
    report.add(&rules::OS_VERSION, line, message);
}
