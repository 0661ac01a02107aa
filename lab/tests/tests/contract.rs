//! The contract: which queries get which table, and what each routine says to good and bad arguments.

use std::io::{Write as _, stderr};

use anyhow::{Context, Result, ensure};
use guid_create::GUID;
use lab_tests::{
    Build, Lab, c_driver,
    script::{ADD_BUS, ADD_CHILD, FIRST_CHILD, PLUG_BUS, ioctl, query_interface},
};
use sample_interface::{
    GUID_DEVINTERFACE_CHILD, GUID_SAMPLE_BUS_INTERFACE, GUID_SAMPLE_INTERFACE, GUID_SAMPLE_INTERFACE_2,
    IOCTL_SAMPLE_BUS_UNPLUG,
};

/// What a function driver of the children is for.
const CHILD_ID: &str = r"SAMPLEBUS\Doubler";
const BUS: &str = r"ROOT\SAMPLEBUS\0000";
const TARGET: &str = r"ROOT\SAMPLETARGET\0000";

/// A table that a device registered.
struct Provided {
    device: &'static str,
    guid: GUID,
    size: u16,
    version: u16,
    /// What a query gets whose size or version is too small: a PDO says so, anybody else asks further down.
    refused: &'static str,
}

const PDO: &str = "STATUS_INVALID_BUFFER_SIZE";
const FDO: &str = "STATUS_NOT_SUPPORTED";

const PROVIDED: [Provided; 6] = [
    Provided {
        device: FIRST_CHILD,
        guid: GUID_SAMPLE_INTERFACE,
        size: 40,
        version: 1,
        refused: PDO,
    },
    Provided {
        device: FIRST_CHILD,
        guid: GUID_SAMPLE_INTERFACE_2,
        size: 56,
        version: 2,
        refused: PDO,
    },
    // The child passes it on to the bus, whose refusal nobody sees.
    Provided {
        device: FIRST_CHILD,
        guid: GUID_SAMPLE_BUS_INTERFACE,
        size: 56,
        version: 1,
        refused: FDO,
    },
    Provided {
        device: BUS,
        guid: GUID_SAMPLE_BUS_INTERFACE,
        size: 56,
        version: 1,
        refused: FDO,
    },
    Provided {
        device: TARGET,
        guid: GUID_SAMPLE_INTERFACE,
        size: 40,
        version: 1,
        refused: FDO,
    },
    Provided {
        device: TARGET,
        guid: GUID_SAMPLE_INTERFACE_2,
        size: 56,
        version: 2,
        refused: FDO,
    },
];

/// Around every size and version that is registered, and at the ends.
const SIZES: [u16; 11] = [1, 8, 31, 32, 39, 40, 41, 55, 56, 57, u16::MAX];
const VERSIONS: [u16; 5] = [0, 1, 2, 3, u16::MAX];

/// Every query, with what it gets.
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for provided in &PROVIDED {
        for size in SIZES {
            for version in VERSIONS {
                let fits = provided.size <= size && provided.version <= version;
                let answer = if fits {
                    format!(
                        "STATUS_SUCCESS (0x00000000), size {}, version {}",
                        provided.size, provided.version
                    )
                } else {
                    provided.refused.to_owned()
                };
                queries.push((
                    query_interface(provided.device, provided.guid, size, version),
                    answer,
                ));
            }
        }
    }
    for device in [FIRST_CHILD, BUS, TARGET] {
        let unknown = query_interface(device, GUID_DEVINTERFACE_CHILD, u16::MAX, u16::MAX);
        queries.push((unknown, FDO.to_owned()));
    }
    queries
}

#[test]
fn every_request_gets_the_answer_of_the_table_of_cases() -> Result<()> {
    let queries = queries();
    let setup = [
        ADD_BUS,
        ADD_CHILD,
        PLUG_BUS,
        "pnputil /add-driver stacked.inf /install",
        "pnputil /add-driver samplefilter.inf /install",
        r"devgen /add /hardwareid root\SampleTarget",
    ];
    let lines = setup
        .into_iter()
        .chain(queries.iter().map(|(line, _)| line.as_str()));
    let run = Lab::new(Build::Release)?.run(&lines.collect::<Vec<_>>())?;
    run.passes()?;
    let mut output = run.output.as_str();
    for (line, answer) in &queries {
        let (_, after) = output
            .split_once(&format!("> {line}\n"))
            .context("a line did not run")?;
        let said = after.lines().next().unwrap_or_default();
        ensure!(
            said.starts_with(answer.as_str()),
            "{line}\nexpected {answer}\nbut was  {said}"
        );
        output = after;
    }
    // Past the capture of the test's output.
    writeln!(
        stderr(),
        "{} combinations of device, GUID, size and version",
        queries.len()
    )?;
    Ok(())
}

#[test]
fn every_routine_answers_good_and_bad_arguments_as_documented() -> Result<()> {
    let lab = Lab::new(Build::Release)?;
    lab.function_driver("probe", c_driver::PROBE, CHILD_ID)?;
    let run = lab.run(&[
        ADD_BUS,
        "pnputil /add-driver probe.inf /install",
        r"reg add HKLM\SYSTEM\CurrentControlSet\Services\sample\Parameters /v ChildCount /t REG_DWORD /d 1 /f",
        PLUG_BUS,
    ])?;
    run.passes()?;
    insta::assert_snapshot!("probe", probed(&run.output));
    Ok(())
}

#[test]
fn routines_that_take_the_context_know_that_the_device_was_removed() -> Result<()> {
    let lab = Lab::new(Build::Release)?;
    lab.function_driver("probe", c_driver::PROBE, CHILD_ID)?;
    let run = lab.run(&[
        ADD_BUS,
        "pnputil /add-driver probe.inf /install",
        PLUG_BUS,
        &ioctl(BUS, IOCTL_SAMPLE_BUS_UNPLUG, &1_u32.to_le_bytes(), 0),
        "expect STATUS_SUCCESS",
        "pnputil /scan-devices",
        "expect /log \"probe: array after removal: C00002B6\"",
        "expect /log \"probe: statistics after removal: C00002B6\"",
        "expect /log \"probe: double after removal: 00000000\"",
        "expect /log \"probe: value 10, done 77\"",
    ])?;
    run.passes()
}

/// The lines of the probe.
fn probed(output: &str) -> String {
    let lines: Vec<_> = output
        .lines()
        .filter(|line| line.starts_with("probe: "))
        .collect();
    lines.join("\n")
}
