//! stacked.sys: a function driver that uses a direct-call interface of its own stack, if some filter there offers it.
//!
//! Parts: `entry` (`DriverEntry`, `EvtDriverDeviceAdd`), `hardware` (prepare and release: the life of the interface).
#![no_std]

extern crate wdk_panic;

mod entry;
mod hardware;

use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;
