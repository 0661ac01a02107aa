//! The headers of a PE file (the "PE Format" document): read from the file, checked against each other and the file.

use super::bytes::Bytes;
use super::error::Malformed;
use crate::abi::PAGE_SIZE;

const IMAGE_DOS_SIGNATURE: u16 = 0x5A4D;
const IMAGE_NT_SIGNATURE: u32 = 0x0000_4550;
const IMAGE_FILE_MACHINE_AMD64: u16 = 0x8664;
const IMAGE_NT_OPTIONAL_HDR64_MAGIC: u16 = 0x020B;
const IMAGE_SUBSYSTEM_NATIVE: u16 = 1;
const IMAGE_FILE_RELOCS_STRIPPED: u16 = 0x0001;
const IMAGE_FILE_EXECUTABLE_IMAGE: u16 = 0x0002;
/// Section characteristics.
const IMAGE_SCN_MEM_EXECUTE: u32 = 0x2000_0000;
const IMAGE_SCN_MEM_WRITE: u32 = 0x8000_0000;
/// The most sections that Windows' loader takes.
const MAX_SECTIONS: u16 = 96;
/// More than any driver needs; a limit so that a hostile header does not reserve the address space.
const MAX_IMAGE: usize = 128 << 20;
/// Offset of `e_lfanew` in the DOS header, and the header's size.
const E_LFANEW: usize = 0x3C;
const DOS_HEADER: usize = 64;
/// Size of the signature and of `IMAGE_FILE_HEADER`.
const FILE_HEADER: usize = 4 + 20;
/// Offset of the data directories in `IMAGE_OPTIONAL_HEADER64`.
const DIRECTORIES: usize = 112;
const SECTION_HEADER: usize = 40;

/// Data directory indexes.
#[derive(Clone, Copy, Debug)]
pub enum Directory {
    /// Names the image offers.
    Export = 0,
    /// Names the image needs.
    Import = 1,
    /// Unwind data.
    Exception = 3,
    /// Base relocations.
    Relocation = 5,
    /// The load configuration.
    LoadConfig = 10,
}

/// A section, its numbers checked.
#[derive(Clone, Debug)]
pub struct Section {
    /// Where it lies in the image.
    pub address: usize,
    /// Its size in the image.
    pub size: usize,
    /// Where its bytes lie in the file.
    pub file_offset: usize,
    /// How many bytes come from the file; the rest is zero.
    pub file_size: usize,
    /// Whether code runs there.
    pub execute: bool,
    /// Whether it is written to.
    pub write: bool,
}

/// What the headers say.
#[derive(Clone, Debug)]
#[allow(clippy::struct_field_names, reason = "the names are those of the PE format")]
pub struct Headers {
    /// The address the linker assumed.
    pub image_base: u64,
    /// The size of the mapped image.
    pub size_of_image: usize,
    /// How much of the file's start is mapped as headers.
    pub size_of_headers: usize,
    /// The entry point's offset, zero for none.
    pub entry: usize,
    /// The linker removed the relocations.
    pub relocations_stripped: bool,
    /// The sections in address order.
    pub sections: Vec<Section>,
    directories: Vec<(usize, usize)>,
}

impl Headers {
    /// The offset and size of a directory, if the image has it.
    pub fn directory(&self, which: Directory) -> Option<(usize, usize)> {
        self.directories
            .get(which as usize)
            .copied()
            .filter(|(address, size)| *address != 0 && *size != 0)
    }

    /// Reads and checks the headers of `file`.
    pub fn read(file: &[u8]) -> Result<Self, Malformed> {
        let bytes = Bytes::new(file, "the file");
        let nt = nt_headers(&bytes)?;
        check_kind(&bytes, nt)?;
        let optional = nt + FILE_HEADER;
        let characteristics = bytes.u16(nt + 22, "Characteristics")?;
        let mut headers = Self {
            image_base: bytes.u64(optional + 24, "ImageBase")?,
            size_of_image: bytes.offset(optional + 56, "SizeOfImage")?,
            size_of_headers: bytes.offset(optional + 60, "SizeOfHeaders")?,
            entry: bytes.offset(optional + 16, "AddressOfEntryPoint")?,
            relocations_stripped: characteristics & IMAGE_FILE_RELOCS_STRIPPED != 0,
            sections: Vec::new(),
            directories: Vec::new(),
        };
        headers.check_sizes(&bytes, optional)?;
        let optional_size = usize::from(bytes.u16(nt + 20, "SizeOfOptionalHeader")?);
        headers.read_directories(&bytes, optional, optional_size)?;
        headers.read_sections(
            &bytes,
            optional + optional_size,
            bytes.u16(nt + 6, "NumberOfSections")?,
        )?;
        headers.check_entry()?;
        Ok(headers)
    }

    fn check_sizes(&self, bytes: &Bytes<'_>, optional: usize) -> Result<(), Malformed> {
        let alignment = bytes.offset(optional + 32, "SectionAlignment")?;
        if !alignment.is_power_of_two() || alignment < PAGE_SIZE {
            return Err(Malformed::new(
                "SectionAlignment",
                format!("{alignment:#x} is no multiple of the page size"),
            ));
        }
        if self.size_of_image == 0 || self.size_of_image > MAX_IMAGE {
            return Err(Malformed::new(
                "SizeOfImage",
                format!("{:#x} is out of range", self.size_of_image),
            ));
        }
        if self.size_of_headers > self.size_of_image {
            return Err(Malformed::new(
                "SizeOfHeaders",
                "the headers are larger than the image",
            ));
        }
        bytes.slice(0, self.size_of_headers, "SizeOfHeaders").map(drop)
    }

    fn read_directories(&mut self, bytes: &Bytes<'_>, optional: usize, size: usize) -> Result<(), Malformed> {
        const MAX_DIRECTORIES: usize = 16;
        /// The certificate table's address is a file offset and concerns nobody here.
        const CERTIFICATE: usize = 4;
        let count = bytes
            .offset(optional + 108, "NumberOfRvaAndSizes")?
            .min(MAX_DIRECTORIES);
        if size < DIRECTORIES + count * 8 {
            return Err(Malformed::new(
                "SizeOfOptionalHeader",
                format!("{size:#x} leaves no room for {count} directories"),
            ));
        }
        for index in 0..count {
            let at = optional + DIRECTORIES + index * 8;
            let place = format!("data directory {index}");
            let (address, length) = (bytes.offset(at, &place)?, bytes.offset(at + 4, &place)?);
            if index != CERTIFICATE && address.saturating_add(length) > self.size_of_image {
                return Err(Malformed::new(
                    place,
                    format!("{length:#x} bytes at {address:#x} do not lie in the image"),
                ));
            }
            self.directories.push((address, length));
        }
        Ok(())
    }

    fn read_sections(&mut self, bytes: &Bytes<'_>, table: usize, count: u16) -> Result<(), Malformed> {
        if count == 0 || count > MAX_SECTIONS {
            return Err(Malformed::new(
                "NumberOfSections",
                format!("{count} is out of range"),
            ));
        }
        let mut end = self.size_of_headers;
        for index in 0..usize::from(count) {
            let section = self.read_section(bytes, table + index * SECTION_HEADER, index, end)?;
            end = section.address + section.size;
            self.sections.push(section);
        }
        if end.next_multiple_of(PAGE_SIZE) < self.size_of_image.next_multiple_of(PAGE_SIZE) {
            return Err(Malformed::new(
                "SizeOfImage",
                format!("{:#x} is more than the sections take", self.size_of_image),
            ));
        }
        Ok(())
    }

    fn read_section(
        &self,
        bytes: &Bytes<'_>,
        at: usize,
        index: usize,
        end: usize,
    ) -> Result<Section, Malformed> {
        let raw_name = bytes.slice(at, SECTION_HEADER, &format!("section header {index}"))?;
        let name: String = raw_name[..8]
            .iter()
            .take_while(|byte| **byte != 0)
            .map(|byte| char::from(*byte))
            .collect();
        let name = name.escape_default().to_string();
        let place = format!("section {index} ({name})");
        let virtual_size = bytes.offset(at + 8, &place)?;
        let address = bytes.offset(at + 12, &place)?;
        let raw_size = bytes.offset(at + 16, &place)?;
        let file_offset = bytes.offset(at + 20, &place)?;
        let flags = bytes.u32(at + 36, &place)?;
        let size = if virtual_size == 0 { raw_size } else { virtual_size };
        if !address.is_multiple_of(PAGE_SIZE) || address < end {
            return Err(Malformed::new(
                place,
                format!("the address {address:#x} is not aligned or overlaps"),
            ));
        }
        if address
            .checked_add(size)
            .is_none_or(|end| end > self.size_of_image)
        {
            return Err(Malformed::new(
                place,
                format!("{size:#x} bytes at {address:#x} do not lie in the image"),
            ));
        }
        bytes.slice(file_offset, raw_size, &place)?;
        Ok(Section {
            address,
            size,
            file_offset,
            file_size: raw_size.min(size),
            execute: flags & IMAGE_SCN_MEM_EXECUTE != 0,
            write: flags & IMAGE_SCN_MEM_WRITE != 0,
        })
    }

    fn check_entry(&self) -> Result<(), Malformed> {
        if self.entry == 0 || self.is_code(self.entry) {
            return Ok(());
        }
        Err(Malformed::new(
            "AddressOfEntryPoint",
            format!("{:#x} does not lie in executable code", self.entry),
        ))
    }

    /// Whether the offset lies in a section that code runs in.
    pub fn is_code(&self, offset: usize) -> bool {
        self.sections
            .iter()
            .any(|s| s.execute && (s.address..s.address + s.size).contains(&offset))
    }
}

fn nt_headers(bytes: &Bytes<'_>) -> Result<usize, Malformed> {
    bytes.slice(0, DOS_HEADER, "DOS header")?;
    if bytes.u16(0, "DOS header")? != IMAGE_DOS_SIGNATURE {
        return Err(Malformed::new(
            "DOS header",
            "the file does not begin with MZ and is no PE image",
        ));
    }
    let nt = bytes.offset(E_LFANEW, "e_lfanew")?;
    if bytes.u32(nt, "e_lfanew")? != IMAGE_NT_SIGNATURE {
        return Err(Malformed::new(
            "NT headers",
            format!("there is no PE signature at {nt:#x}"),
        ));
    }
    Ok(nt)
}

fn check_kind(bytes: &Bytes<'_>, nt: usize) -> Result<(), Malformed> {
    let machine = bytes.u16(nt + 4, "Machine")?;
    if machine != IMAGE_FILE_MACHINE_AMD64 {
        return Err(Malformed::new(
            "Machine",
            format!("the image is for machine {machine:#06x}, not for x64 (0x8664)"),
        ));
    }
    let characteristics = bytes.u16(nt + 22, "Characteristics")?;
    if characteristics & IMAGE_FILE_EXECUTABLE_IMAGE == 0 {
        return Err(Malformed::new(
            "Characteristics",
            "the linker did not mark the file as an executable image",
        ));
    }
    let magic = bytes.u16(nt + FILE_HEADER, "optional header")?;
    if magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC {
        return Err(Malformed::new(
            "optional header",
            format!("the magic {magic:#06x} is not that of a 64-bit image"),
        ));
    }
    let subsystem = bytes.u16(nt + FILE_HEADER + 68, "Subsystem")?;
    if subsystem != IMAGE_SUBSYSTEM_NATIVE {
        return Err(Malformed::new(
            "Subsystem",
            format!("the subsystem is {subsystem}, not native (1)"),
        ));
    }
    Ok(())
}
