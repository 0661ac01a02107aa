//! The I/O manager: driver and device objects, device stacks, IRPs, files, device interfaces, work items, remove locks.
//!
//! Not modelled: fast I/O, controllers and adapters, error logging, the registration of file systems, completion ports and APCs.

mod cancel;
mod device;
mod driver;
mod exports;
mod file;
mod interface;
mod irp;
mod irp_exports;
mod mdl;
mod remove_lock;
mod work_item;

use crate::exports::Export;

pub use device::{Device, attach, create_device, delete_device, is_device};
pub(crate) use driver::create_host_driver;
pub use driver::{
    Driver, DriverError, load, loaded, service_of, unload, unload_all, unload_if_idle, unstoppable,
};
pub use file::{File, FileError, IoctlResult, has_open_files, open};
pub use interface::{disable_all, enabled_link, forget_device, links_of};
pub use irp::{Finish, Irp, call, call_driver, complete, requests_outstanding};

/// The exports of this component.
pub const TABLES: &[&[Export]] = &[
    exports::EXPORTS,
    irp_exports::EXPORTS,
    remove_lock::EXPORTS,
    work_item::EXPORTS,
];
