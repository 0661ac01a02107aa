//! `pnputil /enum-devices` with its filters.

use super::super::device;
use super::super::session::{CommandError, CommandResult, Session};
use super::drivers::original_name;
use super::{is_class, unknown};
use crate::pnp::{self, Match, Node, State};
use crate::report::status;

/// Which problems a shown device has.
#[derive(Default)]
enum Wanted {
    /// Some or none.
    #[default]
    All,
    /// Any.
    Problem,
    /// The one with this code.
    Code(u32),
}

/// Which devices are shown, and what of them.
#[derive(Default)]
struct Filter<'a> {
    instance: Option<String>,
    class: Option<&'a str>,
    problem: Wanted,
    /// Those that are there, or those that are not.
    connected: Option<bool>,
    drivers: bool,
    relations: bool,
    ids: bool,
}

impl<'a> Filter<'a> {
    fn of(arguments: &[&'a str]) -> Result<Self, CommandError> {
        let mut filter = Self::default();
        let mut rest = arguments.iter().copied().peekable();
        let wrong = || unknown(arguments);
        while let Some(option) = rest.next() {
            match option.to_lowercase().as_str() {
                "/instanceid" => {
                    filter.instance = Some(device::find(rest.next().ok_or_else(wrong)?)?.instance);
                }
                "/class" => filter.class = Some(rest.next().ok_or_else(wrong)?),
                "/problem" => {
                    let code = rest.next_if(|word| !word.starts_with('/'));
                    filter.problem = match code {
                        None => Wanted::Problem,
                        Some(code) => Wanted::Code(code.parse().map_err(|_| wrong())?),
                    };
                }
                "/connected" => filter.connected = Some(true),
                "/disconnected" => filter.connected = Some(false),
                "/drivers" => filter.drivers = true,
                "/relations" => filter.relations = true,
                "/ids" => filter.ids = true,
                _ => return Err(wrong()),
            }
        }
        Ok(filter)
    }

    fn shows(&self, node: &Node) -> bool {
        let problem = node.problem.map(|problem| problem.code().0);
        node.parent.is_some()
            && self
                .instance
                .as_ref()
                .is_none_or(|wanted| *wanted == node.instance)
            && self
                .class
                .is_none_or(|wanted| is_class(wanted, &node.class, &node.class_guid))
            && match self.problem {
                Wanted::All => true,
                Wanted::Problem => problem.is_some(),
                Wanted::Code(code) => problem == Some(code),
            }
            && self
                .connected
                .is_none_or(|wanted| wanted == (node.state != State::SurpriseRemoved))
    }
}

pub(super) fn list(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let filter = Filter::of(arguments)?;
    let shown: Vec<Node> = pnp::nodes()
        .into_iter()
        .filter(|node| filter.shows(node))
        .collect();
    if shown.is_empty() {
        session.say("No devices were found on the system.");
    }
    for node in &shown {
        describe(session, node);
        if filter.ids {
            list_of(session, "Hardware IDs", &node.hardware_ids);
            list_of(session, "Compatible IDs", &node.compatible_ids);
        }
        if filter.relations {
            relations(session, node);
        }
        if filter.drivers {
            drivers(session, node);
        }
        session.say("");
    }
    Ok(())
}

/// A line of a description; none for an empty value.
fn line(session: &mut Session, name: &str, value: &str) {
    if !value.is_empty() {
        session.say(&format!("{:<28}{value}", format!("{name}:")));
    }
}

fn describe(session: &mut Session, node: &Node) {
    line(session, "Instance ID", &node.instance);
    line(session, "Device Description", &node.description);
    line(session, "Class Name", &node.class);
    line(session, "Class GUID", &node.class_guid);
    line(session, "Manufacturer Name", &node.manufacturer);
    line(session, "Status", status(node));
    if let Some(problem) = node.problem {
        let (code, name) = problem.code();
        line(
            session,
            "Problem Code",
            &format!("{code} (0x{code:02X}) [{name}]"),
        );
        let status = problem.status().map(|status| status.to_string());
        line(session, "Problem Status", &status.unwrap_or_default());
    }
    line(session, "Driver Name", node.inf.as_deref().unwrap_or_default());
    list_of(session, "Extension Driver Names", &node.extensions);
}

/// A name with the first of its values, the others below that.
fn list_of(session: &mut Session, name: &str, values: &[String]) {
    let mut values = values.iter();
    if let Some(first) = values.next() {
        line(session, name, first);
    }
    for value in values {
        session.say(&format!("{:<28}{value}", ""));
    }
}

fn relations(session: &mut Session, node: &Node) {
    let parent = pnp::nodes()
        .into_iter()
        .find(|other| Some(other.id) == node.parent);
    line(
        session,
        "Parent",
        &parent.map_or_else(String::new, |parent| parent.instance),
    );
    let children = pnp::children_of(node.id).into_iter();
    let children: Vec<String> = children.map(|child| child.instance).collect();
    list_of(session, "Children", &children);
}

/// The packages that fit a device, the best first: base packages, then extension packages, each ID by itself.
fn drivers(session: &mut Session, node: &Node) {
    let (base, extensions) = (pnp::matches(node), pnp::extension_matches(node));
    if base.is_empty() && extensions.is_empty() {
        return;
    }
    session.say("Matching Drivers:");
    let mut best_of = None;
    for found in base.iter().chain(&extensions) {
        let name = &found.published.name;
        let installed = node.inf.as_ref() == Some(name) || node.extensions.contains(name);
        let id = Some(&found.published.package.extension_id);
        let rank = if best_of == id { "Outranked" } else { "Best Ranked" };
        best_of = id;
        let installed = if installed { " / Installed" } else { "" };
        driver(session, found, &format!("{rank}{installed}"));
    }
}

fn driver(session: &mut Session, found: &Match, status: &str) {
    let package = &found.published.package;
    for (name, value) in [
        ("Driver Name", found.published.name.as_str()),
        ("Original Name", &original_name(&found.published)),
        ("Provider Name", &package.provider),
        ("Class Name", &package.class),
        ("Class GUID", &package.class_guid),
        (
            "Extension ID",
            package.extension_id.as_deref().unwrap_or_default(),
        ),
        ("Driver Version", &package.driver_ver.replace(',', " ")),
        ("Matching Device ID", &found.id),
        ("Driver Rank", &format!("{:08X}", found.rank)),
        ("Driver Status", status),
    ] {
        if !value.is_empty() {
            session.say(&format!("    {:<24}{value}", format!("{name}:")));
        }
    }
}
