//! Thinning a segment: less of each transmitter, so that the journal holds more of them.
//!
//! Advertisements, gaps, positions, clocks, health and everything else that is no frame stay as they
//! are, and so do the numbers of batches. Of frames, the strongest of each group stays: one radio, one
//! transmitter (the receiver where a frame names none), one kind of frame, one advertisement, within
//! some seconds. What alerts are made of is told apart further, by what it says and to whom. Frames
//! that arrived damaged go. What goes is stated in its own batch, so that the sums of the journal stay.

use super::index::IndexedSegment;
use super::machine::{Access, Machine, OpenFile};
use super::sealing::Sealing;
use super::segment::PLACE_STEP;
use super::{JournalError, directory};
use pw_model::{
    AdvertisementId, Detail, FrameFlags, FrameKind, Gap, GapCause, MacAddr, Observation, RadioId,
    Timestamp,
};
use pw_wire::{
    Batch, BatchEncoder, EncodedBatch, Envelope, EnvelopeKind, ScanItem, SegmentScanner,
};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Frames within this time compete with each other.
const WINDOW: Duration = Duration::from_secs(5);
/// Observations that are looked at together; more end the window.
const TOGETHER: usize = 65_536;
/// Batches of one window: of those without frames none ends it.
const TOGETHER_BATCHES: usize = 1_024;
/// Bytes written at once.
const WRITE_STEP: usize = 256 << 10;

/// A segment to be thinned.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) machine: Arc<dyn Machine>,
    /// The segment.
    pub(super) path: PathBuf,
    /// Its durable bytes.
    pub(super) end: u64,
    /// Where its thinned form goes; whoever gave the job puts it in place.
    pub(super) target: PathBuf,
    /// Opens what is sealed, and seals what is written where new batches are sealed.
    pub(super) sealing: Option<Arc<Sealing>>,
    /// Set to end early.
    pub(super) stop: Arc<AtomicBool>,
}

/// A segment's thinned form, whole and synced.
#[derive(Debug)]
pub(super) struct Thinned {
    /// Its bytes.
    pub(super) end: u64,
    /// Its batches are sealed.
    pub(super) sealed: bool,
    /// Places to begin reading at, as in the index.
    pub(super) places: Vec<(u64, u64)>,
    /// Frames that were left out.
    pub(super) frames: u64,
    /// How long it took, rests included.
    pub(super) took: Duration,
}

/// Why a segment stays as it is.
#[derive(Debug)]
pub(super) enum NotThinned {
    /// It is damaged: what it holds and lost is stated when it is deleted.
    Damaged,
    /// It holds something that this release does not know.
    Unknown,
    /// It would not become smaller.
    Useless,
    /// The journal is being closed.
    Stopped,
    /// A file does not obey.
    Failed(JournalError),
}

impl Job {
    /// For a segment of the index.
    pub(super) fn new(
        machine: &Arc<dyn Machine>,
        folder: &Path,
        segment: &IndexedSegment,
        sealing: Option<Arc<Sealing>>,
    ) -> Self {
        Self {
            machine: Arc::clone(machine),
            path: segment.name().path(folder),
            end: segment.end,
            target: segment.name().unfinished_path(folder),
            sealing,
            stop: Arc::default(),
        }
    }

    /// Writes the thinned form. Where it does not come to that, nothing of it is left.
    pub(super) fn run(&self) -> Result<Thinned, NotThinned> {
        let result = self.rewrite();
        if result.is_err()
            && let Err(error) = self.machine.remove(&self.target)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("cannot delete {}: {error}", self.target.display());
        }
        result
    }

    fn rewrite(&self) -> Result<Thinned, NotThinned> {
        let start = self.machine.steady_now();
        let unreadable = |error| failed("cannot read", &self.path, error);
        let file = self.machine.open(&self.path, Access::Read).map_err(unreadable)?;
        let mut bytes = vec![0; usize::try_from(self.end).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, 0).map_err(unreadable)?;
        drop(file);

        let mut output = Output::create(self)?;
        let mut together = Together::new().map_err(NotThinned::Failed)?;
        let mut mark = None;
        for item in SegmentScanner::new(&bytes) {
            let ScanItem::Record { offset, envelope } = item else {
                return Err(NotThinned::Damaged);
            };
            let record = bytes.get(offset..offset + envelope.len).unwrap_or_default();
            let entry = match envelope.kind {
                Some(EnvelopeKind::SegmentHeader) => {
                    output.write(record)?;
                    continue;
                }
                Some(EnvelopeKind::Journal) => {
                    mark = Some(record.to_vec());
                    continue;
                }
                Some(EnvelopeKind::Batch) => {
                    let mark = mark.take().ok_or(NotThinned::Unknown)?;
                    let batch = EncodedBatch::from_bytes(record.to_vec())
                        .map_err(|_damaged| NotThinned::Damaged)?;
                    Numbered::new(mark, batch, false)
                }
                Some(EnvelopeKind::Sealed) => self.open(&envelope)?,
                Some(EnvelopeKind::User | EnvelopeKind::Message | EnvelopeKind::Loss) | None => {
                    return Err(NotThinned::Unknown);
                }
            };
            if together.is_full_before(&entry) {
                self.flush(&mut together, &mut output)?;
            }
            together.push(entry);
        }
        self.flush(&mut together, &mut output)?;
        output.finish(self.end, together.frames, start)
    }

    fn open(&self, envelope: &Envelope<'_>) -> Result<Numbered, NotThinned> {
        let sealing = self.sealing.as_ref().ok_or(NotThinned::Unknown)?;
        let opened = sealing.open(envelope.payload).map_err(|_damaged| NotThinned::Damaged)?;
        let mark = opened.mark.encode().map_err(|_unheard_of| NotThinned::Unknown)?;
        Ok(Numbered::new(mark, opened.batch, true))
    }

    /// Thins what was gathered and writes it, then rests for as long as that took: the processor
    /// belongs to the frames that come in.
    fn flush(&self, together: &mut Together, output: &mut Output<'_>) -> Result<(), NotThinned> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(NotThinned::Stopped);
        }
        let start = self.machine.steady_now();
        together.thin()?;
        for entry in together.entries.drain(..) {
            output.batch(entry)?;
        }
        together.observations = 0;
        self.machine.rest(self.machine.steady_now().saturating_duration_since(start));
        Ok(())
    }
}

fn failed(what: &'static str, path: &Path, error: std::io::Error) -> NotThinned {
    NotThinned::Failed(JournalError::io(what, path, error))
}

/// A batch with its mark.
struct Numbered {
    mark: Vec<u8>,
    batch: EncodedBatch,
    sealed: bool,
    /// Unpacked; `None` when a later release packed it, and it stays as it is.
    unpacked: Option<Batch>,
}

impl Numbered {
    fn new(mark: Vec<u8>, batch: EncodedBatch, sealed: bool) -> Self {
        let unpacked = batch.decode().ok();
        Self { mark, batch, sealed, unpacked }
    }

    fn start(&self) -> Option<Timestamp> {
        self.unpacked.as_ref()?.observations.first().map(|first| first.time)
    }

    fn observations(&self) -> usize {
        self.unpacked.as_ref().map_or(0, |batch| batch.observations.len())
    }
}

/// Batches whose frames compete with each other.
struct Together {
    entries: Vec<Numbered>,
    observations: usize,
    last_seq: u64,
    encoder: BatchEncoder,
    /// Frames left out so far, in all.
    frames: u64,
}

impl Together {
    fn new() -> Result<Self, JournalError> {
        let encoder = BatchEncoder::new().map_err(|e| JournalError::Encode(e.to_string()))?;
        Ok(Self { entries: Vec::new(), observations: 0, last_seq: 0, encoder, frames: 0 })
    }

    /// True when `next` belongs to the next window.
    fn is_full_before(&self, next: &Numbered) -> bool {
        let start = self.entries.iter().find_map(Numbered::start);
        let apart = start.zip(next.start()).is_some_and(|(start, next)| {
            // A clock that was set back begins anew as well.
            next < start || next.since(start) >= WINDOW
        });
        apart
            || self.observations + next.observations() > TOGETHER
            || self.entries.len() >= TOGETHER_BATCHES
    }

    /// Takes a batch in; one that stands twice only once.
    fn push(&mut self, entry: Numbered) {
        let seq = entry.batch.header().id.seq;
        if seq > self.last_seq {
            self.last_seq = seq;
            self.observations += entry.observations();
            self.entries.push(entry);
        }
    }

    fn thin(&mut self) -> Result<(), NotThinned> {
        let batches = self.entries.iter_mut().filter_map(|entry| entry.unpacked.as_mut());
        let mut batches: Vec<&mut Batch> = batches.collect();
        let left_out = thin(&mut batches);
        if left_out == 0 {
            return Ok(());
        }
        self.frames = self.frames.saturating_add(left_out);
        for entry in &mut self.entries {
            let Some(batch) = &entry.unpacked else { continue };
            if batch.observations.len() as u64 == u64::from(entry.batch.header().observations) {
                continue;
            }
            entry.batch = self
                .encoder
                .encode(batch)
                .map_err(|error| NotThinned::Failed(JournalError::Encode(error.to_string())))?;
        }
        Ok(())
    }
}

/// The file that is written.
struct Output<'a> {
    job: &'a Job,
    file: Box<dyn OpenFile>,
    buffer: Vec<u8>,
    /// Bytes in the file and in the buffer.
    len: u64,
    places: Vec<(u64, u64)>,
    sealed: bool,
}

impl<'a> Output<'a> {
    fn create(job: &'a Job) -> Result<Self, NotThinned> {
        let file = job
            .machine
            .open(&job.target, Access::Create)
            .map_err(|error| failed("cannot create", &job.target, error))?;
        Ok(Self { job, file, buffer: Vec::new(), len: 0, places: Vec::new(), sealed: false })
    }

    /// Sealed stays sealed, and becomes so where new batches are.
    fn batch(&mut self, entry: Numbered) -> Result<(), NotThinned> {
        let seq = entry.batch.header().id.seq;
        if self.places.last().is_none_or(|(_, at)| self.len >= at + PLACE_STEP) {
            self.places.push((seq, self.len));
        }
        let mut record = entry.mark;
        record.extend_from_slice(entry.batch.bytes());
        let sealing = self.job.sealing.as_ref();
        match sealing.filter(|sealing| entry.sealed || sealing.seals()) {
            Some(sealing) => {
                self.sealed = true;
                let sealed = sealing.seal(seq, &record).map_err(NotThinned::Failed)?;
                self.write(&sealed)
            }
            None => self.write(&record),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), NotThinned> {
        self.buffer.extend_from_slice(bytes);
        self.len += bytes.len() as u64;
        if self.buffer.len() >= WRITE_STEP { self.empty_buffer() } else { Ok(()) }
    }

    fn empty_buffer(&mut self) -> Result<(), NotThinned> {
        let start = self.len - self.buffer.len() as u64;
        self.file
            .write_all_at(&self.buffer, start)
            .map_err(|error| failed("cannot write", &self.job.target, error))?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(
        mut self,
        before: u64,
        frames: u64,
        start: std::time::Instant,
    ) -> Result<Thinned, NotThinned> {
        if self.len >= before {
            return Err(NotThinned::Useless);
        }
        self.empty_buffer()?;
        self.file.sync().map_err(|error| failed("cannot sync", &self.job.target, error))?;
        let took = self.job.machine.steady_now().saturating_duration_since(start);
        let Self { len, places, sealed, .. } = self;
        Ok(Thinned { end: len, sealed, places, frames, took })
    }
}

/// Whom a frame is about. An answer to somebody, which names its receiver only, says nothing of how
/// strong that one is.
#[derive(PartialEq, Eq, Hash)]
enum Who {
    Transmitter(MacAddr),
    Receiver(Option<MacAddr>),
}

/// Frames with the same key say about the same.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    radio: RadioId,
    who: Who,
    kind: FrameKind,
    advertisement: Option<AdvertisementId>,
    /// What an alert is made of, and to whom it was sent.
    detail: Option<(Detail, Option<MacAddr>)>,
}

impl Key {
    /// `None` for frames that arrived damaged: whom they name is not known.
    fn of(o: &Observation) -> Option<Self> {
        let frame_type = o.kind.frame_type()?;
        if o.flags.contains(FrameFlags::BAD_FCS) {
            return None;
        }
        Some(Self {
            radio: o.radio,
            who: o.transmitter.map_or(Who::Receiver(o.receiver), Who::Transmitter),
            // Subtypes tell management frames apart; of data and control frames the type is enough.
            kind: if frame_type == 0 { o.kind } else { FrameKind::new(frame_type, 0) },
            advertisement: o.advertisement,
            detail: o.detail.map(|detail| (detail, o.receiver)),
        })
    }
}

/// Leaves the strongest frame of each key, the first of equals, and states the others in their batches.
/// How many went.
fn thin(batches: &mut [&mut Batch]) -> u64 {
    let mut strongest: HashMap<Key, (i16, usize)> = HashMap::new();
    let all = batches.iter().flat_map(|batch| &batch.observations).enumerate();
    for (at, o) in all {
        let Some(key) = Key::of(o) else { continue };
        let strength = o.signal_dbm.map_or(i16::MIN, i16::from);
        match strongest.entry(key) {
            Entry::Vacant(place) => {
                place.insert((strength, at));
            }
            Entry::Occupied(mut place) if place.get().0 < strength => {
                place.insert((strength, at));
            }
            Entry::Occupied(_) => {}
        }
    }
    let mut kept: Vec<usize> = strongest.into_values().map(|(_, at)| at).collect();
    kept.sort_unstable();
    let mut kept = kept.into_iter().peekable();
    let (mut at, mut left_out) = (0, 0);
    for batch in batches {
        let mut gaps: BTreeMap<RadioId, Gap> = BTreeMap::new();
        batch.observations.retain(|o| {
            let stays = kept.next_if_eq(&at).is_some();
            at += 1;
            if !stays {
                left_out += 1;
                state(&mut gaps, o);
            }
            stays
        });
        batch.gaps.extend(gaps.into_values());
    }
    left_out
}

/// States one frame that goes.
fn state(gaps: &mut BTreeMap<RadioId, Gap>, o: &Observation) {
    let gap = gaps.entry(o.radio).or_insert(Gap {
        radio: Some(o.radio),
        start: o.time,
        end: o.time,
        cause: GapCause::Thinned,
        frames: Some(0),
    });
    gap.start = gap.start.min(o.time);
    gap.end = gap.end.max(o.time);
    gap.frames = gap.frames.map(|frames| frames.saturating_add(1));
}

/// Puts a thinned form that is whole in the place of its segment. Both names may stand there until the
/// older one is deleted; a start after a power cut knows what to do.
pub(super) fn put_in_place(
    machine: &dyn Machine,
    folder: &Path,
    segment: directory::SegmentName,
) -> Result<(), JournalError> {
    let unfinished = segment.unfinished_path(folder);
    let thinned = directory::SegmentName { thinned: true, ..segment };
    machine
        .rename(&unfinished, &thinned.path(folder))
        .map_err(|error| JournalError::io("cannot rename", &unfinished, error))?;
    directory::sync_names(machine, folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::accounting::Accounted;
    use pw_model::{Origin, SensorId};
    use pw_wire::{BatchId, StreamInfo};

    fn heard(time_ms: i64, from: u8, signal_dbm: Option<i8>) -> Observation {
        Observation {
            transmitter: Some(MacAddr([2, 0, 0, 0, 0, from])),
            signal_dbm,
            length: 100,
            ..Observation::new(
                Timestamp::from_unix_ns(time_ms * 1_000_000),
                RadioId(1),
                FrameKind::BEACON,
            )
        }
    }

    fn batch(observations: Vec<Observation>) -> Batch {
        let id = BatchId { sensor: SensorId([0; 16]), epoch: 0, seq: 1 };
        let stream = StreamInfo { name: String::new(), origin: Origin::Live };
        let mut batch = Batch::new(id, stream);
        batch.observations = observations;
        batch
    }

    fn times_ms(batch: &Batch) -> Vec<i64> {
        batch.observations.iter().map(|o| o.time.unix_ns() / 1_000_000).collect()
    }

    #[test]
    fn the_strongest_of_each_transmitter_stays_over_several_batches_and_the_rest_is_stated() {
        let mut one = batch(vec![
            heard(1, 1, Some(-60)),
            heard(2, 2, Some(-70)),
            heard(3, 1, Some(-50)),
            heard(4, 3, None),
            heard(5, 3, None),
        ]);
        let mut two = batch(vec![heard(6, 2, Some(-40)), heard(7, 1, Some(-50))]);
        let before = [&one, &two].map(Accounted::of);
        assert_eq!(thin(&mut [&mut one, &mut two]), 4);
        assert_eq!((times_ms(&one), times_ms(&two)), (vec![3, 4], vec![6]));
        assert_eq!([&one, &two].map(Accounted::of), before, "sums stay, batch by batch");
        let gap = &one.gaps[0];
        assert_eq!((one.gaps.len(), gap.radio, gap.frames), (1, Some(RadioId(1)), Some(3)));
        let ms = |time: Timestamp| time.unix_ns() / 1_000_000;
        assert_eq!((ms(gap.start), ms(gap.end), gap.cause), (1, 5, GapCause::Thinned));
        let again = thin(&mut [&mut one, &mut two]);
        assert_eq!(again, 0, "thinned once is thinned");
    }

    #[test]
    fn what_differs_in_what_it_says_stays() {
        let base = heard(0, 1, Some(-40));
        let other = [
            Observation { radio: RadioId(2), ..base.clone() },
            Observation { kind: FrameKind::PROBE_RESPONSE, ..base.clone() },
            Observation { advertisement: Some(AdvertisementId(7)), ..base.clone() },
            Observation { detail: Some(Detail::Reason(7)), ..base.clone() },
            Observation {
                detail: Some(Detail::Reason(7)),
                receiver: Some(MacAddr([9; 6])),
                ..base.clone()
            },
            Observation { transmitter: None, receiver: Some(MacAddr([8; 6])), ..base.clone() },
            // An answer to the same one says nothing of that one.
            Observation { transmitter: None, receiver: base.transmitter, ..base.clone() },
            Observation { kind: FrameKind::new(2, 8), ..base.clone() },
        ];
        let mut all = batch([vec![base.clone()], other.to_vec()].concat());
        assert_eq!(thin(&mut [&mut all]), 0, "every one is weaker than none of its key");
        let gone = [
            Observation { kind: FrameKind::new(2, 4), ..base.clone() },
            Observation { flags: FrameFlags::BAD_FCS, ..heard(0, 77, Some(-1)) },
            Observation { kind: FrameKind::UNREADABLE, ..heard(0, 78, Some(-1)) },
            Observation { receiver: Some(MacAddr([9; 6])), ..base },
        ];
        all.observations.extend(gone);
        assert_eq!(thin(&mut [&mut all]), 4);
        assert_eq!(all.observations.len(), 9);
    }
}
