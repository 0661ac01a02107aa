//! Structured exception handling for drivers in C: faults and raised statuses go to the handlers of `__try`.
//!
//! They go frame by frame through the images' unwind data ("x64 exception handling" of the documentation).
//!
//! Parts: `frame` (from a frame to its caller's), `dispatch` (the search for a handler), `unwind` (the way to it), `c_handler` (the handler of C),
//! `registers` (taking and restoring them), `exports`.
//!
//! An exception reaches the handlers of one driver routine and those of the same driver image and of others that it called directly; it does not pass
//! through a routine of the kernel to the driver that called that. Handlers of C++ are not here.

mod c_handler;
mod dispatch;
mod exports;
mod frame;
mod registers;
mod unwind;

pub use dispatch::{InFlight, dispatch, may_be_handled};
pub use exports::EXPORTS;
pub use registers::resume;
