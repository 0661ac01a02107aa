//! `sc create`, `query`, `qc`, `start`, `stop` and `delete`, with the texts and numbers of Windows.

use std::path::PathBuf;

use super::commands::usage;
use super::services::{self, StopError, SystemError};
use super::session::{CommandError, CommandResult, Session};
use crate::cm::{self, Value};
use crate::{io, ldr};

/// `SERVICE_KERNEL_DRIVER`, `SERVICE_DEMAND_START` and `SERVICE_ERROR_NORMAL` of winnt.h.
const KERNEL_DRIVER: u32 = 1;
const DEMAND_START: u32 = 3;
const ERROR_NORMAL: u32 = 1;
/// The exit code of a service that has not run: `ERROR_SERVICE_NEVER_STARTED`.
const NEVER_STARTED: u32 = 1077;

/// The command `sc`.
pub(super) fn run(session: &mut Session, arguments: &[&str]) -> CommandResult {
    match arguments {
        [verb, service, options @ ..] if verb.eq_ignore_ascii_case("create") => {
            create(session, service, options)
        }
        [verb] if verb.eq_ignore_ascii_case("query") => {
            query_all(session);
            Ok(())
        }
        [verb, service] => match verb.to_ascii_lowercase().as_str() {
            "query" => query(session, service),
            "qc" => query_config(session, service),
            "start" => start(session, service),
            "stop" => stop(session, service),
            "delete" => delete(session, service),
            _ => Err(usage("sc", "there is no such verb")),
        },
        _ => Err(usage("sc", "a verb and a service are wanted")),
    }
}

fn failed(
    session: &mut Session,
    call: &str,
    SystemError(number, text): SystemError,
    detail: &str,
) -> CommandError {
    let text = format!("[SC] {call} FAILED {number}:\n\n{text}\n");
    services::fail(session, &text, detail)
}

/// The value of `NAME= VALUE` or `NAME=VALUE`.
fn option<'a>(options: &[&'a str], name: &str) -> Option<&'a str> {
    options.iter().enumerate().find_map(|(index, word)| {
        let (left, right) = word.split_once('=')?;
        if !left.eq_ignore_ascii_case(name) {
            return None;
        }
        if right.is_empty() {
            options.get(index + 1).copied()
        } else {
            Some(right)
        }
    })
}

fn create(session: &mut Session, service: &str, options: &[&str]) -> CommandResult {
    let file = option(options, "binPath").ok_or_else(|| usage("sc", "binPath= is missing"))?;
    if !option(options, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("kernel")) {
        return Err(usage("sc", "the lab runs services of type= kernel only"));
    }
    if let Some(start) = option(options, "start").filter(|start| !start.eq_ignore_ascii_case("demand")) {
        return Err(usage(
            "sc",
            &format!("the lab does not boot: start= {start} is not modelled"),
        ));
    }
    if services::installed(service).is_some() {
        return Err(failed(
            session,
            "CreateService",
            services::SERVICE_EXISTS,
            service,
        ));
    }
    let key = services::key(service);
    cm::set(&key, "Type", Value::dword(KERNEL_DRIVER));
    cm::set(&key, "Start", Value::dword(DEMAND_START));
    cm::set(&key, "ErrorControl", Value::dword(ERROR_NORMAL));
    let image = format!(r"\??\{file}");
    cm::set(&key, "ImagePath", Value::expandable(&image));
    // As on Windows, a file that is not there is told when the service starts.
    let path = session
        .find_file(file)
        .unwrap_or_else(|_| PathBuf::from(file.replace('\\', "/")));
    ldr::files::link(&image, path);
    session.say("[SC] CreateService SUCCESS");
    Ok(())
}

fn query(session: &mut Session, service: &str) -> CommandResult {
    let Some(service) = services::installed(service) else {
        let call = "EnumQueryServicesStatus:OpenService";
        return Err(failed(session, call, services::NO_SUCH_SERVICE, service));
    };
    let text = status(session, &service);
    session.say(&text);
    Ok(())
}

/// As on Windows, without a name: the services that run.
fn query_all(session: &mut Session) {
    for service in cm::subkeys(cm::SERVICES) {
        if io::loaded(&service).is_some() {
            let text = status(session, &service);
            session.say(&text);
        }
    }
}

fn status(session: &Session, service: &str) -> String {
    let driver = io::loaded(service);
    let (state, exit) = if driver.is_some() {
        ("4  RUNNING", 0)
    } else if session.has_run(service) {
        ("1  STOPPED", 0)
    } else {
        ("1  STOPPED", NEVER_STARTED)
    };
    let stoppable = if driver.is_some_and(|driver| io::unstoppable(driver).is_none()) {
        "STOPPABLE"
    } else {
        "NOT_STOPPABLE"
    };
    [
        format!("\nSERVICE_NAME: {service}"),
        String::from("        TYPE               : 1  KERNEL_DRIVER"),
        format!("        STATE              : {state}"),
        format!("                                ({stoppable}, NOT_PAUSABLE, IGNORES_SHUTDOWN)"),
        format!("        WIN32_EXIT_CODE    : {exit}  ({exit:#x})"),
        String::from("        SERVICE_EXIT_CODE  : 0  (0x0)"),
        String::from("        CHECKPOINT         : 0x0"),
        String::from("        WAIT_HINT          : 0x0"),
    ]
    .join("\n")
}

/// The names of the values of `START_TYPE` and `ERROR_CONTROL` in winnt.h, from 0; of `TYPE`, only kernel drivers.
const START_NAMES: [&str; 5] = [
    "BOOT_START",
    "SYSTEM_START",
    "AUTO_START",
    "DEMAND_START",
    "DISABLED",
];
const ERROR_NAMES: [&str; 4] = ["IGNORE", "NORMAL", "SEVERE", "CRITICAL"];
const KIND_NAMES: [&str; 3] = ["", "KERNEL_DRIVER", "FILE_SYSTEM_DRIVER"];

/// What the service's key says.
fn query_config(session: &mut Session, service: &str) -> CommandResult {
    let Some(service) = services::installed(service) else {
        return Err(failed(session, "OpenService", services::NO_SUCH_SERVICE, service));
    };
    session.say("[SC] QueryServiceConfig SUCCESS\n");
    session.say(&format!("SERVICE_NAME: {service}"));
    for (name, value) in config(&service) {
        session.say(&format!("        {name:<19}: {value}"));
    }
    Ok(())
}

fn config(service: &str) -> [(&'static str, String); 9] {
    let key = services::key(service);
    let text = |name| cm::text(&key, name).unwrap_or_default();
    let number = |name, names: &[&str], gap: &str| {
        let value = cm::dword(&key, name).unwrap_or_default();
        let name = usize::try_from(value).ok().and_then(|value| names.get(value));
        format!("{value}{gap}{}", name.copied().unwrap_or_default())
    };
    let groups = cm::texts(&key, "DependOnGroup").into_iter();
    let dependencies: Vec<String> = cm::texts(&key, "DependOnService")
        .into_iter()
        .chain(groups.map(|group| format!("+{group}")))
        .collect();
    let display = cm::text(&key, "DisplayName").unwrap_or_else(|| service.to_owned());
    [
        ("TYPE", number("Type", &KIND_NAMES, "  ")),
        ("START_TYPE", number("Start", &START_NAMES, "   ")),
        ("ERROR_CONTROL", number("ErrorControl", &ERROR_NAMES, "   ")),
        ("BINARY_PATH_NAME", text("ImagePath")),
        ("LOAD_ORDER_GROUP", text("Group")),
        ("TAG", String::from("0")),
        ("DISPLAY_NAME", display),
        (
            "DEPENDENCIES",
            dependencies.join("\n                           : "),
        ),
        ("SERVICE_START_NAME", String::new()),
    ]
}

fn start(session: &mut Session, service: &str) -> CommandResult {
    let Some(service) = services::installed(service) else {
        return Err(failed(
            session,
            "StartService: OpenService",
            services::NO_SUCH_SERVICE,
            service,
        ));
    };
    if io::loaded(&service).is_some() {
        return Err(failed(
            session,
            "StartService",
            services::ALREADY_RUNNING,
            &service,
        ));
    }
    services::start(session, &service).map_err(|error| {
        let known = services::system_error_of(&error);
        let told = failed(session, "StartService", known, &error.to_string());
        services::blame(&error, told)
    })?;
    query(session, &service)
}

fn stop(session: &mut Session, service: &str) -> CommandResult {
    let Some(service) = services::installed(service) else {
        return Err(failed(session, "OpenService", services::NO_SUCH_SERVICE, service));
    };
    services::stop(&service).map_err(|error| {
        let (known, detail) = match error {
            StopError::NotStarted => (services::NOT_ACTIVE, service.clone()),
            StopError::Refused(reason) => (services::INVALID_CONTROL, format!("{service} {reason}")),
        };
        failed(session, "ControlService", known, &detail)
    })?;
    let text = status(session, &service);
    session.say(&text);
    Ok(())
}

/// A service that runs is only marked: its key goes when it is stopped.
fn delete(session: &mut Session, service: &str) -> CommandResult {
    let Some(service) = services::installed(service) else {
        return Err(failed(session, "OpenService", services::NO_SUCH_SERVICE, service));
    };
    let key = services::key(&service);
    if io::loaded(&service).is_none() {
        cm::delete_key(&key);
    } else if cm::dword(&key, services::DELETE_FLAG).is_some() {
        return Err(failed(
            session,
            "DeleteService",
            services::MARKED_FOR_DELETE,
            &service,
        ));
    } else {
        cm::set(&key, services::DELETE_FLAG, Value::dword(1));
    }
    session.say("[SC] DeleteService SUCCESS");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::option;

    #[test]
    fn an_option_takes_the_next_word_or_its_own_rest() {
        let words = ["binPath=", "a.sys", "type=kernel"];
        assert_eq!(option(&words, "BINPATH"), Some("a.sys"));
        assert_eq!(option(&words, "type"), Some("kernel"));
        assert_eq!(option(&words, "start"), None);
    }
}
