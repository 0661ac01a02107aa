//! The security descriptors of device objects, and who may open what.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::device::Device;
use super::file_object::Opener;
use crate::abi::{FILE_DEVICE_SECURE_OPEN, GUID};
use crate::cm;
use crate::se::{self, Descriptor, Granted};
use crate::verifier;

/// What a device gets that nobody secures: "full access to administrators, and read, write, and execute access to everyone else"
/// ("Controlling Device Access").
const DEFAULT: &str = "D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GRGWGX;;;WD)";

static DESCRIPTORS: Mutex<BTreeMap<usize, Descriptor>> = Mutex::new(BTreeMap::new());

fn with_descriptors<R>(f: impl FnOnce(&mut BTreeMap<usize, Descriptor>) -> R) -> R {
    f(&mut DESCRIPTORS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A text as a descriptor. One that is wrong, or has what is not modelled, ends the run.
fn parsed(text: &str) -> Descriptor {
    Descriptor::parse(text).unwrap_or_else(|error| verifier::unsupported(&error.to_string()))
}

/// The value with the security descriptor of a device or a class, which the `AddReg` of `.HW` and `[ClassInstall32]` write.
const SECURITY: &str = "Security";

/// The text in the key of a device or a class.
#[must_use]
pub fn in_key(key: &str) -> Option<String> {
    cm::text(key, SECURITY)
}

/// The descriptor that a device setup class has in the registry.
pub(super) fn of_class(class: &GUID) -> Option<String> {
    in_key(&format!(r"{}\{class}", cm::CLASS))
}

/// Gives a device a security descriptor in SDDL.
pub(super) fn set(device: Device, sddl: &str) {
    let descriptor = parsed(sddl);
    with_descriptors(|descriptors| descriptors.insert(device.as_ptr().addr(), descriptor));
}

/// Gives every device of a stack a security descriptor in SDDL.
pub fn apply(pdo: Device, sddl: &str) {
    pdo.stack().for_each(|device| set(device, sddl));
}

/// "If one driver for a device sets this characteristic, the `PnP` manager propagates it to all the device objects for the device"
/// ("Guidelines for Writing `AddDevice` Routines").
pub fn propagate_secure_open(pdo: Device) {
    let secure = |device: Device| device.read().Characteristics & FILE_DEVICE_SECURE_OPEN;
    let any = pdo.stack().fold(0, |any, device| any | secure(device));
    for device in pdo.stack() {
        device.update(|fields| fields.Characteristics |= any);
    }
}

/// The device object is gone.
pub(super) fn forget(device: Device) {
    with_descriptors(|descriptors| descriptors.remove(&device.as_ptr().addr()));
}

/// Checks an open of a device, or of the name `rest` below it; `None` when it is denied. Names below a device are the driver's to check, unless
/// it has `FILE_DEVICE_SECURE_OPEN` ("Controlling Device Namespace Access").
pub(super) fn check(device: Device, rest: &str, opener: Opener) -> Option<Granted> {
    let Opener::User(subject, desired) = opener else {
        return Some(Granted::EVERYTHING);
    };
    let of_driver = !rest.is_empty() && device.read().Characteristics & FILE_DEVICE_SECURE_OPEN == 0;
    if of_driver {
        return Some(Granted::of(desired));
    }
    let descriptor = with_descriptors(|descriptors| descriptors.get(&device.as_ptr().addr()).cloned());
    se::check(&descriptor.unwrap_or_else(|| parsed(DEFAULT)), subject, desired)
}
