//! The two routines of a kernel DLL: called around its use by importers, as Windows does.
#![allow(unsafe_code, reason = "calls routines of images")]

use std::sync::atomic::Ordering;

use super::error::LoadError;
use super::registry::ImageRef;
use crate::abi::{NTSTATUS, UNICODE_STRING};
use crate::ke;
use crate::rtl::unicode::Unicode;

/// Calls `DllInitialize` of an image that was loaded because another imports from it. Windows counts importers only
/// of images that have both routines.
///
/// # Errors
///
/// The status of the routine: the load is refused.
pub fn initialize(image: &ImageRef) -> Result<(), LoadError> {
    let (Some(address), Some(_)) = (image.export("DllInitialize"), image.export("DllUnload")) else {
        return Ok(());
    };
    let service = image
        .name
        .rsplit_once('.')
        .map_or(image.name.as_str(), |(stem, _)| stem);
    let mut path = Unicode::new(&format!(
        r"\REGISTRY\MACHINE\SYSTEM\CurrentControlSet\Services\{service}"
    ));
    // SAFETY: the export of this name has this signature in every kernel DLL ("DllInitialize" in the WDK), and the
    // image is bound and sealed.
    let routine: unsafe extern "win64" fn(*mut UNICODE_STRING) -> NTSTATUS =
        unsafe { std::mem::transmute(std::ptr::with_exposed_provenance::<()>(address)) };
    // SAFETY: the string lives across the call, and the routine is code of the image.
    let status = ke::call("DllInitialize", address, || unsafe { routine(path.as_mut_ptr()) });
    if status.is_success() {
        image.initialized.store(true, Ordering::SeqCst);
        return Ok(());
    }
    Err(LoadError {
        file: image.path.clone(),
        place: String::from("DllInitialize"),
        reason: String::from("the routine refused the load"),
        status,
    })
}

/// Calls `DllUnload` of an image that lost its last importer, if `DllInitialize` ran. False if the image refuses to
/// go: then it stays for good.
pub fn unload(image: &ImageRef) -> bool {
    if !image.initialized.swap(false, Ordering::SeqCst) {
        return true;
    }
    let Some(address) = image.export("DllUnload") else {
        return true;
    };
    // SAFETY: the export of this name has this signature in every kernel DLL ("DllUnload" in the WDK).
    let routine: unsafe extern "win64" fn() -> NTSTATUS =
        unsafe { std::mem::transmute(std::ptr::with_exposed_provenance::<()>(address)) };
    // SAFETY: the image is still mapped, and nothing imports from it any more.
    ke::call("DllUnload", address, || unsafe { routine() }).is_success()
}
