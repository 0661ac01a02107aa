//! Commands that make, take away, open and ask devices.

use std::time::Instant;

use super::commands::usage;
use super::pnputil;
use super::session::{CommandError, CommandResult, Driverless, Session};
use super::words;
use crate::abi::{GENERIC_READ, GENERIC_WRITE, GUID};
use crate::io;
use crate::pnp::{self, Node, Problem};
use crate::se::Subject;

/// The device of an instance ID.
pub(super) fn find(id: &str) -> Result<Node, CommandError> {
    pnp::find_instance(id).ok_or_else(|| CommandError::Script(format!("there is no device {id}")))
}

pub(super) fn devgen(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let lower: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    if let (["/remove", _], [_, id]) = (lower.as_slice(), arguments) {
        return pnputil::remove_generated(session, id);
    }
    let (["/add", "/hardwareid", _], [_, _, hardware_id]) = (lower.as_slice(), arguments) else {
        return Err(usage("devgen", "the arguments are not understood"));
    };
    let before = pnp::nodes();
    let id = (*hardware_id).to_owned();
    let instance = pnp::run(move || pnp::add_root_device(&id));
    session.say(&format!("Device node created. Instance ID: {instance}"));
    session.variables.insert(String::from("device"), instance.clone());
    if pnp::find_instance(&instance).is_some_and(|node| node.problem == Some(Problem::NoDriver)) {
        session.say(&format!(
            "No driver package matches the hardware ID {hardware_id} (problem 28)."
        ));
        let place = session.place.clone();
        session.driverless.push(Driverless {
            instance,
            hardware_id: (*hardware_id).to_owned(),
            place,
        });
        return Ok(());
    }
    check_problems(session, &before)
}

/// Tells of devices that have a problem now and had none before. A driver that refuses its device is no error of the
/// command, as on Windows, and neither is a device without a driver; an image that cannot be loaded is one, and a `DriverEntry` that
/// fails.
///
/// # Errors
///
/// [`CommandError::Environment`] for `CM_PROB_DRIVER_FAILED_LOAD`, [`CommandError::Failed`] for `CM_PROB_FAILED_DRIVER_ENTRY`.
pub(super) fn check_problems(session: &mut Session, before: &[Node]) -> CommandResult {
    let had = |node: &Node| {
        before
            .iter()
            .any(|old| old.id == node.id && old.problem == node.problem)
    };
    let mut result = Ok(());
    for node in pnp::nodes() {
        let Some(problem) = node
            .problem
            .filter(|problem| !matches!(problem, Problem::NoDriver | Problem::Disabled) && !had(&node))
        else {
            continue;
        };
        let (code, name) = problem.code();
        let status = problem
            .status()
            .map_or_else(String::new, |status| format!(": {status}"));
        let text = format!("device {} has problem {code} ({name}){status}", node.instance);
        match problem {
            Problem::FailedLoad => result = Err(CommandError::Environment(text)),
            Problem::FailedDriverEntry(_) => result = Err(CommandError::Failed(text)),
            _ => session.say(&text),
        }
    }
    result
}

pub(super) fn surprise_remove(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let [id] = arguments else {
        return Err(usage("surprise-remove", "one instance ID is wanted"));
    };
    let node = find(id)?;
    let id = node.id;
    pnp::run(move || pnp::surprise_remove(id));
    session.say(&format!("Device {} is gone.", node.instance));
    Ok(())
}

/// The name to open for what a line gives: an instance ID stands for its first enabled interface.
fn name_of(target: &str) -> Result<String, CommandError> {
    let Some(node) = pnp::find_instance(target) else {
        return Ok(target.to_owned());
    };
    let enabled = node.pdo.and_then(io::enabled_link);
    enabled
        .ok_or_else(|| CommandError::Failed(format!("the device {target} has no enabled device interface")))
}

/// As whom a command opens a device, and for what.
#[derive(Clone, Copy)]
struct Access {
    subject: Subject,
    rights: u32,
}

impl Access {
    /// Takes `/as WHO` and `/access RIGHTS` out of a command's words: an administrator who reads and writes, unless told.
    fn take<'a>(command: &str, words: &[&'a str]) -> Result<(Self, Vec<&'a str>), CommandError> {
        let mut access = Self {
            subject: Subject::default(),
            rights: GENERIC_READ | GENERIC_WRITE,
        };
        let mut rest = Vec::new();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_default();
            match word.to_ascii_lowercase().as_str() {
                "/as" => access.subject = subject(command, value())?,
                "/access" => access.rights = rights(command, value())?,
                _ => rest.push(word),
            }
        }
        Ok((access, rest))
    }

    fn open(self, target: &str) -> Result<io::File, CommandError> {
        let name = name_of(target)?;
        io::open(&name, self.subject, self.rights).map_err(|error| CommandError::Failed(error.to_string()))
    }
}

fn subject(command: &str, word: &str) -> Result<Subject, CommandError> {
    Subject::named(word).ok_or_else(|| {
        usage(
            command,
            &format!("/as takes system, administrator or user, not {word:?}"),
        )
    })
}

fn rights(command: &str, word: &str) -> Result<u32, CommandError> {
    match word.to_ascii_lowercase().as_str() {
        "none" => Ok(0),
        "read" => Ok(GENERIC_READ),
        "write" => Ok(GENERIC_WRITE),
        "readwrite" => Ok(GENERIC_READ | GENERIC_WRITE),
        _ => Err(usage(
            command,
            &format!("/access takes none, read, write or readwrite, not {word:?}"),
        )),
    }
}

pub(super) fn open(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (access, arguments) = Access::take("open", arguments)?;
    let [name, target] = arguments[..] else {
        return Err(usage("open", "a name and a device are wanted"));
    };
    let name = name.to_lowercase();
    if session.files.contains_key(&name) {
        return Err(CommandError::Script(format!("{name} is open already")));
    }
    let file = access.open(target)?;
    session.files.insert(name, file);
    session.say(&format!("Opened {target}."));
    Ok(())
}

pub(super) fn close(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let [name] = arguments else {
        return Err(usage("close", "one name is wanted"));
    };
    let file = session.files.remove(&name.to_lowercase());
    drop(file.ok_or_else(|| CommandError::Script(format!("{name} is not open")))?);
    // A removal may have waited for the file.
    pnp::settle();
    session.say(&format!("Closed {name}."));
    Ok(())
}

pub(super) fn ioctl(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (access, arguments) = Access::take("ioctl", arguments)?;
    let [target, code, ref options @ ..] = arguments[..] else {
        return Err(usage("ioctl", "a device and a code are wanted"));
    };
    let code = words::number(code).ok_or_else(|| usage("ioctl", &format!("{code} is no number")))?;
    let (options, times) = repetitions(options)?;
    let (input, length) = buffers(options)?;
    let text = with_file(session, target, access, |file| {
        send(file, code, &input, length, times)
    })?;
    session.say(&text);
    Ok(())
}

pub(super) fn read(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (access, arguments) = Access::take("read", arguments)?;
    let [target, length, ref options @ ..] = arguments[..] else {
        return Err(usage("read", "a device and a length are wanted"));
    };
    let wanted = words::number(length).ok_or_else(|| usage("read", &format!("{length} is no number")))?;
    let offset = offset("read", options)?;
    let answered = with_file(session, target, access, |file| file.read(wanted as usize, offset))?;
    session.say(&answer(&answered));
    Ok(())
}

pub(super) fn write(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (access, arguments) = Access::take("write", arguments)?;
    let [target, text, ref options @ ..] = arguments[..] else {
        return Err(usage("write", "a device and bytes are wanted"));
    };
    let content = words::bytes(text).ok_or_else(|| usage("write", &format!("{text} are no bytes")))?;
    let offset = offset("write", options)?;
    let answered = with_file(session, target, access, |file| file.write(&content, offset))?;
    session.say(&answer(&answered));
    Ok(())
}

/// `/offset NUMBER`, or zero.
fn offset(command: &str, options: &[&str]) -> Result<i64, CommandError> {
    match options {
        [] => Ok(0),
        ["/offset", number] => words::number(number)
            .map(i64::from)
            .ok_or_else(|| usage(command, &format!("{number} is no number"))),
        other => Err(usage(command, &format!("{} is not understood", other.join(" ")))),
    }
}

/// Does something with a file that `open` keeps, or that is opened for it.
fn with_file<R>(
    session: &Session,
    target: &str,
    access: Access,
    f: impl FnOnce(&io::File) -> R,
) -> Result<R, CommandError> {
    match session.files.get(&target.to_lowercase()) {
        Some(kept) => Ok(f(kept)),
        None => access.open(target).map(|file| f(&file)),
    }
}

/// Sends a request so many times: the last answer, and the time of all, if there are several.
fn send(file: &io::File, code: u32, input: &[u8], length: usize, times: u32) -> String {
    let start = Instant::now();
    for _ in 1..times {
        drop(file.ioctl(code, input, length));
    }
    let done = answer(&file.ioctl(code, input, length));
    match times {
        1 => done,
        _ => format!(
            "{done}; {times} times, {} nanoseconds",
            start.elapsed().as_nanos()
        ),
    }
}

/// `/repeat NUMBER` at the end of the options, and what stands before it.
fn repetitions<'a, 'b>(options: &'a [&'b str]) -> Result<(&'a [&'b str], u32), CommandError> {
    let [before @ .., "/repeat", number] = options else {
        return Ok((options, 1));
    };
    let times = words::number(number).filter(|times| *times > 0);
    let times = times.ok_or_else(|| usage("ioctl", &format!("{number} is no number of times")))?;
    Ok((before, times))
}

/// Input bytes and the room for output.
fn buffers(options: &[&str]) -> Result<(Vec<u8>, usize), CommandError> {
    let (input, options) = match options {
        [first, rest @ ..] if !first.starts_with('/') => (*first, rest),
        _ => ("", options),
    };
    let input = words::bytes(input).ok_or_else(|| usage("ioctl", &format!("{input} are no bytes")))?;
    let length = match options {
        [] => 0,
        ["/out", number] => {
            words::number(number).ok_or_else(|| usage("ioctl", &format!("{number} is no number")))?
        }
        other => return Err(usage("ioctl", &format!("{} is not understood", other.join(" ")))),
    };
    Ok((input, length as usize))
}

/// `STATUS_SUCCESS (0x00000000), 4 bytes: 26 00 00 00`.
fn answer(done: &io::Answer) -> String {
    let bytes = done
        .output
        .iter()
        .take(done.information)
        .fold(String::new(), |text, byte| text + &format!(" {byte:02X}"));
    let colon = if bytes.is_empty() { "" } else { ":" };
    format!("{}, {} bytes{colon}{bytes}", done.status, done.information)
}

pub(super) fn query_interface(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let ([id, guid, size, version] | [id, guid, size, version, "/null"]) = arguments else {
        return Err(usage("query-interface", "four arguments are wanted"));
    };
    let node = find(id)?;
    let Ok(guid) = guid.parse::<GUID>() else {
        return Err(usage("query-interface", &format!("{guid} is no GUID")));
    };
    let number = |text: &str| words::number(text).and_then(|number| u16::try_from(number).ok());
    let (Some(size), Some(version)) = (number(size), number(version)) else {
        return Err(usage(
            "query-interface",
            "size and version are numbers below 65536",
        ));
    };
    let null = arguments.len() > 4;
    let id = node.id;
    let answer = pnp::run(move || pnp::query_interface(id, guid, size, version, null));
    let table = if answer.status.is_success() {
        format!(", size {}, version {}", answer.size, answer.version)
    } else {
        String::new()
    };
    session.say(&format!("{}{table}", answer.status));
    for (index, entry) in answer.entries.iter().enumerate() {
        session.say(&format!("entry {index}: {entry}"));
    }
    Ok(())
}
