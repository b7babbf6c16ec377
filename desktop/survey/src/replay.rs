//! From segments to state: what an opening does with the records that the index does not know.

use crate::directory::{BatchEntry, Directory, Radios};
use crate::error::SurveyError;
use crate::losses::{Loss, Losses, Region};
use crate::store::folder::Folder;
use crate::store::index::Loaded;
use crate::store::segments::{self, Place, SegmentEnd};
use crate::tracker::Tracker;
use crate::upkeep::Progress;
use pw_model::{SensorId, Timestamp};
use pw_wire::{
    Batch, EncodedBatch, Envelope, EnvelopeKind, LossRecord, LostBatches, ScanItem, UserRecord,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// Sentences about damage kept in a report; further ones are counted.
const MAX_SENTENCES: usize = 100;

/// Damaged places of which the cost is found out; further ones are only told.
const MAX_REGIONS: usize = 10_000;

/// The state of a survey in memory, and how far it goes in the segments.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tracker: Tracker,
    pub(crate) batches: Vec<BatchEntry>,
    /// Behind the last sound record that was read.
    pub(crate) end: Place,
    /// Latest time of anything: the stamp of a new segment.
    pub(crate) latest: Timestamp,
}

/// What an index knew that does not fit the segments, or is about to be made anew.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) batches: Vec<BatchEntry>,
    pub(crate) names: BTreeMap<SensorId, String>,
    /// How far it went in the segments.
    pub(crate) end: Option<Place>,
}

impl Known {
    pub(crate) fn of(loaded: &Loaded) -> Self {
        let streams = loaded.tracker.streams.iter();
        Self {
            batches: loaded.batches.clone(),
            names: streams.map(|(id, stream)| (*id, stream.name.clone())).collect(),
            end: Some(loaded.end),
        }
    }

    /// Losses with the names of their streams, runs joined.
    pub(crate) fn named(&self, losses: &Losses, tracker: &Tracker) -> Vec<Loss> {
        let name = |sensor| {
            let known = tracker.streams.get(&sensor).map(|stream| &stream.name);
            known
                .or_else(|| self.names.get(&sensor))
                .or_else(|| tracker.losses.names.get(&sensor))
                .cloned()
        };
        losses.joined().into_iter().map(|run| Loss::new(&run, name(run.sensor))).collect()
    }
}

/// What a replay met.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    pub(crate) batches: u64,
    pub(crate) observations: u64,
    /// Damage, one sentence each.
    pub(crate) damage: Vec<String>,
    /// Where it is.
    pub(crate) regions: Vec<Region>,
    /// The end of the last segment; `None` when there is none.
    pub(crate) last: Option<(u64, SegmentEnd)>,
}

impl Replayed {
    fn damaged(&mut self, sentence: String) {
        match self.damage.len() {
            n if n < MAX_SENTENCES => self.damage.push(sentence),
            n if n == MAX_SENTENCES => {
                self.damage.push("More damage follows; run: piwardrive survey verify".to_owned());
            }
            _ => {}
        }
    }

    fn region(&mut self, place: Place, len: Option<u64>) {
        if self.regions.len() < MAX_REGIONS {
            self.regions.push(Region { place, len });
        }
    }
}

impl State {
    /// Nothing read yet.
    pub(crate) fn empty() -> Self {
        Self {
            tracker: Tracker::new(),
            batches: Vec::new(),
            end: Place { segment: 0, offset: 0 },
            latest: Timestamp::from_unix_ns(i64::MIN),
        }
    }

    /// What the index knew.
    pub(crate) fn loaded(loaded: Loaded) -> Self {
        let latest = loaded.tracker.head.range.map(|range| range.end);
        Self {
            tracker: loaded.tracker,
            batches: loaded.batches,
            end: loaded.end,
            latest: latest.unwrap_or(Timestamp::from_unix_ns(i64::MIN)),
        }
    }

    /// Reads everything behind `end`. `after_segment` is called with the state after each segment.
    pub(crate) fn replay(
        &mut self,
        folder: &Folder,
        mut after_segment: impl FnMut(&mut Self, Progress),
    ) -> Result<Replayed, SurveyError> {
        let mut replayed = Replayed::default();
        let files = segments::list(&folder.segments())?;
        let mut progress =
            Progress { done_bytes: 0, total_bytes: files.iter().map(|file| file.len).sum() };
        let mut expected = 1;
        for file in &files {
            progress.done_bytes += file.len;
            if file.number > expected && file.number > self.end.segment {
                let last = file.number - 1;
                replayed.damaged(format!("Segments {expected} to {last} are missing."));
                let place = Place { segment: last, offset: 0 };
                replayed.region(place, None);
            }
            expected = file.number + 1;
            if file.number < self.end.segment {
                continue;
            }
            let from = if file.number == self.end.segment { self.end.offset } else { 0 };
            let bytes = segments::read_from(&file.path, from)?;
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            let end = segments::scan(&bytes, |item| match item {
                ScanItem::Record { offset, envelope } => {
                    let place = Place { segment: file.number, offset: from + offset as u64 };
                    if let Err(error) = self.record(place, &envelope, &mut replayed) {
                        replayed.damaged(format!("{name}, byte {}: {error}.", place.offset));
                        replayed.region(place, Some(envelope.len as u64));
                    }
                }
                ScanItem::Damage { offset, len, .. }
                    if segments::is_unwritten(&bytes, offset, len) => {}
                ScanItem::Damage { offset, len, error } => {
                    let at = from + offset as u64;
                    replayed.damaged(format!("{name}, byte {at}: {len} bytes lost: {error}."));
                    let place = Place { segment: file.number, offset: at };
                    replayed.region(place, Some(len as u64));
                }
                ScanItem::TornTail { .. } => {}
            });
            // At the end of the last segment a torn record is cut; elsewhere something was lost.
            if end.torn > 0 && Some(file) != files.last() {
                replayed.damaged(format!("{name} ends in a torn record of {} bytes.", end.torn));
                let place = Place { segment: file.number, offset: from + end.sound };
                replayed.region(place, Some(end.torn));
            }
            let end = SegmentEnd { sound: from + end.sound, ..end };
            self.end = Place { segment: file.number, offset: end.sound };
            replayed.last = Some((file.number, end));
            after_segment(self, progress);
        }
        Ok(replayed)
    }

    fn record(
        &mut self,
        place: Place,
        envelope: &Envelope<'_>,
        replayed: &mut Replayed,
    ) -> Result<(), String> {
        match envelope.kind {
            Some(EnvelopeKind::Batch) => {
                let batch = Batch::read(envelope).map_err(|error| error.to_string())?;
                // Cannot be above u32: an envelope's length is one.
                if self.apply(&batch, place, envelope.len as u32) {
                    replayed.batches += 1;
                    replayed.observations += batch.observations.len() as u64;
                }
            }
            Some(EnvelopeKind::User) => {
                let record: UserRecord = envelope.decode().map_err(|error| error.to_string())?;
                self.tracker.apply_user(&record);
            }
            Some(EnvelopeKind::Loss) => {
                let record: LossRecord = envelope.decode().map_err(|error| error.to_string())?;
                self.tracker.apply_loss(&record);
            }
            // Headers say nothing that is needed; kinds of later releases are left alone.
            _ => {}
        }
        Ok(())
    }

    /// Takes in a batch that stands, or will stand, at `place`; false when it is held already.
    pub(crate) fn apply(&mut self, batch: &Batch, place: Place, len: u32) -> bool {
        if !self.tracker.apply(batch) {
            return false;
        }
        let range = batch.range();
        self.latest = range.map_or(self.latest, |range| self.latest.max(range.end));
        self.batches.push(BatchEntry {
            id: batch.id,
            place,
            len,
            range,
            observations: batch.observations.len() as u32,
        });
        true
    }

    /// States what an index `known` before had and is gone, and what the damage that was met cost.
    /// Returns what only a record can tell in the future, and says it.
    pub(crate) fn state_losses(
        &mut self,
        known: &Known,
        replayed: &Replayed,
        repairs: &mut Vec<String>,
    ) -> Vec<LostBatches> {
        let tracker = &mut self.tracker;
        let before = tracker.losses.clone();
        let received = &tracker.head.received;
        let exact = tracker.losses.find(&known.batches, &replayed.regions, &self.batches, received);
        for lost in &exact {
            if let Some(name) = known.names.get(&lost.sensor) {
                tracker.losses.names.insert(lost.sensor, name.clone());
            }
        }
        if tracker.losses != before {
            tracker.losses_changed();
        }
        let mut new = Losses::default();
        for lost in &exact {
            new.state(*lost);
        }
        let named = known.named(&new, &self.tracker);
        repairs.extend(named.iter().take(MAX_SENTENCES).map(Loss::words));
        if let Some(more) = named.len().checked_sub(MAX_SENTENCES).filter(|more| *more > 0) {
            repairs.push(format!("{more} more runs of batches were lost."));
        }
        exact
    }

    /// What readers need.
    pub(crate) fn directory(&self) -> Directory {
        Directory {
            batches: self.batches.clone(),
            advertisements: self.tracker.adverts.table(),
            marks: self.tracker.head.marks.clone(),
            received: self.tracker.head.received.clone(),
            losses: self.tracker.losses.clone(),
            radios: self.radios(),
            revision: self.tracker.head.revision,
        }
    }

    pub(crate) fn radios(&self) -> Radios {
        self.tracker.streams.iter().map(|(id, stream)| (*id, stream.radios.clone())).collect()
    }
}

/// True reasons why what the index knew cannot be of these segments.
pub(crate) fn fits(folder: &Path, loaded: &Loaded) -> Result<(), String> {
    let mut ends = BTreeMap::from([(loaded.end.segment, loaded.end.offset)]);
    for entry in &loaded.batches {
        let end = ends.entry(entry.place.segment).or_default();
        *end = (*end).max(entry.place.offset + u64::from(entry.len));
    }
    for (number, end) in ends {
        let path = segments::segment_path(folder, number);
        if std::fs::metadata(&path).map_or(0, |metadata| metadata.len()) < end {
            return Err(format!("it knows more of segment {number} than there is"));
        }
    }
    let Some(last) = loaded.batches.iter().max_by_key(|entry| entry.place) else {
        return Ok(());
    };
    let stored = stored_batch(folder, last).map_err(|error| error.to_string())?;
    if stored.header().id == last.id {
        Ok(())
    } else {
        Err("a batch stands where another was".to_owned())
    }
}

/// Reads one stored batch.
fn stored_batch(folder: &Path, entry: &BatchEntry) -> Result<EncodedBatch, SurveyError> {
    let path = segments::segment_path(folder, entry.place.segment);
    let mut file = File::open(&path).map_err(|error| SurveyError::io("open", &path, error))?;
    let bytes = segments::read_at(&mut file, &path, entry.place.offset, entry.len)?;
    EncodedBatch::from_bytes(bytes).map_err(|source| SurveyError::Stored {
        path,
        offset: entry.place.offset,
        source,
    })
}
