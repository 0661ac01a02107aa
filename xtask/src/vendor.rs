//! The published crates as cargo downloaded them, with `wdk-build` made host-independent.
//!
//! wdk-build 0.6.0 refuses any host but Windows in a handful of places. Cargo is given a directory source: a vendored copy of
//! every crate of Cargo.lock, in which those places are changed. Unlike `[patch]` this leaves Cargo.lock as it is, and
//! unlike a path override it may move the `windows` dependency to Windows hosts.
//!
//! Each change names the exact text it expects. A release of wdk-build that reads otherwise is refused, not guessed at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{output, stage};
use crate::workspace::Workspace;

/// The release whose text is known.
const KNOWN_VERSION: &str = "0.6.0";

/// A place in wdk-build, from the first text to the end of the second, and what stands there afterwards.
struct Change {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    becomes: &'static str,
}

const CHANGES: &[Change] = &[
    Change {
        file: "Cargo.toml",
        from: "[dependencies.windows]",
        to: "",
        becomes: "[target.'cfg(windows)'.dependencies.windows]",
    },
    Change { file: "src/utils.rs", from: "    ffi::{CStr, OsStr},", to: "", becomes: "    ffi::OsStr," },
    Change { file: "src/utils.rs", from: "use windows::{", to: "\n};\n", becomes: "" },
    // No registry: WDKContentRoot is the only answer.
    Change {
        file: "src/utils.rs",
        from: "    // Check HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Kits\\Installed",
        to: "\n    None\n}\n",
        becomes: "    None\n}\n",
    },
    Change {
        file: "src/utils.rs",
        from: "/// Read a string value from a registry key\n",
        to: "\n    None\n}\n",
        becomes: "",
    },
    Change { file: "src/utils.rs", from: "pub fn set_var<K, V>(_key: K, _value: V)", to: "", becomes: "pub fn set_var<K, V>(key: K, value: V)" },
    Change { file: "src/utils.rs", from: "    compile_error!(", to: "    );\n", becomes: "    unsafe { env::set_var(key, value) };\n" },
    Change { file: "src/utils.rs", from: "pub fn remove_var<K>(_key: K)", to: "", becomes: "pub fn remove_var<K>(key: K)" },
    Change { file: "src/utils.rs", from: "    compile_error!(", to: "    );\n", becomes: "    unsafe { env::remove_var(key) };\n" },
    Change {
        file: "src/cargo_make.rs",
        from: "std::os::windows::fs::symlink_file",
        to: "",
        becomes: "std::os::unix::fs::symlink",
    },
    Change {
        file: "src/cargo_make.rs",
        from: "std::os::windows::fs::symlink_file",
        to: "",
        becomes: "std::os::unix::fs::symlink",
    },
];

/// Makes the directory source, unless it is there for this Cargo.lock.
///
/// # Errors
/// Cargo cannot bring the crates, or wdk-build reads otherwise than [`CHANGES`] expects.
pub fn prepare(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target().join("vendor");
    let stamp = folder.join(".cargo-lock");
    let lock = fs::read(workspace.root.join("Cargo.lock")).context("Cargo.lock is missing: restore it from git")?;
    if fs::read(&stamp).is_ok_and(|old| old == lock) {
        return Ok(folder);
    }
    stage("copying the published crates, wdk-build made host-independent");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    output(Command::new(env!("CARGO")).args(["vendor", "--locked"]).arg(&folder).current_dir(&workspace.root))?;
    change_wdk_build(&folder.join("wdk-build"))?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(folder)
}

fn change_wdk_build(krate: &Path) -> Result<()> {
    let manifest = read(&krate.join("Cargo.toml"))?;
    if !manifest.contains(&format!("\nversion = \"{KNOWN_VERSION}\"\n")) {
        bail!("wdk-build is not the release {KNOWN_VERSION} that xtask/src/vendor.rs knows how to run on Linux");
    }
    for change in CHANGES {
        let path = krate.join(change.file);
        let text = apply(&read(&path)?, change)
            .with_context(|| format!("wdk-build {KNOWN_VERSION}, {}: xtask/src/vendor.rs expects other text", change.file))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    forget_file_hashes(&krate.join(".cargo-checksum.json"))
}

/// A file's text, with one kind of line end: the published crate mixes two.
fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.replace("\r\n", "\n"))
}

/// Replaces the first place that begins with `from` and ends with the next `to`.
fn apply(text: &str, change: &Change) -> Result<String> {
    let start = text.find(change.from).with_context(|| format!("{:?} is not there", change.from))?;
    let after = start + change.from.len();
    let length = text[after..].find(change.to).with_context(|| format!("{:?} does not follow {:?}", change.to, change.from))?;
    Ok([&text[..start], change.becomes, &text[after + length + change.to.len()..]].concat())
}

/// Cargo checks a vendored crate against its list of hashes; the changed crate keeps only the hash of the published package.
fn forget_file_hashes(path: &Path) -> Result<()> {
    let mut checksums: serde_json::Value = serde_json::from_str(&read(path)?).with_context(|| format!("{} is not JSON", path.display()))?;
    checksums["files"] = serde_json::json!({});
    fs::write(path, checksums.to_string()).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGE: Change = Change { file: "", from: "begin", to: "end", becomes: "new" };

    #[test]
    fn a_change_replaces_from_the_first_text_to_the_end_of_the_second() {
        assert_eq!(apply("a begin b end c end", &CHANGE).unwrap(), "a new c end");
    }

    #[test]
    fn a_change_refuses_text_it_does_not_know() {
        assert!(apply("a beg b end", &CHANGE).is_err());
        assert!(apply("a begin b", &CHANGE).is_err());
    }
}
