//! How long to wait before the next attempt.

use std::time::Duration;

/// Wait after the first failure.
const FIRST: Duration = Duration::from_millis(500);

/// Longest wait while the sensor was not long away. An attempt costs a few datagrams, and a car that
/// comes out of a tunnel is to be heard within seconds.
const LONGEST_SOON: Duration = Duration::from_secs(2);

/// After so many failures in a row, about ten minutes, the sensor is not expected every moment.
const SOON_FAILURES: u32 = 300;

/// Longest wait of all.
pub(super) const LONGEST: Duration = Duration::from_secs(30);

/// Doubles with each failure, with a quarter of chance either way, so that several desktops do not
/// come back at the same moment.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure; `chance` is any number.
    pub(super) fn next(&mut self, chance: u8) -> Duration {
        let later = self.failures.saturating_sub(SOON_FAILURES);
        let (begin, longest) = match later {
            0 => (FIRST.saturating_mul(1 << self.failures.min(8)), LONGEST_SOON),
            _ => (LONGEST_SOON.saturating_mul(1 << later.min(8)), LONGEST),
        };
        self.failures = self.failures.saturating_add(1);
        begin.min(longest).mul_f64(0.75 + f64::from(chance) / 510.0)
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_two_seconds_then_after_minutes_up_to_thirty_and_starts_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..400).map(|_| backoff.next(127).as_millis() as u64).collect();
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
        assert!((495..=505).contains(&waits[0]), "{waits:?}");
        assert!((1_900..=2_100).contains(&waits[3]) && waits[3] == waits[300], "{waits:?}");
        assert!((29_000..=31_000).contains(&waits[399]), "{waits:?}");
        let soon: u64 = waits[..300].iter().sum();
        assert!((500_000..700_000).contains(&soon), "about ten minutes: {soon} ms");
        (0..1000).for_each(|_| assert!(backoff.next(255) <= LONGEST.mul_f64(1.26)));
        backoff.reset();
        assert!(backoff.next(0) < FIRST);
    }
}
