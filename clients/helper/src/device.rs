//! The device of the driver, by which user mode could reach it.
#![allow(unsafe_code, reason = "calls of the I/O manager")]

use core::ptr;

use sample_interface::NtStatus;
use wdk_sys::ntddk::{IoCreateDevice, IoCreateSymbolicLink, IoDeleteDevice, IoDeleteSymbolicLink};
use wdk_sys::{DRIVER_OBJECT, FILE_DEVICE_SECURE_OPEN, FILE_DEVICE_UNKNOWN, UNICODE_STRING};

const DEVICE_NAME: [u16; 18] = ascii(br"\Device\HelperRust");
const LINK_NAME: [u16; 22] = ascii(br"\DosDevices\HELPERRUST");

/// `FALSE`: the device may be opened more than once.
const NOT_EXCLUSIVE: u8 = 0;

/// Makes the device and its symbolic link.
///
/// # Errors
///
/// What `IoCreateDevice` and `IoCreateSymbolicLink` answer; nothing is left then.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn create(driver: &mut DRIVER_OBJECT) -> Result<(), NtStatus> {
    let mut name = unicode_string(&DEVICE_NAME);
    let mut link = unicode_string(&LINK_NAME);
    let mut device = ptr::null_mut();
    // SAFETY: the driver object of this image; the name outlives the call, which copies it.
    let status = NtStatus(unsafe {
        IoCreateDevice(
            driver,
            0,
            &raw mut name,
            FILE_DEVICE_UNKNOWN,
            FILE_DEVICE_SECURE_OPEN,
            NOT_EXCLUSIVE,
            &raw mut device,
        )
    });
    status.is_success().then_some(()).ok_or(status)?;
    // SAFETY: both strings outlive the call, which copies them.
    let status = NtStatus(unsafe { IoCreateSymbolicLink(&raw mut link, &raw mut name) });
    if !status.is_success() {
        // SAFETY: the device that was made above, which nobody has found yet.
        unsafe { IoDeleteDevice(device) };
        return Err(status);
    }
    Ok(())
}

/// Deletes what [`create`] made.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn delete(driver: &DRIVER_OBJECT) {
    let mut link = unicode_string(&LINK_NAME);
    // SAFETY: the string outlives the call. The one failure is that the link is not there.
    let _ = unsafe { IoDeleteSymbolicLink(&raw mut link) };
    // SAFETY: the one device of this driver, made by `create`.
    unsafe { IoDeleteDevice(driver.DeviceObject) };
}

/// An ASCII literal in UTF-16, made at compile time.
const fn ascii<const N: usize>(text: &[u8; N]) -> [u16; N] {
    let mut units = [0; N];
    let mut at = 0;
    while at < N {
        units[at] = text[at] as u16;
        at += 1;
    }
    units
}

/// A counted string over a constant; who receives it must copy it or not write to it.
#[expect(clippy::cast_possible_truncation, reason = "the names above are short")]
const fn unicode_string<const N: usize>(units: &'static [u16; N]) -> UNICODE_STRING {
    let bytes = size_of::<[u16; N]>() as u16;
    UNICODE_STRING {
        Length: bytes,
        MaximumLength: bytes,
        Buffer: units.as_ptr().cast_mut(),
    }
}
