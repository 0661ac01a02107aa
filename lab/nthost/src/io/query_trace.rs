//! Why nobody answered a query for an interface: one line for each `IRP_MN_QUERY_INTERFACE` that fails.
//!
//! wdfldr.sys says of each device what it had against the query; other drivers say nothing. The line is written when the packet has
//! come back to its sender with a failure.
#![allow(unsafe_code, reason = "reads what a driver gives by pointer")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::{CStr, c_char};

use super::device::Device;
use super::irp::{self, Irp};
use crate::abi::{DEVICE_OBJECT, IO_STACK_LOCATION, IRP, IRP_MJ_PNP, IRP_MN_QUERY_INTERFACE};
use crate::{dbg, pnp};

crate::exports! {
    LabQueryRefused <= PASSIVE_LEVEL;
}

/// Not an export of Windows: wdfldr.sys looks it up by name to say why a device does not answer a query.
unsafe extern "win64" fn LabQueryRefused(packet: *mut IRP, device: *mut DEVICE_OBJECT, why: *const c_char) {
    // SAFETY: the framework gives a terminated string.
    let why = unsafe { CStr::from_ptr(why) }.to_string_lossy();
    let note = format!("{}: {why}", layer(Device::of_driver(device)));
    irp::add_note(Irp::received(packet), note);
}

/// The service that a device belongs to, and the device's name if it has one.
fn layer(device: Device) -> String {
    let service = super::service_of(device.driver());
    let description = device.describe();
    let named = description.find('\\').and_then(|start| description.get(start..));
    named.map_or_else(|| service.clone(), |name| format!("{service} ({name})"))
}

/// Whether a location asks for an interface.
pub(super) const fn is_query(location: &IO_STACK_LOCATION) -> bool {
    location.MajorFunction == IRP_MJ_PNP && location.MinorFunction == IRP_MN_QUERY_INTERFACE
}

/// A query has failed. `location` is that of the top of the stack.
pub(super) fn refused(packet: Irp, location: &IO_STACK_LOCATION) {
    // SAFETY: the minor code says which parameters are set.
    let query = unsafe { location.Parameters.QueryInterface };
    // SAFETY: whoever asks for an interface gives the GUID by pointer until the request ends.
    let guid = unsafe { query.InterfaceType.read() };
    let (asker, notes) = irp::take_notes(packet);
    let why = if notes.is_empty() {
        String::from("nobody in the stack answered")
    } else {
        notes.join("; ")
    };
    dbg::trace(format!(
        "query for {guid}, size {}, version {}, from {} to {}: {}: {why}",
        query.Size,
        query.Version,
        asker.image(),
        name_of(Device::of_driver(location.DeviceObject)),
        packet.read().IoStatus.Status,
    ));
}

/// The instance path of a stack's device; what the object is for a stack outside of the tree.
fn name_of(device: Device) -> String {
    let pdo = std::iter::successors(Some(device), |device| device.lower()).last();
    pdo.and_then(pnp::instance_of)
        .unwrap_or_else(|| device.describe())
}
