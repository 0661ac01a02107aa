//! A view of folders in which the case of names does not matter, as on Windows: clang's file system overlay.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use crate::files;

/// The overlay for these folders and those in them. What it does not name is looked for as it is.
///
/// # Errors
///
/// When a folder cannot be listed.
pub fn of(folders: &[PathBuf]) -> Result<String> {
    let roots: Vec<Value> = folders
        .iter()
        .map(|folder| entry(folder, &folder.display().to_string()))
        .collect::<Result<_>>()?;
    Ok(json!({ "version": 0, "case-sensitive": "false", "roots": roots }).to_string())
}

fn entry(path: &Path, name: &str) -> Result<Value> {
    if !path.is_dir() {
        return Ok(json!({ "type": "file", "name": name, "external-contents": path }));
    }
    let contents: Vec<Value> = files::list(path)?
        .iter()
        .filter_map(|inside| Some(entry(inside, inside.file_name()?.to_str()?)))
        .collect::<Result<_>>()?;
    Ok(json!({ "type": "directory", "name": name, "contents": contents }))
}
