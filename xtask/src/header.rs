//! The task `header`: include/sample.h, the contract for C and C++, from the contract crate.
//!
//! Values, sizes and offsets come from `sample-interface` as it is compiled here; the declarations around them, which neither the compiler
//! nor a generator can express (import macros, `DEFINE_GUID`), are the template below.

use std::{
    mem::{offset_of, size_of},
    process::ExitCode,
};

use anyhow::Result;
use sample_interface::{
    GUID_DEVINTERFACE_CHILD, GUID_SAMPLE_INTERFACE, IOCTL_CHILD_DOUBLE, SAMPLE_INTERFACE,
    SAMPLE_INTERFACE_VERSION_1,
};

use crate::{files, place};

/// The header, from the root of the checkout.
pub const HEADER: &str = "include/sample.h";

const TEMPLATE: &str = r"/*
 * The contract of sample.sys for drivers in C and C++. Written by `cargo xtask header` from crates/sample-interface: change it there.
 *
 * Include ntddk.h (or wdm.h) first. Include initguid.h before this file in one source file of a driver that uses the GUIDs.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#pragma once

/* The provider itself defines SAMPLE_INTERNAL: what it exports is no import there. */
#ifdef SAMPLE_INTERNAL
#define SAMPLE_IMPORT
#else
#define SAMPLE_IMPORT DECLSPEC_IMPORT
#endif

/*
 * Doubles *Value. STATUS_INVALID_PARAMETER for NULL; STATUS_INTEGER_OVERFLOW where the result does not fit, and the value is left as it was.
 * IRQL <= DISPATCH_LEVEL; reentrant. Link with sample.lib, or take the same routine from the interface below.
 */
EXTERN_C SAMPLE_IMPORT NTSTATUS SampleDouble(INT *Value);

/* The interface on every child of the bus: {@GUID_SAMPLE_INTERFACE_TEXT@} */
DEFINE_GUID(GUID_SAMPLE_INTERFACE, @GUID_SAMPLE_INTERFACE@);

#define SAMPLE_INTERFACE_VERSION_1 @VERSION_1@

typedef NTSTATUS (*PSAMPLE_DOUBLE)(INT *Value);

/* What IRP_MN_QUERY_INTERFACE returns. Check the status, Size and Version; dereference exactly once. */
typedef struct _SAMPLE_INTERFACE {
    INTERFACE InterfaceHeader;
    PSAMPLE_DOUBLE SampleDouble;
} SAMPLE_INTERFACE, *PSAMPLE_INTERFACE;

C_ASSERT(sizeof(INTERFACE) == @SIZE_HEADER@);
C_ASSERT(sizeof(SAMPLE_INTERFACE) == @SIZE_1@);
C_ASSERT(FIELD_OFFSET(SAMPLE_INTERFACE, SampleDouble) == @OFFSET_DOUBLE@);

/* The device interface of child.sys: {@GUID_DEVINTERFACE_CHILD_TEXT@} */
DEFINE_GUID(GUID_DEVINTERFACE_CHILD, @GUID_DEVINTERFACE_CHILD@);

/* To that interface: an INT in, its double out. */
#define IOCTL_CHILD_DOUBLE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
C_ASSERT(IOCTL_CHILD_DOUBLE == @IOCTL_CHILD_DOUBLE@);
";

/// Writes the header.
///
/// # Errors
///
/// When it cannot be written.
pub fn run(_: &[String]) -> Result<ExitCode> {
    files::write(&place::ROOT.join(HEADER), render().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn render() -> String {
    let values = [
        ("GUID_SAMPLE_INTERFACE_TEXT", GUID_SAMPLE_INTERFACE.to_string()),
        ("GUID_SAMPLE_INTERFACE", components(GUID_SAMPLE_INTERFACE)),
        (
            "GUID_DEVINTERFACE_CHILD_TEXT",
            GUID_DEVINTERFACE_CHILD.to_string(),
        ),
        ("GUID_DEVINTERFACE_CHILD", components(GUID_DEVINTERFACE_CHILD)),
        ("VERSION_1", SAMPLE_INTERFACE_VERSION_1.to_string()),
        (
            "SIZE_HEADER",
            size_of::<sample_interface::INTERFACE>().to_string(),
        ),
        ("SIZE_1", size_of::<SAMPLE_INTERFACE>().to_string()),
        (
            "OFFSET_DOUBLE",
            offset_of!(SAMPLE_INTERFACE, SampleDouble).to_string(),
        ),
        ("IOCTL_CHILD_DOUBLE", format!("{IOCTL_CHILD_DOUBLE:#010x}")),
    ];
    values.iter().fold(TEMPLATE.to_owned(), |text, (name, value)| {
        text.replace(&format!("@{name}@"), value)
    })
}

/// The arguments of `DEFINE_GUID` after the name.
fn components(guid: guid_create::GUID) -> String {
    let bytes: Vec<_> = guid.data4().iter().map(|byte| format!("{byte:#04x}")).collect();
    format!(
        "{:#010x}, {:#06x}, {:#06x}, {}",
        guid.data1(),
        guid.data2(),
        guid.data3(),
        bytes.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{HEADER, render};
    use crate::place;

    #[test]
    fn the_header_is_that_of_the_contract_crate() {
        let header = fs::read_to_string(place::ROOT.join(HEADER)).expect("the header is in the repository");
        assert!(header == render(), "{HEADER} is old: run `cargo xtask header`");
    }

    #[test]
    fn every_place_of_the_template_is_filled() {
        assert!(!render().contains('@'));
    }
}
