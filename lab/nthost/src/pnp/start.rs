//! From a device that its bus has found to one that runs.
#![allow(unsafe_code, reason = "calls AddDevice")]

use super::node::{self, NodeId, Problem, State};
use super::{binding, control, enumerate, remove, request, stack};
use crate::abi::{
    DO_DEVICE_INITIALIZING, IRP_MN_FILTER_RESOURCE_REQUIREMENTS, IRP_MN_QUERY_PNP_DEVICE_STATE, NTSTATUS,
    STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
};
use crate::io::{self, Device, Driver, DriverError};
use crate::verifier::{self, Owner, rules};
use crate::{cm, dbg, ke};

/// `PNP_DEVICE_FAILED` of wdm.h.
const PNP_DEVICE_FAILED: usize = 0x4;
/// `PNP_DEVICE_NOT_DISABLEABLE` of wdm.h.
const PNP_DEVICE_NOT_DISABLEABLE: usize = 0x20;

/// Finds drivers for a device, loads them, and starts the device. What goes wrong becomes the device's problem.
pub(super) fn start(id: NodeId) {
    let Some(node) = node::get(id) else { return };
    let Some(pdo) = node.pdo else { return };
    if control::is_disabled(&node.instance) {
        node::update(id, |node| node.problem = Some(Problem::Disabled));
        return;
    }
    if node.service.is_none() && !binding::assign_driver(id) {
        node::update(id, |node| node.problem = Some(Problem::NoDriver));
        return;
    }
    if let Err(problem) = run(id, pdo) {
        node::update(id, |node| node.problem = Some(problem));
        return;
    }
    node::update(id, |node| {
        node.state = State::Started;
        node.problem = None;
    });
    request::capabilities(pdo);
    check_state(id);
    enumerate::enumerate(id);
}

fn run(id: NodeId, pdo: Device) -> Result<(), Problem> {
    // Whoever has the PDO itself open keeps that.
    let _ = io::refuse_opens(pdo);
    let services = node::get(id).map_or_else(Vec::new, |node| stack::services(&node));
    node::update(id, |node| node.stack.clone_from(&services));
    let built = load_all(&services).and_then(|drivers| build(&drivers, pdo));
    let started = built.and_then(|()| {
        check_initialized(pdo);
        secure(id, pdo);
        request::simple(pdo, IRP_MN_FILTER_RESOURCE_REQUIREMENTS);
        let status = request::start(pdo);
        failed(status).map_or(Ok(()), |status| Err(Problem::FailedStart(status)))
    });
    match started {
        Ok(()) => io::allow_opens(pdo),
        Err(_) => remove::tear_down_stack(id),
    }
    started
}

/// As on Windows, every driver of the stack is loaded before the first `AddDevice` is called.
fn load_all(services: &[String]) -> Result<Vec<Driver>, Problem> {
    let load = |service: &String| {
        io::load(service).map_err(|error| {
            dbg::print(&format!("PnP: {error}\n"));
            match error {
                DriverError::Entry(_, status) => Problem::FailedDriverEntry(status),
                _ => Problem::FailedLoad,
            }
        })
    };
    services.iter().map(load).collect()
}

/// Calls each driver's `AddDevice`, from the bottom up. One that fails, a filter's too, fails the device.
fn build(drivers: &[Driver], pdo: Device) -> Result<(), Problem> {
    let refused = drivers.iter().find_map(|driver| failed(add_device(*driver, pdo)));
    refused.map_or(Ok(()), |status| Err(Problem::FailedAdd(status)))
}

/// The status, if it is a failure.
fn failed(status: NTSTATUS) -> Option<NTSTATUS> {
    (!status.is_success()).then_some(status)
}

/// Calls the driver's `AddDevice`.
fn add_device(driver: Driver, pdo: Device) -> NTSTATUS {
    let Some(routine) = driver.add_device() else {
        return STATUS_DRIVER_ENTRYPOINT_NOT_FOUND;
    };
    ke::call("AddDevice", routine as usize, || {
        // SAFETY: a driver object and the PDO of a device that is not started.
        unsafe { routine(driver.as_ptr(), pdo.as_ptr()) }
    })
}

/// A driver clears `DO_DEVICE_INITIALIZING` of the device it has attached before `AddDevice` returns.
fn check_initialized(pdo: Device) {
    for device in pdo.stack() {
        if device.read().Flags & DO_DEVICE_INITIALIZING != 0 {
            let what = format!(
                "AddDevice returned with DO_DEVICE_INITIALIZING set in {}",
                device.describe()
            );
            let place = device
                .driver()
                .add_device()
                .map_or(0, |add_device| add_device as usize);
            verifier::broken(rules::DEVICE_INITIALIZING, &what, Owner::at(place));
        }
    }
}

/// The security descriptor that the registry has for the device, or else for its class, goes to every device object of the stack ("Controlling
/// Device Access").
fn secure(id: NodeId, pdo: Device) {
    io::propagate_secure_open(pdo);
    let Some(node) = node::get(id) else { return };
    let of_class = || io::security_in_key(&format!(r"{}\{}", cm::CLASS, node.class_guid));
    if let Some(sddl) = io::security_in_key(&binding::device_key(&node.instance)).or_else(of_class) {
        io::apply_security(pdo, &sddl);
    }
}

/// `IRP_MN_QUERY_PNP_DEVICE_STATE`: a device that says it failed is removed.
pub(super) fn check_state(id: NodeId) {
    let Some(pdo) = node::get(id).and_then(|node| node.pdo) else {
        return;
    };
    let answer = request::send(pdo, IRP_MN_QUERY_PNP_DEVICE_STATE, request::nothing());
    let state = if answer.Status.is_success() {
        answer.Information
    } else {
        0
    };
    node::update(id, |node| {
        node.not_disableable = state & PNP_DEVICE_NOT_DISABLEABLE != 0;
    });
    if state & PNP_DEVICE_FAILED != 0 {
        remove::fail(id, Problem::FailedPostStart);
    }
}
