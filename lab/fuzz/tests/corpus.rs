//! Every input in `corpus/`, and the other files that fuzzing begins with, once each.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use lab_fuzz::{command_line, inf, loader, parameters, registry, requests};

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

fn replay(folder: &str, run: fn(&[u8])) {
    for file in files(folder) {
        run(&file);
    }
}

#[test]
fn the_loader_reads_or_refuses_its_corpus() {
    replay("lab/fuzz/corpus/loader", loader::run);
}

#[test]
fn the_inf_reader_reads_or_refuses_its_corpus() {
    replay("lab/fuzz/corpus/inf", inf::run);
    replay("packages", inf::run);
}

#[test]
fn the_registry_keeps_what_its_corpus_sets() {
    replay("lab/fuzz/corpus/registry", registry::run);
}

#[test]
fn the_command_line_takes_its_corpus() {
    replay("lab/fuzz/corpus/command_line", command_line::run);
    replay("lab/scenarios", command_line::run);
}

/// One test: the lab belongs to the thread that started it.
#[test]
fn the_drivers_answer_as_the_contract_says() {
    replay("lab/fuzz/corpus/requests", requests::run);
    replay("lab/fuzz/corpus/parameters", parameters::run);
}
