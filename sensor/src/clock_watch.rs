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

/// Adds to the times of a clock that nobody has set what the receiver says is missing.
///
/// Only times before the release are touched: once somebody sets the clock, its times are taken as
/// they are, also while older ones still wait in a queue.
#[derive(Debug, Default)]
pub struct UnsetClock {
    missing_ns: Option<i64>,
}

impl UnsetClock {
    /// The receiver's clock is that far ahead of the system's at `now`. Gives the finding when this is
    /// what was missing. What was learned first holds, so that times stay in order.
    pub fn learn(&mut self, now: Timestamp, ahead_us: i64) -> Option<ClockEvent> {
        if self.missing_ns.is_some() || !is_before_release(now) {
            return None;
        }
        let ahead_ns = ahead_us.checked_mul(1000)?;
        let told = Timestamp::from_unix_ns(now.unix_ns().checked_add(ahead_ns)?);
        // A receiver that does not know the date either is no help.
        if is_before_release(told) {
            return None;
        }
        self.missing_ns = Some(ahead_ns);
        Some(ClockEvent { time: told, kind: ClockEventKind::Corrected { by_us: ahead_us } })
    }

    /// The time that is meant.
    #[must_use]
    pub fn corrected(&self, time: Timestamp) -> Timestamp {
        match self.missing_ns {
            Some(missing_ns) if is_before_release(time) => {
                Timestamp::from_unix_ns(time.unix_ns().saturating_add(missing_ns))
            }
            _ => time,
        }
    }
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
    fn a_clock_that_nobody_set_is_put_right_by_the_receiver_until_somebody_does() {
        let mut unset = UnsetClock::default();
        let year_2026 = 1_795_000_000;
        assert_eq!(unset.corrected(at(30)), at(30), "nothing is known yet");
        assert_eq!(unset.learn(at(31), 5_000_000), None, "the receiver does not know it either");
        assert_eq!(unset.learn(at(year_2026), 3_000_000), None, "the clock is set");
        let ahead_us = (year_2026 - 40) * 1_000_000;
        let event = unset.learn(at(40), ahead_us).expect("a correction");
        assert_eq!(event.time, at(year_2026));
        assert_eq!(event.kind, ClockEventKind::Corrected { by_us: ahead_us });
        assert_eq!(unset.corrected(at(45)), at(year_2026 + 5));
        assert_eq!(unset.learn(at(50), ahead_us + 9_000_000), None, "the first one holds");
        assert_eq!(unset.corrected(at(50)), at(year_2026 + 10));
        assert_eq!(unset.corrected(at(year_2026 + 11)), at(year_2026 + 11), "set by somebody");
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
