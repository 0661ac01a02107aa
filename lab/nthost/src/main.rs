//! The command line of nthost.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use nthost::shell::{self, Session};
use nthost::verifier::{environment_error, lab_defect};
use nthost::{ke, ldr, report};

/// A Windows kernel for drivers, in a Linux process.
///
/// Exit codes: 0 pass, 1 fail, 2 wrong command line, 3 leak, 4 bugcheck, 5 timeout, 6 unsupported, 7 environment error
/// (script, INF or file), 8 lab defect.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// A folder with drivers and INF files; may be given more than once.
    #[arg(long, value_name = "DIR")]
    drivers: Vec<PathBuf>,
    /// Writes the report as data.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Ends the run with outcome timeout after this many seconds.
    #[arg(long, value_name = "SECONDS")]
    time_limit: Option<u64>,
    /// Prints the time from the start to the end of the first DriverEntry.
    #[arg(long)]
    timing: bool,
    /// The script; without one there is a prompt.
    script: Option<PathBuf>,
}

/// The time limit of a script, unless the command line has another; a prompt has none.
const SCRIPT_LIMIT: u64 = 120;

fn main() {
    report::start();
    std::panic::set_hook(Box::new(|panic| lab_defect(&panic.to_string())));
    let arguments = Arguments::parse();
    ke::thread::attach("main");
    if let Err(error) = ke::fault::install() {
        environment_error(&format!("the system refuses signal handlers: {error}"));
    }
    let default = arguments.script.as_ref().map(|_| SCRIPT_LIMIT);
    if let Some(limit) = arguments.time_limit.or(default) {
        ke::watchdog::start(Duration::from_secs(limit));
    }
    if arguments.timing {
        report::show_timing();
    }
    if let Some(file) = arguments.json {
        report::write_json_to(file);
    }
    for folder in &arguments.drivers {
        ldr::add_search_path(folder);
    }
    let mut session = Session::new(arguments.drivers);
    match arguments.script {
        Some(script) => shell::run_script(&mut session, &script),
        None => shell::prompt(&mut session),
    }
    shell::finish(session)
}
