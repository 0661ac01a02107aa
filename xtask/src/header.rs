//! `include/sample.h`: the contract for C and C++, the numbers from the contract crate and the words from a template.

use std::fmt::Write as _;
use std::mem::{offset_of, size_of};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use sample_interface::{
    GUID_BUS_TYPE_SAMPLE, GUID_DEVINTERFACE_CHILD, GUID_SAMPLE_INTERFACE, INTERFACE, IOCTL_CHILD_DOUBLE,
    SAMPLE_INTERFACE, SAMPLE_INTERFACE_VERSION_1,
};

use crate::{files, place};

/// The header with a word in `@` signs for each thing that the contract crate knows.
const TEMPLATE: &str = include_str!("sample.h.in");

/// The task `header`.
///
/// # Errors
///
/// When it is called with arguments, or the file cannot be written.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    ensure!(arguments.is_empty(), "header takes no arguments");
    files::write(&path(), render().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn path() -> PathBuf {
    place::ROOT.join("include/sample.h")
}

fn render() -> String {
    let words = [
        ("@GUIDS@", guids()),
        ("@VERSION_1@", SAMPLE_INTERFACE_VERSION_1.to_string()),
        ("@IOCTL_CHILD_DOUBLE@", control_code(IOCTL_CHILD_DOUBLE)),
        ("@ASSERTS@", asserts()),
    ];
    words.iter().fold(TEMPLATE.to_owned(), |text, (word, value)| {
        text.replace(word, value)
    })
}

/// The macro that makes a code, with its parts; devioctl.h has no inverse.
fn control_code(code: u32) -> String {
    format!(
        "CTL_CODE(0x{:02x}, 0x{:03x}, {}, {})",
        code >> 16,
        (code >> 2) & 0xfff,
        code & 3,
        (code >> 14) & 3
    )
}

fn guids() -> String {
    [
        ("GUID_SAMPLE_INTERFACE", GUID_SAMPLE_INTERFACE),
        ("GUID_DEVINTERFACE_CHILD", GUID_DEVINTERFACE_CHILD),
        ("GUID_BUS_TYPE_SAMPLE", GUID_BUS_TYPE_SAMPLE),
    ]
    .iter()
    .fold(String::new(), |mut text, (name, guid)| {
        let bytes: Vec<String> = guid.data4().iter().map(|byte| format!("0x{byte:02x}")).collect();
        let _ = writeln!(
            text,
            "DEFINE_GUID({name},\n    0x{:08x}, 0x{:04x}, 0x{:04x}, {});",
            guid.data1(),
            guid.data2(),
            guid.data3(),
            bytes.join(", ")
        );
        text
    })
}

/// One line for each size and offset that the contract crate asserts for itself.
fn asserts() -> String {
    let facts = [
        ("sizeof(INTERFACE)", size_of::<INTERFACE>()),
        ("FIELD_OFFSET(INTERFACE, Version)", offset_of!(INTERFACE, Version)),
        ("FIELD_OFFSET(INTERFACE, Context)", offset_of!(INTERFACE, Context)),
        (
            "FIELD_OFFSET(INTERFACE, InterfaceReference)",
            offset_of!(INTERFACE, InterfaceReference),
        ),
        (
            "FIELD_OFFSET(INTERFACE, InterfaceDereference)",
            offset_of!(INTERFACE, InterfaceDereference),
        ),
        ("sizeof(SAMPLE_INTERFACE)", size_of::<SAMPLE_INTERFACE>()),
        (
            "FIELD_OFFSET(SAMPLE_INTERFACE, InterfaceHeader)",
            offset_of!(SAMPLE_INTERFACE, InterfaceHeader),
        ),
        (
            "FIELD_OFFSET(SAMPLE_INTERFACE, SampleDouble)",
            offset_of!(SAMPLE_INTERFACE, SampleDouble),
        ),
    ];
    let mut text = facts.iter().fold(String::new(), |mut text, (what, value)| {
        let _ = writeln!(text, "C_ASSERT({what} == {value});");
        text
    });
    let _ = writeln!(
        text,
        "C_ASSERT(IOCTL_CHILD_DOUBLE == 0x{IOCTL_CHILD_DOUBLE:08x});"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_header_is_the_generated_one() {
        let committed = std::fs::read_to_string(path()).expect("include/sample.h should be there");
        assert_eq!(committed, render(), "run `cargo xtask header`");
    }

    #[test]
    fn every_word_of_the_template_is_replaced() {
        assert!(!render().contains('@'));
    }
}
