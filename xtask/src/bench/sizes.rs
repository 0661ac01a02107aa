//! What an image consists of: in the file, in memory, and by whose code it is.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use object::{LittleEndian as LE, pe::IMAGE_REL_BASED_ABSOLUTE, read::pe::PeFile64};

use crate::files;

/// What is counted of an image.
#[derive(Debug)]
pub struct Image {
    /// Bytes by part, in the order of the file: `file`, `headers`, then the sections as they are used, before they are rounded up.
    pub parts: Vec<(String, u32)>,
    /// Places that the loader changes if the image lies elsewhere than it was linked for.
    pub relocations: usize,
    /// Routines of other images.
    pub imports: usize,
    /// Bytes of code, by whose it is.
    pub code: BTreeMap<String, u32>,
}

impl Image {
    /// Reads an image, and the map that the linker wrote beside it.
    ///
    /// # Errors
    ///
    /// When the file is no x64 image, or the map no map.
    pub fn read(image: &Path) -> Result<Self> {
        let bytes = files::read_bytes(image)?;
        let file = PeFile64::parse(bytes.as_slice()).context("the image is no x64 PE file")?;
        let map = files::read(&image.with_extension("map"))?;
        Ok(Self {
            parts: parts(&file, bytes.len())?,
            relocations: relocations(&file, &bytes)?,
            imports: imports(&file)?,
            code: code(&map).context("the linker's map has no code")?,
        })
    }

    /// The bytes of a part; none if there is no such part.
    pub fn part(&self, name: &str) -> u32 {
        let part = self.parts.iter().find(|(part, _)| part == name);
        part.map_or(0, |(_, bytes)| *bytes)
    }
}

fn parts(file: &PeFile64<'_>, length: usize) -> Result<Vec<(String, u32)>> {
    let headers = file.nt_headers().optional_header.size_of_headers.get(LE);
    let length = u32::try_from(length).context("the image is too large")?;
    let mut parts = vec![("file".to_owned(), length), ("headers".to_owned(), headers)];
    for table in file.section_table().iter() {
        let name = String::from_utf8_lossy(table.raw_name()).into_owned();
        parts.push((name, table.virtual_size.get(LE)));
    }
    Ok(parts)
}

fn relocations(file: &PeFile64<'_>, bytes: &[u8]) -> Result<usize> {
    let blocks = file
        .data_directories()
        .relocation_blocks(bytes, &file.section_table())?;
    let Some(mut blocks) = blocks else { return Ok(0) };
    let mut count = 0;
    while let Some(block) = blocks.next()? {
        // The last one of a block may be there to round its size up only.
        count += block
            .filter(|relocation| relocation.typ != IMAGE_REL_BASED_ABSOLUTE)
            .count();
    }
    Ok(count)
}

fn imports(file: &PeFile64<'_>) -> Result<usize> {
    let Some(table) = file.import_table()? else {
        return Ok(0);
    };
    let mut descriptors = table.descriptors()?;
    let mut count = 0;
    while let Some(descriptor) = descriptors.next()? {
        let mut thunks = table.thunks(descriptor.original_first_thunk.get(LE))?;
        while thunks.next::<object::pe::ImageNtHeaders64>()?.is_some() {
            count += 1;
        }
    }
    Ok(count)
}

/// The bytes of the first section from each symbol to the next one, by the symbol's crate or file.
fn code(map: &str) -> Option<BTreeMap<String, u32>> {
    let mut symbols: Vec<(u32, String)> = map.lines().filter_map(symbol).collect();
    symbols.sort();
    symbols.dedup_by_key(|(place, _)| *place);
    let mut code = BTreeMap::new();
    for (this, next) in symbols.iter().zip(symbols.iter().skip(1)) {
        *code.entry(this.1.clone()).or_insert(0) += next.0 - this.0;
    }
    (!code.is_empty()).then_some(code)
}

/// Place and owner of a symbol of section 1, from a line of the map: ` 0001:00000010  NAME  ADDRESS  FILE`.
fn symbol(line: &str) -> Option<(u32, String)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [place, name, _address, file, ..] = words.as_slice() else {
        return None;
    };
    let place = u32::from_str_radix(place.strip_prefix("0001:")?, 16).ok()?;
    Some((place, owner(name, file)))
}

/// Whose code a symbol is: the crate that its mangled name begins with, else the file it comes from.
fn owner(name: &str, file: &str) -> String {
    const CRATES: &[&str] = &[
        "wdk_alloc",
        "wdk_panic",
        "direct_call",
        "sample_interface",
        "sample",
        "core",
        "alloc",
        "wdk",
    ];
    let mangled = name.starts_with("_ZN") || name.starts_with("_R");
    let place = |part: &&&str| name.find(**part).unwrap_or(usize::MAX);
    let found = CRATES
        .iter()
        .min_by_key(place)
        .filter(|part| name.contains(**part));
    match (mangled, found) {
        (true, Some(part)) => (*part).to_owned(),
        _ => file.split([':', '.']).next().unwrap_or(file).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{code, owner};

    #[test]
    fn code_belongs_to_a_crate_or_a_file() {
        assert_eq!(
            owner("_ZN11direct_call4kmdf9provider3new17h0E", "x.rcgu.o"),
            "direct_call"
        );
        assert_eq!(owner("_RNvNtCs8icZUrvfcq9_4core3fmt5write", "x.rcgu.o"), "core");
        assert_eq!(
            owner("_ZN16sample_interface6double13double_values17hE", "x"),
            "sample_interface"
        );
        assert_eq!(
            owner("FxDriverEntry", "WdfDriverEntry:WdfDriverEntry.obj"),
            "WdfDriverEntry"
        );
    }

    #[test]
    fn a_symbol_ends_where_the_next_begins() {
        let map = " 0001:00000010  FxDriverEntry  0000000180001010  a:b.obj\n 0001:00000030  SampleDouble  0000000180001030  sample.rcgu.o\n";
        let code = code(map).expect("there are two symbols");
        assert_eq!(code.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 0x20)]);
    }
}
