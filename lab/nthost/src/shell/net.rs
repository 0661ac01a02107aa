//! `net start` and `net stop`, with the texts and numbers of Windows.

use super::commands::usage;
use super::services::{self, StopError, SystemError};
use super::session::{CommandError, CommandResult, Session};
use crate::io;

/// The command `net`.
pub(super) fn run(session: &mut Session, arguments: &[&str]) -> CommandResult {
    match arguments {
        [verb, service] if verb.eq_ignore_ascii_case("start") => start(session, service),
        [verb, service] if verb.eq_ignore_ascii_case("stop") => stop(session, service),
        _ => Err(usage("net", "start or stop and one service are wanted")),
    }
}

/// Texts of lmerr.h with their numbers, which `net` prints instead of a system error's.
fn network_error(session: &mut Session, number: u32, text: &str, detail: &str) -> CommandError {
    let text = format!("{text}\n\nMore help is available by typing NET HELPMSG {number}.\n");
    services::fail(session, &text, detail)
}

fn system_error(session: &mut Session, SystemError(number, text): SystemError, detail: &str) -> CommandError {
    let text = format!("System error {number} has occurred.\n\n{text}\n");
    services::fail(session, &text, detail)
}

fn no_such_service(session: &mut Session, service: &str) -> CommandError {
    let detail = format!("no service is called {service}");
    network_error(session, 2185, "The service name is invalid.", &detail)
}

fn start(session: &mut Session, service: &str) -> CommandResult {
    let Some(service) = services::installed(service) else {
        return Err(no_such_service(session, service));
    };
    if io::loaded(&service).is_some() {
        let text = "The requested service has already been started.";
        return Err(network_error(session, 2182, text, &service));
    }
    services::start(session, &service).map_err(|error| {
        let known = services::system_error_of(&error);
        let told = system_error(session, known, &error.to_string());
        services::blame(&error, told)
    })?;
    session.say(&format!("The {service} service was started successfully.\n"));
    Ok(())
}

fn stop(session: &mut Session, service: &str) -> CommandResult {
    let Some(service) = services::installed(service) else {
        return Err(no_such_service(session, service));
    };
    services::stop(&service).map_err(|error| match error {
        StopError::NotStarted => {
            let text = format!("The {service} service is not started.");
            network_error(session, 3521, &text, &service)
        }
        StopError::Refused(reason) => {
            let text = "The requested pause, continue, or stop is not valid for this service.";
            network_error(session, 2191, text, &format!("{service} {reason}"))
        }
    })?;
    session.say(&format!("The {service} service was stopped successfully.\n"));
    Ok(())
}
