//! The reading end of a journal: durable batches in order, acknowledgements.

use super::directory::SegmentName;
use super::index::{IndexedSegment, Shared};
use super::machine::{Access, OpenFile};
use super::{JournalError, JournalState};
use pw_wire::{EncodedBatch, Envelope, EnvelopeError, EnvelopeKind, ScanItem, SegmentScanner};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::watch;

/// Bytes read at once.
const READ_STEP: usize = 256 << 10;

/// Reads a journal while it is written. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JournalReader {
    shared: Arc<Shared>,
}

impl JournalReader {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Which journal this is.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.shared.epoch
    }

    /// What it holds, as it changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<JournalState> {
        self.shared.state.subscribe()
    }

    /// Durable batches from `seq` on, in order, at most `max_batches` and not more than `max_bytes`
    /// unless the first alone is larger. Every batch is checked; a damaged one is passed over, and
    /// the writer states its loss. Empty when there is none. Blocks on the disk.
    ///
    /// # Errors
    /// A segment cannot be read.
    pub fn read_from(
        &self,
        seq: u64,
        max_batches: usize,
        max_bytes: usize,
    ) -> Result<Vec<EncodedBatch>, JournalError> {
        let mut taken = Taken { batches: Vec::new(), bytes: 0, next: seq, max_batches, max_bytes };
        let mut after = None;
        while !taken.is_full() {
            let Some(segment) = self.segment_for(taken.next, after) else { break };
            match self.read_segment(&segment, &mut taken) {
                Ok(()) => after = Some(segment.number),
                // Deleted or thinned since we looked: the index knows better now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let now = self.shared.index().find(segment.number).map(IndexedSegment::name);
                    match now {
                        Some(name) if name == segment.name() => {
                            return Err(self.error(&segment, error));
                        }
                        Some(_) => {}
                        None => after = Some(segment.number),
                    }
                }
                Err(error) => return Err(self.error(&segment, error)),
            }
        }
        Ok(taken.batches)
    }

    /// A desktop holds `seq` and all before it. Ignored when it is not paired.
    pub fn acknowledge(&self, desktop: [u8; 32], seq: u64) {
        let durable = self.shared.index().durable_seq;
        if self.shared.desktops().acknowledge(&desktop, seq.min(durable)) {
            self.shared.desktops_changed.store(true, Ordering::Release);
        }
    }

    /// Says which desktops are paired. Segments are kept until each of them has acknowledged all of it.
    pub fn set_desktops(&self, desktops: Vec<[u8; 32]>) {
        self.shared.desktops().set(&desktops);
        self.shared.desktops_changed.store(true, Ordering::Release);
    }

    /// Asks for every advertisement to be written once more: a desktop begins with a batch whose
    /// observations refer to advertisements in batches before it.
    pub fn announce_again(&self) {
        self.shared.announcements.fetch_add(1, Ordering::Relaxed);
    }

    /// How often [`Self::announce_again`] was called.
    #[must_use]
    pub fn announcements(&self) -> u64 {
        self.shared.announcements.load(Ordering::Relaxed)
    }

    /// Says whether a desktop follows what is written.
    pub fn set_followed(&self, followed: bool) {
        self.shared.followed.store(followed, Ordering::Relaxed);
    }

    /// True while a desktop follows what is written; then batches are worth closing early.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.shared.followed.load(Ordering::Relaxed)
    }

    /// How often batches were lost; who sends advertisements once must send them again after it.
    #[must_use]
    pub fn losses(&self) -> u64 {
        self.shared.state.borrow().losses
    }

    fn error(&self, segment: &IndexedSegment, error: io::Error) -> JournalError {
        JournalError::io("cannot read", &segment.name().path(&self.shared.directory), error)
    }

    /// The first segment after segment `after` that may hold batch `seq` or a later one.
    fn segment_for(&self, seq: u64, after: Option<u64>) -> Option<IndexedSegment> {
        let index = self.shared.index();
        let later = |segment: &&IndexedSegment| after.is_none_or(|number| segment.number > number);
        index
            .segments
            .iter()
            .filter(later)
            .find(|segment| !segment.ends_by(seq.saturating_sub(1)))
            .cloned()
    }

    fn read_segment(&self, segment: &IndexedSegment, taken: &mut Taken) -> io::Result<()> {
        let path = segment.name().path(&self.shared.directory);
        let file = self.shared.machine.open(&path, Access::Read)?;
        let mut offset = segment.place_of(taken.next);
        let mut window =
            Window { file: &*file, start: offset, bytes: Vec::new(), end: segment.end };
        while !taken.is_full() && offset < segment.end {
            let bytes = window.at(offset, READ_STEP.min(64 << 10))?;
            let envelope = match Envelope::read(bytes) {
                Err(EnvelopeError::Incomplete { need, .. }) => {
                    Envelope::read(window.at(offset, need)?)
                }
                read => read,
            };
            let Ok(envelope) = envelope else {
                return self.read_past_damage(segment, &*file, offset, taken);
            };
            let length = envelope.len;
            if is_batch(&envelope) {
                let whole = window.at(offset, length)?.get(..length).unwrap_or_default();
                match taken.take(&self.shared, whole) {
                    Verdict::Taken(seq) => self.add_place(segment.name(), seq, offset),
                    Verdict::Passed => {}
                    Verdict::Damaged => {
                        self.shared.suspects().insert(segment.number);
                    }
                }
            }
            offset += length as u64;
        }
        Ok(())
    }

    /// Reads the rest of a segment that has damage at `offset`. Rare, so the rest is read at once.
    fn read_past_damage(
        &self,
        segment: &IndexedSegment,
        file: &dyn OpenFile,
        offset: u64,
        taken: &mut Taken,
    ) -> io::Result<()> {
        self.shared.suspects().insert(segment.number);
        let mut rest = vec![0; usize::try_from(segment.end - offset).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut rest, offset)?;
        for item in SegmentScanner::new(&rest) {
            if taken.is_full() {
                break;
            }
            if let ScanItem::Record { offset, envelope } = item
                && is_batch(&envelope)
                && let Some(whole) = rest.get(offset..offset + envelope.len)
            {
                // The writer has been told of this segment already.
                match taken.take(&self.shared, whole) {
                    Verdict::Taken(_) | Verdict::Passed | Verdict::Damaged => {}
                }
            }
        }
        Ok(())
    }

    fn add_place(&self, read: SegmentName, seq: u64, offset: u64) {
        let mut index = self.shared.index();
        // The places of a segment that was thinned while it was read are others.
        if let Some(segment) = index.segments.iter_mut().find(|s| s.name() == read) {
            segment.add_place(seq, offset);
        }
    }
}

/// True for a batch, plain or sealed.
fn is_batch(envelope: &Envelope<'_>) -> bool {
    matches!(envelope.kind, Some(EnvelopeKind::Batch | EnvelopeKind::Sealed))
}

/// The batch in a whole record; `None` when there is none that can be read.
fn batch_in(shared: &Shared, record: &[u8]) -> Option<EncodedBatch> {
    let envelope = Envelope::read(record).ok()?;
    if envelope.kind == Some(EnvelopeKind::Sealed) {
        return Some(shared.sealing.as_ref()?.open(envelope.payload).ok()?.batch);
    }
    EncodedBatch::from_bytes(record.to_vec()).ok()
}

/// A stretch of a file in memory.
struct Window<'a> {
    file: &'a dyn OpenFile,
    start: u64,
    bytes: Vec<u8>,
    end: u64,
}

impl Window<'_> {
    /// The bytes from `offset` on: at least `need` of them where the file has so many.
    fn at(&mut self, offset: u64, need: usize) -> io::Result<&[u8]> {
        let held = self.start + self.bytes.len() as u64;
        let wanted = offset.saturating_add(need as u64).min(self.end);
        if offset < self.start || wanted > held {
            let length =
                need.max(READ_STEP).min(usize::try_from(self.end - offset).unwrap_or(usize::MAX));
            self.bytes.resize(length, 0);
            self.start = offset;
            self.file.read_exact_at(&mut self.bytes, offset)?;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        Ok(self.bytes.get(from..).unwrap_or_default())
    }
}

/// Batches taken so far, and how many more.
struct Taken {
    batches: Vec<EncodedBatch>,
    bytes: usize,
    next: u64,
    max_batches: usize,
    max_bytes: usize,
}

impl Taken {
    fn is_full(&self) -> bool {
        self.batches.len() >= self.max_batches
            || (self.bytes >= self.max_bytes && !self.batches.is_empty())
    }

    /// Takes the batch in a record if it is wanted.
    fn take(&mut self, shared: &Shared, record: &[u8]) -> Verdict {
        let Some(batch) = batch_in(shared, record) else { return Verdict::Damaged };
        let length = batch.bytes().len();
        let id = batch.header().id;
        let ours = id.epoch == shared.epoch && id.sensor == shared.sensor;
        if !ours || id.seq < self.next {
            return Verdict::Passed;
        }
        if !self.batches.is_empty() && self.bytes + length > self.max_bytes {
            // Full: `next` stays, so the caller asks for this one again.
            self.bytes = self.max_bytes;
            return Verdict::Passed;
        }
        self.next = id.seq + 1;
        self.bytes += length;
        self.batches.push(batch);
        Verdict::Taken(id.seq)
    }
}

/// What became of a batch that was read.
enum Verdict {
    Taken(u64),
    Passed,
    Damaged,
}
