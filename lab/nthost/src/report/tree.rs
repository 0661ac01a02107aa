//! The devices that the report shows: the tree as it was when it was largest.

use std::collections::HashMap;
use std::slice;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::cm;
use crate::pnp::{self, Node, NodeId, Problem, State};
use crate::verifier::interfaces::{self, Open};

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
    /// The interfaces that drivers got from this stack and hold, in the order of their texts.
    pub interfaces: Vec<Interface>,
    /// `Started`, `Stopped`, `Disconnected`, `Disabled` or `Problem`.
    pub status: &'static str,
    /// The problem's code and name, if it has one.
    pub problem: Option<String>,
    /// The devices that it is the bus of.
    pub children: Vec<Self>,
}

/// An interface that a driver got by a query, and has not given back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Interface {
    /// The image of the driver that holds it.
    pub client: String,
    /// The image that has its routines.
    pub provider: String,
    /// Which interface.
    pub guid: String,
    /// How many references the client holds, by all stacks that share the provider's context.
    pub references: u64,
}

impl Interface {
    /// Those among `open` that were got from the stack above a PDO.
    fn of(node: &Node, open: &OpenBelow<'_>) -> Vec<Self> {
        let here = node.pdo.and_then(|pdo| open.get(&pdo.as_ptr().addr()));
        let mut interfaces: Vec<_> = here
            .into_iter()
            .flatten()
            .map(|open| Self {
                client: open.client.clone(),
                provider: open.provider.clone(),
                guid: open.guid.to_string(),
                references: open.references,
            })
            .collect();
        interfaces.sort_unstable();
        interfaces
    }
}

/// The interfaces that drivers hold, by the addresses of the PDOs of the stacks that were asked.
type OpenBelow<'a> = HashMap<usize, Vec<&'a Open>>;

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

    /// The image, or the name of a driver of the host's.
    pub(super) fn name(&self) -> &str {
        self.driver.as_deref().unwrap_or(&self.service)
    }

    /// The service, unless it has the name of the image.
    pub(super) fn service_of_another_name(&self) -> Option<&str> {
        let image = self.name();
        let stem = image.rsplit_once('.').map_or(image, |(stem, _)| stem);
        Some(self.service.as_str()).filter(|service| !stem.eq_ignore_ascii_case(service))
    }

    /// Its driver as the tree shows it: the image, what it is unless it is the function driver, its service unless that has the
    /// image's name.
    fn describe(&self) -> String {
        let image = self.name();
        let role = Some(self.role).filter(|role| *role != pnp::Role::Function.name());
        let service = self
            .service_of_another_name()
            .map(|service| format!("service {service}"));
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
    fn of(node: &Node, open: &OpenBelow<'_>) -> Self {
        Self {
            instance_id: node.instance.clone(),
            description: node.description.clone(),
            hardware_ids: node.hardware_ids.clone(),
            service: node.service.clone(),
            driver: node.service.as_deref().map(image_of_service),
            inf: node.inf.clone(),
            extensions: node.extensions.clone(),
            stack: stack(node),
            interfaces: Interface::of(node, open),
            status: status(node),
            problem: node.problem.map(|problem| {
                let (code, name) = problem.code();
                format!("{code} {name}")
            }),
            children: children(node.id, open),
        }
    }

    /// How much there is to see: devices, device objects and interfaces.
    fn size(&self) -> usize {
        let below: usize = self.children.iter().map(Self::size).sum();
        1 + self.stack.len() + self.interfaces.len() + below
    }
}

fn children(parent: NodeId, open: &OpenBelow<'_>) -> Vec<Device> {
    let children = pnp::children_of(parent);
    children.iter().map(|child| Device::of(child, open)).collect()
}

/// The tree as it is.
#[must_use]
pub fn tree() -> Option<Device> {
    let root = pnp::root_node();
    let node = pnp::node(root)?;
    let open = interfaces::open();
    let mut below = OpenBelow::new();
    for (interface, asked) in open
        .iter()
        .flat_map(|open| open.asked.iter().map(move |asked| (open, asked)))
    {
        below.entry(*asked).or_default().push(interface);
    }
    Some(Device::of(&node, &below))
}

/// Looks at the tree; the largest one that was seen is the report's.
pub fn observe() {
    let Some(seen) = tree() else { return };
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
