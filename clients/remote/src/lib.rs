//! remote.sys: a function driver that uses a direct-call interface of another device, a child of sample.sys.
//!
//! Parts: `entry` (`DriverEntry`, `EvtDriverDeviceAdd`), `context` (what the device holds), `arrival` (children that come, from prepare to
//! release), `links` (names of device interfaces), `target` (the interface, and the events of the child's removal), `ioctl` (requests),
//! `wait_lock`.
//!
//! Everything that takes the interface or gives it back holds one lock, at `PASSIVE_LEVEL`. The lock is never held where a target is closed
//! outside of its own events: closing waits for them, and they want the lock.
#![no_std]

extern crate wdk_panic;

mod arrival;
mod context;
mod entry;
mod ioctl;
mod links;
mod target;
mod wait_lock;

use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;
