//! What concerns the file as a text: encoding, tokens, sections and entries that stand twice.

use std::collections::HashSet;

use super::grammar::Kind;
use super::layout::Layout;
use super::report::Report;
use super::rules;
use crate::{Encoding, Section};

pub(super) fn check(layout: &Layout<'_>, report: &mut Report<'_>) {
    let inf = layout.inf;
    if !matches!(inf.encoding, Encoding::Ascii | Encoding::Utf16Le) {
        let message = "the file is neither ASCII nor UTF-16 with the lower byte first; save it as UTF-16 LE";
        report.add(&rules::ENCODING, 0, message);
    }
    for undefined in &inf.undefined {
        let token = &undefined.token;
        let message = format!("%{token}% is not in [Strings]; define it, or write %% for a percent sign");
        report.add(&rules::UNDEFINED_STRING, undefined.line, message);
    }
    for section in inf.sections() {
        for line in &section.again {
            let message = format!(
                "[{}] begins again; its first part is in line {}",
                section.name, section.line
            );
            report.add(&rules::SECTION_TWICE, *line, message);
        }
        check_stamped(section, report);
    }
    for kind in [Kind::Strings, Kind::SourceFiles, Kind::Disks] {
        for visit in layout.visits(kind) {
            check_entries(visit.section, report);
        }
    }
    check_languages(layout, report);
}

fn check_stamped(section: &Section, report: &mut Report<'_>) {
    if section.name.contains("$ARCH$") {
        report.add(
            &rules::UNSTAMPED_ARCH,
            section.line,
            "$ARCH$ is not replaced; run stampinf",
        );
    }
    for line in &section.directives {
        let has = |token: &str| {
            line.key
                .iter()
                .chain(&line.values)
                .any(|text| text.contains(token))
        };
        if has("$ARCH$") {
            report.add(
                &rules::UNSTAMPED_ARCH,
                line.line,
                "$ARCH$ is not replaced; run stampinf",
            );
        }
        if has("$KMDFVERSION$") {
            let message = "$KMDFVERSION$ is not replaced; run stampinf";
            report.add(&rules::UNSTAMPED_VERSION, line.line, message);
        }
    }
}

/// Each entry of a list stands once.
fn check_entries(section: &Section, report: &mut Report<'_>) {
    let mut keys = HashSet::new();
    for line in &section.directives {
        let key = line.key.as_deref().unwrap_or_else(|| line.value(0));
        if !keys.insert(key.to_lowercase()) {
            let message = format!("a second {key} in [{}]; take one out", section.name);
            report.add(&rules::DUPLICATE_ENTRY, line.line, message);
        }
    }
}

/// Windows takes all strings from one section, so each language needs them all ("INF Strings Section").
fn check_languages(layout: &Layout<'_>, report: &mut Report<'_>) {
    let Some(neutral) = layout.inf.section("Strings") else {
        return;
    };
    let keys = |section: &Section| -> HashSet<String> {
        let lines = section.directives.iter();
        lines
            .filter_map(|line| line.key.as_ref())
            .map(|key| key.to_lowercase())
            .collect()
    };
    let wanted = keys(neutral);
    for visit in layout.visits(Kind::Strings) {
        if keys(visit.section) != wanted {
            let message = format!(
                "[{}] has not the same strings as [Strings]; add what differs",
                visit.section.name
            );
            report.add(&rules::STRINGS_DIFFER, visit.section.line, message);
        }
    }
}
