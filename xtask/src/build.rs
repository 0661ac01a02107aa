//! Which build of the drivers is meant.

use std::path::PathBuf;

use crate::{
    architecture::{Architecture, X64},
    place,
};

/// The drivers for a machine, in a profile of cargo.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// The machine.
    pub architecture: &'static Architecture,
    /// Whether the release profile is taken.
    pub release: bool,
}

impl Build {
    /// What the lab runs by default.
    pub const DEBUG: Self = Self {
        architecture: X64,
        release: false,
    };
    /// What the lab runs with `--release`, and what is packaged.
    pub const RELEASE: Self = Self {
        release: true,
        ..Self::DEBUG
    };

    /// Whether the lab could run it: it runs images for its own machine, on Linux.
    pub fn is_for_the_lab(self) -> bool {
        self.architecture == X64 && !cfg!(windows)
    }

    /// The profile's name, which is its folder's too.
    pub const fn profile(self) -> &'static str {
        if self.release { "release" } else { "debug" }
    }

    /// Where cargo leaves what it builds.
    pub fn cargo_folder(self) -> PathBuf {
        place::TARGET.join(self.architecture.target).join(self.profile())
    }

    /// Where images, symbols, maps and INF files are collected. The lab's machine has no folder of its own.
    pub fn folder(self) -> PathBuf {
        let drivers = place::TARGET.join("drivers");
        if self.architecture == X64 {
            drivers.join(self.profile())
        } else {
            drivers.join(self.architecture.rust).join(self.profile())
        }
    }

    /// Where what is made on the way lies.
    pub fn tools(self) -> PathBuf {
        place::TARGET
            .join("tools")
            .join(self.architecture.rust)
            .join(self.profile())
    }
}
