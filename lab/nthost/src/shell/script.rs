//! Running lines, and what comes after the last one.

use std::path::Path;

use super::session::{CommandError, CommandResult, Session};
use super::{commands, recovery, words};
use crate::verifier::{self, Outcome, faults};
use crate::{io, pnp, report};

/// Runs the lines of a script. A line that fails is reported with its place, and the rest goes on.
pub fn run_script(session: &mut Session, script: &Path) {
    let text = match std::fs::read_to_string(script) {
        Ok(text) => text,
        Err(error) => {
            let error = CommandError::Environment(format!("the script cannot be read: {error}"));
            session.fail(&script.display().to_string(), &error);
            return;
        }
    };
    session.enter(script);
    for (number, line) in (1..).zip(text.lines()) {
        if session.ended {
            return;
        }
        session.place = format!("{}:{number}", script.display());
        if !words::is_comment(line) {
            show(line);
            let timed = report::Line::begin();
            run_line(session, line);
            if let Some(line) = timed {
                line.end();
            }
        }
    }
}

/// Runs one line and reports what fails.
pub fn run_line(session: &mut Session, line: &str) {
    if words::is_comment(line) {
        return;
    }
    let line = words::expand(line, &session.variables);
    report::case_started(&session.place, line.trim());
    let result = words::split(&line)
        .ok_or_else(|| CommandError::Script(String::from("a double quote is not closed")))
        .and_then(|words| run_words(session, &words));
    report::observe();
    report::case_ended(result.as_ref().err().map(ToString::to_string));
    if let Err(error) = result {
        let place = session.place.clone();
        session.fail(&place, &error);
    }
}

/// Runs a command until nothing of it is under way. A line in which a fault was injected is over when what it hit works again.
fn run_words(session: &mut Session, words: &[String]) -> CommandResult {
    let result = commands::run(session, words);
    pnp::settle();
    match faults::news() {
        Some(fault) => recovery::recover(session, &fault, words, result),
        None => result,
    }
}

/// Shows a script's line before it runs.
pub(super) fn show(line: &str) {
    // A closed pipe leaves nobody to tell.
    let _ = std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("> {}\n", line.trim()));
}

/// The end of a run: every file is closed, every device removed, every driver unloaded, and what is left over is told.
pub fn finish(mut session: Session) -> ! {
    check_driverless(&mut session);
    session.files.clear();
    pnp::settle();
    report::observe();
    pnp::run(pnp::remove_everything);
    io::unload_all();
    pnp::settle();
    let leaks = report::leaks();
    let mut text = report::summary();
    for leak in &leaks {
        text.push_str(leak);
        text.push('\n');
    }
    let outcome = match session.outcome() {
        Outcome::Pass if !leaks.is_empty() => Outcome::Leak,
        outcome => outcome,
    };
    verifier::end(outcome, &text)
}

/// Devices that `devgen` made and that never got a driver are an error of the script.
fn check_driverless(session: &mut Session) {
    for device in std::mem::take(&mut session.driverless) {
        let node = pnp::find_instance(&device.instance);
        if node.is_some_and(|node| node.problem == Some(pnp::Problem::NoDriver)) {
            let text = format!(
                "no driver package that was added matches the hardware ID {} of {}",
                device.hardware_id, device.instance
            );
            session.fail(&device.place, &CommandError::Environment(text));
        }
    }
}
