//! What this driver publishes: each table bound to its GUID and filled.

use core::ptr;

use direct_call::kmdf::{Device, Offers, Provider};
use direct_call::{Failure, GUID, Interface};
use sample_interface::{INTERFACE, SAMPLE_BUS_INTERFACE, SAMPLE_INTERFACE, SAMPLE_INTERFACE_2};

use crate::bus_routines::{SampleBusChildCount, SampleBusPlugIn, SampleBusUnplug};
use crate::children::Children;
use crate::context_routines::{Calls, SampleDoubleArray, SampleQueryStatistics};
use crate::exports::SampleDouble;

direct_call::bind! {
    /// Version 1.
    pub enum SampleInterface: unsafe table(SAMPLE_INTERFACE, InterfaceHeader),
        guid(SAMPLE_INTERFACE::GUID), version(SAMPLE_INTERFACE::VERSION);
}

direct_call::bind! {
    /// Version 2.
    pub enum SampleInterface2: unsafe table(SAMPLE_INTERFACE_2, InterfaceHeader),
        guid(SAMPLE_INTERFACE_2::GUID), version(SAMPLE_INTERFACE_2::VERSION);
}

direct_call::bind! {
    /// The bus's own.
    pub enum SampleBusInterface: unsafe table(SAMPLE_BUS_INTERFACE, InterfaceHeader),
        guid(SAMPLE_BUS_INTERFACE::GUID), version(SAMPLE_BUS_INTERFACE::VERSION);
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
