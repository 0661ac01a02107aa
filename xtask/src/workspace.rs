//! Where things are in the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout that this xtask was built from.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
}

/// How the drivers are built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Cargo's `dev`: drivers print per call.
    Debug,
    /// Cargo's `release`.
    Release,
}

impl Profile {
    /// The folder name, as cargo and `target/drivers/` have it.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

impl Workspace {
    /// Finds the checkout from this crate's own place in it.
    ///
    /// # Errors
    /// The folder was moved or deleted after xtask was built.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in no folder")?;
        let root = root.canonicalize().with_context(|| format!("the checkout {} is gone", root.display()))?;
        Ok(Self { root })
    }

    /// The folder of all build output. wdk-build looks for Cargo.lock in its ancestors, so it lies in the checkout.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The assembled kit: what `WDKContentRoot` names.
    pub fn kit(&self) -> PathBuf {
        self.target().join("kit")
    }

    /// Links and files that the build's tools need beside the kit.
    pub fn tools(&self) -> PathBuf {
        self.target().join("tools")
    }

    /// The finished drivers of a profile.
    pub fn drivers(&self, profile: Profile) -> PathBuf {
        self.target().join("drivers").join(profile.folder())
    }
}
