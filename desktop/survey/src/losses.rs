//! What a survey once held and holds no more: batches whose bytes were damaged or cut off.
//!
//! Exact where an index still knew the batches. Else what is missing between its neighbours round
//! the damaged bytes, or the bytes alone. A batch that comes again is no loss any more.

use crate::directory::BatchEntry;
use crate::received::Received;
use crate::snapshot::GapRow;
use crate::store::segments::Place;
use pw_model::words::counted;
use pw_model::{Gap, GapCause, SensorId, TimeRange};
use pw_wire::{BatchId, LossRecord, LostBatches};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most runs of lost batches that are told apart. When full, neighbours are joined; what has no
/// neighbour is counted only.
const MAX_RUNS: usize = 100_000;

/// Batches that were stored and are gone, as a report tells them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loss {
    /// Whose batches.
    pub sensor: SensorId,
    /// Name of the sensor or file; `None` when nothing tells it any more.
    pub name: Option<String>,
    /// Which journal of it.
    pub epoch: u64,
    /// First lost sequence number.
    pub first: u64,
    /// Last lost sequence number.
    pub last: u64,
    /// First to last time of what was in them; `None` when nobody knows any more.
    pub range: Option<TimeRange>,
    /// Observations in them; `None` when nobody knows any more.
    pub observations: Option<u64>,
}

impl Loss {
    pub(crate) fn new(run: &LostBatches, name: Option<String>) -> Self {
        let LostBatches { sensor, epoch, first, last, range, observations } = *run;
        Self { sensor, name, epoch, first, last, range, observations }
    }

    /// One sentence for people.
    #[must_use]
    pub fn words(&self) -> String {
        let batches = if self.first == self.last {
            format!("Batch {}", self.first)
        } else {
            format!("Batches {} to {}", self.first, self.last)
        };
        let name = self.name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
        let frames = self.observations.map_or_else(
            || "an unknown number of observations".to_owned(),
            |count| counted(count, "observation", "observations"),
        );
        let times = self.range.map_or_else(
            || "times unknown".to_owned(),
            |range| format!("{} to {}", range.start.rfc3339_secs(), range.end.rfc3339_secs()),
        );
        format!(
            "{batches} of {name}stream {}: lost after having been stored: {frames}, {times}.",
            self.sensor
        )
    }
}

/// Bytes of a segment that are no record any more, or a segment that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Region {
    pub(crate) place: Place,
    /// How many bytes; `None` for a whole segment that is missing.
    pub(crate) len: Option<u64>,
}

impl Region {
    fn holds(&self, place: Place) -> bool {
        place.segment == self.place.segment
            && self.len.is_none_or(|len| {
                (self.place.offset..self.place.offset.saturating_add(len)).contains(&place.offset)
            })
    }
}

/// Every known loss of a survey.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Losses {
    runs: BTreeMap<(SensorId, u64, u64), LostBatches>,
    /// Damage of which nobody can say whose batches it held, with the times of its neighbours.
    unnamed: BTreeMap<Place, Option<TimeRange>>,
    /// Names of streams of which something is lost: nothing else may be left of them.
    pub(crate) names: BTreeMap<SensorId, String>,
    /// Runs above the bound.
    further: u64,
}

impl Losses {
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.unnamed.is_empty() && self.further == 0
    }

    /// Takes in a loss that is not known yet; true when it was new.
    pub(crate) fn state(&mut self, lost: LostBatches) -> bool {
        if lost.last < lost.first || self.covers(&lost) {
            return false;
        }
        if self.runs.len() >= MAX_RUNS {
            let before = self.runs.range_mut(..(lost.sensor, lost.epoch, lost.first)).next_back();
            match before.map(|(_, run)| run).filter(|run| follows(run, &lost)) {
                Some(run) => *run = joined(run, &lost),
                None => self.further += 1,
            }
            return true;
        }
        self.runs.insert((lost.sensor, lost.epoch, lost.first), lost);
        true
    }

    /// A record of these losses, with the names of their streams.
    pub(crate) fn record(&self, lost: &[LostBatches]) -> LossRecord {
        let sensors: BTreeSet<SensorId> = lost.iter().map(|lost| lost.sensor).collect();
        let names = sensors.into_iter().filter_map(|id| Some((id, self.names.get(&id)?.clone())));
        LossRecord { batches: lost.to_vec(), names: names.collect() }
    }

    /// True when something of it is stated already.
    fn covers(&self, lost: &LostBatches) -> bool {
        let key = (lost.sensor, lost.epoch, lost.last);
        let last = self.runs.range((lost.sensor, lost.epoch, 0)..=key).next_back();
        last.is_some_and(|(_, run)| run.last >= lost.first)
    }

    /// A batch is held: it is not lost any more. True when it was.
    pub(crate) fn heal(&mut self, id: BatchId) -> bool {
        let (sensor, epoch, seq) = (id.sensor, id.epoch, id.seq);
        let run = self.runs.range((sensor, epoch, 0)..=(sensor, epoch, seq)).next_back();
        let Some(run) = run.map(|(_, run)| *run).filter(|run| run.last >= seq) else {
            return false;
        };
        self.runs.remove(&(sensor, epoch, run.first));
        // Nobody knows how the observations of a longer run are spread over it.
        let observations = None;
        if run.first < seq {
            let before = LostBatches { last: seq - 1, observations, ..run };
            self.runs.insert((sensor, epoch, run.first), before);
        }
        if seq < run.last {
            let after = LostBatches { first: seq + 1, observations, ..run };
            self.runs.insert((sensor, epoch, seq + 1), after);
        }
        true
    }

    /// Finds what is lost: batches that an index `known` and that are not `received`, and what the
    /// `damaged` bytes held. `held` are the batches that can be read. Returns the new exact losses,
    /// which nothing but a record will tell once that index is gone.
    pub(crate) fn find(
        &mut self,
        known: &[BatchEntry],
        damaged: &[Region],
        held: &[BatchEntry],
        received: &Received,
    ) -> Vec<LostBatches> {
        let gone: Vec<&BatchEntry> =
            known.iter().filter(|entry| !received.contains(entry.id)).collect();
        let exact = gone.iter().map(|entry| lost(entry));
        let exact = exact.filter(|lost| self.state(*lost)).collect();
        let holes = received.holes();
        let mut places = HashMap::new();
        if !damaged.is_empty() && !holes.is_empty() {
            places.extend(held.iter().map(|entry| (entry.id, entry)));
        }
        for region in damaged {
            let mut named = gone.iter().any(|entry| region.holds(entry.place));
            let exact_known = named;
            for hole in holes.iter().filter(|_| !exact_known) {
                let id = |seq| BatchId { sensor: hole.sensor, epoch: hole.epoch, seq };
                let before = places.get(&id(hole.first.saturating_sub(1)));
                let after = places.get(&id(hole.last.saturating_add(1)));
                let (Some(before), Some(after)) = (before, after) else { continue };
                if before.place < region.place && region.place < after.place {
                    let from = before.range.map(|range| range.end);
                    let to = after.range.map(|range| range.start);
                    self.state(LostBatches {
                        sensor: hole.sensor,
                        epoch: hole.epoch,
                        first: hole.first,
                        last: hole.last,
                        range: from.zip(to).map(|(from, to)| TimeRange::new(from, to)),
                        observations: None,
                    });
                    named = true;
                }
            }
            let at = held.partition_point(|entry| entry.place < region.place);
            let before = at.checked_sub(1).and_then(|at| held.get(at));
            let after = held.get(at);
            if !named && !came_again(before, region, after, received) {
                let end = before.and_then(|entry| entry.range).map(|range| range.end);
                let start = after.and_then(|entry| entry.range).map(|range| range.start);
                let range = end.or(start).zip(start.or(end));
                self.unnamed.insert(region.place, range.map(|(from, to)| TimeRange::new(from, to)));
            }
        }
        exact
    }

    /// Batches that the index knows and whose bytes are `damaged` now.
    pub(crate) fn find_damaged(
        &mut self,
        damaged: &[Region],
        known: &[BatchEntry],
        received: &Received,
    ) {
        for region in damaged {
            let mut named = false;
            for entry in known.iter().filter(|entry| region.holds(entry.place)) {
                self.state(lost(entry));
                named = true;
            }
            if !named {
                self.find(&[], &[*region], known, received);
            }
        }
    }

    /// Runs of one stream joined.
    pub(crate) fn joined(&self) -> Vec<LostBatches> {
        let mut rows: Vec<LostBatches> = Vec::new();
        for run in self.runs.values() {
            match rows.last_mut() {
                Some(last) if follows(last, run) => *last = joined(last, run),
                _ => rows.push(*run),
            }
        }
        rows
    }

    /// As stated losses with their times. What has no time at all cannot be one.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = GapRow> {
        let named = self.joined().into_iter();
        let named = named.filter_map(|run| Some((run.sensor, run.range?, run.observations)));
        // The stream of such damage is not known: no stream has this identifier.
        let nobody = SensorId([0; 16]);
        let unnamed =
            self.unnamed.values().filter_map(move |range| Some((nobody, (*range)?, None)));
        named.chain(unnamed).map(|(sensor, range, frames)| GapRow {
            sensor,
            gap: Gap {
                radio: None,
                start: range.start,
                end: range.end,
                cause: GapCause::SurveyDamage,
                frames,
            },
        })
    }

    /// Only what touches `range`.
    pub(crate) fn within(mut self, range: &TimeRange) -> Self {
        self.runs.retain(|_, run| run.range.is_some_and(|own| own.overlaps(range)));
        self.unnamed.retain(|_, own| own.is_some_and(|own| own.overlaps(range)));
        self
    }
}

/// True when the batches round the damage are of one stream and all between them is held elsewhere:
/// what the damage cost was sent again.
fn came_again(
    before: Option<&BatchEntry>,
    region: &Region,
    after: Option<&BatchEntry>,
    received: &Received,
) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let BatchId { sensor, epoch, seq } = before.id;
    (sensor, epoch) == (after.id.sensor, after.id.epoch)
        && seq < after.id.seq
        && received.through(sensor, epoch, seq) >= after.id.seq
        // A segment that ends in damage is left, and the next begins with what was in it.
        && (seq + 1 < after.id.seq || region.place.segment < after.place.segment)
}

fn lost(entry: &BatchEntry) -> LostBatches {
    LostBatches {
        sensor: entry.id.sensor,
        epoch: entry.id.epoch,
        first: entry.id.seq,
        last: entry.id.seq,
        range: entry.range,
        observations: Some(u64::from(entry.observations)),
    }
}

fn follows(before: &LostBatches, after: &LostBatches) -> bool {
    (before.sensor, before.epoch) == (after.sensor, after.epoch)
        && before.last.checked_add(1) == Some(after.first)
}

fn joined(before: &LostBatches, after: &LostBatches) -> LostBatches {
    let range = match (before.range, after.range) {
        (Some(before), Some(after)) => Some(before.union(&after)),
        (one, other) => one.or(other),
    };
    let observations = before.observations.zip(after.observations).map(|(a, b)| a + b);
    LostBatches { last: after.last, range, observations, ..*before }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{id, sensor};
    use pw_model::Timestamp;

    fn entry(seq: u64) -> BatchEntry {
        let time = |secs| Timestamp::from_unix_secs(secs);
        BatchEntry {
            id: id(1, seq),
            place: Place { segment: 1, offset: seq * 100 },
            len: 100,
            range: Some(TimeRange::new(time(seq as i64), time(seq as i64 + 1))),
            observations: 10,
        }
    }

    fn held(seqs: &[u64]) -> (Vec<BatchEntry>, Received) {
        let mut received = Received::default();
        seqs.iter().for_each(|seq| assert!(received.insert(id(1, *seq))));
        (seqs.iter().map(|seq| entry(*seq)).collect(), received)
    }

    fn spans(losses: &Losses) -> Vec<(u64, u64, Option<u64>)> {
        losses.joined().iter().map(|run| (run.first, run.last, run.observations)).collect()
    }

    #[test]
    fn what_an_index_knew_is_told_exactly_and_heals() {
        let known: Vec<BatchEntry> = (1..=6).map(entry).collect();
        let (held, received) = held(&[1, 2, 5]);
        let mut losses = Losses::default();
        assert_eq!(losses.find(&known, &[], &held, &received).len(), 3);
        assert_eq!(spans(&losses), [(3, 4, Some(20)), (6, 6, Some(10))]);
        let gaps: Vec<GapRow> = losses.gaps().collect();
        assert_eq!(gaps[0].gap.start, Timestamp::from_unix_secs(3));
        assert_eq!(gaps[0].gap.end, Timestamp::from_unix_secs(5));
        assert!(losses.find(&known, &[], &held, &received).is_empty(), "stated once");
        assert!(losses.heal(id(1, 3)) && !losses.heal(id(1, 3)) && !losses.heal(id(2, 4)));
        assert_eq!(spans(&losses), [(4, 4, Some(10)), (6, 6, Some(10))]);
    }

    #[test]
    fn without_an_index_the_neighbours_tell() {
        let (held, received) = held(&[1, 2, 6, 7, 9]);
        let region = |offset, len| Region { place: Place { segment: 1, offset }, len: Some(len) };
        let mut losses = Losses::default();
        // Between 2 and 6; the hole at 8 is the sensor's own.
        assert!(losses.find(&[], &[region(300, 300)], &held, &received).is_empty());
        assert_eq!(spans(&losses), [(3, 5, None)]);
        assert!(losses.heal(id(1, 4)));
        assert_eq!(spans(&losses), [(3, 3, None), (5, 5, None)]);
        // Damage where no batch is missing: nobody knows what it was.
        losses.find(&[], &[region(150, 10)], &held, &received);
        let last = losses.gaps().last().expect("stated");
        assert_eq!((last.sensor, last.gap.frames), (SensorId([0; 16]), None));
        assert_ne!(last.sensor, sensor(1));
        let early = TimeRange::new(Timestamp::from_unix_secs(0), Timestamp::from_unix_secs(1));
        assert_eq!(losses.clone().within(&early).gaps().count(), 0);
    }
}
