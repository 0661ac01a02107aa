//! The lab itself: time and memory of nthost.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::Samples;
use crate::{build::Build, command, files, place, wine::Wine};

/// How often each program runs.
const RUNS: usize = 21;
/// Wine takes seconds to begin and to end.
const WINE_RUNS: usize = 3;
/// When a prompt has been at rest: its memory stays the same for so long.
const REST: Duration = Duration::from_millis(200);

/// What starts the bus and its children at the prompt.
const BUS: &str = "pnputil /add-driver sample.inf /install\npnputil /add-driver child.inf /install\ndevgen /add /hardwareid root\\SampleBus\n";

/// Times starts of nthost and runs of the demo in turns, looks at its memory, and compares it with Wine.
///
/// # Errors
///
/// When nthost does not run, or does not say what it should.
pub fn measure(nthost: &Path, samples: &mut Samples) -> Result<()> {
    for _ in 0..RUNS {
        samples.add("start", time(Command::new(nthost).arg("--version"))?.0);
        let (demo, output) = time(&mut demo(nthost))?;
        samples.add("demo", demo);
        samples.add("first-entry", first_entry(&output)?);
    }
    samples.add("memory-prompt", memory(nthost, "")?);
    samples.add("memory-bus", memory(nthost, BUS)?);
    samples.add("memory-legacy", memory(nthost, LEGACY)?);
    measure_exports(nthost, samples)
}

/// The driver that both kernels start, what it prints first, and how the lab's prompt starts it.
const DRIVER: &str = "exports";
const FIRST_LINE: &str = "bench-entry";
const LEGACY: &str = "sc create exports type= kernel binPath= exports.sys\nnet start exports\n";

/// Starts the driver of exports.c in the lab and in Wine, in turns.
fn measure_exports(nthost: &Path, samples: &mut Samples) -> Result<()> {
    let wine = Wine::find()?;
    wine.prepare(Build::RELEASE, std::iter::once(DRIVER))?;
    for _ in 0..WINE_RUNS {
        let (time, printed) = start_in_lab(nthost)?;
        samples.add("lab-entry", time);
        exports(samples, "lab", printed.iter())?;
        let start = wine.time_start(DRIVER, FIRST_LINE)?;
        samples.add("wine-entry", start.time.as_secs_f64() * 1e9);
        samples.add("wine-memory", start.memory);
        exports(samples, "wine", start.printed.iter())?;
    }
    wine.end();
    Ok(())
}

/// Nanoseconds from the start of nthost to the driver's first line, and all lines.
fn start_in_lab(nthost: &Path) -> Result<(f64, Vec<String>)> {
    let script = place::TARGET.join(super::FOLDER).join("exports.lab");
    files::write(&script, LEGACY.as_bytes())?;
    let start = Instant::now();
    let mut child = Command::new(nthost)
        .arg("--drivers")
        .arg(Build::RELEASE.folder())
        .arg(&script)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start nthost")?;
    let output = child.stdout.take().context("nthost has no output")?;
    let (mut time, mut lines) = (None, Vec::new());
    for line in BufReader::new(output).lines() {
        let line = line.context("nthost's output cannot be read")?;
        if line == FIRST_LINE {
            time = Some(start.elapsed());
        }
        lines.push(line);
    }
    let status = child.wait().context("nthost did not end")?;
    ensure!(status.success(), "nthost ended with {status}");
    let time = time.context("exports.sys printed nothing in the lab")?;
    Ok((time.as_secs_f64() * 1e9, lines))
}

/// Takes the lines of exports.c as samples of a kernel: `bench: NAME CALLS TICKS`.
fn exports<'a>(samples: &mut Samples, kernel: &str, lines: impl Iterator<Item = &'a String>) -> Result<()> {
    let clock = samples.clock()?;
    for line in lines {
        if let ["bench:", name, calls, ticks] = line.split(' ').collect::<Vec<_>>().as_slice() {
            let each = ticks.parse::<f64>()? / calls.parse::<f64>()?;
            samples.add(&format!("{kernel}-{name}"), each / clock);
        }
    }
    Ok(())
}

fn demo(nthost: &Path) -> Command {
    let mut demo = Command::new(nthost);
    demo.arg("--timing")
        .arg("--drivers")
        .arg(Build::RELEASE.folder())
        .arg(place::ROOT.join("lab/scenarios/demo.lab"));
    demo
}

/// Nanoseconds of a run, and what it printed.
fn time(command: &mut Command) -> Result<(f64, String)> {
    let start = Instant::now();
    let output = command::output(command)?;
    Ok((start.elapsed().as_secs_f64() * 1e9, output))
}

/// What `--timing` prints, in nanoseconds.
fn first_entry(output: &str) -> Result<f64> {
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix("nthost: first DriverEntry ended "))
        .context("nthost did not say when the first DriverEntry ended")?;
    let number = line.split(' ').next().unwrap_or_default();
    Ok(number.parse::<f64>()? * 1e3)
}

/// Resident bytes of a prompt after these lines.
fn memory(nthost: &Path, lines: &str) -> Result<f64> {
    let mut child = Command::new(nthost)
        .arg("--drivers")
        .arg(Build::RELEASE.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start nthost")?;
    let resident = rest(&mut child, lines);
    drop(child.stdin.take());
    let status = child.wait().context("nthost did not end")?;
    ensure!(status.success(), "nthost ended with {status}");
    resident
}

fn rest(child: &mut Child, lines: &str) -> Result<f64> {
    let input = child.stdin.as_mut().context("nthost has no input")?;
    input
        .write_all(lines.as_bytes())
        .context("nthost reads no lines")?;
    let mut before = 0.0;
    loop {
        std::thread::sleep(REST);
        let now = command::resident(format!("/proc/{}", child.id()).as_ref())?;
        if (now - before).abs() < 1.0 {
            return Ok(now);
        }
        before = now;
    }
}
