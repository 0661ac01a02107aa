//! How time and memory grow with the children of a bus: sample.sys with its limit lifted, child.sys on each of them.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};

use super::samples::{Samples, Spread};
use crate::{build::Build, command, files, place};

/// How many children, and how often in a round. None at all tells what the bus itself takes.
const CROWDS: &[(u32, usize)] = &[(0, 9), (1, 9), (64, 9), (1000, 3), (10_000, 1)];

/// The numbers of children that have figures.
pub const SIZES: &[u32] = &[1, 64, 1000, 10_000];

const ROUNDS: usize = 3;

/// The most seconds that a run may take.
const TIME_LIMIT: &str = "600";

/// What a line of the script took: nanoseconds of processors, which other work on the machine does not add to, and bytes resident afterwards.
#[derive(Clone, Copy, Debug)]
struct Line {
    time: f64,
    memory: f64,
}

/// What the children of a run took, or none.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: f64,
    removal: f64,
    memory: f64,
}

/// Starts and removes each crowd, in turns.
///
/// # Errors
///
/// When a run does not pass.
pub fn measure(nthost: &Path, samples: &mut Samples) -> Result<()> {
    for _ in 0..ROUNDS {
        let mut bus = None;
        for (children, times) in CROWDS {
            let run = median_of(nthost, *children, *times)?;
            let bus = *bus.get_or_insert(run);
            if *children == 0 {
                continue;
            }
            let each = |all: f64, without: f64| (all - without) / f64::from(*children);
            samples.add(&format!("crowd-start-{children}"), each(run.start, bus.start));
            samples.add(
                &format!("crowd-removal-{children}"),
                each(run.removal, bus.removal),
            );
            samples.add(&format!("crowd-memory-{children}"), each(run.memory, bus.memory));
        }
    }
    Ok(())
}

/// The medians of several runs.
fn median_of(nthost: &Path, children: u32, times: usize) -> Result<Run> {
    let runs = (0..times)
        .map(|_| run(nthost, children))
        .collect::<Result<Vec<Run>>>()?;
    let median = |part: fn(&Run) -> f64| -> Result<f64> {
        let values: Vec<f64> = runs.iter().map(part).collect();
        Ok(Spread::of(&values)?.median)
    };
    Ok(Run {
        start: median(|run| run.start)?,
        removal: median(|run| run.removal)?,
        memory: median(|run| run.memory)?,
    })
}

fn run(nthost: &Path, children: u32) -> Result<Run> {
    let file = place::TARGET.join(super::FOLDER).join("crowd.lab");
    let script = format!(
        "pnputil /add-driver crowd/sample.inf\n\
         reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\sample\\Parameters /v ChildCount /t REG_DWORD /d {children} /f\n\
         pnputil /add-driver child.inf\n\
         devgen /add /hardwareid root\\SampleBus\n\
         pnputil /remove-device ROOT\\SAMPLEBUS\\0000\n"
    );
    files::write(&file, script.as_bytes())?;
    let output = command::output(
        Command::new(nthost)
            .args(["--timing", "--time-limit", TIME_LIMIT, "--drivers"])
            .arg(Build::RELEASE.folder())
            .arg(&file),
    )?;
    let lines = lines(&output)?;
    let [.., before, start, removal] = lines.as_slice() else {
        anyhow::bail!("nthost did not say what each line took");
    };
    Ok(Run {
        start: start.time,
        removal: removal.time,
        memory: start.memory - before.memory,
    })
}

/// What `--timing` prints behind each line.
fn lines(output: &str) -> Result<Vec<Line>> {
    let told = output
        .lines()
        .filter_map(|line| line.strip_prefix("nthost: the line took "));
    told.map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, _, microseconds, _, _, kibibytes, ..] = words.as_slice() else {
            anyhow::bail!("nthost said `{line}`");
        };
        let number = |word: &str| {
            word.parse::<f64>()
                .with_context(|| format!("nthost said `{line}`"))
        };
        Ok(Line {
            time: number(microseconds)? * 1e3,
            memory: number(kibibytes)? * 1024.0,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lines_of_a_script_are_read() {
        let lines = super::lines(
            "> x\nnthost: the line took 50 microseconds, 12 of processors; 34 KiB are resident\ny\n",
        )
        .expect("the line is as nthost prints it");
        assert_eq!(
            (lines.len(), lines[0].time, lines[0].memory),
            (1, 12_000.0, 34_816.0)
        );
    }
}
