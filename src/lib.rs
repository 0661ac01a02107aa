//! sample.sys: a Plug and Play bus whose children offer a direct-call interface.
//!
//! Parts: `entry` (`DriverEntry`, `EvtDriverDeviceAdd` and the role of a device), `bus` (the device that
//! enumerates), `child_pdo` (the children), `interfaces` (what a child publishes), `exports` (the routine
//! behind it, also a static export), `dll` (`DllInitialize`, `DllUnload`).
//!
//! Not here yet: the filter role, the second version of the interface.
#![no_std]

extern crate wdk_panic;

mod bus;
mod child_count;
mod child_pdo;
mod dll;
mod entry;
mod exports;
mod interfaces;
mod unicode;

use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;
