//! The files that images are loaded from.
//!
//! There are two kinds: files that driver packages brought, under their Windows paths (`\SystemRoot\System32\drivers\x.sys`) and with
//! the content that they had then; and files of this machine under their own paths. Both are a [`Path`] to the rest of the loader.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The root of the Windows paths.
const SYSTEM_ROOT: &str = r"\SystemRoot\";
/// Where drivers lie that are not in the driver store.
pub const DRIVERS: &str = r"\SystemRoot\System32\drivers";
/// What image paths begin with instead, in lower case, and what of it stays.
const OTHER_ROOTS: [(&str, &str); 4] = [
    (r"%systemroot%\", ""),
    (r"c:\windows\", ""),
    (r"\systemroot\", ""),
    (r"system32\", r"System32\"),
];

/// A file that was brought.
#[derive(Clone, Debug)]
struct Stored {
    path: String,
    content: Arc<[u8]>,
    /// Where it came from: the linker's map may lie beside it.
    origin: PathBuf,
}

#[derive(Default)]
struct Files {
    /// By path in lower case.
    stored: BTreeMap<String, Stored>,
    /// The files of this machine for image paths that a user wrote, in lower case.
    links: BTreeMap<String, PathBuf>,
}

static FILES: Mutex<Files> = Mutex::new(Files {
    stored: BTreeMap::new(),
    links: BTreeMap::new(),
});

fn with_files<R>(f: impl FnOnce(&mut Files) -> R) -> R {
    f(&mut FILES.lock().unwrap_or_else(PoisonError::into_inner))
}

fn find(path: &Path) -> Option<Stored> {
    let key = path.to_str()?.to_lowercase();
    with_files(|files| files.stored.get(&key).cloned())
}

/// Puts a file at a Windows path, in place of one that is there.
pub fn store(path: &str, content: Arc<[u8]>, origin: PathBuf) {
    let stored = Stored {
        path: path.to_owned(),
        content,
        origin,
    };
    with_files(|files| files.stored.insert(path.to_lowercase(), stored));
}

/// Takes a file away.
pub fn remove(path: &str) {
    with_files(|files| files.stored.remove(&path.to_lowercase()));
}

/// Says which file of this machine a service's image path means.
pub fn link(image_path: &str, file: PathBuf) {
    with_files(|files| files.links.insert(image_path.to_lowercase(), file));
}

/// The file that a service's image path means, be it there or not.
#[must_use]
pub fn locate(image_path: &str) -> PathBuf {
    let plain = image_path.strip_prefix(r"\??\").unwrap_or(image_path);
    let lower = plain.to_lowercase();
    let below = OTHER_ROOTS.iter().find_map(|(root, kept)| {
        lower
            .starts_with(root)
            .then(|| format!("{kept}{}", &plain[root.len()..]))
    });
    if let Some(below) = below {
        return PathBuf::from(format!("{SYSTEM_ROOT}{below}"));
    }
    let linked = with_files(|files| files.links.get(&image_path.to_lowercase()).cloned());
    linked.unwrap_or_else(|| PathBuf::from(plain.replace('\\', "/")))
}

/// The content of a file.
///
/// # Errors
/// The file is not there or cannot be read.
pub fn read(path: &Path) -> Result<Arc<[u8]>, Error> {
    if let Some(stored) = find(path) {
        return Ok(stored.content);
    }
    if is_windows(path) {
        return Err(Error::new(ErrorKind::NotFound, "there is no such file"));
    }
    std::fs::read(path).map(Arc::from)
}

/// The last part of a path.
pub(super) fn name(path: &Path) -> String {
    let text = path.to_string_lossy();
    let parts = if is_windows(path) {
        text.rsplit('\\').next()
    } else {
        text.rsplit('/').next()
    };
    parts.unwrap_or_default().to_owned()
}

/// The file of this machine that a file was copied from, or the file itself.
pub(super) fn origin(path: &Path) -> PathBuf {
    find(path).map_or_else(|| path.to_owned(), |stored| stored.origin)
}

/// Whether two paths mean one file.
#[must_use]
pub fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        if is_windows(path) {
            PathBuf::from(path.to_string_lossy().to_lowercase())
        } else {
            path.canonicalize().unwrap_or_else(|_| path.to_owned())
        }
    };
    real(one) == real(other)
}

/// Whether two files lie in one directory.
pub(super) fn are_neighbours(one: &Path, other: &Path) -> bool {
    is_same(&folder(one), &folder(other))
}

/// The directory of a file.
#[must_use]
pub fn folder(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    if is_windows(path) {
        return PathBuf::from(text.rsplit_once('\\').map_or("", |(folder, _)| folder));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The file of a name, in any case, in a directory.
#[must_use]
pub fn find_in(folder: &Path, name: &str) -> Option<PathBuf> {
    if is_windows(folder) {
        let path = PathBuf::from(format!(r"{}\{name}", folder.to_string_lossy()));
        return find(&path).map(|stored| PathBuf::from(stored.path));
    }
    let mut entries = std::fs::read_dir(folder).ok()?.flatten();
    entries
        .find(|entry| entry.file_name().to_string_lossy().eq_ignore_ascii_case(name))
        .map(|entry| entry.path())
}

/// Whether a directory is there: one in memory is when a file is in it.
#[must_use]
pub fn has_folder(folder: &Path) -> bool {
    let below = format!(r"{}\", folder.to_string_lossy().to_lowercase());
    with_files(|files| files.stored.keys().any(|path| path.starts_with(&below)))
}

/// Whether a path is one of the lab's Windows.
#[must_use]
pub fn is_windows(path: &Path) -> bool {
    let text = path.to_string_lossy().to_lowercase();
    text.starts_with(&SYSTEM_ROOT.to_lowercase())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{find_in, folder, is_same, locate, name, read, remove, store};

    #[test]
    fn image_paths_are_those_of_windows_or_of_this_machine() {
        for path in [
            r"\SystemRoot\System32\drivers\a.sys",
            r"System32\drivers\a.sys",
            r"%SystemRoot%\System32\drivers\a.sys",
            r"\??\C:\Windows\System32\drivers\a.sys",
        ] {
            let found = locate(path);
            assert!(
                is_same(&found, Path::new(r"\SystemRoot\System32\drivers\A.SYS")),
                "{found:?}"
            );
        }
        assert_eq!(locate(r"\??\sub\a.sys"), PathBuf::from("sub/a.sys"));
    }

    #[test]
    fn a_stored_file_has_its_content_its_name_and_its_neighbours() {
        let path = r"\SystemRoot\System32\DriverStore\test\A.sys";
        store(path, vec![1, 2].into(), PathBuf::from("a.sys"));
        assert_eq!(*read(Path::new(&path.to_uppercase())).unwrap(), [1, 2]);
        assert_eq!(name(Path::new(path)), "A.sys");
        let beside = find_in(&folder(Path::new(path)), "a.SYS");
        assert_eq!(beside, Some(PathBuf::from(path)));
        remove(path);
        assert!(read(Path::new(path)).is_err());
    }
}
