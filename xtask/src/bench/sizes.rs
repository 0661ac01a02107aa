//! What an image consists of.

use std::path::Path;

use anyhow::{Context, Result};
use object::{LittleEndian as LE, read::pe::PeFile64};

use crate::files;

/// A section, by its size in the file.
#[derive(Debug)]
pub struct Section {
    pub name: String,
    pub bytes: u32,
}

/// The file's size under `file`, then its headers and sections.
///
/// # Errors
///
/// When the file is no x64 image.
pub fn sections(image: &Path) -> Result<Vec<Section>> {
    let bytes = files::read_bytes(image)?;
    let file = PeFile64::parse(bytes.as_slice()).context("the image is no x64 PE file")?;
    let section = |name: &str, bytes| Section {
        name: name.to_owned(),
        bytes,
    };
    let headers = file.nt_headers().optional_header.size_of_headers.get(LE);
    let mut all = vec![
        section(
            "file",
            u32::try_from(bytes.len()).context("the image is too large")?,
        ),
        section("headers", headers),
    ];
    for table in file.section_table().iter() {
        let name = String::from_utf8_lossy(table.raw_name()).into_owned();
        all.push(section(&name, table.size_of_raw_data.get(LE)));
    }
    Ok(all)
}
