//! What goes out to user mode: no address of the kernel.
//!
//! When a request of user mode ends, every 8 bytes of its output that begin at a multiple of 4, and its `Information`, are compared with the
//! addresses that are mapped: images, pool, stacks, the host's own. Not seen: an address that was cut, or hidden by arithmetic.
#![allow(
    unsafe_code,
    reason = "reads the buffers of a request, and asks the system for mappings"
)]

use core::ffi::c_void;
use core::fmt;

use super::file::{METHOD_MASK, returned};
use super::irp::Irp;
use crate::abi::{IRP_MJ_DEVICE_CONTROL, IRP_MJ_READ, METHOD_BUFFERED, METHOD_NEITHER, PAGE_SIZE, UserMode};
use crate::verifier::{self, Owner, rules};

/// Linux maps nothing of a position-independent process below; pairs of small numbers lie there.
const LOWEST: u64 = 0x1000_0000_0000;
/// The end of the addresses that a process has on x64.
const END: u64 = 0x8000_0000_0000;

/// Looks at a request that has just ended; the run ends when it gives an address away.
pub(super) fn check(irp: Irp) {
    let fields = irp.read();
    if fields.RequestorMode != UserMode {
        return;
    }
    let location = irp.location(fields.StackCount);
    if !matches!(location.MajorFunction, IRP_MJ_DEVICE_CONTROL | IRP_MJ_READ) {
        return;
    }
    report_if_mapped(
        fields.IoStatus.Information as u64,
        format_args!("its Information"),
    );
    if location.MajorFunction == IRP_MJ_READ {
        // SAFETY: the location's major code says which of its parameters are set.
        let room = unsafe { location.Parameters.Read }.Length.0 as usize;
        // Whichever buffer the device wants, it is the one that user mode gave.
        return scan(fields.UserBuffer, returned(&fields.IoStatus, room));
    }
    // SAFETY: the location's major code says which of its parameters are set.
    let control = unsafe { location.Parameters.DeviceIoControl };
    let room = control.OutputBufferLength as usize;
    match control.IoControlCode.0 & METHOD_MASK {
        METHOD_BUFFERED => {
            // SAFETY: the code says that the request has a system buffer, or none.
            let buffer = unsafe { fields.AssociatedIrp.SystemBuffer };
            scan(buffer, returned(&fields.IoStatus, room));
        }
        METHOD_NEITHER => scan(fields.UserBuffer, room),
        _ if fields.MdlAddress.is_null() => {}
        // SAFETY: an MDL of the file that sent the request, which frees it after the end.
        _ => scan(unsafe { (*fields.MdlAddress).MappedSystemVa }, room),
    }
}

fn scan(buffer: *const c_void, length: usize) {
    if buffer.is_null() {
        return;
    }
    // SAFETY: a buffer of the host's that is at least as long as the output that user mode has room for.
    let bytes = unsafe { core::slice::from_raw_parts(buffer.cast::<u8>(), length) };
    for (index, window) in bytes.windows(size_of::<u64>()).enumerate().step_by(4) {
        let value = window
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u64::from(*byte));
        report_if_mapped(value, format_args!("byte {index} of its output"));
    }
}

fn report_if_mapped(value: u64, place: fmt::Arguments<'_>) {
    if (LOWEST..END).contains(&value) && is_mapped(value) {
        let what = format!(
            "a request of user mode ends with the kernel address {value:#x} ({}) in {place}",
            Owner::at(usize::try_from(value).unwrap_or_default())
        );
        verifier::broken(rules::ADDRESS_TO_USER, &what, verifier::owner());
    }
}

/// Whether something is mapped at an address, accessible or not.
fn is_mapped(address: u64) -> bool {
    let page = usize::try_from(address).unwrap_or_default() & !(PAGE_SIZE - 1);
    let mut resident = 0;
    // SAFETY: mincore reads nothing at the address and writes one byte.
    unsafe { libc::mincore(std::ptr::without_provenance_mut(page), 1, &raw mut resident) == 0 }
}
