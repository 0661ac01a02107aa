//! What an administrator does with a device that is there: disable, enable, restart, and look for new ones.

use super::binding::device_key;
use super::node::{self, NodeId, Problem, State};
use super::remove::{self, RemoveError};
use super::{enumerate, start};
use crate::cm::{self, Value};

/// `CONFIGFLAG_DISABLED` of regstr.h.
const CONFIGFLAG_DISABLED: u32 = 0x1;
/// The value of a device's key that has the `CONFIGFLAG_…`.
const CONFIG_FLAGS: &str = "ConfigFlags";

fn flags(instance: &str) -> u32 {
    cm::dword(&device_key(instance), CONFIG_FLAGS).unwrap_or(0)
}

/// Whether an administrator has disabled a device. It stays so when its bus goes and comes back.
pub(super) fn is_disabled(instance: &str) -> bool {
    flags(instance) & CONFIGFLAG_DISABLED != 0
}

/// Takes the drivers away from a device and keeps them away: problem 22.
///
/// # Errors
/// See [`RemoveError`]; then nothing has changed.
pub fn disable(id: NodeId) -> Result<(), RemoveError> {
    let Some(node) = node::get(id) else { return Ok(()) };
    if let Some(fixed) = node::subtree(id).into_iter().find(|node| node.not_disableable) {
        return Err(RemoveError::NotDisableable(fixed.instance));
    }
    remove::stop(id)?;
    let flags = flags(&node.instance) | CONFIGFLAG_DISABLED;
    cm::set(&device_key(&node.instance), CONFIG_FLAGS, Value::dword(flags));
    node::update(id, |node| node.problem = Some(Problem::Disabled));
    Ok(())
}

/// Starts a device that was disabled; one that was not stays as it is.
pub fn enable(id: NodeId) {
    let Some(node) = node::get(id) else { return };
    let before = flags(&node.instance);
    if before & CONFIGFLAG_DISABLED != 0 {
        let flags = Value::dword(before & !CONFIGFLAG_DISABLED);
        cm::set(&device_key(&node.instance), CONFIG_FLAGS, flags);
        node::update(id, |node| node.problem = None);
        start::start(id);
    }
}

/// Takes the drivers away from a device and starts it again. A disabled one stays disabled.
///
/// # Errors
/// See [`RemoveError`]; then nothing has changed.
pub fn restart(id: NodeId) -> Result<(), RemoveError> {
    remove::stop(id)?;
    start::start(id);
    Ok(())
}

/// Asks every bus that runs, or those from one device down, for its children.
pub fn scan(from: Option<NodeId>) {
    let mut buses = from.map_or_else(node::nodes, node::subtree);
    // Parents have the lower numbers.
    buses.sort_unstable_by_key(|node| node.id);
    for bus in buses.into_iter().map(|node| node.id) {
        if node::get(bus).is_some_and(|node| node.state == State::Started) {
            enumerate::enumerate(bus);
        }
    }
}
