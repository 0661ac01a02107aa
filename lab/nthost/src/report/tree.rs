//! The devices that the report shows: the tree as it was when it was largest.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::cm;
use crate::pnp::{self, Node, NodeId, Problem, State};

/// A device and what is below it.
#[derive(Clone, Debug, Serialize)]
pub struct Device {
    /// The instance ID.
    pub instance_id: String,
    /// What the driver package or the bus calls it.
    pub description: String,
    /// Hardware IDs.
    pub hardware_ids: Vec<String>,
    /// The service of its function driver.
    pub service: Option<String>,
    /// The image of that service.
    pub driver: Option<String>,
    /// The driver package's published name.
    pub inf: Option<String>,
    /// `Started`, `Stopped`, `Disconnected`, `Disabled` or `Problem`.
    pub status: &'static str,
    /// The problem's code and name, if it has one.
    pub problem: Option<String>,
    /// The devices that it is the bus of.
    pub children: Vec<Self>,
}

static LARGEST: Mutex<Option<Device>> = Mutex::new(None);

/// The file name of a service's image; empty for a service that is not installed.
#[must_use]
pub fn image_of_service(service: &str) -> String {
    let path = cm::text(&format!(r"{}\{service}", cm::SERVICES), "ImagePath").unwrap_or_default();
    path.rsplit('\\').next().unwrap_or_default().to_owned()
}

/// The word of pnputil for a device's state.
#[must_use]
pub const fn status(node: &Node) -> &'static str {
    match (node.problem, node.state) {
        (Some(Problem::Disabled), _) => "Disabled",
        (Some(_), _) => "Problem",
        (None, _) if node.parent.is_none() => "Started",
        (None, State::Started) => "Started",
        (None, State::SurpriseRemoved) => "Disconnected",
        (None, State::Enumerated) => "Stopped",
    }
}

impl Device {
    fn of(node: &Node) -> Self {
        Self {
            instance_id: node.instance.clone(),
            description: node.description.clone(),
            hardware_ids: node.hardware_ids.clone(),
            service: node.service.clone(),
            driver: node.service.as_deref().map(image_of_service),
            inf: node.inf.clone(),
            status: status(node),
            problem: node.problem.map(|problem| {
                let (code, name) = problem.code();
                format!("{code} {name}")
            }),
            children: children(node.id),
        }
    }

    fn size(&self) -> usize {
        1 + self.children.iter().map(Self::size).sum::<usize>()
    }
}

fn children(parent: NodeId) -> Vec<Device> {
    pnp::children_of(parent).iter().map(Device::of).collect()
}

/// Looks at the tree; the largest one that was seen is the report's.
pub fn observe() {
    let root = pnp::root_node();
    let Some(node) = pnp::nodes().into_iter().find(|node| node.id == root) else {
        return;
    };
    let seen = Device::of(&node);
    let mut largest = LARGEST.lock().unwrap_or_else(PoisonError::into_inner);
    if largest.as_ref().is_none_or(|known| known.size() <= seen.size()) {
        *largest = Some(seen);
    }
}

/// The largest tree that was seen.
pub(super) fn largest() -> Option<Device> {
    // The run may end while the tree is looked at.
    LARGEST.try_lock().ok()?.clone()
}
