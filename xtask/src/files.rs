//! Files that are written only when their content changes, so that cargo does not see a change where there is none.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Reads a text file.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads a file.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The paths in a folder, in order.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(names(folder)?.into_iter().map(|name| folder.join(name)).collect())
}

/// Makes a folder and its parents.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Writes `content` and says whether that changed the file.
pub fn write(path: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

/// Copies a file and says whether that changed the copy.
pub fn copy(from: &Path, to: &Path) -> Result<bool> {
    write(to, &read_bytes(from)?)
}

/// Makes `to` a copy of the folder `from`, removes from it what `from` does not have, and says whether anything changed.
pub fn mirror(from: &Path, to: &Path) -> Result<bool> {
    make_folder(to)?;
    let wanted = names(from)?;
    let mut changed = false;
    for name in names(to)?.difference(&wanted) {
        remove(&to.join(name))?;
        changed = true;
    }
    for name in &wanted {
        let (source, copied) = (from.join(name), to.join(name));
        changed |= if source.is_dir() {
            mirror(&source, &copied)?
        } else {
            copy(&source, &copied)?
        };
    }
    Ok(changed)
}

fn names(folder: &Path) -> Result<BTreeSet<std::ffi::OsString>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name())).collect()
}

/// Makes a symbolic link, or lets it be where it is right.
pub fn link(to: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|old| old == to) {
        return Ok(());
    }
    if let Some(folder) = link.parent() {
        make_folder(folder)?;
    }
    let _ = fs::remove_file(link);
    symbolic_link(to, link).with_context(|| format!("cannot make the link {}", link.display()))
}

#[cfg(unix)]
fn symbolic_link(to: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, link)
}

/// Only what builds elsewhere needs links.
#[cfg(not(unix))]
fn symbolic_link(_to: &Path, _link: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Removes a file, or a folder with everything in it.
pub fn remove(path: &Path) -> Result<()> {
    let done = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    done.with_context(|| format!("cannot remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_follows_its_source_and_reports_changes() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("xtask-mirror-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        write(&from.join("a/one"), b"1")?;
        assert!(mirror(&from, &to)?);
        assert!(!mirror(&from, &to)?);
        remove(&from.join("a/one"))?;
        write(&from.join("two"), b"2")?;
        assert!(mirror(&from, &to)?);
        assert!(!to.join("a/one").exists());
        assert_eq!(read(&to.join("two"))?, "2");
        remove(&folder)
    }
}
