//! Requests and queries from outside: the statuses of the contract and of KMDF.

use anyhow::Result;
use lab_tests::{
    Build, Lab,
    script::{FIRST_CHILD, ioctl, query_interface, started},
};
use sample_interface::{
    GUID_DEVINTERFACE_CHILD, GUID_SAMPLE_INTERFACE, IOCTL_CHILD_DOUBLE, IOCTL_CHILD_DOUBLE_ARRAY,
    IOCTL_CHILD_QUERY_STATISTICS,
};

/// The size and version of the table that the bus registers.
const SIZE: u16 = 40;
const VERSION: u16 = 1;

/// What a request says that wrote nothing.
const NOTHING: &str = ", 0 bytes";

/// Runs one line against the started drivers; the run passes and says each text.
fn answers(line: &str, texts: &[&str]) -> Result<()> {
    let run = Lab::new(Build::Release)?.run(&started(&[line]))?;
    run.passes()?;
    texts.iter().try_for_each(|text| run.says(text))
}

fn double(input: &[u8], output: usize) -> String {
    ioctl(FIRST_CHILD, IOCTL_CHILD_DOUBLE, input, output)
}

#[test]
fn a_request_travels_to_the_bus_and_back() -> Result<()> {
    answers(
        &double(&21_i32.to_le_bytes(), 4),
        &["STATUS_SUCCESS (0x00000000), 4 bytes: 2A 00 00 00"],
    )?;
    answers(
        &double(&(-3_i32).to_le_bytes(), 4),
        &["STATUS_SUCCESS (0x00000000), 4 bytes: FA FF FF FF"],
    )
}

#[test]
fn a_short_buffer_is_refused_and_nothing_is_written() -> Result<()> {
    for length in 0..4 {
        answers(
            &double(&[19, 0, 0, 0][..length], 4),
            &["STATUS_BUFFER_TOO_SMALL (0xC0000023)", NOTHING],
        )?;
        answers(
            &double(&19_i32.to_le_bytes(), length),
            &["STATUS_BUFFER_TOO_SMALL (0xC0000023)", NOTHING],
        )?;
    }
    Ok(())
}

#[test]
fn a_value_too_large_is_refused() -> Result<()> {
    answers(
        &double(&i32::MAX.to_le_bytes(), 4),
        &["STATUS_INTEGER_OVERFLOW (0xC0000095)", NOTHING],
    )
}

/// Numbers as a program passes them.
fn bytes(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn double_array(input: &[u8], output: usize) -> String {
    ioctl(FIRST_CHILD, IOCTL_CHILD_DOUBLE_ARRAY, input, output)
}

#[test]
fn an_array_is_doubled_in_one_request() -> Result<()> {
    answers(
        &double_array(&bytes(&[1, -2, 21]), 12),
        &["STATUS_SUCCESS (0x00000000), 12 bytes: 02 00 00 00 FC FF FF FF 2A 00 00 00"],
    )
}

#[test]
fn an_array_ends_before_the_value_that_is_too_large() -> Result<()> {
    answers(
        &double_array(&bytes(&[1, i32::MAX, 2]), 12),
        &["STATUS_SUCCESS (0x00000000), 4 bytes: 02 00 00 00"],
    )?;
    answers(
        &double_array(&bytes(&[i32::MIN]), 4),
        &["STATUS_SUCCESS", NOTHING],
    )
}

#[test]
fn an_array_that_is_no_array_or_has_no_room_is_refused() -> Result<()> {
    for (input, output, status) in [
        (&[][..], 0, "STATUS_BUFFER_TOO_SMALL"),
        (&[1, 0, 0], 4, "STATUS_BUFFER_TOO_SMALL"),
        (&[1, 0, 0, 0, 2, 0, 0, 0], 7, "STATUS_BUFFER_TOO_SMALL"),
        (&[1, 0, 0, 0, 2], 8, "STATUS_INVALID_PARAMETER"),
    ] {
        answers(&double_array(input, output), &[status, NOTHING])?;
    }
    Ok(())
}

#[test]
fn statistics_count_calls_failures_and_references() -> Result<()> {
    let statistics = ioctl(FIRST_CHILD, IOCTL_CHILD_QUERY_STATISTICS, &[], 24);
    let run = Lab::new(Build::Release)?.run(&started(&[
        &double_array(&bytes(&[1]), 4),
        &double_array(&bytes(&[i32::MAX]), 4),
        &statistics,
        "expect \"24 bytes: 02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00\"",
    ]))?;
    run.passes()?;
    answers(
        &ioctl(FIRST_CHILD, IOCTL_CHILD_QUERY_STATISTICS, &[], 23),
        &["STATUS_BUFFER_TOO_SMALL", NOTHING],
    )
}

#[test]
fn an_unknown_request_is_refused() -> Result<()> {
    answers(
        &ioctl(FIRST_CHILD, 0x0022_2000, &[0; 4], 4),
        &["STATUS_INVALID_DEVICE_REQUEST (0xC0000010)"],
    )
}

#[test]
fn a_query_that_fits_gets_the_table() -> Result<()> {
    answers(
        &query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE, SIZE, VERSION),
        &["STATUS_SUCCESS (0x00000000), size 40, version 1"],
    )?;
    // A newer client gets the older table and must look at Version.
    answers(
        &query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE, SIZE + 8, VERSION + 1),
        &["STATUS_SUCCESS (0x00000000), size 40, version 1"],
    )
}

#[test]
fn a_query_that_does_not_fit_is_refused_as_kmdf_does() -> Result<()> {
    answers(
        &query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE, SIZE - 1, VERSION),
        &["STATUS_INVALID_BUFFER_SIZE (0xC0000206)"],
    )?;
    answers(
        &query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE, SIZE, VERSION - 1),
        &["STATUS_INVALID_BUFFER_SIZE (0xC0000206)"],
    )?;
    answers(
        &query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE, 0, VERSION),
        &["STATUS_INVALID_BUFFER_SIZE (0xC0000206)"],
    )?;
    answers(
        &query_interface(FIRST_CHILD, GUID_DEVINTERFACE_CHILD, SIZE, VERSION),
        &["STATUS_NOT_SUPPORTED (0xC00000BB)"],
    )
}

#[test]
fn a_query_without_a_buffer_is_refused() -> Result<()> {
    let line = query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE, SIZE, VERSION) + " /null";
    answers(&line, &["STATUS_INVALID_PARAMETER (0xC000000D)"])
}
