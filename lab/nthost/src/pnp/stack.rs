//! Which drivers make up a device's stack, and in which order.
//!
//! From the bottom up: the device's lower filters, its class's lower filters, the function driver, the device's upper filters,
//! its class's upper filters ("Filter Drivers" of the WDK). The filters of a device come from two sources ("Device filter driver ordering"): the lists `LowerFilters` and `UpperFilters`, and `AddFilter`. Without
//! filter levels an `AddFilter` counts as appended to the list. With levels, which the base package defines in `.HW`, they are
//! taken level by level, and what names no level stands at the default one. The documentation does not say which end of a list
//! of levels is the lower one: here it is the first, as in the lists of filters.

use super::binding::device_key;
use super::node::{self, Node};
use super::worker;
use crate::cm::{self, Value};
use crate::dbg;
use crate::io::{self, Device};
use lab_inf::{Filter, Place, Side};

/// The part that a driver plays in a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It made the PDO.
    Bus,
    /// A filter below the function driver.
    LowerFilter,
    /// The function driver.
    Function,
    /// A filter above the function driver.
    UpperFilter,
}

impl Role {
    /// The role in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::LowerFilter => "lower filter",
            Self::Function => "function",
            Self::UpperFilter => "upper filter",
        }
    }
}

/// A device object in a stack.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The device object, named for messages.
    pub device: String,
    /// The service of its driver.
    pub service: String,
    /// What the driver is for this device.
    pub role: Role,
}

/// The names that belong to a side.
struct Names {
    filters: &'static str,
    levels: &'static str,
    default_level: &'static str,
    /// The key for `AddFilter`s with a `FilterPosition`, beside those of levels.
    any_level: &'static str,
}

const fn names(side: Side) -> Names {
    match side {
        Side::Upper => Names {
            filters: "UpperFilters",
            levels: "UpperFilterLevels",
            default_level: "UpperFilterDefaultLevel",
            any_level: "*Upper",
        },
        Side::Lower => Names {
            filters: "LowerFilters",
            levels: "LowerFilterLevels",
            default_level: "LowerFilterDefaultLevel",
            any_level: "*Lower",
        },
    }
}

/// The key with a device's `AddFilter`s: a key for each level and for `*Upper` and `*Lower`, a value for each service.
fn filters_key(instance: &str) -> String {
    format!(r"{}\Filters", device_key(instance))
}

/// Registers a filter of a package with a device.
pub(super) fn register(instance: &str, filter: &Filter) {
    let level = match &filter.place {
        Place::Position(side) => names(*side).any_level,
        Place::Level(level) => level,
    };
    let key = format!(r"{}\{level}", filters_key(instance));
    cm::set(&key, &filter.service, Value::string(""));
}

/// Takes the filters of packages away from a device.
pub(super) fn clear(instance: &str) {
    cm::delete_key(&filters_key(instance));
}

/// The services of a device's stack, from the bottom up.
pub(super) fn services(node: &Node) -> Vec<String> {
    tell_lost_filters(&node.instance);
    let class = format!(r"{}\{}", cm::CLASS, node.class_guid);
    let of_class = |side| cm::texts(&class, names(side).filters);
    [
        filters(&node.instance, Side::Lower),
        of_class(Side::Lower),
        node.service.iter().cloned().collect(),
        filters(&node.instance, Side::Upper),
        of_class(Side::Upper),
    ]
    .concat()
}

/// The filters of a device on one side.
fn filters(instance: &str, side: Side) -> Vec<String> {
    let (device, names) = (device_key(instance), names(side));
    let at = |level: &str| registered(instance, level);
    let unplaced = [cm::texts(&device, names.filters), at(names.any_level)].concat();
    let levels = cm::texts(&device, names.levels);
    let default = cm::text(&device, names.default_level).unwrap_or_default();
    let is_default = |level: &String| level.eq_ignore_ascii_case(&default);
    let mut placed: Vec<String> = Vec::new();
    for level in &levels {
        placed.extend(at(level));
        if is_default(level) {
            placed.extend(unplaced.iter().cloned());
        }
    }
    if !levels.iter().any(is_default) {
        placed.extend(unplaced);
    }
    placed
}

/// The services that are registered with a level.
fn registered(instance: &str, level: &str) -> Vec<String> {
    let values = cm::values(&format!(r"{}\{level}", filters_key(instance)));
    values.into_iter().map(|(service, _)| service).collect()
}

/// As on Windows, a filter at a level that no base package defines is not in the stack.
fn tell_lost_filters(instance: &str) {
    let device = device_key(instance);
    let known = [Side::Upper, Side::Lower].map(names);
    let is_known = |level: &String| {
        let defined = |names: &Names| {
            level.eq_ignore_ascii_case(names.any_level)
                || cm::texts(&device, names.levels)
                    .iter()
                    .any(|defined| defined.eq_ignore_ascii_case(level))
        };
        known.iter().any(defined)
    };
    for level in cm::subkeys(&filters_key(instance)) {
        if !is_known(&level) {
            dbg::print(&format!(
                "PnP: {instance} has no filter level {level}, so {} is not in its stack\n",
                registered(instance, &level).join(", ")
            ));
        }
    }
}

/// The device objects of a device, from the top down; none when it has gone meanwhile. Not for the worker's own thread, which is asked.
#[must_use]
pub fn layers(node: &Node) -> Vec<Layer> {
    let id = node.id;
    worker::ask(move || node::get(id).map_or_else(Vec::new, |node| layers_now(&node)))
}

fn layers_now(node: &Node) -> Vec<Layer> {
    let Some(pdo) = node.pdo else { return Vec::new() };
    let services: Vec<(Device, String)> = pdo
        .stack()
        .map(|device| (device, io::service_of(device.driver())))
        .collect();
    let is_function = |service: &String| node.service.as_ref() == Some(service);
    let function = services
        .iter()
        .skip(1)
        .rposition(|(_, service)| is_function(service))
        .map(|place| place + 1);
    let role = |place: usize| match (place, function) {
        (0, _) => Role::Bus,
        (_, None) => Role::LowerFilter,
        (place, Some(function)) if place < function && !is_function(&services[place].1) => Role::LowerFilter,
        (place, Some(function)) if place > function => Role::UpperFilter,
        _ => Role::Function,
    };
    let layer = |(place, (device, service)): (usize, &(Device, String))| Layer {
        device: device.describe(),
        service: service.clone(),
        role: role(place),
    };
    services.iter().enumerate().map(layer).rev().collect()
}
