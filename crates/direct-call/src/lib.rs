//! Define, publish, acquire and count direct-call interfaces of Windows drivers.
//!
//! A direct-call interface is a table of functions that one driver gives to another in answer to
//! `IRP_MN_QUERY_INTERFACE`. It is identified by a GUID and begins with the `INTERFACE` header of wdm.h. What
//! Microsoft's samples leave open is done here: references are counted, the counted context outlives the
//! device, and the code stays mapped until the last caller is out of it.
//!
//! Parts: [`interface!`] declares a table, and [`bind!`] one that was written by hand; [`negotiation`] is what provider and client
//! accept; [`Client`] is one reference, [`references`] and [`counted`] keep the context alive; [`rundown`] makes removal wait for calls in
//! progress; [`slot`] is a place for what a device holds between two callbacks; [`two_way`] is for clients that bring routines of their own;
//! [`ctype`] and [`c_header`] are for clients in C; [`failure`] is an NTSTATUS that cannot be a success. With the feature `kmdf`, the module of that
//! name registers providers with KMDF, queries as a KMDF client, and has what small drivers need around that.
#![no_std]

extern crate alloc;

pub mod atomic;
pub mod c_header;
pub mod client;
pub mod counted;
pub mod ctype;
pub mod failure;
mod guid;
pub mod interface;
#[cfg(feature = "kmdf")]
pub mod kmdf;
pub mod negotiation;
pub mod references;
pub mod rundown;
pub mod slot;
pub mod two_way;

#[doc(inline)]
pub use c_header::CHeader;
#[doc(inline)]
pub use client::Client;
#[doc(inline)]
pub use ctype::{CName, CType, CValue};
#[doc(inline)]
pub use failure::Failure;
#[doc(inline)]
pub use guid::guid;
#[doc(inline)]
pub use negotiation::{Header, Interface, QueryError};
#[doc(inline)]
pub use two_way::{Connect, TwoWay};

pub use guid_create::GUID;
