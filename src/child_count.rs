//! `ChildCount`: how many children a bus has, from the service's `Parameters` key.
#![allow(unsafe_code, reason = "framework calls")]

use core::ptr;

use direct_call::Failure;
use wdk_sys::{
    KEY_READ, NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_NOT_FOUND, WDFDRIVER, WDFKEY,
    call_unsafe_wdf_function_binding,
};

use crate::unicode::{ascii, unicode_string};

/// The number of children when the registry names none.
const DEFAULT: u32 = 2;
/// The most children that a bus may have.
const LIMIT: u32 = 64;

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
}

/// Reads `ChildCount`. No key or no value means [`DEFAULT`]; 0 is a bus without children.
///
/// # Errors
///
/// `STATUS_INVALID_PARAMETER`, and one line in the log, when the value is above [`LIMIT`] or is not a
/// `REG_DWORD`. What the registry answers otherwise.
pub fn read(driver: Driver) -> Result<u32, Failure> {
    match Parameters::open(driver).and_then(|parameters| parameters.child_count()) {
        Ok(count) if count <= LIMIT => Ok(count),
        Ok(count) => {
            wdk::println!("sample: ChildCount is {count}, at most {LIMIT} is allowed; the device is refused");
            Err(Failure::new(STATUS_INVALID_PARAMETER))
        }
        Err(failure) if is_absent(failure.status()) => Ok(DEFAULT),
        Err(failure) => {
            wdk::println!(
                "sample: ChildCount cannot be read as a REG_DWORD of 0 to {LIMIT} ({failure}); the device is refused"
            );
            Err(Failure::new(STATUS_INVALID_PARAMETER))
        }
    }
}

const fn is_absent(status: NTSTATUS) -> bool {
    status == STATUS_OBJECT_NAME_NOT_FOUND
}

/// The open `Parameters` key.
struct Parameters(WDFKEY);

impl Parameters {
    fn open(driver: Driver) -> Result<Self, Failure> {
        let mut key = ptr::null_mut();
        // SAFETY: this image's handle, by `Driver::from_raw`; the caller is at PASSIVE_LEVEL, in
        // EvtDriverDeviceAdd.
        let status = unsafe {
            call_unsafe_wdf_function_binding!(
                WdfDriverOpenParametersRegistryKey,
                driver.0,
                KEY_READ,
                ptr::null_mut(),
                &raw mut key
            )
        };
        Failure::check(status).map(|()| Self(key))
    }

    fn child_count(&self) -> Result<u32, Failure> {
        const NAME: [u16; 10] = ascii(b"ChildCount");
        let name = unicode_string(&NAME);
        let mut count = 0;
        // SAFETY: the key is open; name and count outlive the call.
        let status = unsafe {
            call_unsafe_wdf_function_binding!(WdfRegistryQueryULong, self.0, &raw const name, &raw mut count)
        };
        Failure::check(status).map(|()| count)
    }
}

impl Drop for Parameters {
    fn drop(&mut self) {
        // SAFETY: opened in `open`, closed here only.
        unsafe { call_unsafe_wdf_function_binding!(WdfRegistryClose, self.0) };
    }
}
