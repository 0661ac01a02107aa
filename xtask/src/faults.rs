//! The task `faults`: lets every allocation, object creation and registration of the drivers fail, each in a run of its own.
//!
//! A run without a fault lists the calls that can fail, one for each stack; then there is a run for each of them, and for each that
//! those runs bring to light, until no new one appears.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::{Context, Result, ensure};
use clap::{Arg, ArgAction, value_parser};
use serde_json::Value;

use crate::{build::Build, command, drivers, files, lab, place};

/// What runs unless the command line names scripts: every driver of the project.
const SCENARIOS: &[&str] = &[
    "demo",
    "administrator",
    "stacked",
    "helper",
    "remote",
    "legacy",
    "fifo",
    "surprise-removal",
    "query-interface",
];

/// How long a run may take, in seconds: many times what one takes on a busy machine.
const TIME_LIMIT: &str = "60";

/// The verdict of a run in which the fault came and everything worked again.
const PASS: &str = "pass";

/// The task `faults`.
///
/// # Errors
///
/// When something does not build, a script cannot be read, or one fails without a fault.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let arguments = command_line().get_matches_from(command::words("faults", arguments));
    let release = arguments.get_flag("release");
    let build = if release { Build::RELEASE } else { Build::DEBUG };
    drivers::build_all(build)?;
    let lab = Lab {
        nthost: lab::build_nthost(release)?,
        drivers: build.folder(),
        folder: place::TARGET.join("faults").join(build.profile()),
    };
    let limit = arguments.get_one("limit").copied().unwrap_or(usize::MAX);
    let given = arguments.get_many::<PathBuf>("script").unwrap_or_default();
    let mut scripts: Vec<PathBuf> = given.cloned().collect();
    if scripts.is_empty() {
        let file = |name: &&str| place::ROOT.join(format!("lab/scenarios/{name}.lab"));
        scripts = SCENARIOS.iter().map(file).collect();
    }
    let found = scripts
        .iter()
        .map(|script| lab.search(script, limit))
        .collect::<Result<Vec<Search>>>()?;
    print!("{}", table(&found));
    let wrong = found.iter().any(|search| search.wrong().next().is_some());
    Ok(ExitCode::from(u8::from(wrong)))
}

fn command_line() -> clap::Command {
    clap::Command::new("faults")
        .no_binary_name(false)
        .about("Lets each call of the drivers that can fail for want of resources fail, one in a run")
        .arg(
            Arg::new("release")
                .long("release")
                .action(ArgAction::SetTrue)
                .help("The drivers as they are shipped, and an optimized kernel"),
        )
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("N")
                .value_parser(value_parser!(usize))
                .help("At most this many runs for a script"),
        )
        .arg(
            Arg::new("script")
                .value_name("SCRIPT")
                .value_parser(value_parser!(PathBuf))
                .action(ArgAction::Append)
                .help("Without one: the scenarios of the project's drivers"),
        )
}

/// Where runs find what they need, and leave what they write.
struct Lab {
    nthost: PathBuf,
    drivers: PathBuf,
    folder: PathBuf,
}

/// A call that can fail: what nthost writes with `--list-faults`.
#[derive(Clone, Debug)]
struct Point {
    id: String,
    text: String,
}

/// What came of a run with a fault.
#[derive(Clone, Debug)]
struct Run {
    point: Point,
    verdict: String,
    /// Whether the call was reached.
    reached: bool,
    /// What was seen of the fault: kind and text.
    noticed: Vec<(String, String)>,
    /// The end of the output, for a run that went wrong.
    output: String,
}

/// The runs of a script.
struct Search {
    script: String,
    stacks: BTreeSet<String>,
    runs: Vec<Run>,
}

impl Search {
    /// The runs after which not everything was as it has to be.
    fn wrong(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| !run.outcome().1)
    }
}

/// The stacks of a script that are known, and those that wait for their run.
#[derive(Default)]
struct Queue {
    known: BTreeSet<String>,
    waiting: VecDeque<Point>,
    left: usize,
}

impl Queue {
    fn add(&mut self, points: Vec<Point>) {
        for point in points {
            if self.known.insert(point.id.clone()) {
                self.waiting.push_back(point);
            }
        }
    }

    fn next(&mut self) -> Option<Point> {
        self.left = self.left.checked_sub(1)?;
        self.waiting.pop_front()
    }
}

impl Lab {
    /// One run without a fault, then one for each stack.
    fn search(&self, script: &Path, limit: usize) -> Result<Search> {
        let name = script
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let twice = self.twice(script, &name)?;
        let (run, points) = self.run(&twice, &format!("{name}-none"), None)?;
        ensure!(
            run.verdict == PASS,
            "{} ends with `{}` without a fault:\n{}",
            script.display(),
            run.verdict,
            run.output
        );
        command::stage(&format!(
            "{name}: {} stacks in the run without a fault",
            points.len()
        ));
        let queue = Mutex::new(Queue {
            left: limit,
            ..Queue::default()
        });
        lock(&queue).add(points);
        let runs = self.work(&twice, &name, &queue)?;
        let stacks = std::mem::take(&mut lock(&queue).known);
        Ok(Search {
            script: name,
            stacks,
            runs,
        })
    }

    /// A script whose second half shows that everything works again: itself once more, in the same kernel.
    fn twice(&self, script: &Path, name: &str) -> Result<PathBuf> {
        let text = fs::read_to_string(script).with_context(|| format!("cannot read {}", script.display()))?;
        let file = self.folder.join(format!("{name}.lab"));
        files::write(&file, format!("{text}\n{text}").as_bytes())?;
        Ok(file)
    }

    /// Takes points from the queue on every processor, until there is none. A worker that finds the queue empty while another runs
    /// leaves what that one finds to it.
    fn work(&self, script: &Path, name: &str, queue: &Mutex<Queue>) -> Result<Vec<Run>> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let started: Vec<_> = (0..workers)
                .map(|worker| {
                    let place = format!("{name}-{worker}");
                    scope.spawn(move || self.drain(script, &place, queue))
                })
                .collect();
            let mut runs = Vec::new();
            for worker in started {
                runs.extend(worker.join().expect("a worker does not panic")?);
            }
            Ok(runs)
        })
    }

    fn drain(&self, script: &Path, place: &str, queue: &Mutex<Queue>) -> Result<Vec<Run>> {
        let mut runs = Vec::new();
        // The guard of the condition would live through the body of a `while let`.
        loop {
            let Some(point) = lock(queue).next() else {
                return Ok(runs);
            };
            let (run, points) = self.run(script, place, Some(point))?;
            lock(queue).add(points);
            if !run.outcome().1 {
                eprintln!("{}", failure(&run));
            }
            runs.push(run);
        }
    }

    /// A process of its own. Returns the points that it saw, too.
    fn run(&self, script: &Path, place: &str, point: Option<Point>) -> Result<(Run, Vec<Point>)> {
        let list = self.folder.join(format!("{place}.faults.json"));
        let report = self.folder.join(format!("{place}.report.json"));
        for old in [&list, &report] {
            // What is not there need not go.
            let _ = fs::remove_file(old);
        }
        let mut nthost = Command::new(&self.nthost);
        nthost.arg("--drivers").arg(&self.drivers);
        nthost.arg("--list-faults").arg(&list).arg("--json").arg(&report);
        nthost.args(["--time-limit", TIME_LIMIT]);
        if let Some(point) = &point {
            nthost.args(["--fail-stack", &point.id]);
        }
        let ended = nthost
            .arg(script)
            .stdin(Stdio::null())
            .output()
            .context("cannot run nthost")?;
        let output = String::from_utf8_lossy(&ended.stdout).into_owned();
        let report = read(&report);
        let fault = &report["fault"];
        let run = Run {
            point: point.unwrap_or_else(|| Point {
                id: String::new(),
                text: String::new(),
            }),
            verdict: report["verdict"]
                .as_str()
                .map_or_else(|| format!("crash: {}", ended.status), str::to_owned),
            reached: !fault.is_null(),
            noticed: pairs(&fault["noticed"]),
            output,
        };
        let points = read(&list)
            .as_array()
            .map(|list| list.iter().map(point_of).collect());
        Ok((run, points.unwrap_or_default()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The data in a file; null if a crashed run left none.
fn read(file: &Path) -> Value {
    let text = fs::read(file).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn pairs(list: &Value) -> Vec<(String, String)> {
    let list = list.as_array().into_iter().flatten();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.map(|noticed| (word(&noticed["kind"]), word(&noticed["text"])))
        .collect()
}

fn point_of(point: &Value) -> Point {
    Point {
        id: point["id"].as_str().unwrap_or_default().to_owned(),
        text: format!(
            "{} from {}",
            point["export"].as_str().unwrap_or_default(),
            strings(&point["stack"]).join(" < ")
        ),
    }
}

/// What is told of a run that went wrong.
fn failure(run: &Run) -> String {
    /// The lines of the output that say why.
    const LINES: usize = 14;
    let lines: Vec<&str> = run.output.lines().collect();
    let end = lines[lines.len().saturating_sub(LINES)..].join("\n    ");
    format!(
        "{}: --fail-stack {}, {}\n    {end}",
        run.outcome().0,
        run.point.id,
        run.point.text
    )
}

/// How a fault shows, the plainest first: the kind in nthost's report, and the words of the table.
const KINDS: &[(&str, &str)] = &[
    ("problem", "a device has a problem with"),
    ("line", "the command fails with"),
    ("answer", "the request is completed with"),
    ("missing", "a child is missing until its bus starts again"),
    ("returned", "the dispatch routine returns"),
];

/// What a fault may be told as: want of memory, and a stack to which nothing can be attached.
const STATUSES: &[&str] = &["STATUS_INSUFFICIENT_RESOURCES", "STATUS_NO_SUCH_DEVICE"];

impl Run {
    /// How the fault showed, and whether that was right.
    fn outcome(&self) -> (String, bool) {
        if self.verdict != PASS {
            return (format!("WRONG: {}", self.verdict), false);
        }
        if !self.reached {
            return ("the call was not reached".to_owned(), true);
        }
        let shown = KINDS.iter().find_map(|(kind, words)| {
            let (_, text) = self.noticed.iter().find(|(known, _)| known == kind)?;
            (status_in(text) != "STATUS_SUCCESS").then_some((*kind, *words, text))
        });
        match shown {
            None => ("nothing: the work was done without it".to_owned(), true),
            Some(("missing", words, _)) => (words.to_owned(), true),
            Some(("returned", words, text)) => (format!("{words} {}", status_in(text)), true),
            Some((_, words, text)) => {
                let status = status_in(text);
                let right = STATUSES.contains(&status);
                let mark = if right { "" } else { "WRONG: " };
                (format!("{mark}{words} {status}"), right)
            }
        }
    }
}

/// The first status that a text names.
fn status_in(text: &str) -> &str {
    let Some(start) = text.find("STATUS_") else {
        return "no status";
    };
    let rest = &text[start..];
    let is_part = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    &rest[..rest.find(|letter| !is_part(letter)).unwrap_or(rest.len())]
}

/// Stacks and runs of each script, and how often a fault was seen as what.
fn table(found: &[Search]) -> String {
    let mut text = String::from("| scenario | stacks | runs | wrong |\n| --- | --- | --- | --- |\n");
    for search in found {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            search.script,
            search.stacks.len(),
            search.runs.len(),
            search.wrong().count()
        );
    }
    let distinct: BTreeSet<&String> = found.iter().flat_map(|search| &search.stacks).collect();
    let runs: usize = found.iter().map(|search| search.runs.len()).sum();
    let wrong: usize = found.iter().map(|search| search.wrong().count()).sum();
    let _ = writeln!(text, "| all | {} different | {runs} | {wrong} |", distinct.len());
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for run in found.iter().flat_map(|search| &search.runs) {
        *outcomes.entry(run.outcome().0).or_default() += 1;
    }
    text.push_str("\n| how the fault showed | runs |\n| --- | --- |\n");
    for (outcome, runs) in outcomes {
        let _ = writeln!(text, "| {outcome} | {runs} |");
    }
    text
}
