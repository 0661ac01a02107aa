//! The template in examples/fifo: short enough to be read, and running.

use std::fs;

use anyhow::{Context, Result, ensure};
use fifo_interface::Fifo;
use lab_tests::{Build, Lab, c_driver::CDriver};

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/fifo");
const SCENARIO: &str = include_str!("../../scenarios/fifo.lab");

#[test]
fn interface_provider_and_client_have_fewer_than_150_lines_together() -> Result<()> {
    let mut lines = 0;
    for part in ["interface", "provider", "client"] {
        let sources = fs::read_dir(format!("{TEMPLATE}/{part}/src"))?;
        for source in sources {
            let path = source?.path();
            lines += fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?
                .lines()
                .count();
        }
    }
    println!("interface, provider and client: {lines} lines");
    ensure!((1..150).contains(&lines), "the template has {lines} lines");
    Ok(())
}

#[test]
fn the_client_uses_the_queue_of_the_provider() -> Result<()> {
    let run = Lab::new(Build::Release)?.run(&SCENARIO.lines().collect::<Vec<_>>())?;
    run.passes()?;
    let life = [
        "FifoClient: 3 of 7 bytes pushed, 1 is the oldest",
        "FifoClient: 2 was left",
        "FifoClient: 3 was left",
    ];
    run.says_in_order(&[life, life].concat())
}

/// Types, names and layout are what the C compiler checks here; the calling convention is that of x64.
#[test]
fn the_header_of_the_template_is_good_for_drivers_in_c() -> Result<()> {
    const SOURCE: &str = r#"
#include <ntddk.h>
#include <initguid.h>
#include "fifo.h"
static NTSTATUS Use(PFIFO_INTERFACE Fifo)
{
    UCHAR oldest;
    ULONG capacity;
    NTSTATUS status = Fifo->Capacity(&capacity);
    if (NT_SUCCESS(status)) {
        status = Fifo->Push(Fifo->InterfaceHeader.Context, 1);
    }
    return NT_SUCCESS(status) ? Fifo->Pop(Fifo->InterfaceHeader.Context, &oldest) : status;
}
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    static FIFO_INTERFACE table = { .InterfaceHeader.Size = sizeof(FIFO_INTERFACE), .InterfaceHeader.Version = FIFO_INTERFACE_VERSION };
    UNREFERENCED_PARAMETER(Driver);
    UNREFERENCED_PARAMETER(Path);
    return IsEqualGUID(&GUID_FIFO_INTERFACE, Path) ? Use(&table) : STATUS_SUCCESS;
}
"#;
    let lab = Lab::new(Build::Debug)?;
    lab.write("fifo.h", Fifo::c_header().to_string().as_bytes())?;
    lab.compile(&CDriver {
        name: "fifo-c",
        source: SOURCE,
        defines: &["-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror"],
        exports: &[],
        libraries: &[],
    })
}
