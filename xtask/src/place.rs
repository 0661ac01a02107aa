//! Where things lie.

use std::{
    env,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use anyhow::{Result, ensure};

/// The folder of the workspace.
pub static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(PathBuf::from)
        .unwrap_or_default()
});

/// Cargo's target folder: what `CARGO_TARGET_DIR` says, else `target`.
pub static TARGET: LazyLock<PathBuf> = LazyLock::new(|| {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| ROOT.join("target"), |named| ROOT.join(named))
});

/// A path as seen from the workspace's folder.
pub fn in_root(path: &Path) -> &Path {
    path.strip_prefix(&*ROOT).unwrap_or(path)
}

/// Where the Windows kit is assembled.
pub fn kit() -> PathBuf {
    TARGET.join("kit")
}

/// wdk-build looks for Cargo.lock in the ancestors of its output folder.
///
/// # Errors
///
/// When the target folder lies outside the workspace.
pub fn check_target() -> Result<()> {
    ensure!(
        TARGET.starts_with(&*ROOT),
        "the target folder {} lies outside the workspace {}, where wdk-build does not find Cargo.lock; unset CARGO_TARGET_DIR",
        TARGET.display(),
        ROOT.display()
    );
    Ok(())
}
