//! The lab itself: time and memory of nthost.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::Samples;
use crate::{build::Build, command, files, place};

/// How often each program runs.
const RUNS: usize = 21;
/// When a prompt has been at rest: its memory stays the same for so long.
const REST: Duration = Duration::from_millis(200);

/// What starts the bus and its children at the prompt.
const BUS: &str = "pnputil /add-driver sample.inf /install\npnputil /add-driver child.inf /install\ndevgen /add /hardwareid root\\SampleBus\n";

/// Times starts of nthost and runs of the demo in turns, and looks at its memory.
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
        let now = resident(child.id())?;
        if (now - before).abs() < 1.0 {
            return Ok(now);
        }
        before = now;
    }
}

fn resident(process: u32) -> Result<f64> {
    let text = files::read(format!("/proc/{process}/status").as_ref())?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("the process has no VmRSS")?.parse::<f64>()? * 1024.0)
}
