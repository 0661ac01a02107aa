//! What `InfVerif` would refuse: a check of our own.
//!
//! [`rules`] has each rule with its name, source and weight. `layout` follows the references of an INF as an installation does;
//! the other modules look at what it reaches. What `InfVerif` checks and this does not is listed in [`coverage`].

mod classes;
pub mod coverage;
mod files;
mod filters;
mod grammar;
mod layout;
mod models;
mod registry;
mod report;
mod rule;
pub mod rules;
mod services;
mod target;
mod text;
mod version;

use std::path::Path;

pub use rule::{Finding, Mode, Rule, Severity, Source};

use crate::parse::is_text;
use crate::{Inf, InfError};
use layout::Layout;
use report::Report;

impl Mode {
    /// The mode that an INF asks for: universal if it copies to another directory than the driver store, which `/w` forbids, else
    /// Windows.
    #[must_use]
    pub fn of(inf: &Inf) -> Self {
        let destinations = inf
            .section("DestinationDirs")
            .map_or(&[][..], |found| &found.directives);
        let isolated = |line: &crate::Directive| crate::number(line.value(0)) == Some(files::DRIVER_STORE);
        if destinations.iter().all(isolated) {
            Self::Windows
        } else {
            Self::Universal
        }
    }
}

/// What is wrong with an INF, by line. [`Inf::parse_unresolved`] gives one that may have undefined tokens.
#[must_use]
pub fn verify(inf: &Inf, mode: Mode) -> Vec<Finding> {
    let mut report = Report::new(inf, mode);
    let layout = Layout::of(inf, &mut report);
    for check in [
        text::check,
        version::check,
        models::check,
        files::check,
        services::check,
        registry::check,
        filters::check,
    ] {
        check(&layout, &mut report);
    }
    let mut findings = report.findings;
    findings.sort_by(|a, b| (a.line, a.rule.id, &a.message).cmp(&(b.line, b.rule.id, &b.message)));
    findings.dedup_by(|a, b| (a.line, a.rule.id, &a.message) == (b.line, b.rule.id, &b.message));
    findings
}

/// What is wrong with the content of a file, which may be no INF at all. Without a mode the INF's own counts, see [`Mode::of`].
#[must_use]
pub fn verify_bytes(file: &Path, bytes: &[u8], mode: Option<Mode>) -> Vec<Finding> {
    match Inf::parse_unresolved(file, bytes) {
        Ok(inf) => verify(&inf, mode.unwrap_or_else(|| Mode::of(&inf))),
        Err(InfError { file, line, reason }) => {
            let rule = if is_text(bytes) {
                &rules::SYNTAX
            } else {
                &rules::ENCODING
            };
            vec![Finding {
                rule,
                severity: Severity::Error,
                file,
                line,
                message: reason,
            }]
        }
    }
}

#[cfg(test)]
mod tests;
