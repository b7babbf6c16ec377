//! Watches the system's clock: whether anyone has set it, and when it is set while the sensor runs;
//! and puts dates right that a receiver's week counter has turned over.

use crate::clock;
use pw_model::{ClockEvent, ClockEventKind, Timestamp};

/// No machine runs this release before this moment, 2026-10-01: raised with each release.
pub const RELEASED_AFTER: Timestamp = Timestamp::from_unix_secs(1_790_812_800);
/// A change between two looks that is larger than any slewing, in nanoseconds. `adjtime` slews by
/// 0.5 ms a second at most.
const STEP_NS: i64 = 100_000_000;
/// The week counter of GPS L1 C/A has 10 bits (IS-GPS-200, 20.3.3.3.1.1): 1,024 weeks in nanoseconds.
const TURN_NS: i64 = 1024 * 7 * 86_400 * 1_000_000_000;

/// True for a time at which this program did not exist yet.
#[must_use]
pub fn is_before_release(time: Timestamp) -> bool {
    time < RELEASED_AFTER
}

/// The date that a receiver means whose week counter has turned over, and how many turns were added;
/// `None` for a date that can be true.
#[must_use]
pub fn unrolled(said: Timestamp) -> Option<(Timestamp, u8)> {
    if !is_before_release(said) {
        return None;
    }
    let behind = RELEASED_AFTER.unix_ns().saturating_sub(said.unix_ns());
    let turns = behind.div_euclid(TURN_NS) + i64::from(behind.rem_euclid(TURN_NS) > 0);
    // A receiver that says 1980 has not heard the date yet: three turns would be needed.
    let turns = u8::try_from(turns).ok().filter(|turns| (1..=2).contains(turns))?;
    let ns = said.unix_ns().checked_add(i64::from(turns).checked_mul(TURN_NS)?)?;
    // Further on it is a date that the maker put in, like 1 January 2000.
    let is_soon = ns.saturating_sub(RELEASED_AFTER.unix_ns()) < TURN_NS / 2;
    is_soon.then_some((Timestamp::from_unix_ns(ns), turns))
}

/// Compares the system's clock with the one that nobody can set.
#[derive(Debug, Default)]
pub struct ClockWatch {
    difference_ns: Option<i64>,
    is_before_release: bool,
}

impl ClockWatch {
    /// Looks at both clocks; gives what has happened since the last look.
    pub fn look(&mut self) -> Vec<ClockEvent> {
        match clock::since_boot_ns() {
            Some(since_boot_ns) => self.compare(clock::now(), since_boot_ns),
            None => Vec::new(),
        }
    }

    fn compare(&mut self, now: Timestamp, since_boot_ns: i64) -> Vec<ClockEvent> {
        let mut events = Vec::new();
        let mut found = |kind| events.push(ClockEvent { time: now, kind });
        let difference = now.unix_ns().saturating_sub(since_boot_ns);
        if let Some(before) = self.difference_ns.replace(difference) {
            let by_ns = difference.saturating_sub(before);
            if by_ns.abs() > STEP_NS {
                found(ClockEventKind::Stepped { by_us: by_ns / 1000 });
            }
        }
        let early = is_before_release(now);
        if early && !std::mem::replace(&mut self.is_before_release, early) {
            found(ClockEventKind::BeforeRelease);
        }
        self.is_before_release = early;
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_unix_secs(secs)
    }

    #[test]
    fn steps_are_found_and_slewing_is_not() {
        let mut watch = ClockWatch::default();
        let start = 1_800_000_000;
        let mut check = |secs: i64, extra_ns: i64, boot: i64, by_us: Option<i64>| {
            let now = Timestamp::from_unix_ns((start + secs) * SECOND + extra_ns);
            let events = watch.compare(now, boot * SECOND);
            let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
            let wanted: Vec<_> =
                by_us.into_iter().map(|by_us| ClockEventKind::Stepped { by_us }).collect();
            assert_eq!(kinds, wanted, "at {secs} s");
        };
        check(0, 0, 100, None);
        check(1, 500_000, 101, None);
        check(3602, 500_000, 102, Some(3_600_000_000));
        check(3603, 0, 103, None);
        check(4, 0, 104, Some(-3_600_000_000));
    }

    #[test]
    fn a_machine_without_a_clock_chip_is_found_once() {
        let mut watch = ClockWatch::default();
        let kinds = |events: Vec<ClockEvent>| {
            events.into_iter().map(|event| event.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(watch.compare(at(30), 30 * SECOND)), [ClockEventKind::BeforeRelease]);
        assert_eq!(kinds(watch.compare(at(31), 31 * SECOND)), []);
        let events = watch.compare(at(1_800_000_000), 32 * SECOND);
        assert!(events[0].words().contains("forward"), "{}", events[0].words());
        assert_eq!(events.len(), 1);
    }

    #[test]
    fn dates_of_a_week_counter_that_has_turned_over() {
        let true_time = 1_795_000_000;
        let turn = TURN_NS / SECOND;
        assert_eq!(unrolled(at(true_time)), None);
        assert_eq!(unrolled(at(true_time - turn)), Some((at(true_time), 1)));
        assert_eq!(unrolled(at(true_time - 2 * turn)), Some((at(true_time), 2)));
        assert_eq!(unrolled(at(315_964_800)), None, "6 January 1980: no date yet");
        assert_eq!(unrolled(at(946_684_800)), None, "1 January 2000: a maker's date");
        assert_eq!(unrolled(at(0)), None);
    }
}
