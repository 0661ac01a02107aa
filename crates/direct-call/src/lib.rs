//! Define, publish, acquire and count direct-call interfaces of Windows drivers.
//!
//! A direct-call interface is a table of functions that one driver gives to another in answer to
//! `IRP_MN_QUERY_INTERFACE`. It is identified by a GUID and begins with the `INTERFACE` header of wdm.h. What
//! Microsoft's samples leave open is done here: references are counted, the counted context outlives the
//! device, and the code stays mapped until the last caller is out of it.
//!
//! Parts: [`negotiation`] is what provider and client accept; [`references`] and [`counted`] keep the context
//! alive; [`rundown`] makes removal wait for calls in progress; [`failure`] is an NTSTATUS that cannot be a
//! success. With the feature `kmdf`, the module of that name registers a provider with KMDF and queries as a
//! KMDF client.
//!
//! Not here yet: the macro that declares a table, and two-way interfaces (`ImportInterface`).
#![no_std]

extern crate alloc;

pub mod atomic;
pub mod counted;
pub mod failure;
#[cfg(feature = "kmdf")]
pub mod kmdf;
pub mod negotiation;
pub mod references;
pub mod rundown;

#[doc(inline)]
pub use failure::Failure;
#[doc(inline)]
pub use negotiation::{Header, Interface, QueryError};

pub use guid_create::GUID;
