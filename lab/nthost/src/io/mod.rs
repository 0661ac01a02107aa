//! The I/O manager: driver and device objects, device stacks, IRPs, files, device interfaces, work items, remove locks.
//!
//! Not modelled: fast I/O, controllers and adapters, error logging, the registration of file systems, completion ports and APCs.

mod cancel;
mod device;
mod driver;
mod exports;
mod file;
mod file_exports;
mod file_object;
mod interface;
mod interface_exports;
mod irp;
mod irp_exports;
mod mdl;
mod notification;
mod process_exports;
mod property_exports;
mod query_trace;
mod remove_lock;
mod security;
mod user_output;
mod volume;
mod work_item;

use crate::exports::Export;

pub use device::{Device, attach, create_device, delete_device, is_device};
pub(crate) use driver::create_host_driver;
pub use driver::{
    Driver, DriverError, load, loaded, service_of, unload, unload_all, unload_if_idle, unstoppable,
};
pub use file::{Answer, File, open};
pub use file_object::{FileError, allow_opens, refuse_opens};
pub use interface::{disable_all, enabled_link, forget_device, links_of};
pub use irp::{Finish, Irp, call, call_driver, complete, kept_requests, requests_outstanding};
pub use notification::{ask_removal, removal_cancelled, removed};
pub use security::{apply as apply_security, in_key as security_in_key, propagate_secure_open};

/// The exports of this component.
pub const TABLES: &[&[Export]] = &[
    exports::EXPORTS,
    file_exports::EXPORTS,
    interface_exports::EXPORTS,
    notification::EXPORTS,
    irp_exports::EXPORTS,
    mdl::EXPORTS,
    process_exports::EXPORTS,
    property_exports::EXPORTS,
    query_trace::EXPORTS,
    remove_lock::EXPORTS,
    volume::EXPORTS,
    work_item::EXPORTS,
];
