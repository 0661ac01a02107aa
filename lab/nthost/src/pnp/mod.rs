//! The `PnP` manager: the tree of devices, and what happens to them.
//!
//! Everything that changes the tree runs on one thread, in order, as the system's device action worker does. The shell asks through
//! [`run`] and waits; drivers ask through `IoInvalidateDeviceRelations` and do not.
//!
//! Rooms: what a package says becomes keys and services in `binding`, `services` and `addreg`, its files go to `store`; `rank` tells which
//! package a device gets, `packages` what adding and deleting one does; `stack` knows a device's drivers in order, `start` builds the
//! stack, `remove` takes it down; `enumerate`, `request` and `root` talk to drivers.
//!
//! Not modelled: resources and rebalancing, docking, wait-wake, bus filters, raw devices, device property keys, notification of
//! applications.

mod addreg;
mod binding;
mod control;
mod enumerate;
mod node;
mod packages;
mod property;
mod property_data;
mod rank;
mod remove;
mod request;
mod root;
mod services;
mod stack;
mod start;
mod store;
mod worker;

use crate::abi::{BusRelations, GUID, INTERFACE, NTSTATUS, STATUS_NO_SUCH_DEVICE};
use crate::io::Device;
use crate::ldr;

pub use control::{disable, enable, restart, scan};
pub use node::{
    Node, NodeId, Problem, State, children_of, find_instance, get as node, node_of, nodes, root_node,
};
pub use packages::{DeleteError, Installed, delete_driver, install, install_primitive};
pub use property::{property, registry_path};
pub use property_data::{PropertyData, property_data, set_property_data};
pub use rank::{Match, extension_matches, matches};
pub use remove::{RemoveError, file_closed, remove, remove_everything, surprise_remove};
pub use root::add_root_device;
pub use stack::{Layer, Role, layers};
pub use store::{InstallError, Published, add_driver, published};
pub use worker::{post, run, settle};

/// The instance path of the device whose PDO this is.
#[must_use]
pub fn instance_of(pdo: Device) -> Option<String> {
    node_of(pdo).map(|node| node.instance)
}

/// The answer to a query for an interface.
#[derive(Clone, Debug)]
pub struct InterfaceAnswer {
    /// The status.
    pub status: NTSTATUS,
    /// `Size` in the buffer afterwards; zero without a buffer.
    pub size: u16,
    /// `Version` in the buffer afterwards; zero without a buffer.
    pub version: u16,
    /// Where the entries behind the header point: image, offset and symbol.
    pub entries: Vec<String>,
}

/// Sends `IRP_MN_QUERY_INTERFACE` to a device's stack, with a zeroed buffer of `size` bytes or with NULL, and gives the reference
/// back that a success took.
#[must_use]
pub fn query_interface(id: NodeId, class: GUID, size: u16, version: u16, null: bool) -> InterfaceAnswer {
    let words = if null {
        0
    } else {
        usize::from(size).div_ceil(size_of::<u64>())
    };
    let mut buffer = vec![0; words];
    let ask = |pdo| request::interface(pdo, &class, size, version, &mut buffer);
    let pdo = node::get(id).and_then(|node| node.pdo);
    let (status, size, version) = pdo.map_or((STATUS_NO_SUCH_DEVICE, 0, 0), ask);
    let filled = usize::from(size).div_ceil(size_of::<u64>()).min(buffer.len());
    let entries = buffer[..filled]
        .iter()
        .skip(size_of::<INTERFACE>() / size_of::<u64>());
    let entries = entries.map(|entry| place_of(*entry)).collect();
    InterfaceAnswer {
        status,
        size,
        version,
        entries,
    }
}

fn place_of(address: u64) -> String {
    let place = usize::try_from(address).ok().and_then(ldr::find);
    place.map_or_else(|| format!("{address:#x}"), |place| place.to_string())
}

/// `IoInvalidateDeviceRelations`: asks the bus again for its children, soon.
pub fn invalidate_relations(pdo: Device, kind: i32) {
    if kind != BusRelations {
        return;
    }
    pdo.reference();
    worker::post(move || {
        if let Some(node) = node_of(pdo) {
            enumerate::enumerate(node.id);
        }
        pdo.dereference();
    });
}

/// `IoInvalidateDeviceState`: asks the device for its state, soon. A device that says it failed is removed.
pub fn invalidate_state(pdo: Device) {
    pdo.reference();
    worker::post(move || {
        if let Some(node) = node_of(pdo) {
            start::check_state(node.id);
        }
        pdo.dereference();
    });
}
