//! Runs nthost for the tests: each run is a process in a folder of its own, which goes with the [`Lab`].
//!
//! Parts: [`Lab`] (the folder with drivers, the process), [`Run`] (what a user sees of it), [`script`] (the commands), [`damage`]
//! (images that are wrong on purpose), [`c_driver`] (small drivers in C), [`inf`] (their packages), [`package`] (signed packages). Not
//! here: any knowledge of nthost's insides.
#![forbid(unsafe_code)]

pub mod c_driver;
pub mod conform;
pub mod damage;
pub mod inf;
pub mod package;
pub mod script;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The names of script, report and picture in a lab's folder.
const SCRIPT: &str = "test.lab";
const REPORT: &str = "report.json";
const PICTURE: &str = "picture.svg";

/// How long a scenario may take, in seconds: many times what one takes on a busy machine.
const TIME_LIMIT: u32 = 60;

/// The exit codes of nthost, as documented in its README.
pub mod exit {
    /// Nothing is left over.
    pub const PASS: i32 = 0;
    /// An expectation was not met, or something was refused.
    pub const FAIL: i32 = 1;
    /// Something of a driver's is left over.
    pub const LEAK: i32 = 3;
    /// A driver broke a rule or faulted.
    pub const BUGCHECK: i32 = 4;
    /// The time limit passed.
    pub const TIMEOUT: i32 = 5;
    /// A driver asked for something that is not modelled.
    pub const UNSUPPORTED: i32 = 6;
    /// The script, an INF or a file is wrong.
    pub const ENVIRONMENT: i32 = 7;
}

/// Which build of the drivers a lab has.
#[derive(Clone, Copy, Debug)]
pub enum Build {
    /// With a log line for each call.
    Debug,
    /// As it is shipped.
    Release,
}

/// A folder with the drivers, in which scenarios run.
#[derive(Debug)]
pub struct Lab {
    folder: tempfile::TempDir,
    nthost: PathBuf,
    drivers: PathBuf,
}

impl Lab {
    /// A lab with copies of the drivers, their maps and INF files.
    ///
    /// # Errors
    ///
    /// When `cargo xtask test` did not say where lab and drivers are, or a file cannot be copied.
    pub fn new(build: Build) -> Result<Self> {
        let drivers = variable(match build {
            Build::Debug => "LAB_DRIVERS_DEBUG",
            Build::Release => "LAB_DRIVERS_RELEASE",
        })?;
        let lab = Self {
            folder: tempfile::tempdir()?,
            nthost: variable("LAB_NTHOST")?,
            drivers,
        };
        lab.copy_files(&lab.drivers)?;
        Ok(lab)
    }

    /// A lab whose child.sys never gives its interface back.
    ///
    /// # Errors
    ///
    /// As [`Lab::new`].
    pub fn with_forgetful_child() -> Result<Self> {
        let lab = Self::new(Build::Debug)?;
        lab.copy_files(&lab.drivers.join("forgetful"))?;
        Ok(lab)
    }

    /// A file in the lab's folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Reads a file of the lab's folder.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        fs::read(self.path(name)).with_context(|| format!("cannot read {name}"))
    }

    /// Writes a file into the lab's folder.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        fs::write(self.path(name), content).with_context(|| format!("cannot write {name}"))
    }

    /// Runs a script of these lines.
    ///
    /// # Errors
    ///
    /// When nthost cannot be started, was killed, or prints something that is not UTF-8.
    pub fn run(&self, lines: &[&str]) -> Result<Run> {
        self.run_for(TIME_LIMIT, lines)
    }

    /// As [`Lab::run`], with a time limit in seconds.
    ///
    /// # Errors
    ///
    /// As [`Lab::run`].
    pub fn run_for(&self, time_limit: u32, lines: &[&str]) -> Result<Run> {
        self.run_with(&["--time-limit", &time_limit.to_string()], lines)
    }

    /// As [`Lab::run`], with these options of nthost.
    ///
    /// # Errors
    ///
    /// As [`Lab::run`].
    pub fn run_with(&self, options: &[&str], lines: &[&str]) -> Result<Run> {
        self.write(SCRIPT, (lines.join("\n") + "\n").as_bytes())?;
        self.nthost(&["--drivers", "."], &[options, &[SCRIPT]].concat())
    }

    /// Runs `nthost run` with these options; the framework is looked for in `framework`.
    ///
    /// # Errors
    ///
    /// As [`Lab::run`].
    pub fn run_driver(&self, framework: &[&str], options: &[&str]) -> Result<Run> {
        self.nthost(framework, &[&["run"], options].concat())
    }

    fn nthost(&self, drivers: &[&str], arguments: &[&str]) -> Result<Run> {
        let mut command = Command::new(&self.nthost);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.args(drivers).args(["--json", REPORT, "--svg", PICTURE]);
        command.args(arguments);
        let ended = command
            .output()
            .with_context(|| format!("cannot run {}", self.nthost.display()))?;
        Ok(Run {
            code: ended
                .status
                .code()
                .with_context(|| format!("nthost crashed: {}", ended.status))?,
            output: String::from_utf8(ended.stdout).context("nthost printed no UTF-8")?,
            errors: String::from_utf8(ended.stderr).context("nthost printed no UTF-8")?,
            report: fs::read(self.path(REPORT))
                .ok()
                .and_then(|text| serde_json::from_slice(&text).ok()),
            picture: fs::read_to_string(self.path(PICTURE)).ok(),
        })
    }

    /// The page of the verifier's rules, as nthost prints it.
    ///
    /// # Errors
    ///
    /// When nthost cannot be started or fails.
    pub fn rules(&self) -> Result<String> {
        let output = Command::new(&self.nthost).arg("--rules").output()?;
        ensure!(
            output.status.success(),
            "nthost --rules failed: {}",
            output.status
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    fn copy_files(&self, from: &Path) -> Result<()> {
        for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
            let file = entry?.path();
            // Nothing reads the symbols, and they are the largest files.
            let wanted = file.is_file() && file.extension() != Some("pdb".as_ref());
            if let (true, Some(name)) = (wanted, file.file_name()) {
                fs::copy(&file, self.folder.path().join(name))?;
            }
        }
        Ok(())
    }
}

/// Without the variables a test fails; it is never skipped.
fn variable(name: &str) -> Result<PathBuf> {
    let value = env::var_os(name)
        .with_context(|| format!("{name} is not set; run the tests with `cargo xtask test`"))?;
    Ok(value.into())
}

/// What a user sees of a run.
#[derive(Debug)]
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// What it printed.
    pub output: String,
    /// What it printed to standard error.
    pub errors: String,
    /// The report, if it wrote one.
    pub report: Option<Value>,
    /// The picture of its largest device tree, if it wrote one.
    pub picture: Option<String>,
}

impl Run {
    /// The last line of the output.
    #[must_use]
    pub fn verdict(&self) -> &str {
        self.output.lines().last().unwrap_or_default()
    }

    /// Asserts exit code and last line.
    ///
    /// # Errors
    ///
    /// When one differs; the text has the whole output.
    pub fn ends(&self, code: i32, verdict: &str) -> Result<()> {
        ensure!(
            self.code == code && self.verdict() == verdict,
            "expected exit code {code} and `{verdict}`, got {} and `{}`{}",
            self.code,
            self.verdict(),
            self.whole()
        );
        Ok(())
    }

    /// Asserts that the run passed.
    ///
    /// # Errors
    ///
    /// When it did not.
    pub fn passes(&self) -> Result<()> {
        self.ends(exit::PASS, "verdict: pass")
    }

    /// Asserts that output or errors have the text.
    ///
    /// # Errors
    ///
    /// When they do not.
    pub fn says(&self, text: &str) -> Result<()> {
        ensure!(
            self.output.contains(text) || self.errors.contains(text),
            "nothing says `{text}`{}",
            self.whole()
        );
        Ok(())
    }

    /// Asserts that output and errors do not have the text.
    ///
    /// # Errors
    ///
    /// When one does.
    pub fn never_says(&self, text: &str) -> Result<()> {
        ensure!(
            !self.output.contains(text) && !self.errors.contains(text),
            "something says `{text}`{}",
            self.whole()
        );
        Ok(())
    }

    /// Asserts that the output has these texts in this order, each after the one before.
    ///
    /// # Errors
    ///
    /// When one is not there.
    pub fn says_in_order(&self, texts: &[&str]) -> Result<()> {
        let mut rest = self.output.as_str();
        for text in texts {
            let (_, after) = rest
                .split_once(text)
                .with_context(|| format!("`{text}` does not follow in {texts:?}{}", self.whole()))?;
            rest = after;
        }
        Ok(())
    }

    /// How often the output has the text.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.output.matches(text).count()
    }

    /// The report.
    ///
    /// # Errors
    ///
    /// When nthost wrote none.
    pub fn report(&self) -> Result<&Value> {
        self.report
            .as_ref()
            .with_context(|| format!("there is no JSON report{}", self.whole()))
    }

    fn whole(&self) -> String {
        format!("\n--- output\n{}\n--- errors\n{}", self.output, self.errors)
    }
}
