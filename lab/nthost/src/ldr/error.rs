//! Why an image was refused.

use std::path::PathBuf;

use crate::abi::NTSTATUS;

/// An image that cannot be loaded: which file, which place in it, why, and the status Windows gives.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {place}: {reason} ({status})", file.display())]
pub struct LoadError {
    /// The image's file.
    pub file: PathBuf,
    /// The place: a header field, a section, an import.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
    /// The status of the load.
    pub status: NTSTATUS,
}

/// A complaint about bytes of an image, before it is known which file they are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The place in the image.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

impl Malformed {
    /// A complaint about `place`.
    pub fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            reason: reason.into(),
        }
    }
}
