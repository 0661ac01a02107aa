//! Images that are wrong on purpose: an image of ours with a field changed.
//!
//! Offsets are those of the PE format, winnt.h.

use anyhow::{Context, Result, ensure};

/// `IMAGE_DOS_HEADER.e_lfanew`: where the NT headers begin.
const E_LFANEW: usize = 0x3c;
/// From the NT headers: `IMAGE_FILE_HEADER.Machine`.
const MACHINE: usize = 4;
/// From the NT headers: `IMAGE_FILE_HEADER.NumberOfSections`.
const NUMBER_OF_SECTIONS: usize = 6;
/// From the NT headers: `IMAGE_OPTIONAL_HEADER64.AddressOfEntryPoint`.
const ENTRY_POINT: usize = 24 + 16;
/// From the NT headers: `IMAGE_OPTIONAL_HEADER64.SizeOfImage`.
const SIZE_OF_IMAGE: usize = 24 + 56;
/// From the NT headers: `IMAGE_OPTIONAL_HEADER64.Subsystem`.
const SUBSYSTEM: usize = 24 + 68;
/// From the NT headers: the data directories, eight bytes each.
const DIRECTORIES: usize = 24 + 112;
/// `IMAGE_DIRECTORY_ENTRY_IMPORT`.
const IMPORTS: usize = 1;
/// `IMAGE_DIRECTORY_ENTRY_BASERELOC`.
const RELOCATIONS: usize = 5;
/// From the NT headers: the first `IMAGE_SECTION_HEADER`, after 16 directories.
const FIRST_SECTION: usize = DIRECTORIES + 16 * 8;
/// `IMAGE_SECTION_HEADER.VirtualAddress`.
const SECTION_ADDRESS: usize = 12;
/// `IMAGE_SECTION_HEADER.SizeOfRawData`.
const SECTION_RAW_SIZE: usize = 16;
/// `IMAGE_SECTION_HEADER.PointerToRawData`.
const SECTION_RAW_OFFSET: usize = 20;

/// `IMAGE_FILE_MACHINE_ARM64`.
const ARM64: u16 = 0xaa64;
/// `IMAGE_SUBSYSTEM_WINDOWS_CUI`.
const CONSOLE: u16 = 3;
/// An address or size that no image of ours reaches.
const FAR: u32 = 0x7fff_0000;

/// A case: what is wrong, and the function that makes it so.
pub type Case = (&'static str, fn(&mut Vec<u8>) -> Result<()>);

/// Every field that a loader must not believe.
pub const CASES: &[Case] = &[
    ("an empty file", |image| keep(image, 0)),
    ("not a PE", |image| bytes(image, 0, b"#!")),
    ("headers beyond the end of the file", |image| {
        bytes(image, E_LFANEW, &FAR.to_le_bytes())
    }),
    ("no PE signature", |image| in_headers(image, 0, b"NE\0\0")),
    ("another machine", |image| {
        in_headers(image, MACHINE, &ARM64.to_le_bytes())
    }),
    ("another subsystem", |image| {
        in_headers(image, SUBSYSTEM, &CONSOLE.to_le_bytes())
    }),
    ("more sections than there is room for", |image| {
        in_headers(image, NUMBER_OF_SECTIONS, &u16::MAX.to_le_bytes())
    }),
    ("an entry point out of the image", |image| {
        in_headers(image, ENTRY_POINT, &FAR.to_le_bytes())
    }),
    ("an image size of nothing", |image| {
        in_headers(image, SIZE_OF_IMAGE, &0_u32.to_le_bytes())
    }),
    ("an image size of 2 GiB", |image| {
        in_headers(image, SIZE_OF_IMAGE, &FAR.to_le_bytes())
    }),
    ("a section out of the image", |image| {
        in_headers(image, FIRST_SECTION + SECTION_ADDRESS, &FAR.to_le_bytes())
    }),
    ("a section longer than the file", |image| {
        in_headers(image, FIRST_SECTION + SECTION_RAW_SIZE, &FAR.to_le_bytes())
    }),
    ("a section beyond the end of the file", |image| {
        in_headers(image, FIRST_SECTION + SECTION_RAW_OFFSET, &FAR.to_le_bytes())
    }),
    ("imports out of the image", |image| {
        in_headers(image, DIRECTORIES + IMPORTS * 8, &FAR.to_le_bytes())
    }),
    ("relocations out of the image", |image| {
        in_headers(image, DIRECTORIES + RELOCATIONS * 8, &FAR.to_le_bytes())
    }),
    ("relocations longer than the image", |image| {
        in_headers(image, DIRECTORIES + RELOCATIONS * 8 + 4, &FAR.to_le_bytes())
    }),
    ("cut in the DOS header", |image| keep(image, 0x20)),
    ("cut in the NT headers", |image| keep(image, headers(image)? + 20)),
    ("cut in the section table", |image| {
        keep(image, headers(image)? + FIRST_SECTION + 10)
    }),
    ("cut in a section", |image| keep(image, image.len() / 2)),
];

/// Replaces every occurrence of a text by another of the same length.
///
/// # Errors
///
/// When the lengths differ or the text does not occur.
pub fn rename(image: &mut [u8], old: &str, new: &str) -> Result<()> {
    ensure!(old.len() == new.len(), "`{old}` and `{new}` differ in length");
    let places: Vec<usize> = image
        .windows(old.len())
        .enumerate()
        .filter_map(|(place, window)| (window == old.as_bytes()).then_some(place))
        .collect();
    ensure!(!places.is_empty(), "the image has no text `{old}`");
    places
        .into_iter()
        .try_for_each(|place| bytes(image, place, new.as_bytes()))
}

fn headers(image: &[u8]) -> Result<usize> {
    let field = image
        .get(E_LFANEW..E_LFANEW + 4)
        .context("the image has no DOS header")?;
    Ok(u32::from_le_bytes(field.try_into()?) as usize)
}

fn in_headers(image: &mut [u8], offset: usize, new: &[u8]) -> Result<()> {
    let headers = headers(image)?;
    bytes(image, headers + offset, new)
}

fn bytes(image: &mut [u8], offset: usize, new: &[u8]) -> Result<()> {
    image
        .get_mut(offset..offset + new.len())
        .context("the image ends before the field")?
        .copy_from_slice(new);
    Ok(())
}

fn keep(image: &mut Vec<u8>, length: usize) -> Result<()> {
    ensure!(length <= image.len(), "the image is shorter than {length}");
    image.truncate(length);
    Ok(())
}
