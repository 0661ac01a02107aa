//! What the framework says about failures that a driver's author would look for.
#![allow(unsafe_code, reason = "calls DbgPrint and a routine of the lab")]

use core::{
    ffi::{CStr, c_char},
    fmt::{self, Write},
    mem,
};

use wdk_sys::{NTSTATUS, PDEVICE_OBJECT, PIRP, ntddk::DbgPrint};

use crate::{
    unsupported::lab_routine,
    wdm::{device_object::DeviceObject, irp::Irp},
};

/// One line about a refused bind or a failed callback.
pub fn failed(what: &CStr, status: NTSTATUS) {
    // SAFETY: A format with one %s and one %08x, and arguments of these types.
    unsafe { DbgPrint(c"wdfldr: %s: status 0x%08x\n".as_ptr(), what.as_ptr(), status) };
}

/// Why a device does not answer `IRP_MN_QUERY_INTERFACE`, for the lab's trace. On Windows nobody hears it: the real framework writes to
/// its in-flight recorder.
pub fn query_refused(device: Option<DeviceObject>, irp: Irp, why: fmt::Arguments<'_>) {
    let (Some(device), Some(address)) = (device, lab_routine(b"LabQueryRefused")) else {
        return;
    };
    // SAFETY: The lab documents this routine with this signature.
    let lab: extern "C" fn(PIRP, PDEVICE_OBJECT, *const c_char) = unsafe { mem::transmute(address) };
    let mut line = Line::EMPTY;
    // What does not fit is cut.
    let _cut = line.write_fmt(why);
    lab(irp.pointer(), device.pointer(), line.bytes.as_ptr().cast());
}

/// A short text that ends in NUL.
struct Line {
    bytes: [u8; 128],
    length: usize,
}

impl Line {
    const EMPTY: Self = Self {
        bytes: [0; 128],
        length: 0,
    };
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The last byte stays NUL.
        let end = self.bytes.len() - 1;
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        let taken = text.len().min(room.len());
        for (place, byte) in room.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        self.length += taken;
        if taken == text.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}
