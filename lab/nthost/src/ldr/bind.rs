//! Loading: an image with everything it imports.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::debugger;
use super::directories::{Import, Symbol, Target};
use super::dll;
use super::error::LoadError;
use super::files;
use super::framework;
use super::image::Image;
use super::registry::{self, ImageRef};
use crate::abi::{
    NTSTATUS, STATUS_DLL_NOT_FOUND, STATUS_DRIVER_UNABLE_TO_LOAD, STATUS_ENTRYPOINT_NOT_FOUND,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_ORDINAL_NOT_FOUND,
};
use crate::exports::{self, Resolution};

/// One load at a time: images that are being loaded refer to each other.
static LOADING: Mutex<()> = Mutex::new(());
/// How many forwarders may lead to one another.
const MAX_FORWARDS: usize = 8;

/// Loads the image in a file and everything it imports. An image that is loaded already gains a reference.
///
/// # Errors
///
/// - `STATUS_NO_SUCH_FILE` when the file cannot be read,
/// - `STATUS_INVALID_IMAGE_FORMAT` when it is no sound native x64 image,
/// - `STATUS_DLL_NOT_FOUND`, `STATUS_ENTRYPOINT_NOT_FOUND`, `STATUS_ORDINAL_NOT_FOUND` for an import,
/// - `STATUS_DRIVER_UNABLE_TO_LOAD` when imports go round in a circle,
/// - `STATUS_INSUFFICIENT_RESOURCES` without memory,
/// - the status of a failing `DllInitialize`.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn load(path: &Path) -> Result<ImageRef, LoadError> {
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    load_with(path, &mut Vec::new())
}

/// Undoes a load; see [`registry::unload`].
pub fn unload(image: ImageRef) {
    // A load must not find an image that loses its last reference now.
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    registry::unload(image);
}

/// Loads an image; `pending` are the images whose imports are being bound right now.
fn load_with(path: &Path, pending: &mut Vec<ImageRef>) -> Result<ImageRef, LoadError> {
    if let Some(image) = registry::by_file(path) {
        image.references.fetch_add(1, Ordering::SeqCst);
        return Ok(image);
    }
    let (image, imports) = Image::map(&files::name(path), path)?;
    let image = ImageRef(Arc::new(image));
    pending.push(image.clone());
    let result = bind(&image, &imports, pending);
    pending.pop();
    if let Err(error) = result.and_then(|()| seal(&image)) {
        // The range stays reserved and inaccessible; the dependencies lose what this image held.
        registry::unload(image);
        return Err(error);
    }
    registry::register(Arc::clone(&image.0));
    debugger::loaded(&image);
    Ok(image)
}

fn seal(image: &ImageRef) -> Result<(), LoadError> {
    image.seal().map_err(|error| LoadError {
        file: image.path.clone(),
        place: String::from("section protections"),
        reason: error.to_string(),
        status: STATUS_INSUFFICIENT_RESOURCES,
    })
}

fn bind(image: &ImageRef, imports: &[Import], pending: &mut Vec<ImageRef>) -> Result<(), LoadError> {
    for import in imports {
        let address = resolve(image, &import.module, &import.symbol, pending, 0)?;
        image.mapping.write(import.slot, &(address as u64).to_le_bytes());
    }
    Ok(())
}

/// The address for a symbol of a module, loading the module if it is an image that is not there yet.
fn resolve(
    image: &ImageRef,
    module: &str,
    symbol: &Symbol,
    pending: &mut Vec<ImageRef>,
    depth: usize,
) -> Result<usize, LoadError> {
    let failure = |reason: String, status: NTSTATUS| LoadError {
        file: image.path.clone(),
        place: format!("import {module}!{symbol}"),
        reason,
        status,
    };
    if exports::is_host_module(module) {
        return host_import(image, module, symbol).ok_or_else(|| match symbol {
            Symbol::Name(name) => failure(
                format!("{module} has no export {name}"),
                STATUS_ENTRYPOINT_NOT_FOUND,
            ),
            Symbol::Ordinal(_) => failure(format!("{module} exports by name only"), STATUS_ORDINAL_NOT_FOUND),
        });
    }
    let dependency = dependency(image, module, pending)?.ok_or_else(|| {
        failure(
            format!(
                "there is no module {module} beside the image or in System32\\drivers{}",
                framework::remedy(module)
            ),
            STATUS_DLL_NOT_FOUND,
        )
    })?;
    let target = match symbol {
        Symbol::Name(name) => dependency.contents.exports.by_name(name),
        Symbol::Ordinal(ordinal) => dependency.contents.exports.by_ordinal(usize::from(*ordinal)),
    };
    match target {
        Some(Target::Offset(offset)) => Ok(dependency.base() + offset),
        Some(Target::Forwarder(to)) if depth < MAX_FORWARDS => {
            let (module, symbol) = forwarder(to).ok_or_else(|| {
                failure(
                    format!("the forwarder {to} names no module"),
                    STATUS_ENTRYPOINT_NOT_FOUND,
                )
            })?;
            resolve(&dependency, &module, &symbol, pending, depth + 1)
        }
        Some(Target::Forwarder(to)) => Err(failure(
            format!("the forwarder {to} leads around in a circle"),
            STATUS_ENTRYPOINT_NOT_FOUND,
        )),
        None => {
            let status = if matches!(symbol, Symbol::Name(_)) {
                STATUS_ENTRYPOINT_NOT_FOUND
            } else {
                STATUS_ORDINAL_NOT_FOUND
            };
            Err(failure(format!("{} has no such export", dependency.name), status))
        }
    }
}

fn host_import(image: &ImageRef, module: &str, symbol: &Symbol) -> Option<usize> {
    let Symbol::Name(name) = symbol else { return None };
    match exports::resolve(module, name) {
        Resolution::Export(export) => Some(exports::gate(export)),
        Resolution::NotModelled => Some(exports::unsupported_gate(&image.name, module, name)),
        Resolution::Unknown => None,
    }
}

/// `MODULE.Name` or `MODULE.#7`. The module's extension is not written; Windows appends the one of a DLL, and for
/// kernel images `.sys` is found too.
fn forwarder(text: &str) -> Option<(String, Symbol)> {
    let (module, symbol) = text.rsplit_once('.')?;
    let symbol = match symbol.strip_prefix('#') {
        Some(number) => Symbol::Ordinal(number.parse().ok()?),
        None => Symbol::Name(symbol.to_owned()),
    };
    let module = match module.to_ascii_lowercase().as_str() {
        "ntoskrnl" => String::from("ntoskrnl.exe"),
        "hal" => String::from("hal.dll"),
        _ if module.contains('.') => module.to_owned(),
        _ => format!("{module}.sys"),
    };
    Some((module, symbol))
}

/// The image that `module` names, with one reference held by `image`.
fn dependency(
    image: &ImageRef,
    module: &str,
    pending: &mut Vec<ImageRef>,
) -> Result<Option<ImageRef>, LoadError> {
    let held = image
        .dependencies
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    if let Some(known) = held
        .into_iter()
        .find(|known| known.name.eq_ignore_ascii_case(module))
    {
        return Ok(Some(known));
    }
    refuse_circle(image, module, pending)?;
    let Some(path) = search(image, module) else {
        return Ok(None);
    };
    let is_new = registry::by_file(&path).is_none();
    let loaded = load_with(&path, pending)?;
    if is_new && let Err(error) = dll::initialize(&loaded) {
        registry::unload(loaded);
        return Err(error);
    }
    image
        .dependencies
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(loaded.clone());
    Ok(Some(loaded))
}

/// Images that import from each other would run each other's code before it is bound, and keep each other for ever.
fn refuse_circle(image: &ImageRef, module: &str, pending: &[ImageRef]) -> Result<(), LoadError> {
    let Some(first) = pending
        .iter()
        .position(|image| image.name.eq_ignore_ascii_case(module))
    else {
        return Ok(());
    };
    let names = pending[first..].iter().chain([&pending[first]]);
    let circle: Vec<&str> = names.map(|image| image.name.as_str()).collect();
    Err(LoadError {
        file: image.path.clone(),
        place: format!("imports from {module}"),
        reason: format!("the imports go round in a circle: {}", circle.join(" -> ")),
        status: STATUS_DRIVER_UNABLE_TO_LOAD,
    })
}

/// The file of a module.
///
/// An image of that name that is loaded already serves, as on Windows, where imports go by file names; of several the one in the importer's
/// directory. Else the file is looked for in the importer's directory, in System32\drivers, and in the search path. The framework's may be in the program itself.
fn search(image: &ImageRef, module: &str) -> Option<PathBuf> {
    if let Some(loaded) = registry::by_name(module, &image.path) {
        return Some(loaded.path.clone());
    }
    [files::folder(&image.path), PathBuf::from(files::DRIVERS)]
        .into_iter()
        .chain(registry::search_paths())
        .find_map(|directory| files::find_in(&directory, module))
        .or_else(|| framework::carried(module))
}
