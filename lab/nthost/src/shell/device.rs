//! Commands that make, take away, open and ask devices.

use super::commands::usage;
use super::session::{CommandError, CommandResult, Driverless, Session};
use super::words;
use crate::abi::GUID;
use crate::io;
use crate::pnp::{self, Node, Problem};

/// The device of an instance ID.
pub(super) fn find(id: &str) -> Result<Node, CommandError> {
    pnp::find_instance(id).ok_or_else(|| CommandError::Script(format!("there is no device {id}")))
}

pub(super) fn devgen(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let lower: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let (["/add", "/hardwareid", _], [_, _, hardware_id]) = (lower.as_slice(), arguments) else {
        return Err(usage("devgen", "the arguments are not understood"));
    };
    let before = pnp::nodes();
    let id = (*hardware_id).to_owned();
    let instance = pnp::run(move || pnp::add_root_device(&id));
    session.say(&format!("Device node created. Instance ID: {instance}"));
    session.variables.insert(String::from("device"), instance.clone());
    if pnp::find_instance(&instance).is_some_and(|node| node.problem == Some(Problem::NoDriver)) {
        session.say(&format!("No driver package matches the hardware ID {hardware_id} (problem 28)."));
        let place = session.place.clone();
        session.driverless.push(Driverless { instance, hardware_id: (*hardware_id).to_owned(), place });
        return Ok(());
    }
    check_problems(&before)
}

/// Reports devices that have a problem now and had none before. One without a driver is none of this command's.
pub(super) fn check_problems(before: &[Node]) -> CommandResult {
    let had = |node: &Node| before.iter().any(|old| old.id == node.id && old.problem == node.problem);
    for node in pnp::nodes() {
        let Some(problem) = node.problem.filter(|problem| *problem != Problem::NoDriver && !had(&node)) else { continue };
        let (code, name) = problem.code();
        let status = problem.status().map_or_else(String::new, |status| format!(": {status}"));
        let text = format!("the device {} has problem {code} ({name}){status}", node.instance);
        return Err(match problem {
            Problem::FailedLoad => CommandError::Environment(text),
            _ => CommandError::Failed(text),
        });
    }
    Ok(())
}

pub(super) fn surprise_remove(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let [id] = arguments else { return Err(usage("surprise-remove", "one instance ID is wanted")) };
    let node = find(id)?;
    let id = node.id;
    pnp::run(move || pnp::surprise_remove(id));
    session.say(&format!("Device {} is gone.", node.instance));
    Ok(())
}

/// The name to open for what a line gives: an instance ID stands for its first enabled interface.
fn name_of(target: &str) -> Result<String, CommandError> {
    let Some(node) = pnp::find_instance(target) else { return Ok(target.to_owned()) };
    let enabled = io::interfaces_of(&node.instance).into_iter().next();
    enabled.ok_or_else(|| CommandError::Failed(format!("the device {target} has no enabled device interface")))
}

fn open_file(target: &str) -> Result<io::File, CommandError> {
    let name = name_of(target)?;
    io::open(&name).map_err(|status| CommandError::Failed(format!("{target} cannot be opened: {status}")))
}

pub(super) fn open(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let [target, name] = arguments else { return Err(usage("open", "a device and a name are wanted")) };
    let name = name.to_lowercase();
    if session.files.contains_key(&name) {
        return Err(CommandError::Script(format!("{name} is open already")));
    }
    let file = open_file(target)?;
    session.files.insert(name, file);
    session.say(&format!("Opened {target}."));
    Ok(())
}

pub(super) fn close(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let [name] = arguments else { return Err(usage("close", "one name is wanted")) };
    let file = session.files.remove(&name.to_lowercase());
    io::close(file.ok_or_else(|| CommandError::Script(format!("{name} is not open")))?);
    session.say(&format!("Closed {name}."));
    Ok(())
}

pub(super) fn ioctl(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let [target, code, options @ ..] = arguments else { return Err(usage("ioctl", "a device and a code are wanted")) };
    let code = words::number(code).ok_or_else(|| usage("ioctl", &format!("{code} is no number")))?;
    let (mut input, mut length) = (Vec::new(), 0);
    for option in options.chunks(2) {
        match option {
            ["/in", bytes] => {
                input = words::bytes(bytes).ok_or_else(|| usage("ioctl", &format!("{bytes} are no bytes")))?;
            }
            ["/out", number] => {
                length = words::number(number).ok_or_else(|| usage("ioctl", &format!("{number} is no number")))?;
            }
            _ => return Err(usage("ioctl", &format!("{} is not understood", option.join(" ")))),
        }
    }
    let kept = session.files.get(&target.to_lowercase()).copied();
    let file = kept.map_or_else(|| open_file(target), Ok)?;
    let done = io::control(file, code, &input, length as usize);
    if kept.is_none() {
        io::close(file);
    }
    session.say(&format!("Status:       {}", done.status));
    session.say(&format!("Information:  {}", done.information));
    if !done.output.is_empty() {
        let bytes: Vec<String> = done.output.iter().map(|byte| format!("{byte:02x}")).collect();
        session.say(&format!("Output:       {}", bytes.join(" ")));
    }
    if let Ok(four) = <[u8; 4]>::try_from(done.output.as_slice()) {
        session.say(&format!("As i32:       {}", i32::from_le_bytes(four)));
    }
    Ok(())
}

pub(super) fn query_interface(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let ([id, guid, size, version] | [id, guid, size, version, "/null"]) = arguments else {
        return Err(usage("query-interface", "four arguments are wanted"));
    };
    let node = find(id)?;
    let Ok(guid) = guid.parse::<GUID>() else { return Err(usage("query-interface", &format!("{guid} is no GUID"))) };
    let number = |text: &str| words::number(text).and_then(|number| u16::try_from(number).ok());
    let (Some(size), Some(version)) = (number(size), number(version)) else {
        return Err(usage("query-interface", "size and version are numbers below 65536"));
    };
    let null = arguments.len() > 4;
    let id = node.id;
    let answer = pnp::run(move || pnp::query_interface(id, guid, size, version, null));
    session.say(&format!("Status:            {}", answer.status));
    session.say(&format!("Returned Size:     {}", answer.size));
    session.say(&format!("Returned Version:  {}", answer.version));
    Ok(())
}
