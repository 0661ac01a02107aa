//! How often each WDF function was called, which wdfldr.sys counts in data that it exports.
#![allow(unsafe_code, reason = "reads exported data of an image")]

use core::ffi::{CStr, c_char};
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::ldr::{self, ImageRef};

/// The functions of KMDF 1.33 (`WdfFunctionTableNumEntries` of `wdffuncenum.h`).
const FUNCTIONS: usize = 458;
/// The framework's image.
const FRAMEWORK: &str = "wdfldr.sys";

/// Calls that were counted in images that are unloaded.
static COUNTED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Keeps the counts of the framework when it is unloaded.
pub(super) fn count(image: &ImageRef) {
    if image.name.eq_ignore_ascii_case(FRAMEWORK) {
        let mut counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
        add(image, &mut counted);
    }
}

/// The counts of all functions that were called.
pub(super) fn counts() -> BTreeMap<String, u64> {
    // The run may end while an image is unloaded.
    let mut counts = COUNTED
        .try_lock()
        .map(|counted| counted.clone())
        .unwrap_or_default();
    for image in ldr::loaded() {
        if image.name.eq_ignore_ascii_case(FRAMEWORK) {
            add(&image, &mut counts);
        }
    }
    counts
}

/// Adds what an image counted. An image that exports no such data counts nothing.
fn add(image: &ImageRef, counts: &mut BTreeMap<String, u64>) {
    let table = |name: &str| {
        image
            .export(name)
            .filter(|address| is_inside(image, *address, FUNCTIONS * size_of::<u64>()))
    };
    let (Some(calls), Some(names)) = (table("WdfCallCounts"), table("WdfCallNames")) else {
        return;
    };
    for index in 0..FUNCTIONS {
        let calls = number(image, calls + index * size_of::<u64>());
        if calls > 0
            && let Some(name) = name(image, names + index * size_of::<u64>())
        {
            *counts.entry(name).or_default() += calls;
        }
    }
}

fn is_inside(image: &ImageRef, address: usize, size: usize) -> bool {
    address >= image.base()
        && address
            .checked_add(size)
            .is_some_and(|end| end <= image.base() + image.size())
}

/// The counter at an address in the image.
fn number(image: &ImageRef, address: usize) -> u64 {
    debug_assert!(
        is_inside(image, address, size_of::<u64>()),
        "the caller has compared the table with the image"
    );
    // SAFETY: the address lies in the loaded image, in data that the image changes atomically.
    unsafe { AtomicU64::from_ptr(core::ptr::with_exposed_provenance_mut(address)) }.load(Ordering::Relaxed)
}

/// The name that the pointer at an address in the image points to.
fn name(image: &ImageRef, address: usize) -> Option<String> {
    let pointer = usize::try_from(number(image, address))
        .ok()
        .filter(|pointer| is_inside(image, *pointer, 1))?;
    // SAFETY: the table's pointers lead to terminated strings in the image, and this one leads into it.
    let name = unsafe { CStr::from_ptr(core::ptr::with_exposed_provenance::<c_char>(pointer)) };
    Some(name.to_string_lossy().into_owned())
}
