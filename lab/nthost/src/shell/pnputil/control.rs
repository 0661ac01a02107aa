//! The commands of pnputil that change a device: disable, enable, restart, remove, scan.

use super::super::commands::usage;
use super::super::device;
use super::super::session::{CommandError, CommandResult, Session};
use crate::pnp::{self, Node, NodeId, RemoveError};

/// What Windows says of an instance ID that it does not know: `ERROR_NO_SUCH_DEVINST` of setupapi.h.
const NO_SUCH_DEVICE: &str = "The device instance does not exist in the hardware tree.";
/// What Windows says of the root of the tree: `ERROR_NOT_DISABLEABLE` of setupapi.h.
const NOT_DISABLEABLE: &str = "The specified device cannot be disabled.";

/// The verb of a command in the forms that its messages need.
struct Verb {
    infinitive: &'static str,
    gerund: &'static str,
    participle: &'static str,
}

impl Verb {
    fn failed(&self, why: &str) -> String {
        format!("Failed to {} device: {why}", self.infinitive)
    }

    /// The one device that a line names, announced as Windows does.
    fn begin(&self, session: &mut Session, id: &str) -> Result<Node, CommandError> {
        session.say(&format!("{:<24}{id}", format!("{} device:", self.gerund)));
        let node = pnp::find_instance(id)
            .ok_or_else(|| CommandError::Script(format!("{} ({id})", self.failed(NO_SUCH_DEVICE))))?;
        if node.parent.is_none() {
            return Err(CommandError::Script(self.failed(NOT_DISABLEABLE)));
        }
        Ok(node)
    }

    /// Does it on the thread of the `PnP` manager, and says how it went.
    fn run(
        &self,
        session: &mut Session,
        id: NodeId,
        action: fn(NodeId) -> Result<(), RemoveError>,
    ) -> CommandResult {
        let before = pnp::nodes();
        pnp::run(move || action(id))
            .map_err(|error| CommandError::Failed(self.failed(&error.to_string())))?;
        session.say(&format!("Device {} successfully.", self.participle));
        device::check_problems(session, &before)
    }

    fn command(
        &self,
        session: &mut Session,
        arguments: &[&str],
        action: fn(NodeId) -> Result<(), RemoveError>,
    ) -> CommandResult {
        let [id] = arguments else {
            return Err(usage("pnputil", "one instance ID is wanted"));
        };
        let node = self.begin(session, id)?;
        self.run(session, node.id, action)
    }
}

const DISABLE: Verb = Verb {
    infinitive: "disable",
    gerund: "Disabling",
    participle: "disabled",
};

const ENABLE: Verb = Verb {
    infinitive: "enable",
    gerund: "Enabling",
    participle: "enabled",
};

const RESTART: Verb = Verb {
    infinitive: "restart",
    gerund: "Restarting",
    participle: "restarted",
};

const REMOVE: Verb = Verb {
    infinitive: "remove",
    gerund: "Removing",
    participle: "removed",
};

pub(super) fn disable(session: &mut Session, arguments: &[&str]) -> CommandResult {
    DISABLE.command(session, arguments, pnp::disable)
}

pub(super) fn enable(session: &mut Session, arguments: &[&str]) -> CommandResult {
    ENABLE.command(session, arguments, |id| {
        pnp::enable(id);
        Ok(())
    })
}

pub(super) fn restart(session: &mut Session, arguments: &[&str]) -> CommandResult {
    RESTART.command(session, arguments, pnp::restart)
}

pub(super) fn remove(session: &mut Session, arguments: &[&str]) -> CommandResult {
    REMOVE.command(session, arguments, pnp::remove)
}

/// `devgen /remove`: a device that `devgen /add` made.
pub(in super::super) fn remove_generated(session: &mut Session, id: &str) -> CommandResult {
    let node = REMOVE.begin(session, id)?;
    if node.parent != Some(pnp::root_node()) {
        return Err(CommandError::Script(format!("{id} was not made by devgen")));
    }
    REMOVE.run(session, node.id, pnp::remove)
}

pub(super) fn scan(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let from = match arguments {
        [] => None,
        [option, id] if option.eq_ignore_ascii_case("/instanceid") => Some(device::find(id)?.id),
        _ => return Err(super::unknown(arguments)),
    };
    session.say("Scanning for device hardware changes.");
    let before = pnp::nodes();
    pnp::run(move || pnp::scan(from));
    session.say("Scan complete.");
    device::check_problems(session, &before)
}
