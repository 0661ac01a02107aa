//! The data directories, read from the mapped bytes: exports, imports, relocations, unwind entries.

use std::collections::BTreeMap;

use super::bytes::Bytes;
use super::error::Malformed;
use super::headers::{Directory, Headers};

/// Limits on tables, so that a hostile count does not cost minutes: the ordinal is 16 bits wide.
const MAX_EXPORTS: usize = 0x1_0000;
const MAX_IMPORTS: usize = 0x1_0000;
/// `IMAGE_ORDINAL_FLAG64`.
const ORDINAL_FLAG: u64 = 1 << 63;
const IMAGE_REL_BASED_ABSOLUTE: u16 = 0;
const IMAGE_REL_BASED_DIR64: u16 = 10;

/// What an exported name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Code or data at this offset.
    Offset(usize),
    /// `MODULE.Name` or `MODULE.#7` of another image.
    Forwarder(String),
}

/// The export directory.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    names: BTreeMap<String, usize>,
    ordinals: BTreeMap<usize, Target>,
}

impl Exports {
    /// The export of this name.
    pub fn by_name(&self, name: &str) -> Option<&Target> {
        self.ordinals.get(self.names.get(name)?)
    }

    /// The export of this ordinal.
    pub fn by_ordinal(&self, ordinal: usize) -> Option<&Target> {
        self.ordinals.get(&ordinal)
    }

    /// Name and offset of each export that is no forwarder.
    pub fn offsets(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names
            .iter()
            .filter_map(|(name, ordinal)| match self.ordinals.get(ordinal)? {
                Target::Offset(offset) => Some((name.as_str(), *offset)),
                Target::Forwarder(_) => None,
            })
    }

    /// Reads the directory from the mapped `image`.
    pub fn read(headers: &Headers, image: &[u8]) -> Result<Self, Malformed> {
        const PLACE: &str = "export directory";
        let Some((at, size)) = headers.directory(Directory::Export) else {
            return Ok(Self::default());
        };
        let bytes = Bytes::new(image, "the image");
        let base = bytes.offset(at + 16, PLACE)?;
        let functions = table(bytes.offset(at + 20, PLACE)?, "NumberOfFunctions")?;
        let names = table(bytes.offset(at + 24, PLACE)?, "NumberOfNames")?;
        let function_table = bytes.offset(at + 28, PLACE)?;
        let name_table = bytes.offset(at + 32, PLACE)?;
        let ordinal_table = bytes.offset(at + 36, PLACE)?;
        let mut exports = Self::default();
        for index in 0..functions {
            let offset = bytes.offset(function_table + index * 4, PLACE)?;
            let target = if (at..at + size).contains(&offset) {
                Target::Forwarder(bytes.string(offset, "export forwarder")?.to_owned())
            } else {
                bytes.u8(offset, &format!("export with ordinal {}", base + index))?;
                Target::Offset(offset)
            };
            if offset != 0 {
                exports.ordinals.insert(base + index, target);
            }
        }
        for index in 0..names {
            let name = bytes.string(bytes.offset(name_table + index * 4, PLACE)?, "export name")?;
            let function = usize::from(bytes.u16(ordinal_table + index * 2, PLACE)?);
            exports.names.insert(name.to_owned(), base + function);
        }
        Ok(exports)
    }
}

fn table(count: usize, place: &str) -> Result<usize, Malformed> {
    if count > MAX_EXPORTS {
        return Err(Malformed::new(
            place,
            format!("{count} is more than a directory can number"),
        ));
    }
    Ok(count)
}

/// How an import is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// By name.
    Name(String),
    /// By number.
    Ordinal(u16),
}

impl std::fmt::Display for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ordinal(ordinal) => write!(f, "#{ordinal}"),
        }
    }
}

/// One import, and the place of the pointer to fill in.
#[derive(Clone, Debug)]
pub struct Import {
    /// The module's name as the image spells it.
    pub module: String,
    /// The symbol.
    pub symbol: Symbol,
    /// Offset of the address to be written.
    pub slot: usize,
}

/// Reads the import directory.
pub fn imports(headers: &Headers, image: &[u8]) -> Result<Vec<Import>, Malformed> {
    const DESCRIPTOR: usize = 20;
    let Some((mut at, _)) = headers.directory(Directory::Import) else {
        return Ok(Vec::new());
    };
    let bytes = Bytes::new(image, "the image");
    let mut imports = Vec::new();
    loop {
        let lookup = bytes.offset(at, "import descriptor")?;
        let name = bytes.offset(at + 12, "import descriptor")?;
        let slots = bytes.offset(at + 16, "import descriptor")?;
        if name == 0 || slots == 0 {
            return Ok(imports);
        }
        let module = bytes.string(name, "import module name")?;
        let lookup = if lookup == 0 { slots } else { lookup };
        module_imports(&bytes, module, lookup, slots, &mut imports)?;
        at += DESCRIPTOR;
    }
}

fn module_imports(
    bytes: &Bytes<'_>,
    module: &str,
    lookup: usize,
    slots: usize,
    imports: &mut Vec<Import>,
) -> Result<(), Malformed> {
    let place = format!("imports from {module}");
    for index in 0.. {
        let entry = bytes.u64(lookup + index * 8, &place)?;
        if entry == 0 {
            break;
        }
        if imports.len() >= MAX_IMPORTS {
            return Err(Malformed::new(
                place,
                "there are more imports than a directory can number",
            ));
        }
        let slot = slots + index * 8;
        bytes.u64(slot, &place)?;
        let symbol = if entry & ORDINAL_FLAG == 0 {
            let hint_and_name = usize::try_from(entry).unwrap_or(usize::MAX - 2);
            Symbol::Name(bytes.string(hint_and_name + 2, &place)?.to_owned())
        } else {
            Symbol::Ordinal((entry & 0xFFFF) as u16)
        };
        imports.push(Import {
            module: module.to_owned(),
            symbol,
            slot,
        });
    }
    Ok(())
}

/// Adds `delta` to every address that the relocation directory lists.
pub fn relocate(headers: &Headers, image: &mut [u8], delta: u64) -> Result<(), Malformed> {
    const PLACE: &str = "relocations";
    if delta == 0 {
        return Ok(());
    }
    if headers.relocations_stripped {
        return Err(Malformed::new(
            PLACE,
            "the image has none and its preferred address is taken",
        ));
    }
    let Some((start, size)) = headers.directory(Directory::Relocation) else {
        return Ok(());
    };
    let mut at = start;
    while at + 8 <= start + size {
        let bytes = Bytes::new(image, "the image");
        let page = bytes.offset(at, PLACE)?;
        let length = bytes.offset(at + 4, PLACE)?;
        if length < 8 || at + length > start + size {
            return Err(Malformed::new(
                PLACE,
                format!("the block at {at:#x} has the impossible size {length:#x}"),
            ));
        }
        let entries: Vec<u8> = bytes.slice(at + 8, length - 8, PLACE)?.to_vec();
        for entry in entries.chunks_exact(2) {
            relocate_entry(image, page, u16::from_le_bytes([entry[0], entry[1]]), delta)?;
        }
        at += length;
    }
    Ok(())
}

fn relocate_entry(image: &mut [u8], page: usize, entry: u16, delta: u64) -> Result<(), Malformed> {
    let at = page + usize::from(entry & 0x0FFF);
    match entry >> 12 {
        IMAGE_REL_BASED_ABSOLUTE => Ok(()),
        IMAGE_REL_BASED_DIR64 => {
            let value = Bytes::new(image, "the image").u64(at, "relocations")?;
            image[at..at + 8].copy_from_slice(&value.wrapping_add(delta).to_le_bytes());
            Ok(())
        }
        kind => Err(Malformed::new(
            "relocations",
            format!("the kind {kind} at {at:#x} is none of an x64 image"),
        )),
    }
}

/// A function's extent and the offset of its unwind information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// First offset.
    pub begin: usize,
    /// Offset behind the last byte.
    pub end: usize,
    /// Offset of the `UNWIND_INFO`.
    pub unwind: usize,
    /// Offset of the `RUNTIME_FUNCTION` itself.
    pub entry: usize,
}

/// Reads the exception directory, sorted.
pub fn functions(headers: &Headers, image: &[u8]) -> Result<Vec<Function>, Malformed> {
    const PLACE: &str = "exception directory";
    const ENTRY: usize = 12;
    let Some((directory, size)) = headers.directory(Directory::Exception) else {
        return Ok(Vec::new());
    };
    let table = Bytes::new(image, "the image").slice(directory, size, PLACE)?;
    let bytes = Bytes::new(table, PLACE);
    let mut functions = Vec::with_capacity(size / ENTRY);
    for index in 0..size / ENTRY {
        let at = index * ENTRY;
        let function = Function {
            begin: bytes.offset(at, PLACE)?,
            end: bytes.offset(at + 4, PLACE)?,
            unwind: bytes.offset(at + 8, PLACE)?,
            entry: directory + at,
        };
        if function.begin >= function.end || function.end > image.len() {
            return Err(Malformed::new(
                PLACE,
                format!("entry {index} does not lie in the image"),
            ));
        }
        functions.push(function);
    }
    functions.sort_unstable();
    Ok(functions)
}
