//! Callers outside of every stack: `IOCTL_INTERNAL_SAMPLE_GET_INTERFACE`, and the trace of queries that nobody answers.

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, Run,
    c_driver::{ASKING_THE_BUS, CDriver},
    script::{FIRST_CHILD, REMOVE_BUS, ioctl, query_interface, started},
};
use sample_interface::{GUID_SAMPLE_INTERFACE, IOCTL_INTERNAL_SAMPLE_GET_INTERFACE, SAMPLE_GET_INTERFACE};

const BUS: &str = r"ROOT\SAMPLEBUS\0000";
/// The first part of `GUID_SAMPLE_INTERFACE`.
const SERVED: &str = "0x7b0a3f52";

/// A question in a request: the first part of the GUID, size, version, bytes of input and output, and whether the request is internal.
type Question = (&'static str, u16, u16, u16, u16, bool);

fn ask((first, size, version, input, output, internal): Question) -> Result<Run> {
    let lab = Lab::new(Build::Debug)?;
    let defines = [
        format!("-DGUID_FIRST={first}"),
        format!("-DSIZE={size}"),
        format!("-DVERSION={version}"),
        format!("-DINPUT={input}"),
        format!("-DOUTPUT={output}"),
        format!("-DINTERNAL={}", u8::from(internal)),
    ];
    lab.compile(&CDriver {
        name: "asking",
        source: ASKING_THE_BUS,
        defines: &defines.each_ref().map(String::as_str),
        exports: &[],
        libraries: &[],
    })?;
    lab.run(&started(&[
        "sc create asking binPath= asking.sys type= kernel",
        "net start asking",
        "net stop asking",
        REMOVE_BUS,
    ]))
}

#[test]
fn a_request_that_fits_gets_the_table() -> Result<()> {
    for question in [
        (SERVED, 40, 1, 20, 40, true),
        // More room, a newer version and a longer input are no reason to refuse.
        (SERVED, 64, 9, 20, 64, true),
    ] {
        let run = ask(question)?;
        run.passes()?;
        run.says("asking: 0x00000000, 40 bytes, ")?;
    }
    Ok(())
}

#[test]
fn every_other_request_has_its_status_and_writes_nothing() -> Result<()> {
    let cases: [(Question, &str); 8] = [
        // STATUS_INVALID_DEVICE_REQUEST: an ordinary device control request.
        ((SERVED, 40, 1, 20, 40, false), "0xc0000010"),
        // STATUS_NOT_SUPPORTED: a GUID that nobody serves.
        (("0x7b0a3f53", 40, 1, 20, 40, true), "0xc00000bb"),
        // STATUS_INVALID_BUFFER_SIZE: size or version below the table's.
        ((SERVED, 39, 1, 20, 40, true), "0xc0000206"),
        ((SERVED, 0, 1, 20, 40, true), "0xc0000206"),
        ((SERVED, 40, 0, 20, 40, true), "0xc0000206"),
        // STATUS_BUFFER_TOO_SMALL: buffers that are shorter than they must be.
        ((SERVED, 40, 1, 19, 40, true), "0xc0000023"),
        ((SERVED, 40, 1, 0, 40, true), "0xc0000023"),
        ((SERVED, 40, 1, 20, 39, true), "0xc0000023"),
    ];
    for (question, status) in cases {
        let run = ask(question)?;
        run.passes()?;
        run.says(&format!("asking: {status}, 0 bytes, 0 touched"))
            .with_context(|| format!("{question:?}"))?;
    }
    Ok(())
}

#[test]
fn a_refusal_leaves_a_line_that_names_what_was_asked() -> Result<()> {
    let run = ask(("0x7b0a3f53", 40, 1, 20, 40, true))?;
    run.says("sample: no table for {7B0A3F53-94C1-4D0E-8F0B-51A7D2C9E619}, size 40, version 1: C00000BB")
}

#[test]
fn user_mode_is_refused() -> Result<()> {
    let input = [0; size_of::<SAMPLE_GET_INTERFACE>()];
    let request = ioctl(BUS, IOCTL_INTERNAL_SAMPLE_GET_INTERFACE, &input, 40);
    let run = Lab::new(Build::Debug)?.run(&started(&[
        &request,
        "expect \"STATUS_INVALID_DEVICE_REQUEST (0xC0000010), 0 bytes\"",
    ]))?;
    run.passes()
}

#[test]
fn each_refused_query_leaves_one_line_with_its_reason() -> Result<()> {
    let unknown = "{00000000-0000-0000-0000-000000000001}";
    let query = |size, version| query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE, size, version);
    let queries = [
        format!("query-interface {FIRST_CHILD} {unknown} 48 3"),
        query(39, 1),
        query(40, 0),
        format!("{} /null", query(40, 1)),
        // This one is answered.
        query(40, 1),
    ];
    let lines: Vec<&str> = queries.iter().map(String::as_str).chain(["traces"]).collect();
    let run = Lab::new(Build::Debug)?.run(&started(&lines))?;
    run.passes()?;
    let lines: Vec<&str> = run
        .output
        .lines()
        .filter(|line| line.starts_with("query for "))
        .collect();
    let expected = [
        (
            unknown,
            "size 48, version 3",
            "child: does not know the GUID; sample",
        ),
        ("{7B0A3F52", "size 39, version 1", "its table has 40 bytes"),
        ("{7B0A3F52", "size 40, version 0", "its table has version 1"),
        (
            "{7B0A3F52",
            "size 40, version 1",
            "the query has no place for a table",
        ),
    ];
    ensure!(lines.len() == expected.len(), "{lines:#?}");
    for (line, (guid, asked, why)) in lines.iter().zip(expected) {
        ensure!(
            [guid, asked, why, FIRST_CHILD]
                .iter()
                .all(|part| line.contains(part)),
            "{line} lacks one of {guid}, {asked}, {why}"
        );
    }
    Ok(())
}

#[test]
fn the_trace_shows_as_many_lines_as_are_asked_for() -> Result<()> {
    let query = format!("query-interface {BUS} {{00000000-0000-0000-0000-000000000001}} 32 1");
    let run = Lab::new(Build::Debug)?.run(&started(&[
        "traces",
        "expect \"The trace is empty.\"",
        &query,
        &query,
        "traces 1",
    ]))?;
    run.passes()?;
    ensure!(run.count("query for ") == 1, "{}", run.output);
    Ok(())
}
