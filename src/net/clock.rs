//! The clock.

use crate::engine::Now;
use rustix::time::{ClockId, clock_gettime};
use std::sync::LazyLock;

static START_US: LazyLock<u64> = LazyLock::new(us_since_boot);

/// Read for each command, so there is nothing between here and the system that another clock may need.
#[inline]
fn us_since_boot() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    // Neither is ever negative.
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// Microseconds since the first call.
pub fn mono_us() -> u64 {
    us_since_boot().saturating_sub(*START_US)
}

/// This moment.
pub fn now() -> Now {
    let start_us = *START_US;
    let since = clock_gettime(ClockId::Realtime);
    let unix_ms = since.tv_sec * 1000 + since.tv_nsec / 1_000_000;
    Now { unix_ms, mono_us: us_since_boot().saturating_sub(start_us) }
}
