//! Signal over time in a bounded number of buckets, whose width grows with what is in them.

use crate::snapshot::SignalPoint;
use pw_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Most buckets. One more doubles the width of all until they fit again.
pub(crate) const MAX_BUCKETS: usize = 256;

/// Buckets of 1, 2, 4, … seconds, aligned to the epoch. The width is the smallest at which the
/// occupied buckets fit, so the order in which observations come does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct History {
    /// Width is `1 << doublings` seconds.
    doublings: u8,
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Bucket {
    index: i64,
    max_dbm: i8,
    sum_dbm: i64,
    frames: u32,
}

impl Bucket {
    fn include(&mut self, other: &Self) {
        let Some(frames) = self.frames.checked_add(other.frames) else { return };
        self.max_dbm = self.max_dbm.max(other.max_dbm);
        self.sum_dbm += other.sum_dbm;
        self.frames = frames;
    }
}

impl History {
    /// Adds one frame.
    pub(crate) fn add(&mut self, time: Timestamp, signal_dbm: i8) {
        let secs = time.unix_ns().div_euclid(1_000_000_000);
        let frame = Bucket {
            index: secs >> self.doublings,
            max_dbm: signal_dbm,
            sum_dbm: i64::from(signal_dbm),
            frames: 1,
        };
        self.include(frame);
    }

    fn include(&mut self, frame: Bucket) {
        // Nearly always the last bucket, or one after it.
        match self.buckets.binary_search_by_key(&frame.index, |bucket| bucket.index) {
            Ok(at) => self.buckets[at].include(&frame),
            Err(at) => self.buckets.insert(at, frame),
        }
        while self.buckets.len() > MAX_BUCKETS {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.doublings += 1;
        let mut wider: Vec<Bucket> = Vec::with_capacity(self.buckets.len());
        for bucket in self.buckets.drain(..) {
            let bucket = Bucket { index: bucket.index >> 1, ..bucket };
            match wider.last_mut() {
                Some(last) if last.index == bucket.index => last.include(&bucket),
                _ => wider.push(bucket),
            }
        }
        self.buckets = wider;
    }

    /// What a view draws.
    pub(crate) fn points(&self) -> Vec<SignalPoint> {
        let width_ns = 1_000_000_000i64 << self.doublings.min(33);
        let point = |bucket: &Bucket| SignalPoint {
            time: Timestamp::from_unix_ns(
                bucket.index.saturating_mul(width_ns).saturating_add(width_ns / 2),
            ),
            max_dbm: bucket.max_dbm,
            mean_dbm: (bucket.sum_dbm as f64 / f64::from(bucket.frames)) as f32,
            frames: bucket.frames,
        };
        self.buckets.iter().map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(secs: impl Iterator<Item = i64>) -> History {
        let mut history = History::default();
        for s in secs {
            history.add(Timestamp::from_unix_secs(s), (s % 50 - 90) as i8);
        }
        history
    }

    #[test]
    fn order_does_not_matter_and_nothing_is_lost() {
        let forward = history(0..5000);
        assert_eq!(forward, history((0..5000).rev()));
        assert_eq!(forward.points().iter().map(|p| p.frames).sum::<u32>(), 5000);
        assert!(forward.points().len() <= MAX_BUCKETS);
        assert!(forward.points().len() > MAX_BUCKETS / 2, "not wider than needed");
    }

    #[test]
    fn the_ends_of_time() {
        let mut history = History::default();
        for step in 0..2000 {
            let ns = i64::MIN.wrapping_add_unsigned(step * (u64::MAX / 2000));
            history.add(Timestamp::from_unix_ns(ns), -50);
        }
        history.add(Timestamp::from_unix_ns(i64::MAX), -50);
        assert!(history.points().len() <= MAX_BUCKETS);
    }
}
