//! Brings a receiver's time onto the sensor's clock.
//!
//! A report arrives some tenths of a second after the moment it speaks of. Where the two clocks agree,
//! the receiver's time is taken as it is. Where they do not (a Pi without network and clock chip; a
//! recorded receiver), the difference is taken from the report that came with the least delay, so that
//! frames and fixes stand on one clock, and it is written down as a clock record.

use pw_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Clocks nearer than this count as equal: it is more than the delay of any receiver's report.
const AGREE_NS: i64 = 1_000_000_000;
/// A report that fits the difference known so far less well than this begins anew: a clock was set.
const JUMP_NS: i64 = 2_000_000_000;
/// Reports that the difference is taken from.
const WINDOW: usize = 16;

/// The difference between a receiver's clock and the sensor's.
#[derive(Clone, Debug, Default)]
pub struct LiveClock {
    differences_ns: VecDeque<i64>,
}

impl LiveClock {
    /// The time on the sensor's clock of a report that speaks of `said` and arrived at `arrival`.
    pub fn place(&mut self, said: Option<Timestamp>, arrival: Timestamp) -> Timestamp {
        let Some(said) = said else { return arrival };
        let difference = said.unix_ns().saturating_sub(arrival.unix_ns());
        if self.offset_ns().is_some_and(|known| known.saturating_sub(difference).abs() > JUMP_NS) {
            self.differences_ns.clear();
        }
        if self.differences_ns.len() >= WINDOW {
            self.differences_ns.pop_front();
        }
        self.differences_ns.push_back(difference);
        let offset = self.offset_ns().unwrap_or(difference);
        if offset.abs() <= AGREE_NS {
            said
        } else {
            // Not later than its arrival, whatever the receiver says.
            Timestamp::from_unix_ns(said.unix_ns().saturating_sub(offset)).min(arrival)
        }
    }

    /// Receiver less sensor in nanoseconds: of the report with the least delay, which therefore is
    /// too small by that delay.
    #[must_use]
    pub fn offset_ns(&self) -> Option<i64> {
        self.differences_ns.iter().copied().max()
    }

    /// How far the reports scatter, as a measure of the uncertainty of [`Self::offset_ns`].
    #[must_use]
    pub fn spread(&self) -> Option<Duration> {
        let least = self.differences_ns.iter().copied().min()?;
        let most = self.differences_ns.iter().copied().max()?;
        u64::try_from(most.saturating_sub(least)).ok().map(Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_ns(1_700_000_000_000_000_000 + millis * 1_000_000)
    }

    #[test]
    fn clocks_that_agree_are_left_alone() {
        let mut clock = LiveClock::default();
        assert_eq!(clock.place(Some(at(1000)), at(1300)), at(1000));
        assert_eq!(clock.place(Some(at(2000)), at(2150)), at(2000));
        assert_eq!(clock.offset_ns(), Some(-150_000_000));
        assert_eq!(clock.spread(), Some(Duration::from_millis(150)));
        assert_eq!(clock.place(None, at(3000)), at(3000));
    }

    #[test]
    fn a_receiver_years_away_is_brought_to_our_clock() {
        let mut clock = LiveClock::default();
        let year = 31_536_000_000;
        assert_eq!(clock.place(Some(at(1000 - year)), at(1300)), at(1300));
        // This one came faster: the difference becomes smaller, and later reports lie before arrival.
        assert_eq!(clock.place(Some(at(2000 - year)), at(2100)), at(2100));
        assert_eq!(clock.place(Some(at(3000 - year)), at(3400)), at(3100));
    }

    #[test]
    fn a_clock_that_was_set_is_followed() {
        let mut clock = LiveClock::default();
        clock.place(Some(at(1000)), at(1200));
        assert_eq!(clock.place(Some(at(2000)), at(900_000)), at(900_000));
    }
}
