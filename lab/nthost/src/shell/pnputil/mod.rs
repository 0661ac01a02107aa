//! `pnputil`: driver packages and devices, with Windows' syntax and the shape of its output.
#![expect(
    clippy::unnecessary_wraps,
    reason = "every command has the type that the table wants"
)]

mod control;

pub(super) use control::remove_generated;

use super::commands::usage;
use super::device;
use super::session::{CommandError, CommandResult, Session};
use crate::pnp::{self, Node, Problem};
use crate::report::{image_of_service, status};

const TITLE: &str = "Microsoft PnP Utility\n";

pub(super) fn run(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let Some((verb, rest)) = arguments.split_first() else {
        return Err(usage("pnputil", "there is no command"));
    };
    session.say(TITLE);
    match verb.to_lowercase().as_str() {
        "/add-driver" => add_driver(session, rest),
        "/enum-drivers" => enum_drivers(session),
        "/enum-devices" => enum_devices(session, rest),
        "/enum-devicetree" => enum_tree(session),
        "/disable-device" => control::disable(session, rest),
        "/enable-device" => control::enable(session, rest),
        "/restart-device" => control::restart(session, rest),
        "/remove-device" => control::remove(session, rest),
        "/scan-devices" => control::scan(session, rest),
        _ => Err(usage("pnputil", &format!("the lab does not know {verb}"))),
    }
}

fn add_driver(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (name, options) = arguments
        .split_first()
        .ok_or_else(|| usage("pnputil", "there is no INF"))?;
    let install = match options {
        [] => false,
        [option] if option.eq_ignore_ascii_case("/install") => true,
        _ => {
            return Err(usage(
                "pnputil",
                &format!("the lab does not know {}", options.join(" ")),
            ));
        }
    };
    let file = session.find_file(name)?;
    session.say(&format!(
        "Adding driver package:  {}",
        file.file_name().unwrap_or_default().to_string_lossy()
    ));
    let published = pnp::add_driver(&file).map_err(|error| CommandError::Environment(error.to_string()))?;
    session.say("Driver package added successfully.");
    session.say(&format!("Published Name:         {}", published.name));
    if install {
        let before = pnp::nodes();
        let devices = pnp::run(move || pnp::install(&published));
        for device in devices {
            session.say(&format!("Driver package installed on device: {device}"));
        }
        device::check_problems(session, &before)?;
    }
    Ok(())
}

fn enum_drivers(session: &mut Session) -> CommandResult {
    for published in pnp::published() {
        let original = published
            .original
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let package = &published.package;
        session.say(&format!("Published Name:     {}", published.name));
        session.say(&format!("Original Name:      {original}"));
        session.say(&format!("Provider Name:      {}", package.provider));
        session.say(&format!("Class Name:         {}", package.class));
        session.say(&format!("Class GUID:         {}", package.class_guid));
        session.say(&format!(
            "Driver Version:     {}\n",
            package.driver_ver.replace(',', " ")
        ));
    }
    Ok(())
}

fn enum_devices(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let wanted = match arguments {
        [] => None,
        [option, id] if option.eq_ignore_ascii_case("/instanceid") => Some(device::find(id)?.instance),
        _ => {
            return Err(usage(
                "pnputil",
                &format!("the lab does not know {}", arguments.join(" ")),
            ));
        }
    };
    for node in pnp::nodes().into_iter().filter(|node| node.parent.is_some()) {
        if wanted.as_ref().is_none_or(|wanted| *wanted == node.instance) {
            describe(session, &node);
        }
    }
    Ok(())
}

fn describe(session: &mut Session, node: &Node) {
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            session.say(&format!("{:<28}{value}", format!("{name}:")));
        }
    };
    line("Instance ID", &node.instance);
    line("Device Description", &node.description);
    line("Class Name", &node.class);
    line("Class GUID", &node.class_guid);
    line("Manufacturer Name", &node.manufacturer);
    line("Status", status(node));
    if let Some(problem) = node.problem {
        let (code, name) = problem.code();
        line("Problem Code", &format!("{code} (0x{code:02X}) [{name}]"));
        line(
            "Problem Status",
            &problem
                .status()
                .map_or_else(String::new, |status| status.to_string()),
        );
    }
    line("Driver Name", node.inf.as_deref().unwrap_or_default());
    session.say("");
}

fn enum_tree(session: &mut Session) -> CommandResult {
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

/// A device in one line: who it is, its driver, its state.
fn tree_line(node: &Node) -> String {
    let driver = match (&node.service, &node.inf) {
        (Some(service), Some(inf)) => format!("{} ({inf})", image_of_service(service)),
        _ => String::from("(no driver)"),
    };
    let problem = node.problem.map_or_else(String::new, |problem: Problem| {
        format!(" {} {}", problem.code().0, problem.code().1)
    });
    format!(
        "{}  \"{}\"  driver: {driver}  {}{problem}",
        node.instance,
        node.description,
        status(node)
    )
}
