//! sample.sys: a Plug and Play bus whose children offer a direct-call interface, a filter that offers it in other stacks, and a
//! kernel DLL.
//!
//! Parts: `entry` (`DriverEntry`, `EvtDriverDeviceAdd`), `role` (what a device is); `bus` (the device that enumerates), `children` (its
//! children), `bus_ioctl` and `bus_routines` (who may change them, and how), `get_interface` (a table on request), `child_pdo` (a child); `filter` (the device in other
//! drivers' stacks); `doubler` (what child and filter have in common), `interfaces` (the tables), `exports` and `context_routines` (the routines
//! in them), `claimed` (callers' pointers); `dll` (`DllInitialize`, `DllUnload`); `parameters`, `child_count` (what the INF sets), `refusal` (what the log says of it), `unicode`
//! (strings).
#![no_std]

extern crate wdk_panic;

mod bus;
mod bus_ioctl;
mod bus_routines;
mod child_count;
mod child_pdo;
mod children;
mod claimed;
mod context_routines;
mod dll;
mod doubler;
mod entry;
mod exports;
mod filter;
mod get_interface;
mod interfaces;
mod parameters;
mod refusal;
mod role;
mod unicode;

use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;
