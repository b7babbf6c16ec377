//! What is remembered of one stream: a sensor, or an imported file.

use super::guard::Guard;
use super::receptions::Receptions;
use super::track::{Point, Track};
use crate::snapshot::{Drive, LossTotals, TrackPoint};
use pw_model::{
    ClockState, Fix, FixMode, Gap, GapCause, Health, Origin, RadioEvent, RadioEventKind, RadioId,
    SensorId, TimeRange, Timestamp,
};
use pw_wire::{Batch, BatchId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A longer pause between batches ends a drive.
const DRIVE_PAUSE: Duration = Duration::from_secs(30 * 60);

/// A stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// Radios by number, with the time of what is known of their hardware.
    pub(crate) radios: BTreeMap<RadioId, (Timestamp, String)>,
    pub(crate) observations: u64,
    /// Of these, rows of another program's table.
    pub(crate) sightings: u64,
    pub(crate) health: Option<Health>,
    pub(crate) clock: Option<ClockState>,
    pub(crate) range: Option<TimeRange>,
    pub(crate) losses: BTreeMap<GapCause, LossCount>,
    pub(crate) guard: Guard,
    /// By start; never closer to each other than the pause.
    drives: Vec<Span>,
    #[serde(skip)]
    pub(crate) track: Track,
    /// End of the newest batch taken in since the survey was opened: the one taken in last, or one
    /// that came ahead of those before it.
    #[serde(skip)]
    pub(crate) latest: Option<Timestamp>,
    /// Journal and number of the newest batch taken in.
    newest: Option<(u64, u64)>,
    /// Receptions that further ones may be of the same frame as.
    #[serde(skip)]
    pub(crate) receptions: Receptions,
    /// Changed since the last checkpoint.
    #[serde(skip)]
    pub(crate) unsaved: bool,
}

/// [`LossTotals`] as stored.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LossCount {
    gaps: u64,
    frames: u64,
    uncounted: u64,
}

impl LossCount {
    pub(crate) const fn totals(self) -> LossTotals {
        LossTotals { gaps: self.gaps, frames: self.frames, uncounted: self.uncounted }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Span {
    start: Timestamp,
    end: Timestamp,
    observations: u64,
    sightings: u64,
}

impl Stream {
    /// A stream from which nothing came yet.
    pub(crate) fn new(batch: &Batch) -> Self {
        Self {
            name: batch.stream.name.clone(),
            origin: batch.stream.origin,
            radios: BTreeMap::new(),
            observations: 0,
            sightings: 0,
            health: None,
            clock: None,
            range: None,
            losses: BTreeMap::new(),
            guard: Guard::default(),
            drives: Vec::new(),
            track: Track::default(),
            latest: None,
            newest: None,
            receptions: Receptions::default(),
            unsaved: true,
        }
    }

    /// Takes in everything of `batch` that is about the stream itself; true when the track changed.
    pub(crate) fn apply(&mut self, batch: &Batch) -> bool {
        self.unsaved = true;
        self.name.clone_from(&batch.stream.name);
        // Once simulated, always labelled so: nothing of the stream may pass as measured.
        if self.origin != Origin::Simulated {
            self.origin = batch.stream.origin;
        }
        let observations = batch.observations.len() as u64;
        let sightings = batch.observations.iter().filter(|o| o.is_sighting()).count() as u64;
        self.observations += observations;
        self.sightings += sightings;
        // While a backlog is fetched, the newest batches come ahead of it. What a batch says of now is
        // judged by its number and not by its times: a sensor may have started again with an earlier
        // clock, or play another recording.
        let BatchId { epoch, seq, .. } = batch.id;
        let is_newest = self.newest.is_none_or(|newest| epoch != newest.0 || seq >= newest.1);
        if let Some(health) = batch.health.last().filter(|_| is_newest) {
            self.health = Some(health.clone());
        }
        if let Some(clock) = batch.clocks.last().filter(|_| is_newest) {
            self.clock = Some(clock.clone());
        }
        batch.radio_events.iter().for_each(|event| self.radio_event(event, is_newest));
        batch.gaps.iter().for_each(|gap| self.gap(gap));
        self.guard.apply(batch, is_newest);
        if is_newest {
            self.newest = Some((epoch, seq));
        }
        if let Some(range) = batch.range() {
            if is_newest {
                self.latest = Some(range.end);
            }
            self.range = Some(self.range.map_or(range, |known| known.union(&range)));
            self.drive(Span { start: range.start, end: range.end, observations, sightings });
        }
        self.positions(batch)
    }

    fn radio_event(&mut self, event: &RadioEvent, is_newest: bool) {
        let words = match &event.kind {
            RadioEventKind::Started { source, hardware, .. } if hardware.is_empty() => {
                source.clone()
            }
            RadioEventKind::Started { source, hardware, .. } => format!("{source}: {hardware}"),
            RadioEventKind::Stopped { .. } | RadioEventKind::Failed { .. } => {
                self.radios.entry(event.radio).or_insert((event.time, String::new()));
                return;
            }
        };
        if is_newest || !self.radios.contains_key(&event.radio) {
            self.radios.insert(event.radio, (event.time, words));
        }
    }

    fn gap(&mut self, gap: &Gap) {
        if gap.cause == GapCause::HomeZone {
            // Told with what never left the sensor.
            return;
        }
        let losses = self.losses.entry(gap.cause).or_default();
        losses.gaps += 1;
        match gap.frames {
            Some(frames) => losses.frames = losses.frames.saturating_add(frames),
            None => losses.uncounted += 1,
        }
    }

    /// Adds the time of a batch to the drive that it touches, joining drives that it bridges.
    fn drive(&mut self, batch: Span) {
        let first = self.drives.partition_point(|d| batch.start.since(d.end) > DRIVE_PAUSE);
        let after = self.drives.partition_point(|d| d.start.since(batch.end) <= DRIVE_PAUSE);
        let touched = first..after.max(first);
        let joined = self.drives[touched.clone()].iter().fold(batch, |joined, drive| Span {
            start: joined.start.min(drive.start),
            end: joined.end.max(drive.end),
            observations: joined.observations + drive.observations,
            sightings: joined.sightings + drive.sightings,
        });
        self.drives.splice(touched, [joined]);
    }

    /// Positions from the receiver's reports; a file without any still has those of its rows.
    fn positions(&mut self, batch: &Batch) -> bool {
        let mut kept = false;
        for Fix { time, mode, position, speed_mps, .. } in &batch.fixes {
            let position = position.filter(|_| *mode != FixMode::NoFix);
            kept |= self.track.add(*time, Point { position, speed_mps: *speed_mps });
        }
        if batch.fixes.is_empty() {
            for o in &batch.observations {
                if o.position.is_some() {
                    let point = Point { position: o.position, speed_mps: None };
                    kept |= self.track.add(o.time, point);
                }
            }
        }
        kept
    }

    /// Its drives, not yet numbered.
    pub(crate) fn drives(&self, sensor: SensorId) -> impl Iterator<Item = Drive> {
        self.drives.iter().map(move |span| Drive {
            number: 0,
            sensor,
            range: TimeRange { start: span.start, end: span.end },
            observations: span.observations,
            sightings: span.sightings,
            length_m: self.track.length_m(span.start, span.end),
        })
    }

    /// Its track.
    pub(crate) fn track_points(&self, sensor: SensorId) -> impl Iterator<Item = TrackPoint> {
        self.track.points().map(move |(time, point)| TrackPoint {
            time,
            sensor,
            position: point.position,
            speed_mps: point.speed_mps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_wire::StreamInfo;

    const SENSOR: SensorId = SensorId([1; 16]);

    fn batch(minutes: i64) -> Batch {
        let id = BatchId { sensor: SENSOR, epoch: 1, seq: 1 };
        let stream = StreamInfo { name: "car".to_owned(), origin: Origin::Live };
        let mut batch = Batch::new(id, stream);
        let time = Timestamp::from_unix_secs(minutes * 60);
        batch.gaps.push(Gap {
            radio: None,
            start: time,
            end: time,
            cause: GapCause::QueueFull,
            frames: Some(2),
        });
        batch
    }

    fn drives(minutes: &[i64]) -> Vec<(i64, i64)> {
        let mut stream = Stream::new(&batch(0));
        for m in minutes {
            stream.apply(&batch(*m));
        }
        let in_minutes = |t: Timestamp| t.unix_ns() / 60_000_000_000;
        let drives = stream.drives(SENSOR);
        drives.map(|d| (in_minutes(d.range.start), in_minutes(d.range.end))).collect()
    }

    #[test]
    fn a_long_pause_ends_a_drive() {
        assert_eq!(drives(&[0, 10, 40]), vec![(0, 40)]);
        assert_eq!(drives(&[0, 10, 41]), vec![(0, 10), (41, 41)]);
        assert_eq!(drives(&[0, 60, 30]), vec![(0, 60)], "a late batch bridges");
        assert_eq!(drives(&[200, 0, 100, 90]), vec![(0, 0), (90, 100), (200, 200)]);
        assert_eq!(drives(&[100, 10, 55]), vec![(10, 10), (55, 55), (100, 100)]);
    }

    #[test]
    fn the_latest_time_is_that_of_the_last_batch_even_when_a_clock_was_set_back() {
        let mut stream = Stream::new(&batch(0));
        assert_eq!(stream.latest, None);
        stream.apply(&batch(90));
        stream.apply(&batch(30));
        assert_eq!(stream.latest, Some(Timestamp::from_unix_secs(30 * 60)));
        assert_eq!(stream.range.map(|r| r.end), Some(Timestamp::from_unix_secs(90 * 60)));
    }

    #[test]
    fn a_backlog_does_not_set_back_the_latest_time() {
        let mut stream = Stream::new(&batch(0));
        let numbered = |minutes, epoch, seq| {
            let mut batch = batch(minutes);
            (batch.id.epoch, batch.id.seq) = (epoch, seq);
            batch
        };
        stream.apply(&numbered(90, 1, 900));
        stream.apply(&numbered(10, 1, 100));
        assert_eq!(stream.latest, Some(Timestamp::from_unix_secs(90 * 60)));
        stream.apply(&numbered(5, 2, 1));
        assert_eq!(stream.latest, Some(Timestamp::from_unix_secs(5 * 60)), "another journal");
    }

    #[test]
    fn losses_by_cause() {
        let mut stream = Stream::new(&batch(0));
        stream.apply(&batch(0));
        stream.apply(&batch(1));
        let totals = stream.losses[&GapCause::QueueFull].totals();
        assert_eq!(totals, LossTotals { gaps: 2, frames: 4, uncounted: 0 });
    }

    #[test]
    fn what_was_simulated_stays_labelled() {
        let mut simulated = batch(0);
        simulated.stream.origin = Origin::Simulated;
        let mut stream = Stream::new(&simulated);
        stream.apply(&batch(1));
        assert_eq!(stream.origin, Origin::Simulated);
    }
}
