//! Requests and queries from outside: the statuses of the contract and of KMDF.

use anyhow::Result;
use lab_tests::{
    Build, Lab,
    script::{FIRST_CHILD, ioctl, query_interface, started},
};
use sample_interface::{GUID_DEVINTERFACE_CHILD, GUID_SAMPLE_INTERFACE, IOCTL_CHILD_DOUBLE};

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
