//! `AddFilter`.

use super::grammar::Kind;
use super::layout::Layout;
use super::report::Report;
use super::rules;
use crate::{Directive, Section, number};

pub(super) fn check(layout: &Layout<'_>, report: &mut Report<'_>) {
    for install in &layout.installs {
        let lines = |suffix| {
            layout
                .part(install, suffix)
                .map_or(&[][..], |section| &section.directives)
        };
        for line in lines(".Filters").iter().filter(|line| line.is("AddFilter")) {
            check_add_filter(line, lines(".Services"), report);
        }
    }
    for visit in layout.visits(Kind::Filter) {
        check_filter(visit.section, report);
    }
}

fn check_add_filter(line: &Directive, services: &[Directive], report: &mut Report<'_>) {
    let name = line.value(0);
    if number(line.value(1)) != Some(0) {
        let message = format!("AddFilter has no flags; leave {:?} out", line.value(1));
        report.add(&rules::DIRECTIVE_FLAGS, line.line, message);
    }
    let adds = |line: &Directive| line.is("AddService") && line.value(0).eq_ignore_ascii_case(name);
    if !services.iter().any(adds) {
        let message =
            format!("the filter {name} needs a service of that name; add it, or see that it is there");
        report.add(&rules::FILTER_SERVICE, line.line, message);
    }
}

fn check_filter(section: &Section, report: &mut Report<'_>) {
    let find = |key| section.directives.iter().find(|line| line.is(key));
    match (find("FilterLevel"), find("FilterPosition")) {
        (Some(_), Some(line)) => {
            let message = format!(
                "[{}] has FilterLevel and FilterPosition; take one out",
                section.name
            );
            report.add(&rules::FILTER_BOTH, line.line, message);
        }
        (None, None) => {
            let message = format!(
                "[{}] has neither FilterLevel nor FilterPosition; add one",
                section.name
            );
            report.add(&rules::FILTER_NEITHER, section.line, message);
        }
        _ => {}
    }
    let position = find("FilterPosition");
    let is_known = |value: &str| ["upper", "lower"].contains(&value.to_lowercase().as_str());
    if let Some(line) = position.filter(|line| !is_known(line.value(0))) {
        let message = format!("FilterPosition is {:?}; write Upper or Lower", line.value(0));
        report.add(&rules::FILTER_POSITION, line.line, message);
    }
}
