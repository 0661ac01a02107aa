//! Which packages there are, and their INF files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use lab_inf::Inf;

use crate::{
    architecture::{ARM64, X64},
    build::Build,
    files, header,
    inx::{self, Stamp},
    kit, place,
};

/// A driver package. The files in it are those that its INF file lists.
#[derive(Debug)]
pub struct Package {
    /// The name of its folder, its INF file and its catalog.
    pub name: &'static str,
    /// The source of the INF file.
    pub inx: &'static str,
    /// Files beside the package that its users build with; Windows installs none of them.
    pub extras: &'static [&'static str],
}

/// Every package. To add one, add its INX file here.
pub const PACKAGES: &[Package] = &[
    Package {
        name: "sample",
        inx: "driver.inx",
        extras: &["sample.h"],
    },
    Package {
        name: "child",
        inx: "clients/child/child.inx",
        extras: &[],
    },
    Package {
        name: "stacked",
        inx: "clients/stacked/stacked.inx",
        extras: &[],
    },
    Package {
        name: "remote",
        inx: "clients/remote/remote.inx",
        extras: &[],
    },
    Package {
        name: "samplefilter",
        inx: "packages/filter.inx",
        extras: &[],
    },
    Package {
        name: "sampledll",
        inx: "packages/dll.inx",
        extras: &["sample.lib", "sample.h"],
    },
    Package {
        name: "helpers",
        inx: "packages/helpers.inx",
        extras: &[],
    },
    Package {
        name: "fifo",
        inx: "examples/fifo/provider/fifo.inx",
        extras: &[],
    },
    Package {
        name: "fifoclient",
        inx: "examples/fifo/client/fifoclient.inx",
        extras: &[],
    },
    Package {
        name: "legacy",
        inx: "packages/legacy.inx",
        extras: &[],
    },
];

/// INF files that the lab needs beside a second image: it installs that one in the place of the package's own.
const FOR_THE_LAB: &[(&str, &str)] = &[("child.inf", "forgetful/child.inf")];

/// The date of every driver version. It is fixed so that equal sources give equal files.
const DATE: &str = "11/21/2026";

/// The fourth number of a driver version, which Cargo does not have.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), ".0");

impl Package {
    /// The stamped text of the INF file.
    ///
    /// # Errors
    ///
    /// When the INX file cannot be read or stamped.
    pub fn inf(&self, build: Build) -> Result<String> {
        stamped(&place::ROOT.join(self.inx), self.name, build)
    }
}

/// The text of the INF file that an INX file becomes, in the package `name`.
///
/// # Errors
///
/// When the INX file cannot be read or stamped.
pub fn stamped(inx: &Path, name: &str, build: Build) -> Result<String> {
    let catalog = format!("{name}.cat");
    let stamp = Stamp {
        architecture: build.architecture.inf,
        framework: kit::FRAMEWORK,
        date: DATE,
        version: VERSION,
        catalog: &catalog,
    };
    inx::stamp(&Inf::read_text(inx)?, stamp).with_context(|| format!("cannot stamp {}", inx.display()))
}

/// Writes the INF file of every package to where the images are: the lab installs from there.
///
/// # Errors
///
/// When an INX file cannot be read or stamped, or its INF file not written.
pub fn stamp_all(build: Build) -> Result<()> {
    let folder = build.folder();
    for package in PACKAGES {
        let inf = package.inf(build)?;
        files::write(&folder.join(format!("{}.inf", package.name)), inf.as_bytes())?;
    }
    if build.is_for_the_lab() {
        for (inf, copy) in FOR_THE_LAB {
            files::copy(&folder.join(inf), &folder.join(copy))?;
        }
    }
    Ok(())
}

/// The names in the sections `SourceDisksFiles`, with or without a machine's decoration: what the package consists of beside the
/// INF file.
pub fn listed_files(inf: &Inf) -> Vec<String> {
    let decorated = [X64, ARM64].map(|machine| format!("SourceDisksFiles.{}", machine.inf));
    let lines = decorated
        .iter()
        .map(String::as_str)
        .chain(["SourceDisksFiles"])
        .filter_map(|name| inf.section(name))
        .flat_map(|section| &section.directives);
    let mut names: Vec<String> = lines.filter_map(|line| line.key.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Where a listed file comes from: headers are sources, everything else is built.
pub fn origin(name: &str, build: Build) -> PathBuf {
    let header = place::ROOT.join(header::HEADER);
    if header.file_name() == Some(name.as_ref()) {
        header
    } else {
        build.folder().join(name)
    }
}

/// The INF file of a package's folder.
///
/// # Errors
///
/// When the folder has none or two, or the file is no INF file.
pub fn inf_of(folder: &Path) -> Result<Inf> {
    let infs: Vec<PathBuf> = files::list(folder)?
        .into_iter()
        .filter(|file| {
            file.extension()
                .is_some_and(|ending| ending.eq_ignore_ascii_case("inf"))
        })
        .collect();
    let [inf] = infs.as_slice() else {
        anyhow::bail!(
            "the folder {} has {} INF files; a package has one",
            folder.display(),
            infs.len()
        );
    };
    Ok(Inf::read(inf)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{ARM64, Architecture};

    fn stamped(package: &Package, architecture: &'static Architecture) -> Result<Inf> {
        let build = Build {
            architecture,
            ..Build::RELEASE
        };
        let text = package.inf(build)?;
        Ok(Inf::parse(Path::new(package.inx), text.as_bytes())?)
    }

    #[test]
    fn every_package_names_its_catalog_and_its_files() -> Result<()> {
        for package in PACKAGES {
            let inf = stamped(package, X64)?;
            let catalog = format!("{}.cat", package.name);
            assert_eq!(inf.value("Version", "CatalogFile"), Some(catalog.as_str()));
            assert!(!listed_files(&inf).is_empty(), "{}", package.inx);
        }
        Ok(())
    }

    #[test]
    fn a_package_for_arm_has_models_for_arm_only() -> Result<()> {
        for package in PACKAGES {
            let text = package.inf(Build {
                architecture: ARM64,
                ..Build::RELEASE
            })?;
            assert!(!text.to_lowercase().contains("amd64"), "{}", package.inx);
            let (arm, x64) = (stamped(package, ARM64)?, stamped(package, X64)?);
            assert_eq!(arm.device_ids(), x64.device_ids(), "{}", package.inx);
        }
        Ok(())
    }

    #[test]
    fn files_of_every_machine_are_listed_once() -> Result<()> {
        let text = b"[SourceDisksFiles]\nx.sys = 1\n[SourceDisksFiles.amd64]\ny.sys = 1\nx.sys = 1\n";
        assert_eq!(
            listed_files(&Inf::parse(Path::new("x.inf"), text)?),
            ["x.sys", "y.sys"]
        );
        Ok(())
    }
}
