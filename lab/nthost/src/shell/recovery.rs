//! After a fault that the run was told to inject: what was seen of it, and whether everything works again.

use super::commands;
use super::session::{CommandError, CommandResult, Session};
use crate::pnp::{self, Node, Problem};
use crate::verifier::faults::{self, Kind, Point};

/// The commands that change nothing: they are repeated in any case, since the lines after them look at their answer.
const QUESTIONS: [&str; 3] = ["ioctl", "query-interface", "expect-error"];
/// The command whose repetition would make a second device.
const DEVGEN: &str = "devgen";

/// Tells what the fault did to a line and to the devices; then every device from the root down is started again, and the line repeated.
///
/// # Errors
///
/// When a device has a problem now, or the line does not work the second time.
pub(super) fn recover(
    session: &mut Session,
    fault: &Point,
    words: &[String],
    result: CommandResult,
) -> CommandResult {
    session.say(&format!("fault: {fault}"));
    let failed = result.is_err();
    notice_line(session, words, result);
    for (node, problem) in problems() {
        faults::notice(Kind::Problem, &describe(&node, problem));
    }
    let before = pnp::nodes();
    restart_all(session);
    for node in pnp::nodes() {
        if !before.iter().any(|old| old.instance == node.instance) {
            faults::notice(Kind::Missing, &node.instance);
        }
    }
    for noticed in faults::noticed() {
        session.say(&format!("fault: {noticed}"));
    }
    if let Some((node, problem)) = problems().first() {
        let text = format!("after the fault, {} does not start", describe(node, *problem));
        return Err(CommandError::Failed(text));
    }
    if is_question(words) || (failed && !is(words, DEVGEN)) {
        return commands::run(session, words);
    }
    Ok(())
}

/// What the line said in which the fault came.
fn notice_line(session: &Session, words: &[String], result: CommandResult) {
    if let Err(error) = result {
        faults::notice(Kind::Line, &error.to_string());
    } else if is_question(words) {
        // An expected error may be the administrator's: then the fault does not show in it.
        let status = session.output.lines().find(|line| line.contains("STATUS_"));
        if let Some(status) = status {
            faults::notice(Kind::Answer, status);
        }
    }
}

fn is(words: &[String], name: &str) -> bool {
    words.first().is_some_and(|word| word.eq_ignore_ascii_case(name))
}

fn is_question(words: &[String]) -> bool {
    QUESTIONS.iter().any(|question| is(words, question))
}

/// The devices with a problem that no script asks for.
fn problems() -> Vec<(Node, Problem)> {
    let with_problem = pnp::nodes().into_iter().filter_map(|node| {
        let problem = node
            .problem
            .filter(|problem| !matches!(problem, Problem::NoDriver | Problem::Disabled))?;
        Some((node, problem))
    });
    with_problem.collect()
}

fn describe(node: &Node, problem: Problem) -> String {
    let (code, name) = problem.code();
    let status = problem
        .status()
        .map_or_else(String::new, |status| format!(": {status}"));
    format!("device {} with problem {code} ({name}){status}", node.instance)
}

/// Restarts the devices that `devgen` made, and with them everything below. One that an open file keeps stays as it is.
fn restart_all(session: &mut Session) {
    for node in pnp::children_of(pnp::root_node()) {
        if matches!(node.problem, Some(Problem::NoDriver | Problem::Disabled)) {
            continue;
        }
        let id = node.id;
        match pnp::run(move || pnp::restart(id)) {
            Ok(()) => session.say(&format!("fault: {} was started again", node.instance)),
            Err(error) => session.say(&format!("fault: {} stays as it is: {error}", node.instance)),
        }
    }
    pnp::settle();
}
