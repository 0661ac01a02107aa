//! What a debugger is told of images: `lab.gdb` stops in [`lab_image_loaded`] and reads the symbols.
#![allow(unsafe_code, reason = "a debugger looks for the routine by its name")]

use core::ffi::c_char;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use super::files;
use super::image::Image;

/// Tells of an image that is about to run.
pub(super) fn loaded(image: &Image) {
    let file = files::origin(&image.path);
    let file = file.canonicalize().unwrap_or(file);
    // A path with a NUL cannot have been opened.
    let file = CString::new(file.as_os_str().as_bytes()).unwrap_or_default();
    lab_image_loaded(file.as_ptr(), image.slide());
}

/// Does nothing. `file` holds the image's symbols, which lie `slide` above where the linker put them.
#[inline(never)]
#[unsafe(no_mangle)]
const extern "C" fn lab_image_loaded(file: *const c_char, slide: u64) {
    core::hint::black_box((file, slide));
}
