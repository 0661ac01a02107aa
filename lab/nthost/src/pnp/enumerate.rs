//! Asking a bus for its children, and telling the new ones from those that have gone.

use std::collections::HashSet;

use super::node::{self, NodeId, State};
use super::{binding, remove, request, start};
use crate::abi::{
    BusQueryCompatibleIDs, BusQueryContainerID, BusQueryDeviceID, BusQueryHardwareIDs, BusQueryInstanceID,
    DEVICE_CAPABILITY_UNIQUE_ID, DeviceTextDescription, DeviceTextLocationInformation,
    IRP_MN_QUERY_RESOURCE_REQUIREMENTS, IRP_MN_QUERY_RESOURCES,
};
use crate::dbg;
use crate::io::Device;

/// Brings the tree below a bus up to date.
pub(super) fn enumerate(bus: NodeId) {
    let Some(node) = node::get(bus).filter(|node| node.state == State::Started) else {
        return;
    };
    let Some(pdo) = node.pdo else { return };
    let Some(present) = request::bus_relations(pdo) else {
        return;
    };
    let reported: HashSet<Device> = present.iter().copied().collect();
    for gone in node::children_of(bus) {
        if gone.pdo.is_some_and(|pdo| !reported.contains(&pdo)) {
            remove::vanished(gone.id);
        }
    }
    let mut found = Vec::new();
    for child in present {
        if node::node_of(child).is_some() {
            // The tree has a reference already.
            child.dereference();
        } else {
            found.extend(identify(bus, child));
        }
    }
    for child in found {
        start::start(child);
    }
}

/// Asks a new device who it is.
fn identify(bus: NodeId, pdo: Device) -> Option<NodeId> {
    let Some(device_id) = request::id(pdo, BusQueryDeviceID) else {
        dbg::print(&format!(
            "PnP: {} has no device ID and is ignored\n",
            pdo.describe()
        ));
        pdo.dereference();
        return None;
    };
    let instance_id = request::id(pdo, BusQueryInstanceID).unwrap_or_default();
    let (_, capabilities) = request::capabilities(pdo);
    let unique = capabilities.Bits & DEVICE_CAPABILITY_UNIQUE_ID != 0;
    let id = node::add(
        Some(bus),
        instance(&device_id, &instance_id, unique, bus),
        Some(pdo),
    );
    let (hardware_ids, compatible_ids) = (
        request::ids(pdo, BusQueryHardwareIDs),
        request::ids(pdo, BusQueryCompatibleIDs),
    );
    request::id(pdo, BusQueryContainerID);
    let description = request::text(pdo, DeviceTextDescription).unwrap_or_default();
    let location = request::text(pdo, DeviceTextLocationInformation).unwrap_or_default();
    let bus_type = request::bus_type(pdo);
    for minor in [IRP_MN_QUERY_RESOURCES, IRP_MN_QUERY_RESOURCE_REQUIREMENTS] {
        request::simple(pdo, minor);
    }
    node::update(id, |node| {
        (node.hardware_ids, node.compatible_ids) = (hardware_ids, compatible_ids);
        (node.description, node.location, node.bus_type) = (description, location, bus_type);
    });
    binding::record_device(id);
    binding::restore(id);
    Some(id)
}

/// Device ID and instance ID; an instance ID that is unique on its bus only is made unique by its parent's.
fn instance(device_id: &str, instance_id: &str, unique: bool, bus: NodeId) -> String {
    if unique {
        return format!(r"{device_id}\{instance_id}");
    }
    let parent = node::get(bus).map_or_else(String::new, |node| node.instance.to_uppercase());
    let hash = parent.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!(r"{device_id}\1&{hash:08x}&0&{instance_id}")
}

#[cfg(test)]
mod tests {
    use super::super::node;

    #[test]
    fn an_instance_id_that_is_unique_on_its_bus_only_carries_its_parents() {
        let bus = node::add(None, String::from(r"ROOT\SAMPLEBUS\0000"), None);
        assert_eq!(super::instance(r"A\B", "01", true, bus), r"A\B\01");
        assert_eq!(super::instance(r"A\B", "01", false, bus), r"A\B\1&d719042b&0&01");
    }
}
