//! Resource lists. Software devices have no resources, so those of a start are empty; a driver that asks for some, or is given some, stops
//! the run, because interrupts, ports and memory are not modelled. The lists themselves are those of the framework
//! (`fxresourceapi.cpp`, `fxresourcecollection.cpp`).

pub mod assigned;
pub mod callbacks;
mod descriptors;
pub mod requirements;

/// Ends the run where a device would get hardware.
pub fn stop() -> ! {
    crate::unsupported::stop_for(c"hardware resources")
}
