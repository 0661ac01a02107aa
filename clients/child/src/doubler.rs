//! The interface of the bus, as this driver uses it: version 2 if there is one, else version 1.
#![allow(unsafe_code, reason = "calls through foreign tables")]

use core::sync::atomic::AtomicBool;

use direct_call::kmdf::{Client, Device, Gate, Slot};
use direct_call::{Failure, Interface, QueryError, device_context};
use sample_interface::{SAMPLE_INTERFACE, SAMPLE_INTERFACE_2, SAMPLE_STATISTICS};
use wdk_sys::STATUS_NOT_SUPPORTED;

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

/// A table and one reference on its provider.
#[derive(Debug)]
pub enum Doubler {
    /// Version 1.
    One(Client<SampleInterface>),
    /// Version 2.
    Two(Client<SampleInterface2>),
}

impl Doubler {
    /// Asks the own stack for version 2, and for version 1 where nobody knows the other GUID.
    ///
    /// # Errors
    ///
    /// Those of [`Client::query`].
    pub fn query(device: Device<'_>) -> Result<Self, QueryError> {
        match Client::query(device) {
            Err(QueryError::Query(failure)) if failure.status() == STATUS_NOT_SUPPORTED => {
                Client::query(device).map(Self::One)
            }
            second => second.map(Self::Two),
        }
    }

    /// Which version it is.
    pub const fn version(&self) -> u16 {
        match self {
            Self::One(_) => SampleInterface::VERSION,
            Self::Two(_) => SampleInterface2::VERSION,
        }
    }

    /// Doubles `value` by a direct call.
    ///
    /// # Errors
    ///
    /// `STATUS_INTEGER_OVERFLOW` when the result does not fit.
    pub fn double(&self, mut value: i32) -> Result<i32, Failure> {
        let routine = match self {
            Self::One(client) => client.table().SampleDouble,
            Self::Two(client) => client.table().SampleDouble,
        };
        // SAFETY: the table was checked by `Client::query`, and `self` holds its reference; `value` is on the stack.
        let status = unsafe { routine(&raw mut value) };
        Failure::check(status.0).map(|()| value)
    }

    /// Doubles `values` up to the first whose double does not fit, and returns how many that were: in one call with version 2, one
    /// by one with version 1.
    ///
    /// # Errors
    ///
    /// `STATUS_DEVICE_REMOVED`, from version 2.
    pub fn double_all(&self, values: &mut [i32]) -> Result<usize, Failure> {
        match self {
            Self::One(_) => Ok(values
                .iter_mut()
                .map_while(|value| {
                    *value = self.double(*value).ok()?;
                    Some(())
                })
                .count()),
            Self::Two(client) => double_array(client, values),
        }
    }

    /// What the provider has counted; `None` from version 1, which counts nothing.
    ///
    /// # Errors
    ///
    /// `STATUS_DEVICE_REMOVED`.
    pub fn statistics(&self) -> Result<Option<SAMPLE_STATISTICS>, Failure> {
        const LENGTH: u32 = direct_call::kmdf::size_of_ulong::<SAMPLE_STATISTICS>();
        let Self::Two(client) = self else { return Ok(None) };
        let mut statistics = SAMPLE_STATISTICS::default();
        let routine = client.table().SampleQueryStatistics;
        // SAFETY: a checked table, whose reference `client` holds, with its own context; the structure is on the stack.
        let status = unsafe { routine(client.context(), &raw mut statistics, LENGTH) };
        Failure::check(status.0).map(|()| Some(statistics))
    }
}

fn double_array(client: &Client<SampleInterface2>, values: &mut [i32]) -> Result<usize, Failure> {
    // An overflow says how many were done; the removal leaves the number as it is.
    let mut done = usize::MAX;
    let routine = client.table().SampleDoubleArray;
    // SAFETY: a checked table, whose reference `client` holds, with its own context; `values` and `done` are this routine's.
    let status = unsafe { routine(client.context(), values.as_mut_ptr(), values.len(), &raw mut done) };
    if done == usize::MAX {
        return Err(Failure::new(status.0));
    }
    Ok(done)
}

/// The context space of the device.
pub struct ChildContext {
    /// Open while `doubler` is filled.
    pub gate: Gate,
    /// Filled in `EvtDevicePrepareHardware`, emptied in `EvtDeviceReleaseHardware`; requests look at it
    /// inside the gate.
    pub doubler: Slot<Doubler>,
    /// Set in `EvtDeviceSurpriseRemoval`, never cleared: a device that was removed does not come back.
    pub removed: AtomicBool,
}

device_context!(ChildContext, c"ChildContext");
