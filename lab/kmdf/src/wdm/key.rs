//! Registry keys of the kernel.
#![allow(unsafe_code, reason = "calls the Zw routines with handles and buffers")]

use core::{ffi::c_void, ptr};

use wdk_sys::{
    _DRIVER_REGKEY_TYPE, _KEY_VALUE_INFORMATION_CLASS, ACCESS_MASK, HANDLE, KEY_VALUE_PARTIAL_INFORMATION,
    NTSTATUS, OBJECT_ATTRIBUTES, ULONG, UNICODE_STRING,
    ntddk::{
        IoOpenDeviceRegistryKey, IoOpenDriverRegistryKey, ZwClose, ZwCreateKey, ZwDeleteKey,
        ZwDeleteValueKey, ZwOpenKey, ZwQueryValueKey, ZwSetValueKey,
    },
};

use super::{
    device_object::{DeviceObject, DriverObject},
    size32,
};
use crate::{
    failure::{Outcome, check},
    wdm::text::counted,
};

/// ntdef.h: `OBJ_CASE_INSENSITIVE` | `OBJ_KERNEL_HANDLE`
const ATTRIBUTES: ULONG = 0x40 | 0x200;

/// An open key, closed when dropped.
pub struct OpenKey(HANDLE);

impl OpenKey {
    /// Opens a key by its path, below another one or absolute.
    ///
    /// # Errors
    /// What `ZwOpenKey` returns.
    pub fn open(parent: Option<HANDLE>, path: &[u16], access: ACCESS_MASK) -> Outcome<Self> {
        let mut handle = ptr::null_mut();
        with_attributes(parent, path, |attributes| {
            // SAFETY: A place for the handle and attributes that outlive the call.
            check(unsafe { ZwOpenKey(&raw mut handle, access, attributes) })
        })?;
        Ok(Self(handle))
    }

    /// The key of a driver's own state.
    ///
    /// # Errors
    /// What `IoOpenDriverRegistryKey` returns.
    pub fn persistent_state(driver: DriverObject, access: ACCESS_MASK) -> Outcome<Self> {
        let mut handle = ptr::null_mut();
        let kind = _DRIVER_REGKEY_TYPE::DriverRegKeyPersistentState;
        // SAFETY: The client's driver object, and a place for the handle.
        check(unsafe { IoOpenDriverRegistryKey(driver.pointer(), kind, access, 0, &raw mut handle) })?;
        Ok(Self(handle))
    }

    /// Creates a key, or opens the one that is there.
    ///
    /// # Errors
    /// What `ZwCreateKey` returns.
    pub fn create(
        parent: Option<HANDLE>,
        path: &[u16],
        access: ACCESS_MASK,
        options: ULONG,
    ) -> Outcome<(Self, ULONG)> {
        let (mut handle, mut disposition) = (ptr::null_mut(), 0);
        with_attributes(parent, path, |attributes| {
            // SAFETY: Places for the results and attributes that outlive the call; no class.
            check(unsafe {
                ZwCreateKey(
                    &raw mut handle,
                    access,
                    attributes,
                    0,
                    ptr::null_mut(),
                    options,
                    &raw mut disposition,
                )
            })
        })?;
        Ok((Self(handle), disposition))
    }

    /// Opens the key of a device or of its driver.
    ///
    /// # Errors
    /// What `IoOpenDeviceRegistryKey` returns.
    pub fn of_device(physical: DeviceObject, kind: ULONG, access: ACCESS_MASK) -> Outcome<Self> {
        let mut handle = ptr::null_mut();
        // SAFETY: A PDO and a place for the handle.
        check(unsafe { IoOpenDeviceRegistryKey(physical.pointer(), kind, access, &raw mut handle) })?;
        Ok(Self(handle))
    }

    /// The handle.
    pub const fn handle(&self) -> HANDLE {
        self.0
    }

    /// Reads a value with its header `KEY_VALUE_PARTIAL_INFORMATION`; the bytes that it has or would need.
    ///
    /// # Errors
    /// What `ZwQueryValueKey` returns; `STATUS_BUFFER_OVERFLOW` and `STATUS_BUFFER_TOO_SMALL` come with the
    /// size.
    pub fn query(&self, name: &[u16], buffer: &mut [u8]) -> (NTSTATUS, usize) {
        let mut name = counted(name);
        let mut length = 0;
        // SAFETY: An open key, a string and a buffer of the stated length.
        let status = unsafe {
            ZwQueryValueKey(
                self.0,
                &raw mut name,
                _KEY_VALUE_INFORMATION_CLASS::KeyValuePartialInformation,
                buffer.as_mut_ptr().cast(),
                u32::try_from(buffer.len()).unwrap_or(u32::MAX),
                &raw mut length,
            )
        };
        (status, length as usize)
    }

    /// Writes a value.
    ///
    /// # Errors
    /// What `ZwSetValueKey` returns.
    pub fn set(&self, name: &[u16], kind: ULONG, data: *const c_void, length: ULONG) -> Outcome {
        let mut name = counted(name);
        // SAFETY: An open key, a string, and data of this length that the driver passed.
        check(unsafe { ZwSetValueKey(self.0, &raw mut name, 0, kind, data.cast_mut(), length) })
    }

    /// Removes a value.
    ///
    /// # Errors
    /// What `ZwDeleteValueKey` returns.
    pub fn remove_value(&self, name: &[u16]) -> Outcome {
        let mut name = counted(name);
        // SAFETY: An open key and a string.
        check(unsafe { ZwDeleteValueKey(self.0, &raw mut name) })
    }

    /// Removes the key.
    ///
    /// # Errors
    /// What `ZwDeleteKey` returns.
    pub fn remove(&self) -> Outcome {
        // SAFETY: An open key.
        check(unsafe { ZwDeleteKey(self.0) })
    }
}

impl Drop for OpenKey {
    fn drop(&mut self) {
        // SAFETY: Opened by one of the constructors and closed once.
        let _closed = unsafe { ZwClose(self.0) };
    }
}

fn with_attributes<T>(
    parent: Option<HANDLE>,
    path: &[u16],
    action: impl FnOnce(*mut OBJECT_ATTRIBUTES) -> T,
) -> T {
    let mut name: UNICODE_STRING = counted(path);
    let mut attributes = OBJECT_ATTRIBUTES {
        Length: size32::<OBJECT_ATTRIBUTES>(),
        RootDirectory: parent.unwrap_or(ptr::null_mut()),
        ObjectName: &raw mut name,
        Attributes: ATTRIBUTES,
        ..Default::default()
    };
    action(&raw mut attributes)
}

/// How many bytes come before the data of a value.
pub const VALUE_HEADER: usize = core::mem::offset_of!(KEY_VALUE_PARTIAL_INFORMATION, Data);
