//! The kernel proper: processors, IRQL, threads, dispatcher objects, DPCs, timers, work items.

mod call;
pub mod dispatcher;
pub mod dpc;
mod exception;
mod exports;
pub mod fault;
pub mod irql;
pub mod processor;
mod sample;
pub mod spin_lock;
pub mod thread;
pub mod time;
pub mod timer;
pub mod watchdog;
pub mod work;

pub use call::call;
pub use exports::EXPORTS;
