use std::path::Path;

use proptest::prelude::*;

use super::{Encoding, Inf, InfError};

/// INF text as people write it, for mutation.
const REAL: [&str; 2] = [
    include_str!("../../../../driver.inx"),
    include_str!("../../../../clients/child/child.inx"),
];

fn parse(text: &str) -> Result<Inf, InfError> {
    Inf::parse(Path::new("x.inf"), text.as_bytes())
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// What the text says, without where it says it: each section's name, then key and values of its lines.
fn meaning(inf: &Inf) -> Vec<Vec<String>> {
    let line = |line: &super::Directive| format!("{:?} = {:?}", line.key, line.values);
    inf.sections()
        .iter()
        .map(|section| {
            std::iter::once(section.name.clone())
                .chain(section.directives.iter().map(line))
                .collect()
        })
        .collect()
}

#[test]
fn sections_directives_comments_and_continuations_are_read() {
    let inf =
        parse("; top\n[A]\nkey = one, \"two; \"\"2\"\"\" ; end\nlong = a,\\\n  b\n[a]\nbare\n").unwrap();
    let values = |key| -> Vec<_> { inf.directives("A", key).map(|line| line.values.clone()).collect() };
    assert_eq!(values("KEY"), [["one", "two; \"2\""]]);
    assert_eq!(values("long"), [["a", "b"]]);
    let section = inf.section("A").unwrap();
    assert_eq!(
        (section.directives.len(), section.line, section.again.as_slice()),
        (3, 2, &[6][..])
    );
}

#[test]
fn tokens_are_replaced_and_directory_identifiers_stay() {
    let inf = parse("[A]\n%Name% = %13%\\x.sys, 100%%\n[Strings]\nname = \"The Name\"\n").unwrap();
    let line = inf.directives("A", "The Name").next().unwrap();
    assert_eq!(line.values, ["%13%\\x.sys", "100%"]);
}

#[test]
fn an_undefined_token_stays_where_the_caller_wants_it() {
    let inf = Inf::parse_unresolved(Path::new("x.inf"), b"[A]\nx = %no%\n").unwrap();
    assert_eq!(inf.value("A", "x"), Some("%no%"));
    assert_eq!(
        (inf.undefined[0].line, inf.undefined[0].token.as_str()),
        (2, "no")
    );
}

#[test]
fn a_section_name_may_hold_what_is_special_elsewhere() {
    let inf = parse("[;; a \"b, =]; comment\nx = 1\n").unwrap();
    assert_eq!(inf.value(";; a \"b, =", "x"), Some("1"));
}

#[test]
fn an_equals_sign_behind_a_comma_belongs_to_the_value() {
    let inf = parse("[A]\nHKR,,Command,,a=b\n").unwrap();
    let line = &inf.section("A").unwrap().directives[0];
    assert_eq!((&line.key, line.value(4)), (&None, "a=b"));
}

#[test]
fn returns_and_linefeeds_end_lines() {
    let error = parse("[A]\ra = 1\r\n\nb = \"\n").unwrap_err();
    assert_eq!(error.line, 4);
}

#[test]
fn a_backslash_at_the_end_of_the_file_continues_nothing() {
    for text in ["[A]\nx = 1, \\", "[A]\nx = 1, \\\n", "[A]\nx = 1, \\\\\n\n"] {
        assert_eq!(parse(text).unwrap().value("A", "x"), Some("1"));
    }
    assert!(
        parse("[A]\n\\")
            .unwrap()
            .section("A")
            .unwrap()
            .directives
            .is_empty()
    );
}

#[test]
fn an_empty_file_has_no_sections() {
    for bytes in [&b""[..], b"\xEF\xBB\xBF", b"\xFF\xFE", b"\n\n;\n"] {
        let inf = Inf::parse(Path::new("x.inf"), bytes).unwrap();
        assert!(inf.sections().is_empty());
    }
}

#[test]
fn what_does_not_parse_is_named_with_its_line() {
    let long = format!("[A]\nx = {}\n", "y".repeat(4096));
    let name = format!("[{}]\n", "y".repeat(256));
    let grown = format!(
        "[Strings]\ns = {}\n[A]\nx = {}\n",
        "y".repeat(4000),
        "%s%".repeat(4000)
    );
    for (text, line, reason) in [
        ("[A\n", 1, "the section name has no closing ]"),
        ("[]\n", 1, "the section has no name"),
        ("[A] x\n", 1, "something stands behind the section name"),
        ("\nx = 1\n", 2, "a line stands before the first section"),
        ("[A]\nx = \"1\n", 2, "a quoted string has no closing quote"),
        ("[A]\n= 1\n", 2, "nothing stands before the ="),
        ("[A]\nx = %no%\n", 2, "%no% is not in [Strings]"),
        (
            "[A]\nx = 5%\n",
            2,
            "\"5%\" has a % without its partner; a percent sign is written %%",
        ),
        ("[A]\n\nx\0", 3, "a NUL character: UTF-16 needs a byte order mark"),
        (long.as_str(), 2, "a value has more than 4095 characters"),
        (grown.as_str(), 4, "a value has more than 4095 characters"),
        (name.as_str(), 1, "the section name has more than 255 characters"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (line, reason));
    }
}

#[test]
fn utf_16_is_read_and_other_encodings_are_refused() {
    let units = utf16("\u{feff}[A]\r\nk=ö\r\n");
    let inf = Inf::parse(Path::new("x.inf"), &units).unwrap();
    assert_eq!(
        (inf.value("a", "k"), inf.encoding),
        (Some("ö"), Encoding::Utf16Le)
    );
    let latin1 = Inf::parse(Path::new("x.inf"), b"[A]\nk=\xF6\n").unwrap_err();
    assert_eq!(
        latin1.to_string(),
        "x.inf:2: is neither UTF-8 nor UTF-16 with a byte order mark"
    );
    for bytes in [&units[..units.len() - 1], &utf16("[A]\n"), &[0xFF, 0xFE, 0, 0xD8]] {
        assert!(Inf::parse(Path::new("x.inf"), bytes).is_err());
    }
}

#[test]
fn a_hundred_thousand_lines_and_sections_are_read() {
    let text = [
        "[A]\n",
        &"k = %s%, \"b\"\n".repeat(100_000),
        "[Strings]\ns = \"x\"\n",
    ]
    .concat();
    assert_eq!(
        parse(&text).unwrap().section("A").unwrap().directives.len(),
        100_000
    );
    let names: Vec<_> = (0..100_000).map(|number| number.to_string()).collect();
    let text = format!("[{}]\n", names.join("]\nx = 1\n["));
    assert_eq!(parse(&text).unwrap().sections().len(), 100_000);
    let joined = format!("[A]\nx = {}\n", "a,\\\n".repeat(100_000));
    assert_eq!(
        parse(&joined).unwrap().section("A").unwrap().directives[0]
            .values
            .len(),
        100_001
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), mark in 0..4_usize) {
        let marks: [&[u8]; 4] = [b"", b"\xFF\xFE", b"\xFE\xFF", b"\xEF\xBB\xBF"];
        let _ = Inf::parse(Path::new("x.inf"), &[marks[mark], &bytes].concat());
    }

    #[test]
    fn no_change_of_a_real_file_makes_it_panic(
        which in 0..REAL.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..5_usize, "[\\[\\]\"%,;=\\\\\r\n a\u{1}\u{2028}]{0,3}"), 1..8),
    ) {
        let mut text: Vec<char> = REAL[which].chars().collect();
        for (at, length, with) in edits {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
        }
        let _ = parse(&text.into_iter().collect::<String>());
    }

    #[test]
    fn what_is_printed_reads_the_same(text in "(\\[[a-c \";%]{1,3}\\]\n|[a-c\"%,= ;\\\\]{0,12}\n){1,8}") {
        if let Ok(inf) = parse(&text) {
            let again = parse(&inf.to_string()).expect("it was printed");
            prop_assert_eq!(meaning(&inf), meaning(&again));
        }
    }
}

#[test]
fn real_files_read_the_same_after_printing() {
    for text in REAL {
        let inf = parse(text).unwrap();
        assert_eq!(meaning(&inf), meaning(&parse(&inf.to_string()).unwrap()));
    }
}

#[test]
fn ids_are_listed_once_in_lower_case() {
    let text = "[Manufacturer]\nUs = M, NTamd64, NTarm64\n[M.NTamd64]\na = I, Root\\A, ROOT\\b\n[M.NTarm64]\na = I, root\\a\n";
    assert_eq!(parse(text).unwrap().device_ids(), ["root\\a", "root\\b"]);
}
