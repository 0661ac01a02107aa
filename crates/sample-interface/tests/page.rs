//! docs/contract.md has everything that the sources of this crate document.
#![cfg(not(miri))]

use std::collections::BTreeSet;

use sample_interface::{
    GUID_DEVINTERFACE_CHILD, GUID_DEVINTERFACE_REMOTE, GUID_DEVINTERFACE_SAMPLE_BUS,
    GUID_SAMPLE_BUS_INTERFACE, GUID_SAMPLE_INTERFACE, GUID_SAMPLE_INTERFACE_2, IOCTL_CHILD_DOUBLE,
    IOCTL_CHILD_DOUBLE_ARRAY, IOCTL_CHILD_QUERY_STATISTICS, IOCTL_INTERNAL_SAMPLE_GET_INTERFACE,
    IOCTL_SAMPLE_BUS_PLUG_IN, IOCTL_SAMPLE_BUS_UNPLUG, SAMPLE_BUS_INTERFACE, SAMPLE_INTERFACE,
    SAMPLE_INTERFACE_2,
};

const PAGE: &str = include_str!("../../../docs/contract.md");
const TABLES: &str = include_str!("../src/table.rs");
const REQUESTS: &str = include_str!("../src/ioctl.rs");

/// A routine or a request with its documentation in the sources.
struct Documented {
    name: String,
    words: BTreeSet<String>,
    declaration: String,
}

/// What begins, after its documentation, with `pub `, perhaps `const `, a name, and then `marker`.
fn documented(source: &str, marker: &str) -> Vec<Documented> {
    let (mut found, mut docs) = (Vec::new(), String::new());
    for (at, line) in source.lines().enumerate() {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            docs += text;
            continue;
        }
        let declared = line.strip_prefix("pub ").and_then(|line| line.split_once(marker));
        if let Some((name, _)) = declared {
            let rest = source.lines().skip(at).map(str::trim);
            let declaration = rest.scan(false, |ended, line| {
                (!std::mem::replace(ended, line.ends_with(';') || line.ends_with("NtStatus,")))
                    .then_some(line)
            });
            found.push(Documented {
                name: name.trim_start_matches("const ").to_owned(),
                words: words(&docs),
                declaration: declaration.collect(),
            });
        }
        docs.clear();
    }
    found
}

/// The identifiers of a text.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .map(str::to_owned)
        .collect()
}

/// The words of the page under `### name`.
fn section(name: &str) -> BTreeSet<String> {
    let heading = format!("\n### `{name}`\n");
    let (_, rest) = PAGE
        .split_once(&heading)
        .unwrap_or_else(|| panic!("docs/contract.md has no section {name}"));
    words(rest.split("\n##").next().unwrap_or_default())
}

fn statuses(words: &BTreeSet<String>) -> Vec<&String> {
    words.iter().filter(|word| word.starts_with("STATUS_")).collect()
}

#[test]
fn every_routine_has_its_arguments_its_irql_and_no_other_statuses() {
    let routines = documented(TABLES, ": unsafe extern \"system\" fn(");
    assert_eq!(
        routines.len(),
        7,
        "the tables have other routines than this test knows"
    );
    // A routine that is in two tables is documented at the first.
    for routine in routines.iter().filter(|routine| !routine.words.contains("As")) {
        let section = section(&routine.name);
        assert_eq!(
            statuses(&section),
            statuses(&routine.words),
            "docs/contract.md, on the left, and the crate differ on {}",
            routine.name
        );
        let (_, arguments) = routine.declaration.split_once("fn(").expect("the marker");
        let arguments = arguments
            .split(',')
            .filter_map(|argument| argument.split_once(':'))
            .map(|(name, _)| name.trim());
        for wanted in arguments.chain(["DISPATCH_LEVEL", "Since"]) {
            assert!(
                section.contains(wanted),
                "docs/contract.md does not say `{wanted}` of {}",
                routine.name
            );
        }
    }
}

#[test]
fn every_request_has_its_statuses_and_its_code() {
    let codes = [
        ("IOCTL_CHILD_DOUBLE", IOCTL_CHILD_DOUBLE),
        ("IOCTL_CHILD_DOUBLE_ARRAY", IOCTL_CHILD_DOUBLE_ARRAY),
        ("IOCTL_CHILD_QUERY_STATISTICS", IOCTL_CHILD_QUERY_STATISTICS),
        (
            "IOCTL_INTERNAL_SAMPLE_GET_INTERFACE",
            IOCTL_INTERNAL_SAMPLE_GET_INTERFACE,
        ),
        ("IOCTL_SAMPLE_BUS_PLUG_IN", IOCTL_SAMPLE_BUS_PLUG_IN),
        ("IOCTL_SAMPLE_BUS_UNPLUG", IOCTL_SAMPLE_BUS_UNPLUG),
    ];
    let requests: Vec<_> = documented(REQUESTS, ": u32 = CTL_CODE(")
        .into_iter()
        .filter(|request| request.name.starts_with("IOCTL_"))
        .collect();
    assert_eq!(
        requests.len(),
        codes.len(),
        "the crate has other requests than this test knows"
    );
    for request in requests {
        let section = section(&request.name);
        let (_, code) = codes
            .iter()
            .find(|(name, _)| *name == request.name)
            .expect("a request that this test knows");
        assert!(
            section.contains(&format!("0x{code:08X}")),
            "docs/contract.md has another code of {}",
            request.name
        );
        for status in request.words.iter().filter(|word| word.starts_with("STATUS_")) {
            assert!(
                section.contains(status),
                "docs/contract.md does not say `{status}` of {}",
                request.name
            );
        }
    }
}

#[test]
fn every_table_has_its_guid_size_and_version() {
    let tables = [
        (
            "SAMPLE_INTERFACE",
            GUID_SAMPLE_INTERFACE,
            size_of::<SAMPLE_INTERFACE>(),
            SAMPLE_INTERFACE::VERSION,
        ),
        (
            "SAMPLE_INTERFACE_2",
            GUID_SAMPLE_INTERFACE_2,
            size_of::<SAMPLE_INTERFACE_2>(),
            SAMPLE_INTERFACE_2::VERSION,
        ),
        (
            "SAMPLE_BUS_INTERFACE",
            GUID_SAMPLE_BUS_INTERFACE,
            size_of::<SAMPLE_BUS_INTERFACE>(),
            SAMPLE_BUS_INTERFACE::VERSION,
        ),
    ];
    for (table, guid, size, version) in tables {
        let row = format!("| `{table}` | `GUID_{table}` {{{guid}}} | {size} | {version} |");
        assert!(PAGE.contains(&row), "docs/contract.md has no row `{row}`");
    }
    for guid in [
        GUID_DEVINTERFACE_CHILD,
        GUID_DEVINTERFACE_SAMPLE_BUS,
        GUID_DEVINTERFACE_REMOTE,
    ] {
        assert!(
            PAGE.contains(&format!("{{{guid}}}")),
            "docs/contract.md has no device interface {guid}"
        );
    }
}
