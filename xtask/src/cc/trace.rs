//! What tracewpp makes on Windows: for each source with `#include "NAME.tmh"` that header. Trace functions do nothing here, and their
//! arguments are not looked at.
//!
//! The functions are those of WPP itself, those of the command line, and those that a comment between `begin_wpp config` and `end_wpp` declares.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::files;

/// The macros that every source with a trace header may use.
const BUILT_IN: &[&str] = &[
    "WPP_INIT_TRACING",
    "WPP_CLEANUP",
    "WPP_RECORDER_INITIALIZE",
    "DoTraceMessage",
];

/// Writes the header of each source that includes one into `out`.
///
/// # Errors
///
/// When a source cannot be read, or a header not written.
pub fn write_headers(
    out: &Path,
    sources: &[PathBuf],
    folders: &[PathBuf],
    declared: &[String],
) -> Result<()> {
    let mut functions: BTreeSet<String> = BUILT_IN.iter().map(|name| (*name).to_owned()).collect();
    functions.extend(
        declared
            .iter()
            .flat_map(|list| list.split(';'))
            .filter_map(name_of),
    );
    for folder in folders {
        for file in files::list(folder)?.iter().filter(|file| file.is_file()) {
            functions.extend(configured(&String::from_utf8_lossy(&files::read_bytes(file)?)));
        }
    }
    let header = header(&functions);
    for source in sources {
        for name in included(&String::from_utf8_lossy(&files::read_bytes(source)?)) {
            files::write(&out.join(name), header.as_bytes())?;
        }
    }
    Ok(())
}

/// The trace headers that a source includes.
fn included(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(|line| {
        let rest = line
            .trim_start()
            .strip_prefix('#')?
            .trim_start()
            .strip_prefix("include")?;
        let name = rest.split(['"', '<', '>']).nth(1)?;
        name.to_lowercase().ends_with(".tmh").then_some(name)
    })
}

/// The functions that the configuration blocks of a file declare: `FUNC Name{LEVEL=…}(…)`.
fn configured(text: &str) -> impl Iterator<Item = String> {
    let mut inside = false;
    text.lines().filter_map(move |line| {
        let line = line.trim_start_matches(['/', '*', ' ', '\t']);
        inside = (inside || line.starts_with("begin_wpp config")) && !line.starts_with("end_wpp");
        line.strip_prefix("FUNC ").filter(|_| inside).and_then(name_of)
    })
}

/// The name at the start of a function's declaration.
fn name_of(declaration: &str) -> Option<String> {
    let declaration = declaration.trim();
    let end = declaration.find(|character: char| !character.is_alphanumeric() && character != '_')?;
    (end > 0).then(|| declaration[..end].to_owned())
}

fn header(functions: &BTreeSet<String>) -> String {
    let mut text =
        String::from("/* Made by `cargo xtask cc`: tracing that traces nothing. */\n#pragma once\n");
    for name in functions {
        let _ = writeln!(text, "#undef {name}\n#define {name}(...) ((void)0)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_in_configuration_blocks_only() {
        let text = "// FUNC Before(MSG, ...);\n// begin_wpp config\n// FUNC Trace{LEVEL=1}(MSG, ...);\n// USEPREFIX (Trace, \"x\");\n// FUNC Other((MSG, ...));\n// end_wpp\n// FUNC After(MSG);\n";
        assert_eq!(configured(text).collect::<Vec<_>>(), ["Trace", "Other"]);
    }

    #[test]
    fn a_header_is_made_for_each_include_of_one() {
        let text =
            "#include <ntddk.h>\n#include \"driver.tmh\"\n  # include \"Other.TMH\"\n//#include \"no.tmh\"\n";
        assert_eq!(included(text).collect::<Vec<_>>(), ["driver.tmh", "Other.TMH"]);
    }

    #[test]
    fn a_function_goes_by_the_name_before_its_arguments() {
        assert_eq!(
            name_of(" Hexdump((LEVEL,FLAGS,MSG,...))").as_deref(),
            Some("Hexdump")
        );
        assert_eq!(name_of("(MSG)"), None);
    }
}
