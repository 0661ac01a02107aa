//! child.sys: the function driver of the children of sample.sys.
//!
//! It queries the direct-call interface when the device starts, calls it once, keeps it while the device
//! runs, and passes requests from user mode on to it.
//!
//! Parts: `entry` (`DriverEntry`, `EvtDriverDeviceAdd`), `doubler` (the interface), `hardware` (prepare and
//! release), `ioctl` (requests).
#![no_std]

extern crate wdk_panic;

mod doubler;
mod entry;
mod hardware;
mod ioctl;

use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;
