//! `wdfldr.sys`: the Kernel-Mode Driver Framework, version 1.33, as an image of its own on plain WDM.
//!
//! Drivers import [`bind`]'s `WdfVersionBind` and get a table of 458 functions. Parts: [`ddi`] turns a call
//! of a driver into a checked call of a safe function; [`object`] is what every handle stands for; one module
//! for each kind of object; [`pnp`], [`power`] and [`dispatch`] turn IRPs into the driver's events; [`wdm`]
//! holds the thin wrappers of kernel routines.
//!
//! Not implemented: interrupts, DMA, USB targets, companion targets, class extensions. A call of such a function ends the run and names it
//! ([`unsupported`]); docs/wdf-functions.md has them all.
#![no_std]
#![allow(
    clippy::option_if_let_else,
    reason = "a match reads in the order of the contract: what there is, then what there is not"
)]

#[macro_use]
mod ddi;

mod bind;
mod callback_lock;
mod child_list;
mod client;
mod collection;
mod control;
mod device;
mod device_init;
mod device_interface;
mod device_property;
mod dispatch;
mod dpc;
mod driver;
mod failure;
mod fdo;
mod file_object;
mod io_target;
mod lock;
mod lookaside;
mod memory;
mod object;
mod pdo;
mod pnp;
mod pool;
mod power;
mod query_interface;
mod queue;
mod registry;
mod related;
mod request;
mod request_io;
mod resource;
mod string;
mod table;
mod timer;
mod trace;
mod unsupported;
mod verifier;
mod wdm;
mod wmi;
mod work_item;
