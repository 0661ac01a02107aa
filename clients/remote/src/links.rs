//! The names of the device interfaces of a class.
#![allow(unsafe_code, reason = "a list of strings in pool")]

use core::marker::PhantomData;
use core::ptr;

use direct_call::kmdf::guid_of;
use direct_call::{Failure, GUID};
use wdk_sys::{
    UNICODE_STRING, WCHAR,
    ntddk::{ExFreePool, IoGetDeviceInterfaces, RtlInitUnicodeString},
};

/// The symbolic links of the interfaces that are enabled.
pub struct Links(*mut WCHAR);

impl Links {
    /// Those of a class.
    ///
    /// # Errors
    ///
    /// What `IoGetDeviceInterfaces` answers.
    ///
    /// # IRQL
    ///
    /// `PASSIVE_LEVEL`.
    pub fn of_class(class: GUID) -> Result<Self, Failure> {
        let (class, mut list) = (guid_of(class), ptr::null_mut());
        // SAFETY: a GUID and a place for the result that outlive the call; of every device, enabled ones only.
        let status = unsafe { IoGetDeviceInterfaces(&raw const class, ptr::null_mut(), 0, &raw mut list) };
        Failure::check(status).map(|()| Self(list))
    }

    /// One after the other.
    pub const fn iter(&self) -> Iter<'_> {
        Iter(self.0, PhantomData)
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        // SAFETY: a successful IoGetDeviceInterfaces gives the list to its caller.
        unsafe { ExFreePool(self.0.cast()) };
    }
}

/// The links of a list that lives.
pub struct Iter<'a>(*mut WCHAR, PhantomData<&'a Links>);

impl Iterator for Iter<'_> {
    type Item = UNICODE_STRING;

    fn next(&mut self) -> Option<UNICODE_STRING> {
        let mut link = UNICODE_STRING::default();
        // SAFETY: the list has terminated strings, the last of which is empty; this is one of them.
        unsafe { RtlInitUnicodeString(&raw mut link, self.0) };
        if link.Length == 0 {
            return None;
        }
        self.0 = self
            .0
            .wrapping_add(usize::from(link.Length) / size_of::<WCHAR>() + 1);
        Some(link)
    }
}
