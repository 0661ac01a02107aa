//! Which images there are, and whose an address is.

use core::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::directories::Target;
use super::files;
use super::image::Image;
use super::mapping::Protection;
use crate::ke;
use crate::verifier::{self, Owner, rules};

/// Every image that was ever loaded, in order.
static IMAGES: RwLock<Vec<Arc<Image>>> = RwLock::new(Vec::new());
static UNLOAD_HOOK: OnceLock<fn(&ImageRef)> = OnceLock::new();
static SEARCH_PATHS: RwLock<Vec<PathBuf>> = RwLock::new(Vec::new());

/// A load of an image. It is no guard: [`unload`] undoes the load.
#[derive(Clone, Debug)]
pub struct ImageRef(pub(super) Arc<Image>);

impl Deref for ImageRef {
    type Target = Image;

    fn deref(&self) -> &Image {
        &self.0
    }
}

impl PartialEq for ImageRef {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl ImageRef {
    /// The address of an export, if the image itself defines it.
    #[must_use]
    pub fn export(&self, name: &str) -> Option<usize> {
        match self.contents.exports.by_name(name)? {
            Target::Offset(offset) => Some(self.base() + offset),
            Target::Forwarder(_) => None,
        }
    }

    /// Whether the image was unloaded.
    #[must_use]
    pub fn is_unloaded(&self) -> bool {
        self.unloaded.load(Ordering::SeqCst)
    }
}

/// A place in an image. Shown as `sample.sys+0x1a40 (sample::bus::create+0x10)`.
#[derive(Clone, Debug)]
pub struct Location {
    /// The image's file name.
    pub image: Arc<str>,
    /// The offset from its base.
    pub offset: usize,
    /// The nearest symbol before, and the distance from it.
    pub symbol: Option<(String, usize)>,
    /// The image is no longer loaded.
    pub unloaded: bool,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unloaded {
            f.write_str("unloaded image ")?;
        }
        write!(f, "{}+{:#x}", self.image, self.offset)?;
        match &self.symbol {
            Some((name, 0)) => write!(f, " ({name})"),
            Some((name, distance)) => write!(f, " ({name}+{distance:#x})"),
            None => Ok(()),
        }
    }
}

/// Adds a directory in which imported images are looked for.
pub fn add_search_path(directory: &Path) {
    let mut paths = SEARCH_PATHS.write().unwrap_or_else(PoisonError::into_inner);
    if !paths.iter().any(|known| known == directory) {
        paths.push(directory.to_owned());
    }
}

/// The directories in which imported images are looked for.
pub(super) fn search_paths() -> Vec<PathBuf> {
    SEARCH_PATHS
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// The loaded images, in the order in which they were loaded.
#[must_use]
pub fn loaded() -> Vec<ImageRef> {
    let images = IMAGES.read().unwrap_or_else(PoisonError::into_inner);
    images
        .iter()
        .filter(|image| !image.unloaded.load(Ordering::SeqCst))
        .cloned()
        .map(ImageRef)
        .collect()
}

/// The loaded image of this file name, in any case, for an importer: of several the one in the importer's own directory.
pub(super) fn by_name(name: &str, importer: &Path) -> Option<ImageRef> {
    let named = || {
        loaded()
            .into_iter()
            .filter(|image| image.name.eq_ignore_ascii_case(name))
    };
    named()
        .find(|image| files::are_neighbours(&image.path, importer))
        .or_else(|| named().next())
}

/// The loaded image of this file. Two files of one name are two images, as on Windows.
pub(super) fn by_file(path: &Path) -> Option<ImageRef> {
    loaded()
        .into_iter()
        .find(|image| files::is_same(&image.path, path))
}

pub(super) fn register(image: Arc<Image>) {
    IMAGES.write().unwrap_or_else(PoisonError::into_inner).push(image);
}

/// The list of images. In a fault's report the faulting thread itself may hold the lock; then there is no answer.
fn read_images() -> Option<std::sync::RwLockReadGuard<'static, Vec<Arc<Image>>>> {
    const TRIES: usize = 10_000;
    for _ in 0..TRIES {
        match IMAGES.try_read() {
            Ok(images) => return Some(images),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

/// The image, loaded or unloaded, in which the address lies.
#[must_use]
pub fn image_at(address: usize) -> Option<ImageRef> {
    let images = read_images()?;
    images
        .iter()
        .rev()
        .find(|image| image.mapping.contains(address))
        .cloned()
        .map(ImageRef)
}

/// Whether the address lies in the image of this name.
#[must_use]
pub fn is_in(address: usize, name: &str) -> bool {
    image_at(address).is_some_and(|image| image.name.eq_ignore_ascii_case(name))
}

/// Names the place at `address`.
#[must_use]
pub fn find(address: usize) -> Option<Location> {
    let image = image_at(address)?;
    let offset = address - image.base();
    Some(Location {
        image: Arc::from(image.name.as_str()),
        offset,
        symbol: image
            .symbol(offset)
            .map(|(name, distance)| (name.to_owned(), distance)),
        unloaded: image.is_unloaded(),
    })
}

/// Sets what runs right before an image becomes inaccessible, for what a report wants to read from it.
pub fn set_unload_hook(hook: fn(&ImageRef)) {
    // A second hook would be a defect of the caller; the first one stays.
    let _ = UNLOAD_HOOK.set(hook);
}

/// A timer or DPC in the image's data would fire into nothing, and a thread would return there.
fn check_pending(image: &ImageRef) {
    let range = image.base()..image.base() + image.size();
    if let Some(thread) = ke::thread::running_in(&range) {
        let at = thread.frames.first().copied().unwrap_or_else(|| image.base());
        let what = format!("thread {} still runs, in {}", thread.name, thread.activity);
        verifier::broken(rules::RUNS_UNLOADED, &what, Owner::at(at));
    }
    let object = ke::timer::pending_in(&range).or_else(|| ke::dpc::pending_in(&range));
    let routine = || ke::timer::routine_pending_in(&range).or_else(|| ke::dpc::routine_pending_in(&range));
    if let Some(place) = object.or_else(routine) {
        let what = "a timer or DPC of the driver's is still set when it has unloaded";
        verifier::broken(rules::PENDING_AT_UNLOAD, what, Owner::at(place));
    }
}

/// Undoes one load.
///
/// With the last one the image becomes inaccessible at once, and its range stays reserved: any later
/// use faults and is reported as a use of the unloaded image. The images it imports from lose a reference each.
pub(super) fn unload(image: ImageRef) {
    if image.references.fetch_sub(1, Ordering::SeqCst) != 1 {
        return;
    }
    if !super::dll::unload(&image) {
        // The reference of the load stays for good, as on Windows: later importers come and go without being asked.
        image.references.fetch_add(1, Ordering::SeqCst);
        return;
    }
    if let Some(hook) = UNLOAD_HOOK.get() {
        hook(&image);
    }
    check_pending(&image);
    if let Err(error) = image.mapping.protect(0, image.mapping.size(), Protection::None) {
        verifier::lab_defect(&format!("{} cannot be made inaccessible: {error}", image.name));
    }
    image.unloaded.store(true, Ordering::SeqCst);
    let dependencies =
        std::mem::take(&mut *image.dependencies.lock().unwrap_or_else(PoisonError::into_inner));
    drop(image);
    for dependency in dependencies {
        unload(dependency);
    }
}
