//! One image: mapped, relocated, not yet or no longer bound.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::directories::{self, Exports, Function, Import};
use super::error::{LoadError, Malformed};
use super::files;
use super::headers::Headers;
use super::load_config;
use super::mapping::{Mapping, Protection};
use super::symbols::Symbols;
use super::unwind::Unwinding;
use crate::abi::{STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_IMAGE_FORMAT, STATUS_NO_SUCH_FILE};

/// A loaded image. It stays known after it was unloaded, so that a use of it can be named.
#[derive(Debug)]
pub struct Image {
    /// The file name: `sample.sys`.
    pub name: String,
    /// The file: a path of this machine, or of the lab's Windows.
    pub path: PathBuf,
    pub(super) headers: Headers,
    pub(super) exports: Exports,
    pub(super) mapping: Mapping,
    /// The relocated bytes, kept for unwinding even when the mapping is gone.
    pristine: Box<[u8]>,
    functions: Vec<Function>,
    symbols: OnceLock<Symbols>,
    /// Loads that were not undone: by the service controller and by images that import from this one.
    pub(super) references: AtomicUsize,
    pub(super) unloaded: AtomicBool,
    /// `DllInitialize` ran, so that `DllUnload` is due.
    pub(super) initialized: AtomicBool,
    /// The images this one imports from; each holds a reference there.
    pub(super) dependencies: std::sync::Mutex<Vec<super::ImageRef>>,
}

impl Image {
    /// Reads and maps a file, everything writable still.
    pub(super) fn map(name: &str, path: &Path) -> Result<(Self, Vec<Import>), LoadError> {
        let file = files::read(path).map_err(|error| LoadError {
            file: path.to_owned(),
            place: String::from("open"),
            reason: error.to_string(),
            status: STATUS_NO_SUCH_FILE,
        })?;
        let headers = Headers::read(&file).map_err(|wrong| refuse(path, wrong))?;
        let mapping = Mapping::new(headers.size_of_image).map_err(|error| LoadError {
            file: path.to_owned(),
            place: String::from("SizeOfImage"),
            reason: error.to_string(),
            status: STATUS_INSUFFICIENT_RESOURCES,
        })?;
        Self::fill(name, path, &file, headers, mapping).map_err(|wrong| refuse(path, wrong))
    }

    fn fill(
        name: &str,
        path: &Path,
        file: &[u8],
        headers: Headers,
        mapping: Mapping,
    ) -> Result<(Self, Vec<Import>), Malformed> {
        let mut bytes = laid_out(file, &headers);
        let delta = (mapping.base() as u64).wrapping_sub(headers.image_base);
        directories::relocate(&headers, &mut bytes, delta)?;
        load_config::set_cookie(&headers, &mut bytes, mapping.base())?;
        let imports = directories::imports(&headers, &bytes)?;
        let exports = Exports::read(&headers, &bytes)?;
        let functions = directories::functions(&headers, &bytes)?;
        mapping.write(0, &bytes);
        let image = Self {
            name: name.to_owned(),
            path: path.to_owned(),
            headers,
            exports,
            mapping,
            pristine: bytes.into_boxed_slice(),
            functions,
            symbols: OnceLock::new(),
            references: AtomicUsize::new(1),
            unloaded: AtomicBool::new(false),
            initialized: AtomicBool::new(false),
            dependencies: std::sync::Mutex::default(),
        };
        Ok((image, imports))
    }

    /// Gives each section the protection it asks for; headers and gaps become read-only.
    pub(super) fn seal(&self) -> std::io::Result<()> {
        self.mapping.protect(0, self.mapping.size(), Protection::Read)?;
        for section in &self.headers.sections {
            let protection = match (section.write, section.execute) {
                (false, false) => Protection::Read,
                (true, false) => Protection::ReadWrite,
                (false, true) => Protection::ReadExecute,
                (true, true) => Protection::All,
            };
            self.mapping.protect(section.address, section.size, protection)?;
        }
        Ok(())
    }

    /// The base address.
    pub const fn base(&self) -> usize {
        self.mapping.base()
    }

    /// How far the image lies above where the linker put it, modulo 2^64.
    pub const fn slide(&self) -> u64 {
        (self.base() as u64).wrapping_sub(self.headers.image_base)
    }

    /// The size in bytes.
    pub const fn size(&self) -> usize {
        self.mapping.size()
    }

    /// Bytes of the image, as they were when it was loaded.
    pub fn bytes_at<const N: usize>(&self, address: usize) -> Option<[u8; N]> {
        let offset = address.checked_sub(self.base())?;
        self.pristine.get(offset..offset.checked_add(N)?)?.try_into().ok()
    }

    /// The entry point's address, if the image has one.
    pub const fn entry(&self) -> Option<usize> {
        if self.headers.entry == 0 {
            None
        } else {
            Some(self.mapping.base() + self.headers.entry)
        }
    }

    /// The nearest symbol at or before `offset`, and the distance.
    pub fn symbol(&self, offset: usize) -> Option<(&str, usize)> {
        self.symbols
            .get_or_init(|| Symbols::read(&files::origin(&self.path), self.exports.offsets()))
            .nearest(offset)
    }

    /// What unwinding from a return address needs.
    pub fn unwinding(&self, address: usize) -> Unwinding<'_> {
        let offset = address - self.mapping.base();
        // A call at a function's very end returns behind it, so look up the byte before.
        self.unwinding_of(offset, offset.saturating_sub(1))
    }

    /// What unwinding from an instruction that did not run needs.
    pub fn unwinding_at(&self, address: usize) -> Unwinding<'_> {
        let offset = address - self.mapping.base();
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
            image: &self.pristine,
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

/// A complaint about the bytes of `path`, as Windows' status for it.
pub(super) fn refuse(path: &Path, wrong: Malformed) -> LoadError {
    LoadError {
        file: path.to_owned(),
        place: wrong.place,
        reason: wrong.reason,
        status: STATUS_INVALID_IMAGE_FORMAT,
    }
}
