//! How fast recorded or simulated time passes.

use pw_model::Timestamp;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// The speed of a replay.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// As fast as the pipeline takes frames.
    Unlimited,
    /// This many recorded seconds in a second.
    Times(f64),
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Unlimited);
        }
        match text.parse::<f64>() {
            Ok(times) if (0.01..=10_000.0).contains(&times) => Ok(Self::Times(times)),
            _ => Err(format!("speed '{text}': a number from 0.01 to 10000, or max")),
        }
    }
}

/// Keeps a replay at its pace.
#[derive(Clone, Debug)]
pub(super) struct Pacer {
    pace: Pace,
    begun: Option<(Timestamp, Instant)>,
}

impl Pacer {
    pub(super) const fn new(pace: Pace) -> Self {
        Self { pace, begun: None }
    }

    /// How long to wait before what happened at `time` is delivered.
    pub(super) fn wait(&mut self, time: Timestamp) -> Duration {
        let Pace::Times(times) = self.pace else { return Duration::ZERO };
        let (first, begun) = *self.begun.get_or_insert_with(|| (time, Instant::now()));
        let due = time.since(first).div_f64(times);
        due.saturating_sub(begun.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_speed_is_half_the_wait() {
        let mut pacer = Pacer::new("2".parse().expect("a number"));
        assert_eq!(pacer.wait(Timestamp::from_unix_secs(10)), Duration::ZERO);
        let wait = pacer.wait(Timestamp::from_unix_secs(14));
        assert!(wait > Duration::from_millis(1900) && wait <= Duration::from_secs(2), "{wait:?}");
        assert_eq!(pacer.wait(Timestamp::from_unix_secs(9)), Duration::ZERO);
        assert_eq!(Pacer::new(Pace::Unlimited).wait(Timestamp::from_unix_secs(14)), Duration::ZERO);
        assert!("0".parse::<Pace>().is_err() && "fast".parse::<Pace>().is_err());
    }
}
