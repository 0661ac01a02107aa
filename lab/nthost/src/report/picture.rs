//! The device tree as a picture: an SVG with a card for each device, in it the device objects of its stack from the top down, and
//! an arrow from each driver that holds an interface to the one that provides it.
//!
//! Equal trees give equal pictures: no addresses, no times. [`layout`] says what stands where, [`draw`] makes the elements.

mod draw;
mod layout;

use super::tree::{Device, Layer};

/// The picture's text.
#[must_use]
pub fn picture(tree: &Device) -> String {
    draw::document(&layout::Layout::of(tree), &description(tree)).to_string() + "\n"
}

/// The tree in sentences, for those who cannot see the picture.
fn description(device: &Device) -> String {
    let drivers: Vec<&str> = device.stack.iter().map(Layer::name).collect();
    let mut text = match drivers.as_slice() {
        [] => format!("{}.", device.instance_id),
        drivers => format!("{}: {}.", device.instance_id, drivers.join(" over ")),
    };
    for interface in &device.interfaces {
        let held = format!(
            " {} holds {} of {}.",
            interface.client, interface.guid, interface.provider
        );
        text.push_str(&held);
    }
    for child in &device.children {
        text.push('\n');
        text.push_str(&description(child));
    }
    text
}

#[cfg(test)]
mod tests;
