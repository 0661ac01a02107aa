//! The task `wine`: the helper scenario in a second kernel, Wine's, with the same images.
//!
//! Wine maps an imported image as it maps a DLL of a program: it resolves the imports, and calls neither `DllInitialize` nor
//! `DllUnload`. So the lines that those print are not expected here; nthost's run of the scenario expects them.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::{build::Build, command, drivers, files, place, toolchain};

/// The legacy drivers, each started and stopped once.
const CLIENTS: &[&str] = &["helper-c", "helper"];

/// The images beside them: the kernel DLL, and what it imports from in turn (which is resolved, never run).
const IMPORTED: &[&str] = &["sample", "wdfldr"];

/// What the drivers of a client print in Wine, in this order.
const EXPECTED: &[&str] = &[
    "HELPER.SYS: entering DriverEntry",
    "Helper: before is 19",
    "SampleDouble: 19",
    "Helper:  after is 38",
    "HELPER.SYS: unloading",
];

/// Debian's package, and where it has the loader when there is no wrapper in PATH.
const PACKAGE: &str = "wine64";
const DEBIAN_FOLDER: &str = "/usr/lib/wine";

/// `DbgPrint` writes to this channel, with the routine's name, component and level before the text.
const CHANNELS: &str = "fixme-all,err-all,+debugstr";
const PRINTED_BY: &str = "vDbgPrintEx";

/// How often a log is looked at.
const LOOK: Duration = Duration::from_micros(500);

/// How long one program may take, in seconds; the first one makes the prefix.
const TIME_LIMIT: &str = "120";

/// The task `wine`.
///
/// # Errors
///
/// When Wine is missing and cannot be installed, a driver does not build, or what the drivers print differs.
pub fn run(_arguments: &[String]) -> Result<ExitCode> {
    let wine = Wine::find()?;
    drivers::build_all(Build::DEBUG)?;
    let images = CLIENTS.iter().chain(IMPORTED).copied();
    wine.prepare(Build::DEBUG, images)?;
    let result = CLIENTS.iter().try_for_each(|client| wine.client(client));
    wine.end();
    result?;
    println!("wine: {} saw 19 and 38", CLIENTS.join(" and "));
    println!("wine: Wine calls no DllInitialize and no DllUnload, so their lines are not expected here");
    Ok(ExitCode::SUCCESS)
}

/// What a start of a driver showed.
pub struct Start {
    /// From the command to the line that the driver prints first.
    pub time: Duration,
    /// Every line that it printed.
    pub printed: Vec<String>,
    /// Resident bytes of every process of Wine's while the driver is there.
    pub memory: f64,
}

/// Wine with a prefix of the project's own.
pub struct Wine {
    loader: PathBuf,
    server: PathBuf,
    folder: PathBuf,
}

impl Wine {
    /// Wine, installed if it is missing.
    ///
    /// # Errors
    ///
    /// When it is missing and cannot be installed.
    pub fn find() -> Result<Self> {
        if program("wine64").is_none() {
            toolchain::install(&[PACKAGE]).context("Wine is missing")?;
        }
        Ok(Self {
            loader: program("wine64").context("wine64 was installed and is not found")?,
            server: program("wineserver64")
                .or_else(|| program("wineserver"))
                .context("Wine has no wineserver")?,
            folder: place::TARGET.join("wine"),
        })
    }

    fn prefix(&self) -> PathBuf {
        self.folder.join("prefix")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("wine.log")
    }

    /// Makes the prefix, and puts images into it. A server that runs already would write what drivers print to where it was started.
    ///
    /// # Errors
    ///
    /// When Wine cannot make a prefix, or an image is not there.
    pub fn prepare(&self, build: Build, images: impl Iterator<Item = &'static str>) -> Result<()> {
        files::make_folder(&self.folder)?;
        self.end();
        if !self.prefix().join("system.reg").exists() {
            command::stage("making a Wine prefix in target/wine");
            self.program(&["wineboot", "--init"])?;
            self.end();
        }
        let to = self.prefix().join("drive_c/windows/system32/drivers");
        for image in images {
            let name = format!("{image}.sys");
            files::copy(&build.folder().join(&name), &to.join(&name))?;
        }
        Ok(())
    }

    /// Makes a service with an empty log.
    fn create(&self, client: &str) -> Result<()> {
        // What an interrupted run left over; an error says that there is nothing.
        let _ = self.program(&["sc", "delete", client]);
        self.end();
        File::create(self.log()).with_context(|| format!("cannot write {}", self.log().display()))?;
        let image = format!(r"C:\windows\system32\drivers\{client}.sys");
        self.program(&["sc", "create", client, "binPath=", &image, "type=", "kernel"])?;
        Ok(())
    }

    /// Starts a driver in a Wine that runs already, and looks until it has printed its first line.
    ///
    /// # Errors
    ///
    /// When the driver does not start, or does not print the line.
    pub fn time_start(&self, client: &str, first_line: &str) -> Result<Start> {
        self.create(client)?;
        let start = Instant::now();
        let time = thread::scope(|scope| -> Result<Duration> {
            let started = scope.spawn(|| self.says(&["net", "start", client], "was started successfully"));
            while !started.is_finished() && !self.printed()?.iter().any(|line| line == first_line) {
                thread::sleep(LOOK);
            }
            let time = start.elapsed();
            started
                .join()
                .map_err(|_| anyhow!("the thread that starts the driver ended early"))??;
            Ok(time)
        })?;
        let memory = self.memory()?;
        self.says(&["net", "stop", client], "was stopped successfully")?;
        self.program(&["sc", "delete", client])?;
        self.end();
        let printed = self.printed()?;
        ensure!(
            printed.iter().any(|line| line == first_line),
            "{client} did not print `{first_line}` in Wine"
        );
        Ok(Start {
            time,
            printed,
            memory,
        })
    }

    fn printed(&self) -> Result<Vec<String>> {
        let log = std::fs::read(self.log()).context("cannot read Wine's log")?;
        Ok(printed(&String::from_utf8_lossy(&log)))
    }

    /// Resident bytes of all processes of this prefix.
    fn memory(&self) -> Result<f64> {
        let prefix = format!("WINEPREFIX={}", self.prefix().display());
        let is_ours = |process: &PathBuf| {
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == prefix.as_bytes())
        };
        let mut memory = 0.0;
        for process in files::list(Path::new("/proc"))?
            .iter()
            .filter(|process| is_ours(process))
        {
            // One that has just ended has nothing to say.
            memory += command::resident(process).unwrap_or(0.0);
        }
        Ok(memory)
    }

    /// One client: created, started, stopped, deleted, and what was printed meanwhile.
    fn client(&self, client: &str) -> Result<()> {
        self.create(client)?;
        self.says(&["net", "start", client], "was started successfully")?;
        self.says(&["net", "stop", client], "was stopped successfully")?;
        self.program(&["sc", "delete", client])?;
        self.end();
        let printed = self.printed()?;
        for line in &printed {
            println!("{client}: {line}");
        }
        check_order(&printed).with_context(|| format!("{client} under Wine; see {}", self.log().display()))
    }

    fn says(&self, words: &[&str], text: &str) -> Result<()> {
        let output = self.program(words)?;
        ensure!(
            output.contains(text),
            "`wine64 {}` does not say `{text}`: {output}",
            words.join(" ")
        );
        Ok(())
    }

    /// Runs a Windows program. Services write to the standard error of the first one.
    fn program(&self, words: &[&str]) -> Result<String> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .with_context(|| format!("cannot write {}", self.log().display()))?;
        let output = Command::new("timeout")
            .arg(TIME_LIMIT)
            .arg(&self.loader)
            .args(words)
            .env("WINEPREFIX", self.prefix())
            .env("WINEDEBUG", CHANNELS)
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
            .stderr(log)
            .output()
            .with_context(|| format!("cannot run {}", self.loader.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "`wine64 {}` failed: {}\n{text}",
            words.join(" "),
            output.status
        );
        Ok(text)
    }

    /// Ends the prefix's server, and waits until it and the services are gone. Without one there is nothing to end.
    pub fn end(&self) {
        for option in ["-k", "-w"] {
            let _ = Command::new("timeout")
                .args([TIME_LIMIT.as_ref(), self.server.as_os_str()])
                .arg(option)
                .env("WINEPREFIX", self.prefix())
                .status();
        }
    }
}

/// A program of Wine, in PATH or where Debian has it.
fn program(name: &str) -> Option<PathBuf> {
    command::find(name).or_else(|| {
        let file = Path::new(DEBIAN_FOLDER).join(name);
        file.is_file().then_some(file)
    })
}

/// What drivers printed, out of Wine's log.
fn printed(log: &str) -> Vec<String> {
    log.lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(PRINTED_BY)?;
            // "WithPrefix 00000000:00000001: text"
            let text = rest.splitn(3, ':').nth(2)?;
            Some(text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned())
        })
        .collect()
}

/// Each expected line, in order; others may stand between.
fn check_order(printed: &[String]) -> Result<()> {
    let mut rest = printed.iter();
    for expected in EXPECTED {
        if !rest.any(|line| line == expected) {
            bail!("the drivers did not print `{expected}` in its place");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{EXPECTED, check_order, printed};

    const LOG: &str = "\
0118:trace:ntoskrnl:load_driver loading driver
0118:warn:debugstr:vDbgPrintExWithPrefix 00000000:00000001: HELPER.SYS: entering DriverEntry
0118:warn:debugstr:vDbgPrintExWithPrefix 00000000:00000001: Helper:  after is 38
";

    #[test]
    fn text_of_drivers_is_found_in_the_log() {
        let expected = ["HELPER.SYS: entering DriverEntry", "Helper:  after is 38"];
        assert_eq!(printed(LOG), expected);
    }

    #[test]
    fn the_order_counts() {
        let mut lines: Vec<String> = EXPECTED.iter().map(|line| (*line).to_owned()).collect();
        assert!(check_order(&lines).is_ok());
        lines.swap(1, 3);
        let error = check_order(&lines).unwrap_err().to_string();
        assert!(
            error.contains("SampleDouble: 19") || error.contains("after is 38"),
            "{error}"
        );
    }
}
