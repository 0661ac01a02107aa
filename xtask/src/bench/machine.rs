//! Where and when a run was.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{command, files};

/// Machine, date and load.
#[derive(Debug)]
pub struct Machine {
    pub processor: String,
    pub processors: usize,
    pub system: String,
    pub date: String,
    pub commit: String,
    pub compiler: String,
    pub c_compiler: String,
    /// `/proc/loadavg` at the start, and at the end.
    pub load: [String; 2],
}

impl Machine {
    /// What the files of /proc and the tools say now.
    ///
    /// # Errors
    ///
    /// When one of them says nothing.
    pub fn look() -> Result<Self> {
        let processors =
            std::thread::available_parallelism().context("the number of processors is unknown")?;
        Ok(Self {
            processor: processor()?,
            processors: processors.get(),
            system: words("/proc/sys/kernel/osrelease")?,
            date: command::output(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?,
            commit: command::output(Command::new("git").args(["rev-parse", "--short", "HEAD"]))?,
            compiler: command::output(Command::new("rustc").arg("--version"))?,
            c_compiler: first_line(&command::output(Command::new("clang").arg("--version"))?),
            load: [words("/proc/loadavg")?, String::new()],
        })
    }

    /// The load at the end.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn finish(&mut self) -> Result<()> {
        self.load[1] = words("/proc/loadavg")?;
        Ok(())
    }
}

fn words(file: &str) -> Result<String> {
    Ok(files::read(file.as_ref())?.trim().to_owned())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn processor() -> Result<String> {
    let text = files::read("/proc/cpuinfo".as_ref())?;
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split(": ").nth(1));
    Ok(name.unwrap_or("unknown").to_owned())
}
