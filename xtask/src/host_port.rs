//! Copies of published crates, changed in a few places: two that compile on a host other than Windows, and two whose output does not
//! depend on where the checkout lies.
//!
//! wdk-build refuses other hosts in a few places, and windows-future, which it reaches through the `windows` crate, lacks the
//! `#![cfg(windows)]` of its siblings. wdk-sys writes its output folder into a source that it generates, for wdk-macros to read from
//! there; the hash of that source is in the symbols, and their hash is in the image.
//!
//! The copies come from what cargo downloaded, are made at build time, and are never committed.
//! Cargo takes them through `paths`: their manifests are unchanged, so Cargo.lock stays as it is and no unstable flag is needed.
//! (`[patch]` would change Cargo.lock, source replacement would want a copy of every crate.)

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{command, files, place};

/// A place in a crate: the file, the text as published, the text for this host, and how often the text occurs.
type Edit = (&'static str, &'static str, &'static str, usize);

/// A crate and its edits.
type Port = (&'static str, &'static [Edit]);

const PORTS: &[Port] = &[
    (
        "wdk-build",
        &[
            ("src/utils.rs", "ffi::{CStr, OsStr},", "ffi::OsStr,", 1),
            (
                "src/utils.rs",
                "\nuse windows::{\n",
                "\n#[cfg(windows)]\nuse windows::{\n",
                1,
            ),
            (
                "src/utils.rs",
                "    if let Some(path) = read_registry_key_string_value(\n        HKEY_LOCAL_MACHINE,",
                "    #[cfg(windows)]\n    if let Some(path) = read_registry_key_string_value(\n        HKEY_LOCAL_MACHINE,",
                2,
            ),
            (
                "src/utils.rs",
                "\nfn read_registry_key_string_value(",
                "\n#[cfg(windows)]\nfn read_registry_key_string_value(",
                1,
            ),
            (
                "src/utils.rs",
                "#[cfg(not(target_os = \"windows\"))]\npub fn ",
                "#[cfg(any())]\npub fn ",
                2,
            ),
            (
                "src/utils.rs",
                "#[cfg(target_os = \"windows\")]\npub fn ",
                "pub fn ",
                2,
            ),
            (
                "src/cargo_make.rs",
                "std::os::windows::fs::symlink_file(",
                "std::os::unix::fs::symlink(",
                2,
            ),
        ],
    ),
    (
        "windows-future",
        &[(
            "src/lib.rs",
            "#![expect(\n    missing_docs,",
            "#![cfg(windows)]\n#![expect(\n    missing_docs,",
            1,
        )],
    ),
    (
        "wdk-sys",
        &[
            // Cargo hides the warnings of what it downloads, not those of a copy.
            (
                "src/lib.rs",
                "\n#![no_std]\n",
                "\n#![no_std]\n#![allow(warnings)]\n",
                1,
            ),
            (
                "build.rs",
                "out_path.join(\"types.rs\").to_str().expect(",
                "out_path.join(\"types.rs\").strip_prefix(env::var(\"XTASK_ROOT\").unwrap_or_default()).expect(\"the output folder should lie in XTASK_ROOT\").to_str().expect(",
                1,
            ),
        ],
    ),
    (
        "wdk-macros",
        &[(
            "src/lib.rs",
            "let types_path = PathBuf::from(path.value());",
            "let types_path = PathBuf::from(std::env::var_os(\"XTASK_ROOT\").unwrap_or_default()).join(path.value());",
            1,
        )],
    ),
];

/// Marks a complete copy. Raise the number when an edit changes.
const MARK: (&str, &[u8]) = (".ported", b"2\n");

/// The variable with the workspace's folder, which the copies of wdk-sys and wdk-macros read.
pub const ROOT: &str = "XTASK_ROOT";

/// The arguments with which cargo takes the copies for the workspace in `root`. Makes them first if they are not there. What the workspace's
/// Cargo.lock does not have needs none: older versions of wdk-build do without windows-future.
///
/// # Errors
///
/// When a crate cannot be downloaded, or has another text than the edits expect.
pub fn cargo_arguments(root: &Path) -> Result<Vec<String>> {
    let lock = files::read(&root.join("Cargo.lock"))?;
    let mut paths = Vec::new();
    for (name, edits) in PORTS {
        let Some(version) = locked_version(&lock, name) else {
            continue;
        };
        let copy = place::TARGET.join("host-port").join(format!("{name}-{version}"));
        if !std::fs::read(copy.join(MARK.0)).is_ok_and(|mark| mark == MARK.1) {
            command::stage(&format!("making {name} {version} fit for this host"));
            port(&published(root, name, version)?, &copy, edits).with_context(|| {
                format!("the crate {name} {version} is not the one that xtask knows how to port (xtask/src/host_port.rs)")
            })?;
        }
        paths.push(format!("{:?}", copy.display().to_string()));
    }
    Ok(vec![
        "--config".to_owned(),
        format!("paths=[{}]", paths.join(",")),
    ])
}

/// The version of a package in the text of Cargo.lock.
fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let (_, entry) = lock.split_once(&format!("\nname = \"{name}\"\nversion = \""))?;
    entry.split('"').next()
}

/// The folder of a crate as cargo unpacked it.
fn published(root: &Path, name: &str, version: &str) -> Result<PathBuf> {
    // For every platform: cargo metadata, here and in wdk-build's build scripts, looks at the manifests of all of them.
    let mut fetch = command::cargo();
    command::run(fetch.current_dir(root).args(["fetch", "--quiet", "--locked"]))?;
    let mut metadata: Command = command::cargo();
    metadata
        .current_dir(root)
        .args(["metadata", "--format-version=1", "--offline"]);
    let metadata = command::output(&mut metadata)?;
    let ending = format!("/{name}-{version}/Cargo.toml\"");
    let end = metadata
        .find(&ending)
        .with_context(|| format!("cargo metadata names no folder for {name} {version}"))?;
    let start = metadata[..end].rfind('"').context("cargo metadata is not JSON")? + 1;
    Ok(Path::new(&metadata[start..end]).join(format!("{name}-{version}")))
}

fn port(from: &Path, to: &Path, edits: &[Edit]) -> Result<()> {
    files::mirror(from, to)?;
    for (file, ..) in edits {
        let of_file = edits.iter().filter(|(other, ..)| other == file);
        let mut text = files::read(&from.join(file))?.replace("\r\n", "\n");
        for &(_, old, new, count) in of_file {
            text = edit(&text, old, new, count).with_context(|| format!("file {file}"))?;
        }
        files::write(&to.join(file), text.as_bytes())?;
    }
    files::write(&to.join(MARK.0), MARK.1)?;
    Ok(())
}

/// Replaces a text that must occur `count` times.
fn edit(text: &str, old: &str, new: &str, count: usize) -> Result<String> {
    let found = text.matches(old).count();
    ensure!(
        found == count,
        "expected {count}, found {found} places with the text {old:?}"
    );
    Ok(text.replace(old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_replaces_each_place() -> Result<()> {
        assert_eq!(edit("a b a", "a", "c", 2)?, "c b c");
        Ok(())
    }

    #[test]
    fn an_edit_refuses_another_number_of_places() {
        let refused = edit("a b a", "a", "c", 1).map_err(|error| error.to_string());
        assert_eq!(
            refused,
            Err("expected 1, found 2 places with the text \"a\"".to_owned())
        );
        assert!(edit("", "a", "c", 1).is_err());
    }

    #[test]
    fn the_lock_file_names_the_version() {
        let lock = "[[package]]\nname = \"wdk-build\"\nversion = \"0.6.0\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "wdk-build"), Some("0.6.0"));
        assert_eq!(locked_version(lock, "wdk"), None);
    }
}
