//! `AddReg`: what a package writes to the registry.

use crate::{Directive, Inf, InfError};

/// A line of an `AddReg` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryEntry {
    /// The line.
    pub line: usize,
    /// The root: `HKR`, `HKLM` and so on.
    pub root: String,
    /// The key below the root.
    pub subkey: String,
    /// The value's name.
    pub name: String,
    /// The flags: type and behaviour (`FLG_ADDREG_…` of setupapi.h).
    pub flags: u32,
    /// The data, as written.
    pub data: Vec<String>,
}

/// The lines of every section that a section's `AddReg` directives name.
pub(super) fn entries(inf: &Inf, section: &str) -> Result<Vec<RegistryEntry>, InfError> {
    let mut entries = Vec::new();
    for line in inf.directives(section, "AddReg") {
        for name in &line.values {
            let found = inf
                .section(name)
                .ok_or_else(|| inf.error(line.line, format!("there is no AddReg section [{name}]")))?;
            for entry in &found.directives {
                entries.push(registry_entry(inf, entry)?);
            }
        }
    }
    Ok(entries)
}

fn registry_entry(inf: &Inf, line: &Directive) -> Result<RegistryEntry, InfError> {
    let text = |index| line.value(index).to_owned();
    let flags = number(line.value(3))
        .ok_or_else(|| inf.error(line.line, format!("the flags {:?} are no number", line.value(3))))?;
    let data = line.values.iter().skip(4).cloned().collect();
    Ok(RegistryEntry {
        line: line.line,
        root: text(0),
        subkey: text(1),
        name: text(2),
        flags,
        data,
    })
}

/// A decimal or hexadecimal number; nothing is zero.
#[must_use]
pub fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if text.is_empty() => Some(0),
        None => text.parse().ok(),
    }
}
