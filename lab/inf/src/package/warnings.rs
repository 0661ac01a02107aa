//! What Windows ignores in an INF, and what is read by Windows but not here.

use super::install::Install;
use super::services::Service;
use crate::{Inf, InfError};

/// Directives of a kind of section.
struct Kind {
    /// Those that are read.
    read: &'static [&'static str],
    /// Those that Windows reads and this reader does not.
    not_modelled: &'static [&'static str],
}

const VERSION: Kind = Kind {
    read: &[
        "Signature",
        "Class",
        "ClassGuid",
        "Provider",
        "DriverVer",
        "ExtensionId",
        "PnpLockdown",
        "CatalogFile",
        "CatalogFile.nt",
        "CatalogFile.ntamd64",
    ],
    not_modelled: &[
        "DontReflectOffline",
        "DriverPackageType",
        "DriverPackageDisplayName",
        "LayoutFile",
    ],
};

/// `DDInstall` and `DefaultInstall`.
const INSTALL: Kind = Kind {
    read: &["CopyFiles", "AddReg"],
    not_modelled: &[
        "Include",
        "Needs",
        "DelReg",
        "BitReg",
        "DelFiles",
        "RenFiles",
        "CopyINF",
        "AddProperty",
        "DelProperty",
        "AddComponent",
        "AddSoftware",
        "AddEventProvider",
        "AddAutoLogger",
        "LogConfig",
        "FeatureScore",
        "Reboot",
        "DelPropertyStore",
        "ProfileItems",
        "RegisterDlls",
        "UnregisterDlls",
        "UpdateInis",
        "UpdateIniFields",
        "Ini2Reg",
    ],
};

const HARDWARE: Kind = Kind {
    read: &["AddReg"],
    not_modelled: &["Include", "Needs", "DelReg", "BitReg"],
};

const SERVICES: Kind = Kind {
    read: &["AddService"],
    not_modelled: &["Include", "Needs", "DelService"],
};

const FILTERS: Kind = Kind {
    read: &["AddFilter"],
    not_modelled: &["Include", "Needs"],
};

const WDF: Kind = Kind {
    read: &["KmdfService"],
    not_modelled: &[
        "Include",
        "Needs",
        "UmdfService",
        "UmdfServiceOrder",
        "UmdfDispatcher",
        "UmdfImpersonationLevel",
    ],
};

const SERVICE_INSTALL: Kind = Kind {
    read: &[
        "DisplayName",
        "Description",
        "ServiceType",
        "StartType",
        "ErrorControl",
        "ServiceBinary",
        "LoadOrderGroup",
        "Dependencies",
        "AddReg",
    ],
    not_modelled: &[
        "StartName",
        "DelReg",
        "BitReg",
        "Security",
        "AddTrigger",
        "FailureActions",
        "ServiceSidType",
        "DelayedAutoStart",
        "RequiredPrivileges",
        "UserServiceFlags",
    ],
};

/// Companions of an install section that Windows reads.
const COMPANIONS_NOT_MODELLED: [&str; 8] = [
    "Interfaces",
    "CoInstallers",
    "Components",
    "Software",
    "Events",
    "LogConfigOverride",
    "FactDef",
    "COM",
];

/// `SPSVCINST_STARTSERVICE` of setupapi.h.
const SPSVCINST_STARTSERVICE: u32 = 0x800;

/// The warnings of an INF, in the order of its lines.
pub(super) fn warnings(inf: &Inf, installs: &[&Install]) -> Vec<InfError> {
    let mut warnings = Vec::new();
    check(inf, "Version", &VERSION, &mut warnings);
    for install in installs {
        check_install(inf, install, &mut warnings);
    }
    warnings.sort_by_key(|warning| warning.line);
    warnings.dedup();
    warnings
}

fn check_install(inf: &Inf, install: &Install, warnings: &mut Vec<InfError>) {
    let name = &install.section;
    check(inf, name, &INSTALL, warnings);
    for (companion, kind) in [
        ("HW", HARDWARE),
        ("Services", SERVICES),
        ("Filters", FILTERS),
        ("Wdf", WDF),
    ] {
        check(inf, &format!("{name}.{companion}"), &kind, warnings);
    }
    for companion in COMPANIONS_NOT_MODELLED {
        let companion = format!("{name}.{companion}");
        if let Some(section) = inf.section(&companion) {
            warnings.push(inf.error(section.line, format!("[{companion}] is not modelled")));
        }
    }
    for line in inf.directives(&format!("{name}.Services"), "AddService") {
        check(inf, line.value(2), &SERVICE_INSTALL, warnings);
        if line.value(0).is_empty() {
            let text = "a device without a function driver (AddService = ,0x2) is not modelled and stays without driver";
            warnings.push(inf.error(line.line, text));
        }
    }
    for wdf in &install.wdf {
        let installs = |service: &Service| service.name.eq_ignore_ascii_case(&wdf.service);
        if !install.services.iter().any(installs) {
            let text = format!(
                "KmdfService in [{name}.Wdf] names {}, which no AddService installs",
                wdf.service
            );
            warnings.push(inf.error(wdf.line, text));
        }
    }
    for service in &install.services {
        if service.flags & SPSVCINST_STARTSERVICE != 0 {
            let text = format!(
                "SPSVCINST_STARTSERVICE (0x800) of the service {} is not modelled",
                service.name
            );
            warnings.push(inf.error(service.line, text));
        }
    }
}

/// Looks at every directive of a section.
fn check(inf: &Inf, section: &str, kind: &Kind, warnings: &mut Vec<InfError>) {
    let directives = inf
        .section(section)
        .map_or(&[] as &[_], |section| &section.directives);
    for line in directives {
        let is_one_of = |names: &[&str]| {
            let key = line.key.as_deref().unwrap_or_default();
            names.iter().any(|name| name.eq_ignore_ascii_case(key))
        };
        if is_one_of(kind.read) {
            continue;
        }
        let directive = line.key.as_deref().unwrap_or_else(|| line.value(0));
        let text = if is_one_of(kind.not_modelled) {
            format!("{directive} in [{section}] is not modelled")
        } else {
            format!("{directive} in [{section}] is no directive of that section, and Windows ignores it")
        };
        warnings.push(inf.error(line.line, text));
    }
}
