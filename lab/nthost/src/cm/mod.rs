//! The configuration manager: the registry, in memory.
//!
//! Keys are named by their full path (`\Registry\Machine\System\...`), in any case. Not modelled: hives on disk, links, security, transactions
//! and change notification.

mod exports;
mod hive;
#[cfg(test)]
mod tests;
mod value;

pub use exports::{EXPORTS, open_handle};
pub use hive::{
    delete_key, delete_value, dword, ensure_key, exists, query, set, subkeys, text, texts, values,
};
pub use value::Value;

/// Where services are.
pub const SERVICES: &str = r"\Registry\Machine\System\CurrentControlSet\Services";
/// Where devices are.
pub const ENUM: &str = r"\Registry\Machine\System\CurrentControlSet\Enum";
/// Where device setup classes are.
pub const CLASS: &str = r"\Registry\Machine\System\CurrentControlSet\Control\Class";
/// Where device interfaces are.
pub const DEVICE_CLASSES: &str = r"\Registry\Machine\System\CurrentControlSet\Control\DeviceClasses";

/// The full path of what a user writes: `HKLM\...` or `\Registry\Machine\...`.
#[must_use]
pub fn full_path(path: &str) -> Option<String> {
    const ROOTS: [&str; 2] = [r"HKLM\", r"HKEY_LOCAL_MACHINE\"];
    let path = path.trim_end_matches('\\');
    let below = ROOTS.iter().find_map(|root| {
        let head = path.get(..root.len())?;
        head.eq_ignore_ascii_case(root).then(|| &path[root.len()..])
    });
    match below {
        Some(rest) => Some(format!(r"\Registry\Machine\{rest}")),
        None if path.to_lowercase().starts_with(r"\registry\") => Some(path.to_owned()),
        None => None,
    }
}
