//! What is looked at before a package comes into the store: what it writes, the files that it names, its framework version.

use std::path::Path;
use std::sync::Arc;

use super::super::addreg;
use super::beside;
use crate::ldr;
use lab_inf::{Inf, InfError, Install, Package, RegistryEntry, Service, SourceFile, Target, Wdf};

/// The framework version that the lab has ("KMDF Version History").
const KMDF: (u32, u32) = (1, 33);
/// The image that every KMDF driver imports from.
const FRAMEWORK_LOADER: &str = "wdfldr.sys";

/// Everything that a package writes to the registry.
pub(super) fn check_registry(inf: &Inf, package: &Package) -> Result<(), InfError> {
    for install in package.installs() {
        check_types(inf, &install.hardware)?;
        check_types(inf, &install.software)?;
        for service in &install.services {
            check_types(inf, &service.registry)?;
        }
    }
    Ok(())
}

/// The content of every file that the package brings.
pub(super) fn contents(inf: &Inf, file: &Path, package: &Package) -> Result<Vec<Arc<[u8]>>, InfError> {
    let read = |source: &SourceFile| {
        let path = beside(file, &source.path);
        std::fs::read(&path).map(Arc::from).map_err(|error| {
            let reason = format!(
                "[SourceDisksFiles] names {}, but {}: {error}",
                source.name,
                path.display()
            );
            inf.error(source.line, reason)
        })
    };
    package.sources.iter().map(read).collect()
}

/// Every line must write something, somewhere.
fn check_types(inf: &Inf, entries: &[RegistryEntry]) -> Result<(), InfError> {
    for entry in entries {
        if !addreg::has_root(entry) {
            let reason = format!(
                "AddReg writes below {:?}, which is no root of the registry",
                entry.root
            );
            return Err(inf.error(entry.line, reason));
        }
        if !addreg::is_understood(entry) {
            return Err(inf.error(
                entry.line,
                format!(
                    "AddReg with flags {:#x} cannot write {:?}",
                    entry.flags, entry.data
                ),
            ));
        }
    }
    Ok(())
}

/// What Windows leaves to the start of a KMDF driver, and tells nobody before.
pub(super) fn framework_warnings(inf: &Inf, package: &Package, contents: &[Arc<[u8]>]) -> Vec<InfError> {
    let mut warnings = Vec::new();
    for install in package.installs() {
        for service in &install.services {
            let named = |wdf: &&Wdf| wdf.service.eq_ignore_ascii_case(&service.name);
            match install.wdf.iter().find(named) {
                Some(wdf) => warnings.extend(newer_framework(inf, wdf)),
                None if is_kmdf_driver(package, contents, &service.binary) => {
                    warnings.push(no_wdf_section(inf, install, service));
                }
                None => {}
            }
        }
    }
    warnings.dedup();
    warnings
}

fn newer_framework(inf: &Inf, wdf: &Wdf) -> Option<InfError> {
    let is_newer = wdf.numbers().is_some_and(|version| version > KMDF);
    is_newer.then(|| {
        let text = format!(
            "KmdfLibraryVersion is {}, and the framework here is {}.{}: a driver that was built for it fails in DriverEntry (problem 37)",
            wdf.version, KMDF.0, KMDF.1
        );
        inf.error(wdf.line, text)
    })
}

fn no_wdf_section(inf: &Inf, install: &Install, service: &Service) -> InfError {
    let text = format!(
        "{} imports {FRAMEWORK_LOADER}, and [{}.Wdf] has no KmdfService for the service {}; Windows starts the driver, and the framework \
         records its version then",
        service.binary.path, install.section, service.name
    );
    inf.error(service.line, text)
}

fn is_kmdf_driver(package: &Package, contents: &[Arc<[u8]>], binary: &Target) -> bool {
    let name = binary.path.rsplit('\\').next().unwrap_or_default();
    let mut sources = package.sources.iter().zip(contents);
    let image = sources.find(|(source, _)| source.name.eq_ignore_ascii_case(name));
    image.is_some_and(|(_, content)| {
        let modules = ldr::imported_modules(content);
        modules
            .iter()
            .any(|module| module.eq_ignore_ascii_case(FRAMEWORK_LOADER))
    })
}
