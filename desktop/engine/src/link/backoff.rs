//! How long to wait before the next attempt.

use std::time::Duration;

/// Wait after the first failure.
const FIRST: Duration = Duration::from_millis(500);

/// Longest wait.
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
        let doubled = FIRST.saturating_mul(1 << self.failures.min(8)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        doubled.mul_f64(0.75 + f64::from(chance) / 510.0)
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
    fn doubles_up_to_a_bound_and_starts_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..8).map(|_| backoff.next(127).as_millis() as u64).collect();
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
        assert!((495..=505).contains(&waits[0]) && (29_000..=31_000).contains(&waits[7]));
        (0..1000).for_each(|_| assert!(backoff.next(255) <= LONGEST.mul_f64(1.26)));
        backoff.reset();
        assert!(backoff.next(0) < FIRST);
    }
}
