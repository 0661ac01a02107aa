//! What a run tells: timing so far.

/// The end of a `DriverEntry`: the first one stops the start-up clock.
pub const fn driver_entry_ended() {}
