//! sample.sys: a Plug and Play bus whose children offer a direct-call interface, a filter that offers it in other stacks, and a
//! kernel DLL.
//!
//! Parts: `entry` (`DriverEntry`, `EvtDriverDeviceAdd`), `role` (what a device is), `bus` (the device that
//! enumerates), `child_pdo` (the children), `filter` (the device in other drivers' stacks), `interfaces` (what a child and a filter
//! publish), `exports` (the routine behind it, also a static export), `dll` (`DllInitialize`, `DllUnload`), `parameters` (what the INF
//! sets).
//!
//! Not here yet: the second version of the interface.
#![no_std]

extern crate wdk_panic;

mod bus;
mod child_count;
mod child_pdo;
mod dll;
mod entry;
mod exports;
mod filter;
mod interfaces;
mod parameters;
mod role;
mod unicode;

use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;
