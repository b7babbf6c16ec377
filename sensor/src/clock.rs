//! The system's clock, read here only.

use pw_model::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of the system's clock.
#[must_use]
pub fn now() -> Timestamp {
    from_system(SystemTime::now())
}

/// A system time as a timestamp; the ends of the range are the years 1677 and 2262.
#[must_use]
pub fn from_system(time: SystemTime) -> Timestamp {
    let ns = |duration: std::time::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Timestamp::from_unix_ns(ns(after)),
        Err(before) => Timestamp::from_unix_ns(ns(before.duration()).saturating_neg()),
    }
}
