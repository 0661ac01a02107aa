//! What this driver publishes: each table bound to its GUID and filled.
#![allow(unsafe_code, reason = "binds tables to their GUIDs")]

use core::ptr;

use direct_call::kmdf::{Device, Offers, Provider};
use direct_call::{Failure, GUID, Interface};
use sample_interface::{INTERFACE, SAMPLE_BUS_INTERFACE, SAMPLE_INTERFACE, SAMPLE_INTERFACE_2};

use crate::bus_routines::{SampleBusChildCount, SampleBusPlugIn, SampleBusUnplug};
use crate::children::Children;
use crate::context_routines::{Calls, SampleDoubleArray, SampleQueryStatistics};
use crate::exports::SampleDouble;

/// Version 1, `GUID_SAMPLE_INTERFACE`.
pub enum SampleInterface {}

// SAFETY: the GUID is this project's own, and the contract crate binds it to this table; the table's layout,
// header first and function pointers after it, is asserted there.
unsafe impl Interface for SampleInterface {
    type Table = SAMPLE_INTERFACE;
    const GUID: GUID = SAMPLE_INTERFACE::GUID;
    const VERSION: u16 = SAMPLE_INTERFACE::VERSION;
}

/// Version 2, `GUID_SAMPLE_INTERFACE_2`.
pub enum SampleInterface2 {}

// SAFETY: as for version 1, with the GUID and the table of version 2.
unsafe impl Interface for SampleInterface2 {
    type Table = SAMPLE_INTERFACE_2;
    const GUID: GUID = SAMPLE_INTERFACE_2::GUID;
    const VERSION: u16 = SAMPLE_INTERFACE_2::VERSION;
}

/// The bus's own, `GUID_SAMPLE_BUS_INTERFACE`.
pub enum SampleBusInterface {}

// SAFETY: as for version 1, with the GUID and the table of the bus.
unsafe impl Interface for SampleBusInterface {
    type Table = SAMPLE_BUS_INTERFACE;
    const GUID: GUID = SAMPLE_BUS_INTERFACE::GUID;
    const VERSION: u16 = SAMPLE_BUS_INTERFACE::VERSION;
}

/// What a device offers that doubles: a child, or a filter.
pub enum Doublers {}

impl Offers for Doublers {
    const GUIDS: &'static [GUID] = &[SampleInterface::GUID, SampleInterface2::GUID];
}

/// Registers every table of [`Doublers`].
///
/// # Errors
///
/// What `WdfDeviceAddQueryInterface` answers.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn publish_doublers(provider: &Provider<Calls>, device: Device<'_>) -> Result<(), Failure> {
    provider.publish::<SampleInterface>(device, first_table())?;
    provider.publish::<SampleInterface2>(device, second_table())
}

/// The table of version 1, with an empty header.
pub const fn first_table() -> SAMPLE_INTERFACE {
    SAMPLE_INTERFACE {
        InterfaceHeader: EMPTY_HEADER,
        SampleDouble,
    }
}

/// The table of version 2, with an empty header. Its routines take the context of a `Provider<Calls>`.
pub const fn second_table() -> SAMPLE_INTERFACE_2 {
    SAMPLE_INTERFACE_2 {
        InterfaceHeader: EMPTY_HEADER,
        SampleDouble,
        SampleDoubleArray,
        SampleQueryStatistics,
    }
}

/// Registers the table of a bus.
///
/// # Errors
///
/// What `WdfDeviceAddQueryInterface` answers.
///
/// # IRQL
///
/// `PASSIVE_LEVEL`.
pub fn publish_bus(provider: &Provider<Children>, bus: Device<'_>) -> Result<(), Failure> {
    let table = SAMPLE_BUS_INTERFACE {
        InterfaceHeader: EMPTY_HEADER,
        SampleBusChildCount,
        SampleBusPlugIn,
        SampleBusUnplug,
    };
    provider.publish::<SampleBusInterface>(bus, table)
}

/// [`Provider::publish`] fills the header.
const EMPTY_HEADER: INTERFACE = INTERFACE {
    Size: 0,
    Version: 0,
    Context: ptr::null_mut(),
    InterfaceReference: None,
    InterfaceDereference: None,
};
