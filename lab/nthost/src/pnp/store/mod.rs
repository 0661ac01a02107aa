//! The driver store: packages that were added, with their files as they were then.

mod check;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::ldr::files;
use lab_inf::{Directory, Inf, InfError, Install, Package, SourceFile, Target};

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
    /// A primitive package that was installed.
    pub is_installed: bool,
    /// Of the INF and its files.
    fingerprint: u64,
    /// Later packages have higher numbers.
    pub(super) order: u64,
}

static STORE: Mutex<Vec<Published>> = Mutex::new(Vec::new());

fn with_store<R>(f: impl FnOnce(&mut Vec<Published>) -> R) -> R {
    f(&mut STORE.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Published {
    /// The folder of the package in the driver store.
    fn folder(&self) -> String {
        let inf = self
            .original
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        format!(
            r"\SystemRoot\System32\DriverStore\FileRepository\{inf}_amd64_{:016x}",
            self.fingerprint
        )
    }

    /// The Windows path of a place that the package names.
    pub(super) fn path_of(&self, target: &Target) -> String {
        let folder = match target.directory {
            Directory::Drivers => files::DRIVERS.to_owned(),
            Directory::Store => self.folder(),
        };
        format!(r"{folder}\{}", target.path)
    }

    /// The Windows path of a file in the driver store.
    fn path_in_store(&self, source: &SourceFile) -> String {
        let parts = source.path.iter().map(|part| part.to_string_lossy());
        parts.fold(self.folder(), |path, part| path + r"\" + &part)
    }

    /// Copies the files of an install section from the store to where they belong.
    pub(super) fn copy_files(&self, install: &Install) {
        for file in install
            .files
            .iter()
            .filter(|file| file.target.directory == Directory::Drivers)
        {
            let source = self
                .package
                .sources
                .iter()
                .find(|source| source.name == file.source);
            let Some(source) = source else { continue };
            if let Ok(content) = files::read(Path::new(&self.path_in_store(source))) {
                files::store(&self.path_of(&file.target), content, self.origin(source));
            }
        }
    }

    /// Takes away what [`Self::copy_files`] put somewhere, but for what `others` put there too.
    pub(super) fn remove_files(&self, others: &[Self]) {
        let targets = |published: &Self| published.package.installs().flat_map(targets).collect::<Vec<_>>();
        let kept: Vec<Target> = others.iter().flat_map(targets).collect();
        for target in targets(self).iter().filter(|target| !kept.contains(target)) {
            files::remove(&self.path_of(target));
        }
    }

    fn origin(&self, source: &SourceFile) -> PathBuf {
        beside(&self.original, &source.path)
    }
}

/// What an install section puts into System32\drivers.
fn targets(install: &Install) -> impl Iterator<Item = Target> {
    let targets = install.files.iter().map(|file| &file.target);
    targets
        .filter(|target| target.directory == Directory::Drivers)
        .cloned()
}

/// The packages in the store.
#[must_use]
pub fn published() -> Vec<Published> {
    with_store(|store| store.clone())
}

/// Adds a package to the store: `pnputil /add-driver`. Its files are kept as they are now.
///
/// # Errors
/// The INF is wrong, or a file that it names is not there. Nothing is added then.
pub fn add_driver(file: &Path) -> Result<Published, InstallError> {
    let inf = Inf::read(file)?;
    let mut package = Package::of(&inf)?;
    check::check_registry(&inf, &package)?;
    let contents = check::contents(&inf, file, &package)?;
    let mut warnings = check::framework_warnings(&inf, &package, &contents);
    package.warnings.append(&mut warnings);
    let text = std::fs::read(file).map_err(|error| inf.error(0, format!("cannot be read: {error}")))?;
    let mut hasher = DefaultHasher::new();
    (text, &contents).hash(&mut hasher);
    let published = with_store(|store| publish(store, file, package, hasher.finish()));
    for (source, content) in published.package.sources.iter().zip(contents) {
        files::store(
            &published.path_in_store(source),
            content,
            published.origin(source),
        );
    }
    Ok(published)
}

/// A file of the package, whose last name may differ in case.
fn beside(inf: &Path, path: &Path) -> PathBuf {
    let exact = inf.parent().unwrap_or_else(|| Path::new("")).join(path);
    if exact.is_file() {
        return exact;
    }
    let name = exact
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    files::find_in(&files::folder(&exact), &name).unwrap_or(exact)
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
        is_installed: false,
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

/// Keeps in mind that a primitive package is installed.
pub(super) fn note_installed(name: &str) {
    with_store(|store| {
        let found = store.iter_mut().find(|known| known.name == name);
        if let Some(found) = found {
            found.is_installed = true;
        }
    });
}

/// Takes a package out of the store, with its files unless drivers need them still.
pub(super) fn unpublish(published: &Published, keep_files: bool) {
    with_store(|store| store.retain(|known| known.name != published.name));
    if !keep_files {
        for source in &published.package.sources {
            files::remove(&published.path_in_store(source));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{add_driver, published, unpublish};
    use crate::ldr::files;

    const INF: &str = "[Version]\nSignature = \"$Windows NT$\"\nClass = System\n\
        ClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}\n[SourceDisksNames]\n1 = Disk\n[SourceDisksFiles]\nkept.sys = 1\n\
        [DefaultInstall.NTamd64]\n";

    #[test]
    fn a_package_is_what_it_was_when_it_was_added() {
        let folder = std::env::temp_dir().join(format!("nthost-store-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (inf, image) = (folder.join("kept.inf"), folder.join("KEPT.sys"));
        fs::write(&inf, INF).unwrap();
        assert!(add_driver(&inf).is_err(), "the file is not there yet");
        assert!(published().is_empty());
        fs::write(&image, "first").unwrap();
        let added = add_driver(&inf).unwrap();
        fs::write(&image, "second").unwrap();
        let path = added.path_in_store(&added.package.sources[0]);
        assert_eq!(*files::read(Path::new(&path)).unwrap(), *b"first");
        let again = add_driver(&inf).unwrap();
        assert!(!again.was_there, "another content is another package");
        unpublish(&added, false);
        assert!(files::read(Path::new(&path)).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
