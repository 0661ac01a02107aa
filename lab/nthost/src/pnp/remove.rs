//! Removal: asked for, by surprise, or because a start failed.

use std::collections::HashSet;

use super::node::{self, Node, NodeId, Problem, State};
use super::{binding, request, root, worker};
use crate::abi::{
    IRP_MN_CANCEL_REMOVE_DEVICE, IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_REMOVE_DEVICE, IRP_MN_SURPRISE_REMOVAL,
    NTSTATUS,
};
use crate::io::{self, Device, Driver};

/// Why a device stays.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RemoveError {
    /// A driver that has a file of the device open, and registered for it, does not agree.
    #[error("the driver {0} refused GUID_TARGET_DEVICE_QUERY_REMOVE: {1}")]
    Objected(String, NTSTATUS),
    /// A driver vetoed.
    #[error("{0} refused IRP_MN_QUERY_REMOVE_DEVICE: {1}")]
    Vetoed(String, NTSTATUS),
    /// A file is open: `PNP_VetoOutstandingOpen` of cfg.h.
    #[error("{0} has open files (PNP_VetoOutstandingOpen)")]
    InUse(String),
    /// The device said `PNP_DEVICE_NOT_DISABLEABLE`: `ERROR_NOT_DISABLEABLE` of setupapi.h.
    #[error("The specified device cannot be disabled: {0} said PNP_DEVICE_NOT_DISABLEABLE")]
    NotDisableable(String),
}

/// Removes a device and everything below it, if nobody objects. What was installed on the device is forgotten, so it is a new
/// one when its bus reports it again; what is below it is only gone.
///
/// # Errors
/// See [`RemoveError`]; then nothing has changed.
pub fn remove(id: NodeId) -> Result<(), RemoveError> {
    stop(id)?;
    if let Some(node) = node::get(id) {
        binding::forget(&node.instance);
    }
    release(id);
    Ok(())
}

/// Takes the drivers away from a device, and everything below it out of the tree, if nobody objects.
///
/// # Errors
/// See [`RemoveError`]; then nothing has changed.
pub(super) fn stop(id: NodeId) -> Result<(), RemoveError> {
    let devices = node::subtree(id);
    query(&devices)?;
    io::removed(&started(&devices));
    for child in devices.iter().filter(|node| node.id != id) {
        finish(child.id);
    }
    // A device whose drivers do not run got its IRP_MN_REMOVE_DEVICE then.
    if node::get(id).is_some_and(|node| !node.stack.is_empty()) {
        tear_down_stack(id);
    }
    node::update(id, |node| {
        node.state = State::Enumerated;
        (node.problem, node.not_disableable) = (None, false);
    });
    Ok(())
}

/// The PDOs of those devices that run.
fn started(devices: &[Node]) -> Vec<Device> {
    let started = devices.iter().filter(|node| node.state == State::Started);
    started.filter_map(|node| node.pdo).collect()
}

/// Asks who has registered for a device of the list, then every device, then looks for open files; a refusal is taken back from
/// those that were asked.
fn query(devices: &[Node]) -> Result<(), RemoveError> {
    let registered = started(devices);
    io::ask_removal(&registered).map_err(|veto| RemoveError::Objected(veto.service, veto.status))?;
    let started = devices.iter().filter(|node| node.state == State::Started);
    let mut asked = Vec::new();
    let mut refused = None;
    for node in started {
        let Some(pdo) = node.pdo else { continue };
        asked.push(pdo);
        let status = request::simple(pdo, IRP_MN_QUERY_REMOVE_DEVICE);
        if !status.is_success() {
            refused = Some(RemoveError::Vetoed(node.instance.clone(), status));
            break;
        }
    }
    let used = || devices.iter().find(|node| !refuse_opens(node));
    let refused = refused.or_else(|| Some(RemoveError::InUse(used()?.instance.clone())));
    let Some(refused) = refused else {
        return Ok(());
    };
    let running = devices.iter().filter(|node| node.state != State::Enumerated);
    running.filter_map(|node| node.pdo).for_each(io::allow_opens);
    for pdo in asked.into_iter().rev() {
        request::simple(pdo, IRP_MN_CANCEL_REMOVE_DEVICE);
    }
    io::removal_cancelled(&registered);
    Err(refused)
}

/// Takes a device away without asking: `IRP_MN_SURPRISE_REMOVAL` to it and everything below it, then `IRP_MN_REMOVE_DEVICE` as soon as no
/// file is open.
pub fn surprise_remove(id: NodeId) {
    let devices = node::subtree(id);
    let registered = started(&devices);
    for node in devices.iter().filter(|node| node.state == State::Started) {
        let Some(pdo) = node.pdo else { continue };
        io::disable_all(pdo);
        request::simple(pdo, IRP_MN_SURPRISE_REMOVAL);
        node::update(node.id, |node| node.state = State::SurpriseRemoved);
    }
    io::removed(&registered);
    finish_unused(&devices);
}

/// A device that its bus no longer reports.
pub(super) fn vanished(id: NodeId) {
    surprise_remove(id);
}

/// Finishes the removal of those devices that no file keeps, children first; a device waits for what is below it.
fn finish_unused(devices: &[Node]) {
    for node in devices {
        if node::is_leaf(node.id) && refuse_opens(node) {
            finish(node.id);
        }
    }
}

/// A file was closed: a device that was removed by surprise may have waited for it.
pub fn file_closed(device: Device) {
    device.reference();
    worker::post(move || {
        let waiting = node::nodes()
            .into_iter()
            .filter(|node| node.state == State::SurpriseRemoved);
        let mut waiting: Vec<Node> = waiting.collect();
        // Children were found after their parents.
        waiting.reverse();
        finish_unused(&waiting);
        device.dereference();
    });
}

/// Whether no file is open on a device; then none will be.
fn refuse_opens(node: &Node) -> bool {
    node.pdo.is_none_or(io::refuse_opens)
}

/// `IRP_MN_REMOVE_DEVICE`; the node goes, and drivers without a device unload.
fn finish(id: NodeId) {
    tear_down_stack(id);
    release(id);
}

/// The node goes, and with it the tree's reference to the PDO.
fn release(id: NodeId) {
    let Some(pdo) = node::get(id).and_then(|node| node.pdo) else {
        return;
    };
    root::delete_pdo(id);
    node::forget(id);
    pdo.dereference();
}

/// Sends `IRP_MN_REMOVE_DEVICE` to a stack, after which only its PDO is there, and unloads those of its drivers that have no device
/// left, from the bottom up.
pub(super) fn tear_down_stack(id: NodeId) {
    let Some(node) = node::get(id) else { return };
    let Some(pdo) = node.pdo else { return };
    io::disable_all(pdo);
    let mut drivers: Vec<Driver> = pdo.stack().skip(1).map(Device::driver).collect();
    // A driver that attached nothing goes too.
    drivers.extend(node.stack.iter().filter_map(|service| io::loaded(service)));
    let mut seen = HashSet::new();
    drivers.retain(|driver| seen.insert(*driver));
    // The bus may delete the PDO while it handles the request.
    pdo.reference();
    if node.service.is_some() {
        request::simple(pdo, IRP_MN_REMOVE_DEVICE);
    }
    pdo.dereference();
    node::update(id, |node| node.stack.clear());
    for driver in drivers {
        io::unload_if_idle(driver);
    }
}

/// A device that says it does not work any more.
pub(super) fn fail(id: NodeId, problem: Problem) {
    for child in node::children_of(id) {
        surprise_remove(child.id);
    }
    if let Some(pdo) = node::get(id).and_then(|node| node.pdo) {
        request::simple(pdo, IRP_MN_SURPRISE_REMOVAL);
        io::removed(&[pdo]);
    }
    tear_down_stack(id);
    node::update(id, |node| {
        node.state = State::Enumerated;
        node.problem = Some(problem);
    });
}

/// Removes every device, as a machine that shuts its test down does: asked for where that works, by surprise where not.
pub fn remove_everything() {
    for device in node::children_of(node::root_node()) {
        if remove(device.id).is_err() {
            surprise_remove(device.id);
        }
    }
}
