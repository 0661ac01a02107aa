//! Inputs from files.

use std::fs;
use std::path::{Path, PathBuf};

/// The contents of the files of a folder of the repository.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths
        .iter()
        .map(|path| {
            // With its output, the test names the file that it failed on.
            println!("{}", path.display());
            fs::read(path).expect("the file can be read")
        })
        .collect()
}

/// Runs a target with every file of a folder.
pub fn replay(folder: &str, run: fn(&[u8])) {
    for file in files(folder) {
        run(&file);
    }
}
