//! Renders the layout assertions of `src/abi` and the list of known exports from the data under `lab/`, and takes the framework in.

use std::fmt::Write;
use std::{env, fs, path::Path};

/// The types of `src/abi` whose layout is in the data.
const TYPES: [&str; 30] = [
    "INTERFACE",
    "DEVICE_OBJECT",
    "DRIVER_OBJECT",
    "DRIVER_EXTENSION",
    "IRP",
    "IO_STACK_LOCATION",
    "IO_STATUS_BLOCK",
    "KEVENT",
    "DEVICE_RELATIONS",
    "DEVICE_CAPABILITIES",
    "UNICODE_STRING",
    "FILE_OBJECT",
    "MDL",
    "PNP_BUS_INFORMATION",
    "OBJECT_ATTRIBUTES",
    "CLIENT_ID",
    "LIST_ENTRY",
    "KDPC",
    "DISPATCHER_HEADER",
    "GUID",
    "KDEVICE_QUEUE",
    "KDEVICE_QUEUE_ENTRY",
    "KAPC",
    "WAIT_CONTEXT_BLOCK",
    "POWER_STATE",
    "IO_COMPLETION_CONTEXT",
    "VPB",
    "SINGLE_LIST_ENTRY",
    "CM_RESOURCE_LIST",
    "CM_PARTIAL_RESOURCE_DESCRIPTOR",
];

/// Fields that `src/abi` overlays with the one it declares, or has no use for.
const ABSENT: [&str; 9] = [
    "IO_STATUS_BLOCK.Pointer",
    "DISPATCHER_HEADER.TimerControlFlags",
    "DISPATCHER_HEADER.Abandoned",
    "DISPATCHER_HEADER.ThreadControlFlags",
    "DISPATCHER_HEADER.Hand",
    "DISPATCHER_HEADER.TimerMiscFlags",
    "DISPATCHER_HEADER.DebugActive",
    "DISPATCHER_HEADER.Lock",
    "KDPC.TargetInfoAsUlong",
];

/// The views of a stack location's parameters that `src/abi` declares.
const PARAMETERS: [&str; 15] = [
    "Create",
    "Read",
    "Write",
    "QueryFile",
    "DeviceIoControl",
    "QueryDeviceRelations",
    "QueryInterface",
    "DeviceCapabilities",
    "ReadWriteConfig",
    "QueryId",
    "QueryDeviceText",
    "UsageNotification",
    "Power",
    "StartDevice",
    "Others",
];

/// Members of those views that `src/abi` overlays with the ones it declares.
const ABSENT_PARAMETERS: [&str; 1] = ["Power.SystemPowerStateContext"];

/// The definition files of the import libraries whose modules the host stands for.
const DEFINITIONS: [&str; 3] = ["ntoskrnl.def", "hal.def", "wmilib.def"];

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    let out = Path::new(&out);
    fs::write(out.join("layout_asserts.rs"), layout_asserts()).expect("cargo made OUT_DIR writable");
    fs::write(out.join("known_exports.txt"), known_exports()).expect("cargo made OUT_DIR writable");
    fs::write(out.join("wdfldr.sys"), framework()).expect("cargo made OUT_DIR writable");
}

/// The image that `LAB_WDFLDR` names, to be carried in the program; empty without the variable. `cargo xtask install` sets it.
fn framework() -> Vec<u8> {
    const VARIABLE: &str = "LAB_WDFLDR";
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let Some(path) = env::var_os(VARIABLE) else {
        return Vec::new();
    };
    println!("cargo::rerun-if-changed={}", Path::new(&path).display());
    fs::read(&path).unwrap_or_else(|error| panic!("{VARIABLE} names {}: {error}", Path::new(&path).display()))
}

/// The assertions for the structures, and for the members of a stack location's parameters.
fn layout_asserts() -> String {
    let mut text = lab_abi::rust_layout_asserts(&TYPES, &ABSENT);
    let abi = lab_abi::Abi::load();
    let location = &abi.layouts["IO_STACK_LOCATION"];
    for field in location.windows_fields() {
        let Some(member) = field.name.strip_prefix("Parameters.") else {
            continue;
        };
        let Some((view, rest)) = member.split_once('.') else {
            continue;
        };
        if PARAMETERS.contains(&view) && !rest.contains('.') && !ABSENT_PARAMETERS.contains(&member) {
            let offset = format!("::core::mem::offset_of!(IO_STACK_LOCATION, Parameters.{member})");
            writeln!(text, "const _: () = assert!({offset} == {});", field.offset)
                .expect("writing to a String cannot fail");
        }
    }
    text
}

/// The names in the definition files, one per line.
fn known_exports() -> String {
    let mut names = String::new();
    for definition in DEFINITIONS {
        let path = Path::new("../wdk/lib").join(definition);
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).unwrap_or_default();
        let entries = text.lines().skip_while(|line| line.trim() != "EXPORTS").skip(1);
        for name in entries.filter_map(|line| line.split(';').next()?.split_whitespace().next()) {
            names.push_str(name);
            names.push('\n');
        }
    }
    names
}
