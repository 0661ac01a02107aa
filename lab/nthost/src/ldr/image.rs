//! One image: mapped, relocated, not yet or no longer bound.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::contents::Contents;
use super::directories::Import;
use super::error::{LoadError, Malformed};
use super::files;
use super::headers::Headers;
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
    /// What the file said, relocated: kept for unwinding even when the mapping is gone.
    pub(super) contents: Contents,
    pub(super) mapping: Mapping,
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
        let (contents, imports) = Contents::with_headers(headers, file, mapping.base() as u64)?;
        mapping.write(0, contents.bytes());
        let image = Self {
            name: name.to_owned(),
            path: path.to_owned(),
            contents,
            mapping,
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
        for section in &self.contents.headers.sections {
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
        (self.base() as u64).wrapping_sub(self.contents.headers.image_base)
    }

    /// The size in bytes.
    pub const fn size(&self) -> usize {
        self.mapping.size()
    }

    /// Bytes of the image, as they were when it was loaded.
    pub fn bytes_at<const N: usize>(&self, address: usize) -> Option<[u8; N]> {
        let offset = address.checked_sub(self.base())?;
        let bytes = self.contents.bytes().get(offset..offset.checked_add(N)?)?;
        bytes.try_into().ok()
    }

    /// The entry point's address, if the image has one.
    pub const fn entry(&self) -> Option<usize> {
        match self.contents.headers.entry {
            0 => None,
            entry => Some(self.mapping.base() + entry),
        }
    }

    /// The nearest symbol at or before `offset`, and the distance.
    pub fn symbol(&self, offset: usize) -> Option<(&str, usize)> {
        self.symbols
            .get_or_init(|| Symbols::read(&files::origin(&self.path), self.contents.exports.offsets()))
            .nearest(offset)
    }

    /// What unwinding from a return address needs.
    pub fn unwinding(&self, address: usize) -> Unwinding<'_> {
        self.contents.unwinding(address - self.mapping.base())
    }

    /// What unwinding from an instruction that did not run needs.
    pub fn unwinding_at(&self, address: usize) -> Unwinding<'_> {
        self.contents.unwinding_at(address - self.mapping.base())
    }
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
