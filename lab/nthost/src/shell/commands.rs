//! The table of commands.
#![expect(
    clippy::unnecessary_wraps,
    reason = "every command has the type that the table wants"
)]

use std::fs;

use super::session::{CommandError, CommandResult, Session};
use super::{device, net, pnputil, registry, sc, soak, words};
use crate::verifier::faults;
use crate::{dbg, report};

/// A command.
#[derive(Debug)]
pub struct Command {
    /// The word it begins with.
    pub name: &'static str,
    /// Its arguments.
    pub usage: &'static str,
    /// What it does.
    pub help: &'static str,
    run: fn(&mut Session, &[&str]) -> CommandResult,
}

/// Every command.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "pnputil",
        usage: "/add-driver FILE.inf [/install] | /delete-driver oemN.inf [/uninstall] [/force] | /enum-drivers [/class NAME] [/files] | /enum-devices [/instanceid ID] [/class NAME] [/problem [CODE]] [/connected | /disconnected] [/drivers] [/relations] [/ids] | /enum-devicetree | /disable-device ID | /enable-device ID | /restart-device ID | /remove-device ID | /scan-devices [/instanceid ID]",
        help: "driver packages and devices, as on Windows",
        run: pnputil::run,
    },
    Command {
        name: "devgen",
        usage: "/add /hardwareid ID | /remove INSTANCE-ID",
        help: "makes a root-enumerated device, or takes it away",
        run: device::devgen,
    },
    Command {
        name: "tree",
        usage: "[--svg FILE]",
        help: "shows the device tree, or writes it to a file as a picture",
        run: tree,
    },
    Command {
        name: "surprise-remove",
        usage: "ID",
        help: "takes a device and all below it away without asking",
        run: device::surprise_remove,
    },
    Command {
        name: "reg",
        usage: "add KEY /v NAME /t TYPE /d DATA [/f] | query KEY [/v NAME] | delete KEY [/v NAME] [/f]",
        help: "the registry, as on Windows",
        run: registry::run,
    },
    Command {
        name: "net",
        usage: "start NAME | stop NAME",
        help: "starts and stops the driver of a service, as on Windows",
        run: net::run,
    },
    Command {
        name: "sc",
        usage: "create NAME binPath= FILE type= kernel | query [NAME] | qc NAME | start NAME | stop NAME | delete NAME",
        help: "services, as on Windows",
        run: sc::run,
    },
    Command {
        name: "ioctl",
        usage: "TARGET CODE [BYTES] [/out LENGTH] [/repeat TIMES] [/as WHO] [/access RIGHTS]",
        help: "opens a device (an instance ID, an interface path, \\Device\\NAME or a name of `open`) and sends a control request; BYTES is hex digits, i32:19, u32:…, u64:… or text:…; a repeated request tells the time that all of them took; WHO is system, administrator (unless told) or user, RIGHTS is none, read, write or readwrite (unless told)",
        run: device::ioctl,
    },
    Command {
        name: "read",
        usage: "TARGET LENGTH [/offset NUMBER]",
        help: "sends a read request (IRP_MJ_READ)",
        run: device::read,
    },
    Command {
        name: "write",
        usage: "TARGET BYTES [/offset NUMBER]",
        help: "sends a write request (IRP_MJ_WRITE); BYTES as for `ioctl`",
        run: device::write,
    },
    Command {
        name: "open",
        usage: "NAME TARGET [/as WHO] [/access RIGHTS]",
        help: "opens a device and keeps it open under a name; WHO and RIGHTS as for ioctl",
        run: device::open,
    },
    Command {
        name: "close",
        usage: "NAME",
        help: "closes what `open` opened",
        run: device::close,
    },
    Command {
        name: "query-interface",
        usage: "ID GUID SIZE VERSION [/null]",
        help: "sends IRP_MN_QUERY_INTERFACE to a device's stack, with a buffer of SIZE bytes or with NULL",
        run: device::query_interface,
    },
    Command {
        name: "fail-nth",
        usage: "N",
        help: "lets the Nth call from now on that can fail for want of resources, fail; 0 calls that off; wants --faults-on-demand",
        run: fail_nth,
    },
    Command {
        name: "soak",
        usage: "FILE /seed N [/threads N] [/operations N | /minutes N] [/round N]",
        help: "runs random operations of a table in several threads; an equal seed gives each thread the same ones",
        run: soak::run,
    },
    Command {
        name: "log",
        usage: "",
        help: "shows what drivers have printed so far",
        run: log,
    },
    Command {
        name: "traces",
        usage: "[COUNT]",
        help: "shows the last lines of the trace, 20 unless told: each refused IRP_MN_QUERY_INTERFACE with the reasons",
        run: traces,
    },
    Command {
        name: "expect",
        usage: "[/log | /not] TEXT",
        help: "fails unless the last command's output (the log) has TEXT (has not)",
        run: expect,
    },
    Command {
        name: "expect-error",
        usage: "COMMAND…",
        help: "runs a command that has to fail; its error becomes the output",
        run: expect_error,
    },
    Command {
        name: "set",
        usage: "NAME=VALUE",
        help: "sets a variable, which %NAME% stands for",
        run: set,
    },
    Command {
        name: "help",
        usage: "",
        help: "shows this list",
        run: help,
    },
    Command {
        name: "exit",
        usage: "",
        help: "ends the script or the prompt",
        run: exit,
    },
];

/// Runs a command.
///
/// # Errors
///
/// A [`CommandError`]: an unknown command, and whatever the command says.
pub(super) fn run(session: &mut Session, line: &[String]) -> CommandResult {
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let Some((name, arguments)) = line.split_first() else {
        return Ok(());
    };
    let known = COMMANDS
        .iter()
        .find(|command| command.name.eq_ignore_ascii_case(name));
    let command = known
        .ok_or_else(|| CommandError::Script(format!("there is no command {name}; `help` lists them")))?;
    if !command.name.starts_with("expect") {
        session.output.clear();
    }
    (command.run)(session, arguments)
}

/// The error of a line whose arguments are wrong.
pub(super) fn usage(name: &str, why: &str) -> CommandError {
    let usage = COMMANDS
        .iter()
        .find(|command| command.name == name)
        .map_or("", |command| command.usage);
    CommandError::Script(format!("{why}; usage: {name} {usage}"))
}

/// The tree as it is now; the option of the command line writes the largest one of the run.
fn tree(session: &mut Session, arguments: &[&str]) -> CommandResult {
    match arguments {
        [] => pnputil::enum_tree(session),
        ["--svg", file] => {
            let tree = report::tree()
                .ok_or_else(|| CommandError::Environment(String::from("there is no device")))?;
            fs::write(file, report::picture(&tree))
                .map_err(|error| CommandError::Environment(format!("{file} cannot be written: {error}")))
        }
        _ => Err(usage("tree", "one option is known")),
    }
}

fn log(session: &mut Session, _arguments: &[&str]) -> CommandResult {
    session.say(&dbg::lines().join("\n"));
    Ok(())
}

fn fail_nth(_session: &mut Session, arguments: &[&str]) -> CommandResult {
    let [nth] = arguments else {
        return Err(usage("fail-nth", "one number is wanted"));
    };
    let nth = words::number(nth).ok_or_else(|| usage("fail-nth", &format!("{nth} is no number")))?;
    if faults::on_demand() {
        faults::fail_nth(u64::from(nth));
        Ok(())
    } else {
        Err(usage("fail-nth", "nthost was started without --faults-on-demand"))
    }
}

/// How many lines `traces` shows unless told.
const TRACES: u32 = 20;

fn traces(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let count = match arguments {
        [] => Some(TRACES),
        [count] => words::number(count),
        _ => None,
    };
    let count = count.ok_or_else(|| usage("traces", "a number of lines is wanted"))?;
    let lines = dbg::traces(usize::try_from(count).unwrap_or(usize::MAX));
    session.say(&if lines.is_empty() {
        String::from("The trace is empty.")
    } else {
        lines.join("\n")
    });
    Ok(())
}

fn expect(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (in_log, wanted, text) = match arguments {
        ["/log", text] => (true, true, *text),
        ["/not", text] => (false, false, *text),
        [text] => (false, true, *text),
        _ => return Err(usage("expect", "one text is wanted")),
    };
    let found = if in_log {
        dbg::lines().iter().any(|line| line.contains(text))
    } else {
        session.output.contains(text)
    };
    let place = if in_log { "the log" } else { "the last output" };
    match (found, wanted) {
        (true, true) | (false, false) => Ok(()),
        (false, true) => Err(CommandError::Failed(format!("{place} does not have {text:?}"))),
        (true, false) => Err(CommandError::Failed(format!("{place} has {text:?}"))),
    }
}

fn expect_error(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let words: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    match run(session, &words) {
        Ok(()) => Err(CommandError::Failed(format!(
            "{} did not fail",
            arguments.join(" ")
        ))),
        Err(error) => {
            session.say(&format!("expected error: {error}"));
            Ok(())
        }
    }
}

fn set(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let text = arguments.join(" ");
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| usage("set", "there is no ="))?;
    session
        .variables
        .insert(name.trim().to_lowercase(), value.trim().to_owned());
    Ok(())
}

fn help(session: &mut Session, _arguments: &[&str]) -> CommandResult {
    for command in COMMANDS {
        session.say(&format!(
            "{} {}\n    {}",
            command.name, command.usage, command.help
        ));
    }
    Ok(())
}

const fn exit(session: &mut Session, _arguments: &[&str]) -> CommandResult {
    session.ended = true;
    Ok(())
}
