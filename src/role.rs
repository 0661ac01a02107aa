//! Which role the devices of this driver have. The INF says so, in the service's `Parameters` key.
//!
//! The service's key and not the device's hardware key: all drivers of a stack share the hardware key, and a filter that is put onto a bus
//! device would make the bus below it a filter too.

use core::ffi::CStr;

use direct_call::Failure;
use wdk_sys::STATUS_INVALID_PARAMETER;

use crate::parameters::Driver;
use crate::refusal;

/// What a device of this driver is.
#[derive(Clone, Copy)]
pub enum Role {
    /// The function device of a bus, which enumerates children.
    Bus,
    /// A filter in a stack of other drivers.
    Filter,
}

/// `Role` of a bus, and of a service that has no such value.
const BUS: u32 = 0;
/// `Role` of a filter.
const FILTER: u32 = 1;
/// Both, for the log.
const ALLOWED: &CStr = c"0 (bus) or 1 (filter)";

/// Reads `Role`.
///
/// # Errors
///
/// `STATUS_INVALID_PARAMETER` for any other value, and what [`Driver::parameter`] says for one that cannot be read as a `REG_DWORD`; each
/// with one line in the log.
pub fn read(driver: Driver) -> Result<Role, Failure> {
    match driver.parameter(b"Role") {
        Ok(None | Some(BUS)) => return Ok(Role::Bus),
        Ok(Some(FILTER)) => return Ok(Role::Filter),
        Ok(Some(other)) => refusal::not_allowed(c"Role", other, ALLOWED),
        Err(failure) => {
            refusal::unreadable(c"Role", failure);
            return Err(failure);
        }
    }
    Err(Failure::new(STATUS_INVALID_PARAMETER))
}
