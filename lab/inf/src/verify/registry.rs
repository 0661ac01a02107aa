//! The registry: the sections that `AddReg` names.

use super::grammar::Kind;
use super::layout::{Layout, Visit};
use super::report::Report;
use super::rules;
use crate::{Directive, number};

/// Roots that an add-registry section may name ("INF `AddReg` Directive").
const ROOTS: &[&str] = &["hkr", "hkcr", "hkcu", "hklm", "hku"];

/// `FLG_ADDREG_BINVALUETYPE` of setupapi.h: the data are bytes unless a type says otherwise.
const FLG_ADDREG_BINVALUETYPE: u32 = 0x1;
/// `FLG_ADDREG_DELVAL`: the value is deleted.
const FLG_ADDREG_DELVAL: u32 = 0x4;
/// `FLG_ADDREG_APPEND`: the data are appended to a multi-string.
const FLG_ADDREG_APPEND: u32 = 0x8;
/// `FLG_ADDREG_DELREG_BIT`: with a type of deletion.
const FLG_ADDREG_DELREG_BIT: u32 = 0x8000;
/// The type's bits, with those of the registry's own type in the upper half (`FLG_ADDREG_TYPE_MASK`).
const FLG_ADDREG_TYPE_MASK: u32 = 0xFFFF_0000 | FLG_ADDREG_BINVALUETYPE;
/// `FLG_ADDREG_TYPE_MULTI_SZ`.
const FLG_ADDREG_TYPE_MULTI_SZ: u32 = 0x0001_0000;
/// `FLG_ADDREG_TYPE_DWORD`.
const FLG_ADDREG_TYPE_DWORD: u32 = 0x0001_0001;

/// Places outside of HKR that a universal INF may use, for COM and Media Foundation ("Using a Universal INF File").
const UNIVERSAL: &[(&str, &str)] = &[
    ("hkcr", ""),
    ("hklm", r"software\classes"),
    ("hklm", r"software\microsoft\windows media foundation"),
    ("hklm", r"software\wow6432node\microsoft\windows media foundation"),
    ("hklm", r"software\wow3232node\microsoft\windows media foundation"),
];

/// Where the settings of drivers and services are, and the one part of it that may be named.
const SYSTEM: &str = "system";
const CONTROL_SET: &str = r"system\currentcontrolset";

pub(super) fn check(layout: &Layout<'_>, report: &mut Report<'_>) {
    for kind in [Kind::Registry, Kind::ServiceRegistry] {
        for visit in layout.visits(kind) {
            for line in &visit.section.directives {
                check_place(visit, line, report);
                check_value(layout, line, report);
            }
        }
    }
}

/// Root and key.
fn check_place(visit: Visit<'_>, line: &Directive, report: &mut Report<'_>) {
    let (root, key) = (line.value(0).to_lowercase(), line.value(1).to_lowercase());
    let place = format!("{}\\{}", line.value(0), line.value(1));
    if !ROOTS.contains(&root.as_str()) {
        let message = format!("{:?} is no root of the registry; write HKR", line.value(0));
        report.add(&rules::REGISTRY_ROOT, line.line, message);
        return;
    }
    if root == "hkr" {
        let is_parameters = key == "parameters" || key.starts_with(r"parameters\");
        if visit.kind == Kind::ServiceRegistry && !is_parameters {
            let message = format!("{place} is not below Parameters; write HKR, Parameters, …");
            report.add(&rules::SERVICE_PARAMETERS, line.line, message);
        }
        return;
    }
    if root == "hklm" && is_below(&key, SYSTEM) && !is_below(&key, CONTROL_SET) {
        let message = format!("{place} is not below CurrentControlSet; use HKR, or that");
        report.add(&rules::CONTROL_SET, line.line, message);
    }
    let is_key = line.value(2).is_empty() && line.value(4).is_empty();
    let isolation = if is_key {
        &rules::KEY_NOT_ISOLATED
    } else {
        &rules::VALUE_NOT_ISOLATED
    };
    report.add(
        isolation,
        line.line,
        format!("{place} is outside of HKR; write HKR"),
    );
    let is_universal = UNIVERSAL
        .iter()
        .any(|(allowed, below)| *allowed == root && is_below(&key, below));
    if !is_universal {
        report.add(
            &rules::KEY_NOT_RELATIVE,
            line.line,
            format!("{place} is outside of HKR; write HKR"),
        );
    }
}

/// Whether a key is another, or below it.
fn is_below(key: &str, other: &str) -> bool {
    let rest = key.strip_prefix(other);
    rest.is_some_and(|rest| other.is_empty() || rest.is_empty() || rest.starts_with('\\'))
}

/// Name, flags and data.
fn check_value(layout: &Layout<'_>, line: &Directive, report: &mut Report<'_>) {
    let name = line.value(2);
    let Some(flags) = number(line.value(3)) else {
        let message = format!("the flags {:?} are no number", line.value(3));
        report.add(&rules::REGISTRY_NUMBER, line.line, message);
        return;
    };
    if flags & FLG_ADDREG_DELVAL != 0 || flags & FLG_ADDREG_DELREG_BIT != 0 {
        let message = format!("{name:?} is deleted; take the line out");
        report.add(&rules::REGISTRY_DELETE, line.line, message);
        return;
    }
    let kind = flags & FLG_ADDREG_TYPE_MASK;
    let is_filter = ["UpperFilters", "LowerFilters"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    if flags & FLG_ADDREG_APPEND != 0 && kind != FLG_ADDREG_TYPE_MULTI_SZ {
        let message = format!("{name:?} has the append flag (0x8) and is no multi-string; write 0x00010008");
        report.add(&rules::APPEND_TYPE, line.line, message);
    } else if flags & FLG_ADDREG_APPEND != 0 {
        let message = format!("{name:?} is appended to what is there; write the whole value");
        report.add(&rules::MULTI_STRING_APPEND, line.line, message);
    }
    if is_filter {
        let message = format!("{name} adds a filter by the registry; use AddFilter in a .Filters section");
        report.add(&rules::FILTER_BY_REGISTRY, line.line, message.clone());
        if layout.is_extension() {
            report.add(&rules::EXTENSION_FILTER, line.line, message);
        }
    }
    if ["CoInstallers32", "Installer32"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
    {
        let message = format!("{name} names a co-installer or class installer; take it out");
        report.add(&rules::CO_INSTALLER, line.line, message);
    }
    let is_levels = [
        "UpperFilterLevels",
        "LowerFilterLevels",
        "UpperFilterDefaultLevel",
        "LowerFilterDefaultLevel",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(name));
    if is_levels && layout.is_extension() {
        let message = format!("{name} belongs to the base INF; take it out");
        report.add(&rules::EXTENSION_LEVELS, line.line, message);
    }
    check_data(line, kind, report);
}

fn check_data(line: &Directive, kind: u32, report: &mut Report<'_>) {
    let data = || line.values.iter().skip(4);
    match kind {
        // One number, or its bytes.
        FLG_ADDREG_TYPE_DWORD if data().any(|value| number(value).is_none()) => {
            let message = format!("the data {:?} are no number of 32 bits", line.value(4));
            report.add(&rules::REGISTRY_NUMBER, line.line, message);
        }
        FLG_ADDREG_BINVALUETYPE
            if data().any(|value| u8::from_str_radix(hexadecimal(value), 16).is_err()) =>
        {
            let message = "the data are not bytes; write them as 0A,1B,…";
            report.add(&rules::REGISTRY_BINARY, line.line, message);
        }
        _ => {}
    }
}

fn hexadecimal(text: &str) -> &str {
    text.strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text)
}
