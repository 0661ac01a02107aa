//! What `ntoskrnl.exe` and `hal.dll` export, and the gates through which drivers call it.
//!
//! Every component keeps the table of its own exports; `TABLES` lists the tables.

mod failure;
mod gate;
mod tables;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

pub use failure::Failure;
pub use gate::{call_counts, gate, gate_name, thunk, unsupported_gate};
use tables::TABLES;

/// An export of the host.
#[derive(Debug)]
pub struct Export {
    /// The name, as in the import library.
    pub name: &'static str,
    /// The code or the data.
    pub address: *const (),
    /// The highest IRQL at which a driver may call it; `None` for data.
    pub max_irql: Option<u8>,
    /// How it fails for want of resources; `None` if it cannot.
    pub failure: Option<Failure>,
}

// The address is that of a function or a static, which any thread may hold.
#[allow(unsafe_code, reason = "an address that is never read through here")]
// SAFETY: the pointer is only copied into gates and import slots; nothing is read through it.
unsafe impl Sync for Export {}

/// A table of exports, one per line: `Name <= LEVEL;`, and `Name <= LEVEL or FAILURE;` for what can fail for want of resources, with
/// one of [`Failure`]'s constants.
#[macro_export]
macro_rules! exports {
    (@failure) => { None };
    (@failure $failure:ident) => { Some($crate::exports::Failure::$failure) };
    ($($name:ident <= $level:ident $(or $failure:ident)?;)*) => {
        /// The exports of this component.
        pub const EXPORTS: &[$crate::exports::Export] = &[$($crate::exports::Export {
            name: stringify!($name),
            address: $name as *const (),
            max_irql: Some($crate::abi::$level),
            failure: $crate::exports!(@failure $($failure)?),
        }),*];
    };
}

/// What a name stands for.
#[derive(Debug)]
pub enum Resolution {
    /// The host has it.
    Export(&'static Export),
    /// Windows has it and the host does not.
    NotModelled,
    /// Windows has no such export.
    Unknown,
}

/// The modules the host stands for.
const HOST_MODULES: [&str; 3] = ["ntoskrnl.exe", "hal.dll", "wmilib.sys"];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Export>> = LazyLock::new(|| {
    TABLES
        .iter()
        .flat_map(|tables| tables.iter())
        .flat_map(|table| table.iter())
        .map(|export| (export.name, export))
        .collect()
});

/// The names in `lab/wdk/lib/*.def`.
static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!(concat!(env!("OUT_DIR"), "/known_exports.txt"))
        .lines()
        .collect()
});

/// Whether the host itself is this module, in any case.
#[must_use]
pub fn is_host_module(module: &str) -> bool {
    HOST_MODULES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(module))
}

/// What `name` stands for in a host module. `ntoskrnl.exe` and `hal.dll` share one table: the functions of the second
/// moved to the first over the years, and import libraries differ.
#[must_use]
pub fn resolve(_module: &str, name: &str) -> Resolution {
    BY_NAME.get(name).map_or_else(
        || {
            if KNOWN.contains(name) {
                Resolution::NotModelled
            } else {
                Resolution::Unknown
            }
        },
        |export| Resolution::Export(export),
    )
}

/// The address that `MmGetSystemRoutineAddress` gives for a name.
#[must_use]
pub fn routine_address(name: &str) -> Option<usize> {
    match resolve(HOST_MODULES[0], name) {
        Resolution::Export(export) => Some(gate(export)),
        Resolution::NotModelled | Resolution::Unknown => None,
    }
}
