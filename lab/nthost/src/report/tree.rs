//! The devices that the report shows: the tree as it was when it was largest.

use std::slice;
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
    /// The published names of the extension packages on top of it.
    pub extensions: Vec<String>,
    /// Its device objects, from the top of the stack down to the PDO.
    pub stack: Vec<Layer>,
    /// `Started`, `Stopped`, `Disconnected`, `Disabled` or `Problem`.
    pub status: &'static str,
    /// The problem's code and name, if it has one.
    pub problem: Option<String>,
    /// The devices that it is the bus of.
    pub children: Vec<Self>,
}

/// A device object in a device's stack.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    /// The device object.
    pub device_object: String,
    /// `upper filter`, `function`, `lower filter` or `bus`.
    pub role: &'static str,
    /// The service of its driver.
    pub service: String,
    /// The image of that service; none for the host's own drivers.
    pub driver: Option<String>,
}

impl Layer {
    fn of(layer: pnp::Layer) -> Self {
        let image = image_of_service(&layer.service);
        Self {
            device_object: layer.device,
            role: layer.role.name(),
            service: layer.service,
            driver: Some(image).filter(|image| !image.is_empty()),
        }
    }

    /// Its driver as the tree shows it: the image, what it is unless it is the function driver, its service unless that has the
    /// image's name.
    fn describe(&self) -> String {
        let image = self.driver.as_deref().unwrap_or(&self.service);
        let role = Some(self.role).filter(|role| *role != pnp::Role::Function.name());
        let named_alike = image
            .rsplit_once('.')
            .is_some_and(|(stem, _)| stem.eq_ignore_ascii_case(&self.service));
        let service = (!named_alike).then(|| format!("service {}", self.service));
        let notes: Vec<String> = role.map(str::to_owned).into_iter().chain(service).collect();
        if notes.is_empty() {
            image.to_owned()
        } else {
            format!("{image} [{}]", notes.join(", "))
        }
    }
}

/// The drivers of a device in one line, from the top of its stack down, without its bus's.
#[must_use]
pub fn drivers_of(node: &Node) -> String {
    let packages = |inf: &String| [slice::from_ref(inf), &node.extensions].concat().join(", ");
    let Some((service, packages)) = node.service.as_ref().zip(node.inf.as_ref().map(packages)) else {
        return String::from("driver: (no driver)");
    };
    let layers = stack(node);
    let above: Vec<String> = layers
        .iter()
        .filter(|layer| layer.role != pnp::Role::Bus.name())
        .map(Layer::describe)
        .collect();
    match above.as_slice() {
        [] => format!("driver: {} ({packages})", image_of_service(service)),
        [only] => format!("driver: {only} ({packages})"),
        several => format!("drivers: {} ({packages})", several.join(" > ")),
    }
}

fn stack(node: &Node) -> Vec<Layer> {
    pnp::layers(node).into_iter().map(Layer::of).collect()
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
            extensions: node.extensions.clone(),
            stack: stack(node),
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
