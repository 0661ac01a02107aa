//! A Windows kernel for drivers, in a Linux process.
//!
//! The modules carry the names of the NT components, and an export lives in the component whose prefix it bears.
//! `verifier` watches at the components' edges and is called by them; `shell` and `report` are what a person
//! sees. Kernel state is global: one scenario is one process.
//!
//! Not modelled, and said so by name when a driver asks for it: user-mode processes and their address spaces, paging,
//! interrupts and DMA, the file system, more than one processor's worth of affinity.

#![allow(
    clippy::significant_drop_tightening,
    reason = "where a guard lives to the end of a function, its whole body is the critical section"
)]

pub mod abi;
pub mod cm;
pub mod dbg;
pub mod ex;
pub mod exports;
pub mod io;
pub mod ke;
pub mod ldr;
pub mod mm;
pub mod ob;
pub mod pnp;
pub mod report;
pub mod rtl;
pub mod se;
pub mod shell;
pub mod verifier;
