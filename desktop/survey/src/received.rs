//! Which batches of a stream are held: runs of sequence numbers, so that duplicates and holes are
//! told apart whatever order batches come in.

use pw_model::SensorId;
use pw_wire::BatchId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run of batches that is missing between batches that are held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hole {
    /// Whose batches.
    pub sensor: SensorId,
    /// Which journal of it.
    pub epoch: u64,
    /// First missing sequence number.
    pub first: u64,
    /// Last missing sequence number.
    pub last: u64,
}

/// Sequence numbers as runs: first to last, both included, never touching each other.
///
/// Its size is that of the holes; each run costs its sender a stored batch, so it cannot outgrow
/// the disk.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Runs(BTreeMap<u64, u64>);

impl Runs {
    fn contains(&self, seq: u64) -> bool {
        self.0.range(..=seq).next_back().is_some_and(|(_, last)| seq <= *last)
    }

    /// False when it was held already.
    fn insert(&mut self, seq: u64) -> bool {
        if self.contains(seq) {
            return false;
        }
        let mut first = seq;
        let mut last = seq;
        if let Some((&before, &end)) = self.0.range(..seq).next_back()
            && end.checked_add(1) == Some(seq)
        {
            first = before;
        }
        if let Some(after) = seq.checked_add(1)
            && let Some(end) = self.0.remove(&after)
        {
            last = end;
        }
        self.0.insert(first, last);
        true
    }

    /// The end of the run that `seq` is in.
    fn run_end(&self, seq: u64) -> Option<u64> {
        self.0.range(..=seq).next_back().map(|(_, last)| *last).filter(|last| seq <= *last)
    }

    fn holes(&self) -> impl Iterator<Item = (u64, u64)> {
        let next_first = self.0.keys().skip(1);
        self.0.values().zip(next_first).map(|(last, first)| (last + 1, first - 1))
    }
}

/// What is held of every stream.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Received {
    streams: BTreeMap<(SensorId, u64), Runs>,
}

impl Received {
    /// True when the batch is held.
    pub(crate) fn contains(&self, id: BatchId) -> bool {
        self.streams.get(&(id.sensor, id.epoch)).is_some_and(|runs| runs.contains(id.seq))
    }

    /// Notes a batch; false when it was held already.
    pub(crate) fn insert(&mut self, id: BatchId) -> bool {
        self.streams.entry((id.sensor, id.epoch)).or_default().insert(id.seq)
    }

    /// Highest sequence number held without holes, counted from `oldest`; `oldest - 1` when that
    /// one is not held.
    pub(crate) fn through(&self, sensor: SensorId, epoch: u64, oldest: u64) -> u64 {
        let runs = self.streams.get(&(sensor, epoch));
        runs.and_then(|runs| runs.run_end(oldest)).unwrap_or(oldest.saturating_sub(1))
    }

    /// For every epoch of a sensor: end of the first run.
    pub(crate) fn first_runs(&self, sensor: SensorId) -> BTreeMap<u64, u64> {
        self.streams
            .range((sensor, 0)..=(sensor, u64::MAX))
            .filter_map(|((_, epoch), runs)| Some((*epoch, *runs.0.values().next()?)))
            .collect()
    }

    /// Batches missing between those of a sensor that are held.
    pub(crate) fn missing(&self, sensor: SensorId) -> u64 {
        self.streams
            .range((sensor, 0)..=(sensor, u64::MAX))
            .flat_map(|(_, runs)| runs.holes())
            .fold(0u64, |sum, (first, last)| sum.saturating_add(last - first + 1))
    }

    /// All holes, by stream and number.
    pub(crate) fn holes(&self) -> Vec<Hole> {
        self.streams
            .iter()
            .flat_map(|(&(sensor, epoch), runs)| {
                runs.holes().map(move |(first, last)| Hole { sensor, epoch, first, last })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const SENSOR: SensorId = SensorId([1; 16]);

    fn id(seq: u64) -> BatchId {
        BatchId { sensor: SENSOR, epoch: 3, seq }
    }

    #[test]
    fn any_order_gives_what_a_set_gives() {
        // A full-period generator visits 1 to 64 in a scrambled order, with repeats.
        let mut received = Received::default();
        let mut set = BTreeSet::new();
        let mut seq = 1u64;
        for step in 0..200u64 {
            seq = (seq * 5 + 3 + step / 64) % 64;
            assert_eq!(received.insert(id(seq + 1)), set.insert(seq + 1));
            let missing = set.last().expect("one") - set.first().expect("one") + 1;
            assert_eq!(received.missing(SENSOR), missing - set.len() as u64);
            let through = (1..).take_while(|n| set.contains(n)).last().unwrap_or(0);
            assert_eq!(received.through(SENSOR, 3, 1), through);
        }
    }

    #[test]
    fn holes_lie_between_what_is_held() {
        let mut received = Received::default();
        for seq in [5, 6, 9, 10, 20] {
            assert!(received.insert(id(seq)));
        }
        let hole = |first, last| Hole { sensor: SENSOR, epoch: 3, first, last };
        assert_eq!(received.holes(), vec![hole(7, 8), hole(11, 19)]);
        assert_eq!(received.through(SENSOR, 3, 1), 0);
        assert_eq!(received.through(SENSOR, 3, 5), 6);
        assert_eq!(received.first_runs(SENSOR), BTreeMap::from([(3, 6)]));
    }

    #[test]
    fn the_ends_of_the_numbers() {
        let mut received = Received::default();
        for seq in [u64::MAX, 0, u64::MAX - 1, 1] {
            assert!(received.insert(id(seq)));
            assert!(!received.insert(id(seq)));
        }
        assert_eq!(received.missing(SENSOR), u64::MAX - 3);
    }
}
