//! Which frames a batch accounts for: the sum that lets a killed sensor say how many it lost.

use pw_model::{GapCause, Timestamp};
use pw_wire::Batch;

/// Radios that one sensor can have. A source that would be one more is refused at the start.
pub const RADIOS_MAX: usize = 32;

/// Frames accounted for: every frame that came in is an observation or part of a stated loss.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Accounted {
    /// By radio number: observations, and losses stated for the first time.
    pub by_radio: [u64; RADIOS_MAX],
    /// Frames that had been accounted for and are stated again, because their batches are gone.
    pub restated: u64,
}

impl Accounted {
    /// What `batch` accounts for.
    #[must_use]
    pub fn of(batch: &Batch) -> Self {
        let mut sum = Self::default();
        for observation in &batch.observations {
            sum.add(observation.radio.0, 1);
        }
        for gap in &batch.gaps {
            let frames = gap.frames.unwrap_or(0);
            match (gap.cause, gap.radio) {
                (GapCause::JournalQuota | GapCause::JournalDamage, _) => {
                    sum.restated = sum.restated.saturating_add(frames);
                }
                (_, Some(radio)) => sum.add(radio.0, frames),
                (_, None) => {}
            }
        }
        sum
    }

    /// From the numbers of a mark; radios above the limit cannot be there and are left out.
    #[must_use]
    pub fn from_mark(accounted: &[u64], restated: u64) -> Self {
        let mut sum = Self { restated, ..Self::default() };
        for (to, from) in sum.by_radio.iter_mut().zip(accounted) {
            *to = *from;
        }
        sum
    }

    /// The numbers for a mark, without the zeros at the end.
    #[must_use]
    pub fn to_mark(&self) -> Vec<u64> {
        let used = self.by_radio.iter().rposition(|n| *n != 0).map_or(0, |last| last + 1);
        self.by_radio.iter().take(used).copied().collect()
    }

    /// Adds frames of one radio.
    pub fn add(&mut self, radio: u8, frames: u64) {
        if let Some(sum) = self.by_radio.get_mut(usize::from(radio)) {
            *sum = sum.saturating_add(frames);
        }
    }

    /// This and `other`.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for (to, from) in self.by_radio.iter_mut().zip(other.by_radio) {
            *to = to.saturating_add(from);
        }
        self.restated = self.restated.saturating_add(other.restated);
        self
    }

    /// All frames in it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_radio.iter().fold(self.restated, |sum, n| sum.saturating_add(*n))
    }
}

/// Frames that were lost before they could be written, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loss {
    pub(super) accounted: Accounted,
    pub(super) range: Option<(Timestamp, Timestamp)>,
}

impl Loss {
    pub(super) fn include(&mut self, batch: &Batch) {
        self.accounted = self.accounted.plus(&Accounted::of(batch));
        if let Some(range) = batch.range() {
            self.range = Some(match self.range {
                Some((start, end)) => (start.min(range.start), end.max(range.end)),
                None => (range.start, range.end),
            });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.range.is_none() && self.accounted.total() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{Gap, Origin, RadioId, SensorId};
    use pw_wire::{BatchId, StreamInfo};

    #[test]
    fn losses_stated_again_are_kept_apart() {
        let id = BatchId { sensor: SensorId([0; 16]), epoch: 0, seq: 0 };
        let stream = StreamInfo { name: String::new(), origin: Origin::Live };
        let mut batch = Batch::new(id, stream);
        let time = Timestamp::from_unix_secs(1);
        let mut gap = |radio: Option<u8>, cause, frames| {
            batch.gaps.push(Gap {
                radio: radio.map(RadioId),
                start: time,
                end: time,
                cause,
                frames,
            });
        };
        gap(Some(1), GapCause::KernelDrop, Some(3));
        gap(Some(1), GapCause::OptedOut, Some(4));
        gap(None, GapCause::JournalQuota, Some(50));
        gap(None, GapCause::SensorRestart, None);
        let sum = Accounted::of(&batch);
        assert_eq!(sum.to_mark(), [0, 7]);
        assert_eq!((sum.restated, sum.total()), (50, 57));
        assert_eq!(Accounted::from_mark(&sum.to_mark(), sum.restated), sum);
    }
}
