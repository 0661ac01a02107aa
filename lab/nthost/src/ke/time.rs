//! Windows' clock: 100-nanosecond units, since 1601 where they are absolute.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Units in a second.
pub const UNITS_PER_SECOND: i64 = 10_000_000;
/// Seconds from 1601 to 1970.
const UNIX_OFFSET_SECONDS: u64 = 11_644_473_600;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The system time.
#[must_use]
pub fn system_time() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    units(since_1970 + Duration::from_secs(UNIX_OFFSET_SECONDS))
}

/// The time since the start.
#[must_use]
pub fn interrupt_time() -> i64 {
    units(START.elapsed())
}

/// A duration in units.
#[must_use]
pub fn units(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX)
}

/// How long it is until a time as Windows' waits and timers give it: negative for relative, else absolute.
#[must_use]
pub fn until(due: i64) -> Duration {
    let left = if due < 0 {
        due.unsigned_abs()
    } else {
        due.saturating_sub(system_time()).max(0).unsigned_abs()
    };
    Duration::from_nanos(left.saturating_mul(100))
}
