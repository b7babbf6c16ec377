//! Points and ranges of time, in UTC.

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A point of time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// A time that is not known is `Option::None`, never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp {
    unix_ns: i64,
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a time: write it as RFC 3339, like 2026-05-01T09:30:00Z")]
pub struct TimeError {
    /// The text as it was given.
    pub text: String,
}

impl Timestamp {
    /// From nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn from_unix_ns(unix_ns: i64) -> Self {
        Self { unix_ns }
    }

    /// From seconds since the Unix epoch.
    #[must_use]
    pub const fn from_unix_secs(secs: i64) -> Self {
        Self { unix_ns: secs.saturating_mul(1_000_000_000) }
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_ns(self) -> i64 {
        self.unix_ns
    }

    /// Seconds since the Unix epoch, with fraction; about 0.2 µs of resolution in this century.
    #[must_use]
    pub fn unix_secs_f64(self) -> f64 {
        self.unix_ns as f64 / 1e9
    }

    /// This time plus `duration`; stops at the ends of the range.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let ns = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self { unix_ns: self.unix_ns.saturating_add(ns) }
    }

    /// This time less `duration`; stops at the ends of the range.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let ns = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self { unix_ns: self.unix_ns.saturating_sub(ns) }
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let ns = self.unix_ns.saturating_sub(earlier.unix_ns);
        Duration::from_nanos(u64::try_from(ns).unwrap_or(0))
    }

    /// RFC 3339 in UTC with as many fraction digits as the value has.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.civil().format(&Rfc3339).unwrap_or_else(|_| format!("@{}ns", self.unix_ns))
    }

    /// RFC 3339 in UTC, whole seconds.
    #[must_use]
    pub fn rfc3339_secs(self) -> String {
        Self::from_unix_secs(self.unix_ns.div_euclid(1_000_000_000)).rfc3339()
    }

    /// Reads RFC 3339.
    ///
    /// # Errors
    /// The text is not RFC 3339 or outside the years 1678 to 2262.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError { text: text.to_owned() };
        let civil = OffsetDateTime::parse(text, &Rfc3339).ok().ok_or_else(error)?;
        let unix_ns = i64::try_from(civil.unix_timestamp_nanos()).ok().ok_or_else(error)?;
        Ok(Self { unix_ns })
    }

    /// The civil date and time in UTC, for formatting.
    #[must_use]
    pub fn civil(self) -> OffsetDateTime {
        // Every i64 of nanoseconds lies in the years 1677 to 2262, which OffsetDateTime holds.
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.unix_ns))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.rfc3339())
    }
}

/// A stretch of time, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TimeRange {
    /// First moment.
    pub start: Timestamp,
    /// Last moment; not before `start`.
    pub end: Timestamp,
}

impl TimeRange {
    /// A range from the earlier to the later of two moments.
    #[must_use]
    pub fn new(one: Timestamp, other: Timestamp) -> Self {
        Self { start: one.min(other), end: one.max(other) }
    }

    /// True when `time` lies in the range.
    #[must_use]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time <= self.end
    }

    /// True when the two ranges share a moment.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_round_trip() {
        let time = Timestamp::from_unix_ns(1_700_000_000_123_456_789);
        assert_eq!(time.rfc3339(), "2023-11-14T22:13:20.123456789Z");
        assert_eq!(Timestamp::parse_rfc3339(&time.rfc3339()), Ok(time));
        assert_eq!(time.rfc3339_secs(), "2023-11-14T22:13:20Z");
        assert!(Timestamp::parse_rfc3339("yesterday").is_err());
    }

    #[test]
    fn the_ends_of_the_range_do_not_panic() {
        for ns in [i64::MIN, i64::MAX] {
            assert!(!Timestamp::from_unix_ns(ns).rfc3339().is_empty());
        }
    }
}
