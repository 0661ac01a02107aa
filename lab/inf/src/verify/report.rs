//! Findings as they are made.

use super::rule::{Finding, Mode, Rule};
use crate::Inf;

/// What was found so far.
pub(super) struct Report<'a> {
    inf: &'a Inf,
    pub(super) mode: Mode,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    pub(super) const fn new(inf: &'a Inf, mode: Mode) -> Self {
        Self {
            inf,
            mode,
            findings: Vec::new(),
        }
    }

    /// Takes down that a rule is broken, if it applies in this mode.
    pub(super) fn add(&mut self, rule: &'static Rule, line: usize, message: impl Into<String>) {
        if let Some(severity) = rule.severity(self.mode) {
            self.findings.push(Finding {
                rule,
                severity,
                file: self.inf.file.clone(),
                line,
                message: message.into(),
            });
        }
    }
}
