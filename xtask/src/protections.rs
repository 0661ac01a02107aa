//! The protections that an image asks for: bits of its optional header, and of its sections.

use std::mem::offset_of;

use object::{
    LittleEndian as LE,
    pe::{
        IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE,
        IMAGE_DLLCHARACTERISTICS_FORCE_INTEGRITY, IMAGE_DLLCHARACTERISTICS_GUARD_CF,
        IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA, IMAGE_DLLCHARACTERISTICS_NX_COMPAT,
        IMAGE_GUARD_CF_FUNCTION_TABLE_PRESENT, IMAGE_GUARD_CF_INSTRUMENTED, IMAGE_SCN_MEM_EXECUTE,
        IMAGE_SCN_MEM_WRITE, ImageLoadConfigDirectory64,
    },
    read::pe::{ImageOptionalHeader, PeFile64},
};

/// What every kernel image of ours asks for, by the linker's switch.
const WANTED: &[(u16, &str)] = &[
    (IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE, "/DYNAMICBASE"),
    (IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA, "/HIGHENTROPYVA"),
    (IMAGE_DLLCHARACTERISTICS_NX_COMPAT, "/NXCOMPAT"),
    (IMAGE_DLLCHARACTERISTICS_FORCE_INTEGRITY, "/INTEGRITYCHECK"),
    (IMAGE_DLLCHARACTERISTICS_GUARD_CF, "/GUARD:CF"),
];

/// Without these in its load configuration, the bit of /GUARD:CF is a word without a deed.
const WANTED_OF_GUARD: u32 = IMAGE_GUARD_CF_INSTRUMENTED | IMAGE_GUARD_CF_FUNCTION_TABLE_PRESENT;

/// What is missing, and which sections can be written and executed.
pub fn objections(image: &PeFile64<'_>) -> Vec<String> {
    let sections = image.section_table();
    let sections = sections
        .iter()
        .map(|section| (section.raw_name(), section.characteristics.get(LE)));
    let bits = image.nt_headers().optional_header.dll_characteristics();
    missing(bits)
        .chain(unguarded(guard_flags(image)))
        .chain(sections.filter_map(writable_code))
        .collect()
}

/// `GuardFlags` of the load configuration, 0 without one.
fn guard_flags(image: &PeFile64<'_>) -> u32 {
    let directory = image.data_directory(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG);
    let bytes = directory.and_then(|directory| directory.data(image.data(), &image.section_table()).ok());
    let flags = bytes.and_then(|bytes| bytes.get(offset_of!(ImageLoadConfigDirectory64, guard_flags)..));
    flags
        .and_then(|flags| flags.first_chunk())
        .map_or(0, |flags| u32::from_le_bytes(*flags))
}

fn unguarded(flags: u32) -> Option<String> {
    (flags & WANTED_OF_GUARD != WANTED_OF_GUARD).then(|| {
        format!(
            "its load configuration has no table of the functions that may be called (GuardFlags {flags:#x})"
        )
    })
}

fn missing(bits: u16) -> impl Iterator<Item = String> {
    let missing = WANTED.iter().filter(move |(bit, _)| bits & bit == 0);
    missing.map(|(_, switch)| format!("was not linked with {switch}"))
}

fn writable_code((name, characteristics): (&[u8], u32)) -> Option<String> {
    const BOTH: u32 = IMAGE_SCN_MEM_WRITE | IMAGE_SCN_MEM_EXECUTE;
    let name = String::from_utf8_lossy(name);
    (characteristics & BOTH == BOTH).then(|| format!("the section {name} can be written and executed"))
}

#[cfg(test)]
mod tests {
    use super::{IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_MEM_WRITE, missing, unguarded, writable_code};

    #[test]
    fn each_protection_that_is_missing_is_named() {
        assert_eq!(missing(0x41E0).count(), 0);
        assert_eq!(missing(0).count(), 5);
        assert_eq!(
            missing(0x4160).collect::<Vec<_>>(),
            ["was not linked with /INTEGRITYCHECK"]
        );
    }

    #[test]
    fn a_guard_without_a_table_is_named() {
        assert_eq!(unguarded(0x0001_0500), None);
        assert!(unguarded(0x100).is_some_and(|text| text.contains("GuardFlags 0x100")));
        assert!(unguarded(0).is_some());
    }

    #[test]
    fn code_that_can_be_written_is_named_and_data_is_not() {
        assert_eq!(writable_code((b".text", IMAGE_SCN_MEM_EXECUTE)), None);
        assert_eq!(writable_code((b".data", IMAGE_SCN_MEM_WRITE)), None);
        assert_eq!(
            writable_code((b".both", IMAGE_SCN_MEM_WRITE | IMAGE_SCN_MEM_EXECUTE)).as_deref(),
            Some("the section .both can be written and executed")
        );
    }
}
