//! What a script or a prompt has in hand: where it looks for files, what it has open, how it has gone so far.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::io;
use crate::verifier::Outcome;

/// Why a command did not do what it says.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommandError {
    /// The line is wrong: no such command, option or argument.
    #[error("{0}")]
    Script(String),
    /// A file or the machine is wrong.
    #[error("{0}")]
    Environment(String),
    /// A driver or an expectation failed.
    #[error("{0}")]
    Failed(String),
}

impl CommandError {
    /// The outcome of a run in which this is the worst.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Script(_) | Self::Environment(_) => Outcome::Environment,
            Self::Failed(_) => Outcome::Fail,
        }
    }
}

/// The result of a command.
pub type CommandResult = Result<(), CommandError>;

/// A device that was made with `devgen` and had no driver package then.
#[derive(Clone, Debug)]
pub(super) struct Driverless {
    pub(super) instance: String,
    pub(super) hardware_id: String,
    pub(super) place: String,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Session {
    /// The folder of the script.
    folder: Option<PathBuf>,
    /// The folders of `--drivers`.
    drivers: Vec<PathBuf>,
    /// The place of the current line: `demo.lab:3`.
    pub(super) place: String,
    /// What the last command printed.
    pub(super) output: String,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) files: BTreeMap<String, io::File>,
    pub(super) driverless: Vec<Driverless>,
    /// The services that were started, in lower case.
    started: BTreeSet<String>,
    pub(super) ended: bool,
    /// What is said is kept for `expect` and not printed.
    pub(super) quiet: bool,
    outcome: Option<Outcome>,
}

impl Session {
    /// A session that looks for drivers in `drivers`.
    #[must_use]
    pub fn new(drivers: Vec<PathBuf>) -> Self {
        Self {
            drivers,
            ..Self::default()
        }
    }

    /// Another session that looks for files in the same places, and prints nothing.
    pub(super) fn quiet_copy(&self) -> Self {
        Self {
            folder: self.folder.clone(),
            drivers: self.drivers.clone(),
            quiet: true,
            ..Self::default()
        }
    }

    /// Says whose lines come next: relative file names are looked for in the folder of the script first.
    pub(super) fn enter(&mut self, script: &Path) {
        self.folder = Some(script.parent().unwrap_or_else(|| Path::new("")).to_owned());
    }

    /// Prints text, a newline after it, and keeps it for `expect`.
    pub(super) fn say(&mut self, text: &str) {
        if !self.quiet {
            // A closed pipe leaves nobody to tell.
            let _ = std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{text}\n"));
        }
        self.output.push_str(text);
        self.output.push('\n');
    }

    /// Prints the error of a line. In a script it becomes the outcome: what is wrong with the script or a file before
    /// what failed. At a prompt (no place) it is told and that is all.
    pub(super) fn fail(&mut self, place: &str, error: &CommandError) {
        if place.is_empty() {
            self.say(&format!("error: {error}"));
            return;
        }
        self.say(&format!("{place}: error: {error}"));
        if self.outcome != Some(Outcome::Environment) {
            self.outcome = Some(error.outcome());
        }
    }

    /// Keeps in mind that a service has run.
    pub(super) fn note_run(&mut self, service: &str) {
        self.started.insert(service.to_lowercase());
    }

    /// Whether a service runs or has run.
    pub(super) fn has_run(&self, service: &str) -> bool {
        self.started.contains(&service.to_lowercase())
    }

    /// How the lines so far have gone.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome.unwrap_or(Outcome::Pass)
    }

    /// The file that a script means: beside the script, in the current folder, then in the drivers' folders.
    ///
    /// # Errors
    ///
    /// [`CommandError::Environment`] that says where the file was looked for.
    pub(super) fn find_file(&self, name: &str) -> Result<PathBuf, CommandError> {
        let relative = name.replace('\\', "/");
        let mut folders: Vec<PathBuf> = self.folder.iter().cloned().collect();
        folders.push(PathBuf::new());
        folders.extend(self.drivers.iter().cloned());
        if let Some(found) = folders
            .iter()
            .map(|folder| folder.join(&relative))
            .find(|file| file.is_file())
        {
            return Ok(found);
        }
        let looked: Vec<String> = folders.iter().map(|folder| display(folder)).collect();
        Err(CommandError::Environment(format!(
            "there is no file {name}; looked in {}",
            looked.join(", ")
        )))
    }
}

fn display(folder: &Path) -> String {
    if folder.as_os_str().is_empty() {
        String::from("the current folder")
    } else {
        folder.display().to_string()
    }
}
