//! The system's clock, read here only.

use pw_model::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of the system's clock.
#[must_use]
pub fn now() -> Timestamp {
    from_system(SystemTime::now())
}

/// Nanoseconds since the machine started, by the clock that nobody sets and that goes on while the
/// machine sleeps (CLOCK_BOOTTIME); `None` where there is none.
#[must_use]
#[allow(unsafe_code)]
pub fn since_boot_ns() -> Option<i64> {
    let mut answer = std::mem::MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: all zeros is a valid timespec; the call only writes into it.
    let answer = unsafe {
        if libc::clock_gettime(libc::CLOCK_BOOTTIME, answer.as_mut_ptr()) != 0 {
            return None;
        }
        answer.assume_init()
    };
    // Both are 32 or 64 bits wide, depending on the machine.
    #[allow(clippy::useless_conversion)]
    let (seconds, nanoseconds) = (i64::from(answer.tv_sec), i64::from(answer.tv_nsec));
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
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
