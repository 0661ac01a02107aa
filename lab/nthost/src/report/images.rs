//! The images that were loaded in the run.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::ldr::{self, ImageRef};

/// An image.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Image {
    /// The file name.
    name: String,
    /// The file.
    path: String,
    /// Whether it was unloaded by the end.
    unloaded: bool,
}

static UNLOADED: Mutex<Vec<Image>> = Mutex::new(Vec::new());

fn describe(image: &ImageRef, unloaded: bool) -> Image {
    Image {
        name: image.name.clone(),
        path: image.path.display().to_string(),
        unloaded,
    }
}

/// An image is being unloaded.
pub(super) fn unloaded(image: &ImageRef) {
    UNLOADED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(describe(image, true));
}

/// Every image that was loaded; one that was loaded twice is there twice.
pub(super) fn all() -> Vec<Image> {
    // The run may end while an image is unloaded.
    let mut images = UNLOADED
        .try_lock()
        .map(|images| images.clone())
        .unwrap_or_default();
    images.extend(ldr::loaded().iter().map(|image| describe(image, false)));
    images
}
