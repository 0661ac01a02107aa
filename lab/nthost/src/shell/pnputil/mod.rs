//! `pnputil`: driver packages and devices, with Windows' syntax and the shape of its output.
#![expect(
    clippy::unnecessary_wraps,
    reason = "every command has the type that the table wants"
)]

mod control;
mod devices;
mod drivers;

pub(super) use control::remove_generated;

use super::commands::usage;
use super::session::{CommandError, CommandResult, Session};
use crate::pnp::{self, Node, Problem};
use crate::report::{drivers_of, status};

const TITLE: &str = "Microsoft PnP Utility\n";

pub(super) fn run(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let Some((verb, rest)) = arguments.split_first() else {
        return Err(usage("pnputil", "there is no command"));
    };
    session.say(TITLE);
    match verb.to_lowercase().as_str() {
        "/add-driver" => drivers::add(session, rest),
        "/delete-driver" => drivers::delete(session, rest),
        "/enum-drivers" => drivers::list(session, rest),
        "/enum-devices" => devices::list(session, rest),
        "/enum-devicetree" => enum_tree(session),
        "/disable-device" => control::disable(session, rest),
        "/enable-device" => control::enable(session, rest),
        "/restart-device" => control::restart(session, rest),
        "/remove-device" => control::remove(session, rest),
        "/scan-devices" => control::scan(session, rest),
        _ => Err(usage("pnputil", &format!("the lab does not know {verb}"))),
    }
}

/// The error of options that a command does not have.
fn unknown(options: &[&str]) -> CommandError {
    usage("pnputil", &format!("the lab does not know {}", options.join(" ")))
}

/// Whether a class is the one that a user means, by name or GUID.
fn is_class(wanted: &str, class: &str, class_guid: &str) -> bool {
    [class, class_guid]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(wanted))
}

/// The tree as text, a line for each device.
pub(super) fn enum_tree(session: &mut Session) -> CommandResult {
    let root = pnp::root_node();
    session.say(r"HTREE\ROOT\0");
    show_children(session, root, 1);
    Ok(())
}

fn show_children(session: &mut Session, parent: pnp::NodeId, depth: usize) {
    for node in pnp::children_of(parent) {
        session.say(&format!("{:width$}{}", "", tree_line(&node), width = depth * 4));
        show_children(session, node.id, depth + 1);
    }
}

/// A device in one line: who it is, its drivers, its state.
fn tree_line(node: &Node) -> String {
    let problem = node.problem.map_or_else(String::new, |problem: Problem| {
        format!(" {} {}", problem.code().0, problem.code().1)
    });
    format!(
        "{}  \"{}\"  {}  {}{problem}",
        node.instance,
        node.description,
        drivers_of(node),
        status(node)
    )
}
