//! The commands of pnputil for driver packages: add, delete, list.

use super::super::commands::usage;
use super::super::device;
use super::super::session::{CommandError, CommandResult, Session};
use super::{is_class, unknown};
use crate::pnp::{self, DeleteError, Installed, Published};

pub(super) fn add(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (name, options) = arguments
        .split_first()
        .ok_or_else(|| usage("pnputil", "there is no INF"))?;
    let install = match options {
        [] => false,
        [option] if option.eq_ignore_ascii_case("/install") => true,
        _ => return Err(unknown(options)),
    };
    let file = session.find_file(name)?;
    session.say(&format!(
        "Adding driver package:  {}",
        file.file_name().unwrap_or_default().to_string_lossy()
    ));
    let published = pnp::add_driver(&file)
        .map_err(|error| CommandError::Environment(format!("Failed to add driver package: {error}")))?;
    let there = if published.was_there {
        " (Already exists in the system)"
    } else {
        ""
    };
    session.say(&format!("Driver package added successfully.{there}"));
    session.say(&format!("Published Name:         {}", published.name));
    for warning in &published.package.warnings {
        session.say(&format!("warning: {warning}"));
    }
    match (install, &published.package.primitive) {
        (false, _) => Ok(()),
        (true, None) => install_on_devices(session, published),
        (true, Some(_)) => {
            pnp::run(move || pnp::install_primitive(&published));
            session.say("Driver package installed.");
            Ok(())
        }
    }
}

fn failed(device: &str, why: &str) -> CommandError {
    CommandError::Failed(format!(
        "Failed to install driver package on device {device}: {why}"
    ))
}

fn install_on_devices(session: &mut Session, published: Published) -> CommandResult {
    let before = pnp::nodes();
    let mut refused = Ok(());
    for (device, result) in pnp::run(move || pnp::install(&published)) {
        match result {
            Installed::New => session.say(&format!("Driver package installed on device: {device}")),
            Installed::UpToDate => {
                session.say(&format!("Driver package is up-to-date on device: {device}"));
            }
            Installed::NoService => refused = Err(failed(&device, NO_ASSOCIATED_SERVICE)),
            Installed::Refused(error) => refused = Err(failed(&device, &error.to_string())),
        }
    }
    device::check_problems(session, &before)?;
    refused
}

pub(super) fn delete(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (name, options) = arguments
        .split_first()
        .ok_or_else(|| usage("pnputil", "there is no published name"))?;
    let (mut uninstall, mut force) = (false, false);
    for option in options {
        match option.to_lowercase().as_str() {
            "/uninstall" => uninstall = true,
            "/force" => force = true,
            _ => return Err(unknown(options)),
        }
    }
    let before = pnp::nodes();
    let published = (*name).to_owned();
    let devices = pnp::run(move || pnp::delete_driver(&published, uninstall, force))
        .map_err(|error| refusal(&error))?;
    if uninstall {
        session.say("Driver package uninstalled.");
    }
    session.say("Driver package deleted successfully.");
    // A device that lost its driver on purpose is no device that waits for one.
    session
        .driverless
        .retain(|waiting| !devices.contains(&waiting.instance));
    device::check_problems(session, &before)
}

fn refusal(error: &DeleteError) -> CommandError {
    let text = format!("Failed to delete driver package: {error}");
    match error {
        DeleteError::NotInstalled => CommandError::Script(text),
        DeleteError::InUse(devices) if devices.is_empty() => CommandError::Failed(text),
        DeleteError::InUse(devices) => CommandError::Failed(format!("{text} ({})", devices.join(", "))),
        DeleteError::Refused(_) | DeleteError::Running(_) => CommandError::Failed(text),
    }
}

pub(super) fn list(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (mut class, mut files) = (None, false);
    let mut options = arguments.iter();
    while let Some(option) = options.next() {
        match option.to_lowercase().as_str() {
            "/class" => class = Some(options.next().ok_or_else(|| unknown(arguments))?),
            "/files" => files = true,
            _ => return Err(unknown(arguments)),
        }
    }
    for published in pnp::published() {
        let package = &published.package;
        if class.is_none_or(|class| is_class(class, &package.class, &package.class_guid)) {
            describe(session, &published, files);
        }
    }
    Ok(())
}

fn describe(session: &mut Session, published: &Published, files: bool) {
    let package = &published.package;
    for (name, value) in [
        ("Published Name", published.name.as_str()),
        ("Original Name", &original_name(published)),
        ("Provider Name", &package.provider),
        ("Class Name", &package.class),
        ("Class GUID", &package.class_guid),
        ("Driver Version", &package.driver_ver.replace(',', " ")),
    ] {
        session.say(&format!("{:<20}{value}", format!("{name}:")));
    }
    if files {
        session.say("Driver Files:");
        for source in &package.sources {
            session.say(&format!("    {}", source.name));
        }
    }
    session.say("");
}

/// What Windows says of a package without a function driver: `ERROR_NO_ASSOCIATED_SERVICE` of setupapi.h.
const NO_ASSOCIATED_SERVICE: &str =
    "The installation failed because a function driver was not specified for this device instance.";

/// The name of the INF that was added.
pub(super) fn original_name(published: &Published) -> String {
    let name = published.original.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
