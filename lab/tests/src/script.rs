//! The commands that the tests use, once.

use guid_create::GUID;

/// Installs the bus driver.
pub const ADD_BUS: &str = "pnputil /add-driver sample.inf /install";
/// Installs the children's function driver.
pub const ADD_CHILD: &str = "pnputil /add-driver child.inf /install";
/// Makes the bus.
pub const PLUG_BUS: &str = r"devgen /add /hardwareid root\SampleBus";
/// Removes the bus in order.
pub const REMOVE_BUS: &str = r"pnputil /remove-device ROOT\SAMPLEBUS\0000";
/// Pulls the bus out.
pub const PULL_BUS: &str = r"surprise-remove ROOT\SAMPLEBUS\0000";
/// Pulls the first child out.
pub const PULL_FIRST_CHILD: &str = r"surprise-remove SAMPLEBUS\Doubler\1&d719042b&0&01";
/// Prints the tree.
pub const TREE: &str = "pnputil /enum-devicetree";

/// The first child's instance ID.
pub const FIRST_CHILD: &str = r"SAMPLEBUS\Doubler\1&d719042b&0&01";
/// The second child's instance ID.
pub const SECOND_CHILD: &str = r"SAMPLEBUS\Doubler\1&d719042b&0&02";

/// Both drivers installed, and the bus with its children started.
pub const START: [&str; 3] = [ADD_BUS, ADD_CHILD, PLUG_BUS];

/// [`START`], followed by these lines.
#[must_use]
pub fn started<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    START.into_iter().chain(lines.iter().copied()).collect()
}

/// Sets the number of children that the bus will have.
#[must_use]
pub fn set_child_count(count: u32) -> String {
    let key = r"HKLM\SYSTEM\CurrentControlSet\Services\sample\Parameters";
    format!("reg add {key} /v ChildCount /t REG_DWORD /d {count} /f")
}

/// Sends a buffered device control request with `input`, and `output` bytes of room for the answer.
#[must_use]
pub fn ioctl(target: &str, code: u32, input: &[u8], output: usize) -> String {
    let hex = input
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let bytes = if hex.is_empty() { hex } else { format!("{hex} ") };
    format!("ioctl {target} {code:#x} {bytes}/out {output}")
}

/// Sends `IRP_MN_QUERY_INTERFACE` from the host to a device's stack.
#[must_use]
pub fn query_interface(device: &str, guid: GUID, size: u16, version: u16) -> String {
    format!("query-interface {device} {{{guid}}} {size} {version}")
}
