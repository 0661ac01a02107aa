//! What the compiler says when an interface is declared or used wrongly.
//!
//! Each file in `misuse/` must not compile, and the messages are golden. Compared are the error, its label, and the notes without a place in a
//! file: those are texts of this crate, or ones that compilers have not changed in years; how a compiler draws them around the source changes
//! with its version, so trybuild's golden files would hold for one version only. After a wanted change: `INSTA_UPDATE=always`, and read the diff.

#![cfg(not(miri))]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn misuse_is_refused_in_words_that_help() {
    let cases = cases();
    let mut said = check(&project(&cases));
    let mut text = String::new();
    for case in cases.keys() {
        let messages = said.remove(case).unwrap_or_default();
        assert!(!messages.is_empty(), "{case}.rs compiles");
        writeln!(text, "{case}\n{messages}").expect("a string takes any text");
    }
    insta::assert_snapshot!("misuse", text);
}

/// The files by their names.
fn cases() -> BTreeMap<String, PathBuf> {
    let folder = Path::new(CRATE).join("tests/misuse");
    fs::read_dir(folder)
        .expect("the folder of the cases is in the repository")
        .map(|entry| entry.expect("the folder can be read").path())
        .map(|path| {
            let name = path.file_stem().expect("a case has a name");
            (name.to_string_lossy().into_owned(), path)
        })
        .collect()
}

/// A package with a program for each case, which depends on this crate as it is.
fn project(cases: &BTreeMap<String, PathBuf>) -> PathBuf {
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("misuse");
    let mut manifest = format!(
        "[package]\nname = \"misuse\"\nedition = \"2024\"\n[workspace]\n[dependencies]\ndirect-call = {{ path = {CRATE:?} }}\n"
    );
    for (name, path) in cases {
        writeln!(manifest, "[[bin]]\nname = {name:?}\npath = '{}'", path.display())
            .expect("a string takes any text");
    }
    fs::create_dir_all(&project).expect("the folder for tests can be written");
    fs::write(project.join("Cargo.toml"), manifest).expect("the folder for tests can be written");
    // The versions that this repository has, which are there without a network.
    fs::copy(
        Path::new(CRATE).join("../../Cargo.lock"),
        project.join("Cargo.lock"),
    )
    .expect("Cargo.lock is in the repository");
    project
}

/// What the compiler said of each case, each message once.
fn check(project: &Path) -> BTreeMap<String, String> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "check",
            "--offline",
            "--keep-going",
            "--bins",
            "--message-format=json",
        ])
        .current_dir(project)
        .env("CARGO_TARGET_DIR", project.join("target"))
        .output()
        .expect("cargo runs, as it runs this test");
    let mut said = BTreeMap::<String, String>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let line: Value = serde_json::from_str(line).expect("cargo prints JSON");
        if let (Some(case), Some(message)) = (line["target"]["name"].as_str(), error(&line["message"])) {
            let messages = said.entry(case.to_owned()).or_default();
            if !messages.contains(&message) {
                messages.push_str(&message);
            }
        }
    }
    assert!(
        !said.is_empty(),
        "cargo did not get to the cases:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// An error, if it is one and not cargo's summary. Where a trait is missing (E0277), this crate says what stands beside the place and below it;
/// elsewhere the compiler does.
fn error(message: &Value) -> Option<String> {
    let spans = message["spans"].as_array()?;
    if message["level"] != "error" || spans.is_empty() {
        return None;
    }
    let mut text = format!("  error: {}\n", message["message"].as_str()?);
    if message["code"]["code"] == "E0277" {
        let label = spans
            .iter()
            .find(|span| span["is_primary"] == true)
            .and_then(|span| span["label"].as_str());
        let notes = message["children"].as_array()?.iter();
        let notes = notes
            .filter(|child| child["level"] == "note" && child["spans"].as_array().is_some_and(Vec::is_empty));
        for line in label
            .into_iter()
            .chain(notes.filter_map(|child| child["message"].as_str()))
        {
            writeln!(text, "    {line}").ok()?;
        }
    }
    Some(text)
}
