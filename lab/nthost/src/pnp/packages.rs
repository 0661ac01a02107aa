//! What adding and deleting a driver package does to the devices: `pnputil /add-driver /install` and `/delete-driver`.

use std::collections::BTreeSet;

use super::node::{self, Node, NodeId};
use super::rank::{self, Match};
use super::remove::{self, RemoveError};
use super::store::{self, Published};
use super::{binding, services, start};
use crate::io;

/// What `/install` did with a device that the package fits.
#[derive(Clone, Debug)]
pub enum Installed {
    /// It has the package now.
    New,
    /// It has one that fits as well or better.
    UpToDate,
    /// The package names no function driver: `ERROR_NO_ASSOCIATED_SERVICE` of setupapi.h.
    NoService,
    /// It does not let go of the driver that it has.
    Refused(RemoveError),
}

/// Why a package stays.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeleteError {
    /// No package has this name: `ERROR_NOT_AN_INSTALLED_OEM_INF` of setupapi.h.
    #[error("The specified file is not an installed OEM INF.")]
    NotInstalled,
    /// Devices have it: `ERROR_INF_IN_USE_BY_DEVICES` of setupapi.h.
    #[error("One or more devices are presently installed using the specified INF.")]
    InUse(Vec<String>),
    /// A service of a primitive package runs, where Windows asks for a restart of the machine.
    #[error("The service {0} of the package is running; stop it first.")]
    Running(String),
    /// A device does not let go of it.
    #[error(transparent)]
    Refused(#[from] RemoveError),
}

/// Gives a package to the devices that it fits better than what they have: `/install`.
#[must_use]
pub fn install(published: &Published) -> Vec<(String, Installed)> {
    let mut done = BTreeSet::new();
    let mut results = Vec::new();
    // A bus that is installed takes its children away and brings new ones.
    while let Some(node) = next_fitting(published, &done) {
        done.insert(node.instance.clone());
        results.push((node.instance.clone(), install_on(&node, published)));
    }
    results
}

fn next_fitting(published: &Published, done: &BTreeSet<String>) -> Option<Node> {
    node::nodes()
        .into_iter()
        .find(|node| !done.contains(&node.instance) && fits(node, published))
}

/// An extension package needs a base package to be added to.
fn fits(node: &Node, published: &Published) -> bool {
    let named = |found: &Match| found.published.name == published.name;
    let base = rank::matches(node);
    if published.package.extension_id.is_some() {
        !base.is_empty() && rank::extension_matches(node).iter().any(named)
    } else {
        base.iter().any(named)
    }
}

/// Whether a device is to have a package and has not got it.
fn is_wanted(node: &Node, published: &Published) -> bool {
    let named = |found: &Match| found.published.name == published.name;
    if published.package.extension_id.is_some() {
        !node.extensions.contains(&published.name) && rank::extensions(node).iter().any(named)
    } else {
        node.inf.as_ref() != Some(&published.name) && rank::matches(node).first().is_some_and(named)
    }
}

fn install_on(node: &Node, published: &Published) -> Installed {
    if !is_wanted(node, published) {
        return Installed::UpToDate;
    }
    if binding::best_base(node).is_none() {
        return Installed::NoService;
    }
    if let Err(error) = remove::stop(node.id) {
        return Installed::Refused(error);
    }
    assign_and_start(node.id);
    Installed::New
}

/// A disabled device gets its driver too, and does not start.
fn assign_and_start(id: NodeId) {
    binding::assign_driver(id);
    start::start(id);
}

/// Installs a primitive package: its files and services.
pub fn install_primitive(published: &Published) {
    if let Some(install) = &published.package.primitive {
        published.copy_files(install);
        services::install(published, install);
    }
    store::note_installed(&published.name);
}

/// Takes a package out of the store: `/delete-driver`. With `uninstall` its devices get the next best package, or none; returns
/// them. With `force` they keep what they have got.
///
/// # Errors
/// See [`DeleteError`]; then nothing has changed.
pub fn delete_driver(name: &str, uninstall: bool, force: bool) -> Result<Vec<String>, DeleteError> {
    let published = store::published()
        .into_iter()
        .find(|known| known.name.eq_ignore_ascii_case(name))
        .ok_or(DeleteError::NotInstalled)?;
    let users = binding::users(name);
    let is_used = published.is_installed || !users.is_empty();
    if is_used && !uninstall {
        if !force {
            return Err(DeleteError::InUse(users));
        }
        store::unpublish(&published, true);
        return Ok(Vec::new());
    }
    check_stopped(&published)?;
    let stopped = stop_all(&users)?;
    for instance in &users {
        binding::clear(instance);
    }
    services::uninstall(&published);
    let others: Vec<Published> = store::published()
        .into_iter()
        .filter(|other| is_other_in_use(&published, other))
        .collect();
    published.remove_files(&others);
    store::unpublish(&published, false);
    for id in stopped.into_iter().filter(|id| node::get(*id).is_some()) {
        assign_and_start(id);
    }
    Ok(users)
}

fn is_other_in_use(published: &Published, other: &Published) -> bool {
    other.name != published.name && (other.is_installed || !binding::users(&other.name).is_empty())
}

/// The services of a primitive package are stopped before it is uninstalled.
fn check_stopped(published: &Published) -> Result<(), DeleteError> {
    let install = published
        .package
        .primitive
        .iter()
        .filter(|_| published.is_installed);
    let mut services = install.flat_map(|install| &install.services);
    let running = services.find(|service| io::loaded(&service.name).is_some());
    running.map_or(Ok(()), |service| Err(DeleteError::Running(service.name.clone())))
}

/// Stops devices, buses first; if one refuses, those that were stopped start again.
fn stop_all(instances: &[String]) -> Result<Vec<NodeId>, RemoveError> {
    let nodes = node::nodes().into_iter();
    let own = nodes.filter(|node| instances.contains(&node.instance));
    let mut stopped = Vec::new();
    for id in own.map(|node| node.id) {
        if node::get(id).is_none() {
            continue;
        }
        if let Err(error) = remove::stop(id) {
            stopped.into_iter().for_each(start::start);
            return Err(error);
        }
        stopped.push(id);
    }
    Ok(stopped)
}
