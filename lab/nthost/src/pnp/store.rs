//! The driver store: packages that were added.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::addreg;
use lab_inf::{Inf, InfError, Package, RegistryEntry};

/// Why a package is not added.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InstallError {
    /// The INF is wrong.
    #[error(transparent)]
    Inf(#[from] InfError),
}

/// A package in the store.
#[derive(Clone, Debug)]
pub struct Published {
    /// `oem0.inf` and so on.
    pub name: String,
    /// Where it came from.
    pub original: PathBuf,
    /// What it says.
    pub package: Package,
    /// Whether `add_driver` found it in the store.
    pub was_there: bool,
    /// Of the INF and the binaries it names.
    fingerprint: u64,
    /// Later packages have higher numbers.
    pub(super) order: u64,
}

static STORE: Mutex<Vec<Published>> = Mutex::new(Vec::new());

fn with_store<R>(f: impl FnOnce(&mut Vec<Published>) -> R) -> R {
    f(&mut STORE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The packages in the store.
#[must_use]
pub fn published() -> Vec<Published> {
    with_store(|store| store.clone())
}

/// Adds a package to the store: `pnputil /add-driver`.
///
/// # Errors
/// The INF is wrong, or a file that it names does not lie beside it. Nothing is added then.
pub fn add_driver(file: &Path) -> Result<Published, InstallError> {
    let inf = Inf::read(file)?;
    let package = Package::of(&inf)?;
    for service in package.models.iter().flat_map(|model| &model.services) {
        let binary = beside(file, &service.binary);
        if !binary.is_file() {
            let reason = format!(
                "ServiceBinary names {}, which does not lie beside the INF",
                service.binary
            );
            return Err(inf.error(service.line, reason).into());
        }
        check_types(&inf, &service.registry)?;
    }
    for model in &package.models {
        check_types(&inf, &model.hardware)?;
        check_types(&inf, &model.software)?;
    }
    let fingerprint = fingerprint(file, &package)
        .map_err(|error| inf.error(0, format!("a file of the package cannot be read: {error}")))?;
    Ok(with_store(|store| publish(store, file, package, fingerprint)))
}

/// Puts a package into the store, unless it is there.
fn publish(store: &mut Vec<Published>, file: &Path, package: Package, fingerprint: u64) -> Published {
    let same = |known: &&Published| {
        known.fingerprint == fingerprint && known.original.file_name() == file.file_name()
    };
    if let Some(known) = store.iter().find(same) {
        return Published {
            was_there: true,
            ..known.clone()
        };
    }
    let published = Published {
        name: free_name(store),
        original: file.to_owned(),
        package,
        was_there: false,
        fingerprint,
        order: store.iter().map(|known| known.order + 1).max().unwrap_or(0),
    };
    store.push(published.clone());
    published
}

/// `oemN.inf` with the lowest number that no package has.
fn free_name(store: &[Published]) -> String {
    let mut number = 0;
    loop {
        let name = format!("oem{number}.inf");
        if store.iter().all(|known| known.name != name) {
            return name;
        }
        number += 1;
    }
}

/// Tells whether two packages of the same name are the same.
fn fingerprint(file: &Path, package: &Package) -> std::io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    std::fs::read(file)?.hash(&mut hasher);
    for service in package.models.iter().flat_map(|model| &model.services) {
        std::fs::read(beside(file, &service.binary))?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Takes a package out of the store.
pub(super) fn unpublish(name: &str) {
    with_store(|store| store.retain(|known| !known.name.eq_ignore_ascii_case(name)));
}

pub(super) fn beside(inf: &Path, binary: &str) -> PathBuf {
    inf.parent().unwrap_or_else(|| Path::new("")).join(binary)
}

/// Every line must write something, under HKR.
fn check_types(inf: &Inf, entries: &[RegistryEntry]) -> Result<(), InfError> {
    for entry in entries {
        if !entry.root.eq_ignore_ascii_case("HKR") {
            return Err(inf.error(
                entry.line,
                format!("AddReg writes below {} and may write below HKR only", entry.root),
            ));
        }
        if addreg::value_of(entry).is_none() {
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
