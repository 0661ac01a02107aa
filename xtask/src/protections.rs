//! The protections that an image asks for: bits of its optional header, and of its sections.

use object::{
    LittleEndian as LE,
    pe::{
        IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE, IMAGE_DLLCHARACTERISTICS_FORCE_INTEGRITY,
        IMAGE_DLLCHARACTERISTICS_GUARD_CF, IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA,
        IMAGE_DLLCHARACTERISTICS_NX_COMPAT, IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_MEM_WRITE,
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

/// What is missing, and which sections can be written and executed.
pub fn objections(image: &PeFile64<'_>) -> Vec<String> {
    let sections = image.section_table();
    let sections = sections
        .iter()
        .map(|section| (section.raw_name(), section.characteristics.get(LE)));
    let bits = image.nt_headers().optional_header.dll_characteristics();
    missing(bits).chain(sections.filter_map(writable_code)).collect()
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
    use super::{IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_MEM_WRITE, missing, writable_code};

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
    fn code_that_can_be_written_is_named_and_data_is_not() {
        assert_eq!(writable_code((b".text", IMAGE_SCN_MEM_EXECUTE)), None);
        assert_eq!(writable_code((b".data", IMAGE_SCN_MEM_WRITE)), None);
        assert_eq!(
            writable_code((b".both", IMAGE_SCN_MEM_WRITE | IMAGE_SCN_MEM_EXECUTE)).as_deref(),
            Some("the section .both can be written and executed")
        );
    }
}
