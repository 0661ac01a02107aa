//! The service's `Parameters` key, which the INF fills.
#![allow(unsafe_code, reason = "framework calls")]

use core::ptr;

use direct_call::Failure;
use direct_call::call_wdf;
use wdk_sys::{
    KEY_READ, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH, WDFDRIVER,
    WDFKEY,
};

use crate::unicode::{ascii, unicode_string};

/// The driver's handle, good while the driver is loaded.
#[derive(Clone, Copy)]
pub struct Driver(WDFDRIVER);

impl Driver {
    /// # Safety
    ///
    /// `handle` is the WDFDRIVER of this image.
    pub const unsafe fn from_raw(handle: WDFDRIVER) -> Self {
        Self(handle)
    }

    /// A `REG_DWORD` of the key; `None` where there is no key or no such value.
    ///
    /// # Errors
    ///
    /// `STATUS_INVALID_PARAMETER` for a value of another type, else what the registry answers.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn parameter<const N: usize>(self, name: &[u8; N]) -> Result<Option<u32>, Failure> {
        match Key::open(self).and_then(|key| key.number(name)) {
            Ok(number) => Ok(Some(number)),
            Err(failure) => match failure.status() {
                STATUS_OBJECT_NAME_NOT_FOUND => Ok(None),
                STATUS_OBJECT_TYPE_MISMATCH => Err(Failure::new(STATUS_INVALID_PARAMETER)),
                _ => Err(failure),
            },
        }
    }
}

/// The open key.
struct Key(WDFKEY);

impl Key {
    fn open(driver: Driver) -> Result<Self, Failure> {
        let mut key = ptr::null_mut();
        // SAFETY: this image's handle, by `Driver::from_raw`; the caller is at PASSIVE_LEVEL, in
        // EvtDriverDeviceAdd.
        let status = unsafe {
            call_wdf!(
                WdfDriverOpenParametersRegistryKey,
                driver.0,
                KEY_READ,
                ptr::null_mut(),
                &raw mut key
            )
        };
        Failure::check(status).map(|()| Self(key))
    }

    fn number<const N: usize>(&self, name: &[u8; N]) -> Result<u32, Failure> {
        let name = ascii(name);
        let name = unicode_string(&name);
        let mut number = 0;
        // SAFETY: the key is open; name and number outlive the call.
        let status = unsafe { call_wdf!(WdfRegistryQueryULong, self.0, &raw const name, &raw mut number) };
        Failure::check(status).map(|()| number)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: opened in `open`, closed here only.
        unsafe { call_wdf!(WdfRegistryClose, self.0) };
    }
}
