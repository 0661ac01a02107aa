//! What an image's bytes say, read and checked. Nothing is mapped here.

use super::directories::{self, Exports, Function, Import};
use super::error::Malformed;
use super::headers::Headers;
use super::load_config;
use super::unwind::Unwinding;

/// An image as it will be in memory, and its tables.
#[derive(Debug)]
pub struct Contents {
    pub(super) headers: Headers,
    pub(super) exports: Exports,
    /// Relocated.
    bytes: Box<[u8]>,
    functions: Vec<Function>,
}

impl Contents {
    /// Reads a file for an image that lies at `base`.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, and where.
    pub fn read(file: &[u8], base: u64) -> Result<Self, Malformed> {
        Self::with_headers(Headers::read(file)?, file, base).map(|(contents, _)| contents)
    }

    /// The rest of a file whose headers were read, and what it imports.
    pub(super) fn with_headers(
        headers: Headers,
        file: &[u8],
        base: u64,
    ) -> Result<(Self, Vec<Import>), Malformed> {
        let mut bytes = laid_out(file, &headers);
        let delta = base.wrapping_sub(headers.image_base);
        directories::relocate(&headers, &mut bytes, delta)?;
        load_config::set_cookie(&headers, &mut bytes, base)?;
        let imports = directories::imports(&headers, &bytes)?;
        let contents = Self {
            exports: Exports::read(&headers, &bytes)?,
            functions: directories::functions(&headers, &bytes)?,
            bytes: bytes.into_boxed_slice(),
            headers,
        };
        Ok((contents, imports))
    }

    /// The bytes in memory.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the functions begin that have unwind data.
    pub fn function_starts(&self) -> impl Iterator<Item = usize> {
        self.functions.iter().map(|function| function.begin)
    }

    /// What unwinding from a return address needs, which is an offset.
    #[must_use]
    pub fn unwinding(&self, offset: usize) -> Unwinding<'_> {
        // A call at a function's very end returns behind it, so look up the byte before.
        self.unwinding_of(offset, offset.saturating_sub(1))
    }

    /// What unwinding from an instruction that did not run needs.
    #[must_use]
    pub fn unwinding_at(&self, offset: usize) -> Unwinding<'_> {
        self.unwinding_of(offset, offset)
    }

    fn unwinding_of(&self, offset: usize, inside: usize) -> Unwinding<'_> {
        let index = self
            .functions
            .partition_point(|function| function.begin <= inside);
        let function = index
            .checked_sub(1)
            .and_then(|index| self.functions.get(index))
            .copied();
        Unwinding {
            image: &self.bytes,
            function: function.filter(|function| inside < function.end),
            offset,
        }
    }
}

/// The bytes of a file, each section where it will be in memory.
fn laid_out(file: &[u8], headers: &Headers) -> Vec<u8> {
    let mut bytes = vec![0; headers.size_of_image];
    bytes[..headers.size_of_headers].copy_from_slice(&file[..headers.size_of_headers]);
    for section in &headers.sections {
        let source = &file[section.file_offset..section.file_offset + section.file_size];
        bytes[section.address..section.address + section.file_size].copy_from_slice(source);
    }
    bytes
}

/// The modules that an image in a file imports from; none for what is no sound image.
#[must_use]
pub fn imported_modules(file: &[u8]) -> Vec<String> {
    let read = || {
        let headers = Headers::read(file)?;
        directories::imports(&headers, &laid_out(file, &headers))
    };
    let imports = read().unwrap_or_default();
    let mut modules: Vec<String> = imports.into_iter().map(|import| import.module).collect();
    modules.dedup();
    modules
}
