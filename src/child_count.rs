//! `ChildCount`: how many children a bus has.

use direct_call::Failure;
use sample_interface::SAMPLE_BUS_CHILD_LIMIT;
use wdk_sys::STATUS_INVALID_PARAMETER;

use crate::parameters::Driver;
use crate::refusal;

/// The most children of a bus: the contract's number, or as many as lab/bench/crowd needs to see how the cost of a child grows.
pub const LIMIT: u32 = if cfg!(feature = "crowd") {
    10_000
} else {
    SAMPLE_BUS_CHILD_LIMIT
};

/// The number of children when the registry names none.
const DEFAULT: u32 = 2;

/// Reads `ChildCount`. No value means [`DEFAULT`]; 0 is a bus without children.
///
/// # Errors
///
/// `STATUS_INVALID_PARAMETER` when the value is above [`LIMIT`], and what [`Driver::parameter`] says for one that
/// cannot be read as a `REG_DWORD`; each with one line in the log.
pub fn read(driver: Driver) -> Result<u32, Failure> {
    match driver.parameter(b"ChildCount") {
        Ok(count) if count.unwrap_or(DEFAULT) <= LIMIT => return Ok(count.unwrap_or(DEFAULT)),
        Ok(count) => refusal::too_large(c"ChildCount", count.unwrap_or(DEFAULT), LIMIT),
        Err(failure) => {
            refusal::unreadable(c"ChildCount", failure);
            return Err(failure);
        }
    }
    Err(Failure::new(STATUS_INVALID_PARAMETER))
}
