//! Device nodes and their tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::abi::{GUID, NTSTATUS};
use crate::io::Device;

/// Names a node; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The number behind the name.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Where a device is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Found by its bus; no driver runs for it.
    Enumerated,
    /// Its drivers answered `IRP_MN_START_DEVICE`.
    Started,
    /// Gone; `IRP_MN_REMOVE_DEVICE` waits for open files.
    SurpriseRemoved,
}

/// Why a device does not run: the codes of cfg.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// `CM_PROB_FAILED_START`.
    FailedStart(NTSTATUS),
    /// `CM_PROB_DISABLED`: an administrator said so.
    Disabled,
    /// `CM_PROB_FAILED_INSTALL`: no driver package matches.
    NoDriver,
    /// `CM_PROB_FAILED_ADD`: `AddDevice` failed.
    FailedAdd(NTSTATUS),
    /// `CM_PROB_FAILED_DRIVER_ENTRY`.
    FailedDriverEntry(NTSTATUS),
    /// `CM_PROB_DRIVER_FAILED_LOAD`.
    FailedLoad,
    /// `CM_PROB_FAILED_POST_START`: the device said that it failed.
    FailedPostStart,
}

impl Problem {
    /// The code and its name in cfg.h.
    #[must_use]
    pub const fn code(self) -> (u32, &'static str) {
        match self {
            Self::FailedStart(_) => (10, "CM_PROB_FAILED_START"),
            Self::Disabled => (22, "CM_PROB_DISABLED"),
            Self::NoDriver => (28, "CM_PROB_FAILED_INSTALL"),
            Self::FailedAdd(_) => (31, "CM_PROB_FAILED_ADD"),
            Self::FailedDriverEntry(_) => (37, "CM_PROB_FAILED_DRIVER_ENTRY"),
            Self::FailedLoad => (39, "CM_PROB_DRIVER_FAILED_LOAD"),
            Self::FailedPostStart => (43, "CM_PROB_FAILED_POST_START"),
        }
    }

    /// The status behind it, where there is one.
    #[must_use]
    pub const fn status(self) -> Option<NTSTATUS> {
        match self {
            Self::FailedStart(status) | Self::FailedAdd(status) | Self::FailedDriverEntry(status) => {
                Some(status)
            }
            Self::Disabled | Self::NoDriver | Self::FailedLoad | Self::FailedPostStart => None,
        }
    }
}

/// A device.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name in the tree.
    pub id: NodeId,
    /// The node of its bus.
    pub parent: Option<NodeId>,
    /// Device ID and instance ID: `ROOT\DEVGEN\0000`.
    pub instance: String,
    /// The physical device object; none for the root of the tree.
    pub pdo: Option<Device>,
    /// Hardware IDs, best first.
    pub hardware_ids: Vec<String>,
    /// Compatible IDs, best first.
    pub compatible_ids: Vec<String>,
    /// What the driver package or the bus calls the device.
    pub description: String,
    /// Where the bus says it is.
    pub location: String,
    /// The type of its bus.
    pub bus_type: Option<GUID>,
    /// State.
    pub state: State,
    /// Problem.
    pub problem: Option<Problem>,
    /// The device said `PNP_DEVICE_NOT_DISABLEABLE`.
    pub not_disableable: bool,
    /// The service of the function driver.
    pub service: Option<String>,
    /// The package's published name.
    pub inf: Option<String>,
    /// The published names of the extension packages on top of it.
    pub extensions: Vec<String>,
    /// The services of its stack, from the bottom up, while the stack is there.
    pub stack: Vec<String>,
    /// Manufacturer, class and class GUID of the package.
    pub manufacturer: String,
    /// The setup class.
    pub class: String,
    /// The setup class's GUID, as the INF writes it.
    pub class_guid: String,
}

/// The nodes, and how they are found without a look at each: by PDO, by instance path in capitals, and by parent.
struct Nodes {
    all: BTreeMap<NodeId, Node>,
    by_pdo: BTreeSet<(usize, NodeId)>,
    by_instance: BTreeSet<(String, NodeId)>,
    by_parent: BTreeSet<(NodeId, NodeId)>,
}

impl Nodes {
    const fn new() -> Self {
        Self {
            all: BTreeMap::new(),
            by_pdo: BTreeSet::new(),
            by_instance: BTreeSet::new(),
            by_parent: BTreeSet::new(),
        }
    }

    /// Its PDO, instance path and parent stay what they are.
    fn insert(&mut self, node: Node) {
        if let Some(pdo) = node.pdo {
            self.by_pdo.insert((pdo.as_ptr().addr(), node.id));
        }
        self.by_instance
            .insert((node.instance.to_ascii_uppercase(), node.id));
        if let Some(parent) = node.parent {
            self.by_parent.insert((parent, node.id));
        }
        self.all.insert(node.id, node);
    }

    fn remove(&mut self, id: NodeId) {
        let Some(node) = self.all.remove(&id) else {
            return;
        };
        if let Some(pdo) = node.pdo {
            self.by_pdo.remove(&(pdo.as_ptr().addr(), id));
        }
        self.by_instance.remove(&(node.instance.to_ascii_uppercase(), id));
        if let Some(parent) = node.parent {
            self.by_parent.remove(&(parent, id));
        }
    }

    fn node_of(&self, pdo: Device) -> Option<&Node> {
        let pdo = pdo.as_ptr().addr();
        let (found, id) = self.by_pdo.range((pdo, NodeId(0))..).next()?;
        self.all.get(id).filter(|_| *found == pdo)
    }

    fn of_instance(&self, instance: &str) -> Option<&Node> {
        let instance = instance.to_ascii_uppercase();
        let (found, id) = self.by_instance.range((instance.clone(), NodeId(0))..).next()?;
        self.all.get(id).filter(|_| *found == instance)
    }

    /// The nodes directly below one, in the order in which they were found.
    fn below(&self, parent: NodeId) -> impl Iterator<Item = &Node> {
        let children = self
            .by_parent
            .range((parent, NodeId(0))..=(parent, NodeId(u32::MAX)));
        children.filter_map(|(_, child)| self.all.get(child))
    }

    /// Children before their parents.
    fn add_subtree(&self, node: &Node, to: &mut Vec<Node>) {
        for child in self.below(node.id) {
            self.add_subtree(child, to);
        }
        to.push(node.clone());
    }
}

static NEXT: AtomicU32 = AtomicU32::new(1);
static NODES: Mutex<Nodes> = Mutex::new(Nodes::new());

/// The root of the tree, as pnputil shows it.
const ROOT_INSTANCE: &str = r"HTREE\ROOT\0";

fn with_nodes<R>(f: impl FnOnce(&mut Nodes) -> R) -> R {
    f(&mut NODES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Adds a device that its bus has found.
pub(super) fn add(parent: Option<NodeId>, instance: String, pdo: Option<Device>) -> NodeId {
    let id = NodeId(NEXT.fetch_add(1, Ordering::Relaxed));
    let node = Node {
        id,
        parent,
        instance,
        pdo,
        hardware_ids: Vec::new(),
        compatible_ids: Vec::new(),
        description: String::new(),
        location: String::new(),
        bus_type: None,
        state: State::Enumerated,
        problem: None,
        not_disableable: false,
        service: None,
        inf: None,
        extensions: Vec::new(),
        stack: Vec::new(),
        manufacturer: String::new(),
        class: String::new(),
        class_guid: String::new(),
    };
    with_nodes(|nodes| nodes.insert(node));
    id
}

/// The root of the tree, made when it is first asked for.
#[must_use]
pub fn root_node() -> NodeId {
    let known = with_nodes(|nodes| {
        let mut nodes = nodes.all.values();
        nodes.find(|node| node.parent.is_none()).map(|node| node.id)
    });
    known.unwrap_or_else(|| add(None, ROOT_INSTANCE.to_owned(), None))
}

/// Changes a node, but for its PDO, instance path and parent.
pub(super) fn update(id: NodeId, change: impl FnOnce(&mut Node)) {
    with_nodes(|nodes| nodes.all.get_mut(&id).map(change));
}

/// A node, while it is there.
#[must_use]
pub fn get(id: NodeId) -> Option<Node> {
    with_nodes(|nodes| nodes.all.get(&id).cloned())
}

/// Takes a node out of the tree.
pub(super) fn forget(id: NodeId) {
    with_nodes(|nodes| nodes.remove(id));
}

/// Every node, in the order in which they were found.
#[must_use]
pub fn nodes() -> Vec<Node> {
    with_nodes(|nodes| nodes.all.values().cloned().collect())
}

/// The nodes directly below one.
#[must_use]
pub fn children_of(id: NodeId) -> Vec<Node> {
    with_nodes(|nodes| nodes.below(id).cloned().collect())
}

/// Whether there is nothing below a node.
pub(super) fn is_leaf(id: NodeId) -> bool {
    with_nodes(|nodes| nodes.below(id).next().is_none())
}

/// A node and everything below it, children before their parents.
pub(super) fn subtree(id: NodeId) -> Vec<Node> {
    with_nodes(|nodes| {
        let mut found = Vec::new();
        if let Some(node) = nodes.all.get(&id) {
            nodes.add_subtree(node, &mut found);
        }
        found
    })
}

/// The node of a PDO.
#[must_use]
pub fn node_of(pdo: Device) -> Option<Node> {
    with_nodes(|nodes| nodes.node_of(pdo).cloned())
}

/// The node with an instance path, in any case.
#[must_use]
pub fn find_instance(instance: &str) -> Option<Node> {
    with_nodes(|nodes| nodes.of_instance(instance).cloned())
}
