//! What a rule is, and what breaking one gives.

use std::fmt;
use std::path::PathBuf;

/// Which requirements an INF is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `InfVerif /k`: declarative.
    Declarative,
    /// `InfVerif /u`: universal.
    Universal,
    /// `InfVerif /w`: a Windows Driver, that is declarative and isolated to its package.
    Windows,
}

impl Mode {
    /// The mode's switch on the command line.
    #[must_use]
    pub const fn switch(self) -> &'static str {
        match self {
            Self::Declarative => "/k",
            Self::Universal => "/u",
            Self::Windows => "/w",
        }
    }

    /// The mode of a switch.
    #[must_use]
    pub fn of_switch(switch: &str) -> Option<Self> {
        [Self::Declarative, Self::Universal, Self::Windows]
            .into_iter()
            .find(|mode| mode.switch().eq_ignore_ascii_case(switch))
    }
}

/// How much a broken rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Windows installs the package, perhaps not as meant.
    Warning,
    /// `InfVerif` fails.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `InfVerif` has it under this number ("INF Validation Errors and Warnings").
    InfVerif(u16),
    /// The driver documentation has it on this page, and `InfVerif` is not known to look.
    Page(&'static str),
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// What breaks it.
    pub text: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// What it weighs with `/k`, `/u` and `/w`: `E`, `W`, or `-` where it does not apply.
    pub(super) levels: [u8; 3],
}

impl Rule {
    /// What the rule weighs in a mode; nothing where it does not apply.
    #[must_use]
    pub const fn severity(&self, mode: Mode) -> Option<Severity> {
        let [declarative, universal, windows] = self.levels;
        let level = match mode {
            Mode::Declarative => declarative,
            Mode::Universal => universal,
            Mode::Windows => windows,
        };
        match level {
            b'E' => Some(Severity::Error),
            b'W' => Some(Severity::Warning),
            _ => None,
        }
    }
}

/// A broken rule, and where.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What it weighs in the mode asked for.
    pub severity: Severity,
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong there, and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {} [{}",
            self.file.display(),
            self.line,
            self.severity,
            self.message,
            self.rule.id
        )?;
        match self.rule.source {
            Source::InfVerif(number) => write!(f, ", InfVerif {number}]"),
            Source::Page(_) => f.write_str("]"),
        }
    }
}
