//! One segment of the journal, read from its bytes.

use super::accounting::Accounted;
use super::sealing::Sealing;
use pw_model::TimeRange;
use pw_trust::SealingKeyId;
use pw_wire::{
    Batch, BatchError, BatchHeader, EncodedBatch, Envelope, EnvelopeKind, JournalRecord, ScanItem,
    SealedHead, SegmentHeader, SegmentScanner,
};

/// Bytes between two places that the index remembers.
pub(super) const PLACE_STEP: u64 = 64 << 10;

/// A step through a segment.
pub(super) enum Step<'a> {
    /// The header, the first record.
    Header(SegmentHeader),
    /// Sums after the batch that follows.
    Mark { offset: u64, seq: u64, sums: Accounted },
    /// A batch whose header is sound, and where its record begins and ends.
    Batch { offset: u64, end: u64, header: BatchHeader, body: Body<'a> },
    /// A batch that the key at hand, if any, does not open.
    Sealed { end: u64, seq: u64, key: SealingKeyId },
    /// Bytes that cannot be read, `len` of them.
    Damage { offset: u64, len: u64, problem: String },
    /// The writer was stopped within this record.
    Torn { offset: u64 },
}

/// A batch in its envelope.
pub(super) enum Body<'a> {
    /// As it lies in the segment.
    Plain(&'a [u8]),
    /// As it was in a sealed record.
    Opened(EncodedBatch),
}

impl Body<'_> {
    /// The batch.
    pub(super) fn read(&self) -> Result<Batch, BatchError> {
        match self {
            Self::Plain(bytes) => Batch::read(&Envelope::read(bytes)?),
            Self::Opened(batch) => batch.decode(),
        }
    }

    /// True when only the key opens it.
    pub(super) const fn is_sealed(&self) -> bool {
        matches!(self, Self::Opened(_))
    }
}

/// Walks the records of a segment, with the key of what is sealed.
pub(super) fn walk<'a>(
    bytes: &'a [u8],
    sealing: Option<&Sealing>,
) -> impl Iterator<Item = Step<'a>> {
    SegmentScanner::new(bytes).flat_map(move |item| match item {
        ScanItem::Record { offset, envelope } => step(bytes, offset, envelope, sealing),
        ScanItem::Damage { offset, len, error } => {
            one(Step::Damage { offset: offset as u64, len: len as u64, problem: error.to_string() })
        }
        ScanItem::TornTail { offset, .. } => one(Step::Torn { offset: offset as u64 }),
    })
}

/// Steps of one record: a sealed one is a mark and a batch.
type Steps<'a> = std::iter::Flatten<std::array::IntoIter<Option<Step<'a>>, 2>>;

fn one(step: Step<'_>) -> Steps<'_> {
    [Some(step), None].into_iter().flatten()
}

/// What a sound envelope holds; nothing for kinds that a later release added.
fn step<'a>(
    bytes: &'a [u8],
    at: usize,
    envelope: Envelope<'a>,
    sealing: Option<&Sealing>,
) -> Steps<'a> {
    let offset = at as u64;
    let len = envelope.len as u64;
    let damage = |problem: String| one(Step::Damage { offset, len, problem });
    match envelope.kind {
        Some(EnvelopeKind::SegmentHeader) => match envelope.decode() {
            Ok(header) => one(Step::Header(header)),
            Err(error) => damage(error.to_string()),
        },
        Some(EnvelopeKind::Journal) => match envelope.decode::<JournalRecord>() {
            Ok(mark) => one(mark_step(offset, &mark)),
            Err(error) => damage(error.to_string()),
        },
        Some(EnvelopeKind::Batch) => match BatchHeader::read(&envelope) {
            Ok(header) => {
                let body = Body::Plain(bytes.get(at..at + envelope.len).unwrap_or_default());
                one(Step::Batch { offset, end: offset + len, header, body })
            }
            Err(error) => damage(error.to_string()),
        },
        Some(EnvelopeKind::Sealed) => match SealedHead::read(envelope.payload) {
            Ok((head, _)) => {
                let key = SealingKeyId(head.key);
                let Some(sealing) = sealing.filter(|sealing| sealing.id() == key) else {
                    return one(Step::Sealed { end: offset + len, seq: head.seq, key });
                };
                match sealing.open(envelope.payload) {
                    Ok(opened) => {
                        let header = opened.batch.header().clone();
                        let body = Body::Opened(opened.batch);
                        let batch = Step::Batch { offset, end: offset + len, header, body };
                        [Some(mark_step(offset, &opened.mark)), Some(batch)].into_iter().flatten()
                    }
                    Err(error) => damage(error),
                }
            }
            Err(error) => damage(error.to_string()),
        },
        Some(EnvelopeKind::User | EnvelopeKind::Message | EnvelopeKind::Loss) | None => {
            [None, None].into_iter().flatten()
        }
    }
}

fn mark_step<'a>(offset: u64, mark: &JournalRecord) -> Step<'a> {
    let JournalRecord::Mark { seq, accounted, restated } = mark;
    Step::Mark { offset, seq: *seq, sums: Accounted::from_mark(accounted, *restated) }
}

/// Batches of a segment that the key at hand does not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Closed {
    /// Number of the first.
    pub(super) first_seq: u64,
    /// Number of the last.
    pub(super) last_seq: u64,
    /// How many there are.
    pub(super) batches: u64,
    /// The key that they need.
    pub(super) key: SealingKeyId,
}

/// Where the sums stood beside a damaged place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Number of the sound batch next to it.
    pub(super) seq: u64,
    /// Sums on the damaged side of that batch; `None` when the damage took every mark that says it.
    pub(super) sums: Option<Accounted>,
    /// Time range of that batch.
    pub(super) range: Option<TimeRange>,
}

/// A damaged place.
#[derive(Clone, Debug)]
pub(super) struct Damage {
    /// Where it begins.
    pub(super) offset: u64,
    /// Bytes of it.
    pub(super) len: u64,
    /// What is wrong with the first of them.
    pub(super) problem: String,
    /// The sound batch before it, in this segment.
    pub(super) before: Option<Edge>,
    /// The sound batch after it, in this segment.
    pub(super) after: Option<Edge>,
}

/// Everything the journal wants to know of a segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    /// Its header.
    pub(super) header: Option<SegmentHeader>,
    /// Header of the first batch.
    pub(super) first: Option<BatchHeader>,
    /// Header of the last batch.
    pub(super) last: Option<BatchHeader>,
    /// Number of batches.
    pub(super) batches: u64,
    /// Those of them that only the key opens.
    pub(super) sealed: u64,
    /// Batches that are there and could not be opened.
    pub(super) closed: Option<Closed>,
    /// Observations in them.
    pub(super) observations: u64,
    /// From the earliest to the latest time in them.
    pub(super) range: Option<TimeRange>,
    /// Sums before the first batch.
    pub(super) sums_before: Accounted,
    /// Sums after the last batch.
    pub(super) sums: Accounted,
    /// Sums after the last batch up to the number that was asked for; equal to `sums_before` when
    /// all batches come after it.
    pub(super) sums_at: Accounted,
    /// Range of the batches after the number that was asked for.
    pub(super) range_after: Option<TimeRange>,
    /// Places to begin reading at: batch number and offset, about every [`PLACE_STEP`].
    pub(super) places: Vec<(u64, u64)>,
    /// Damaged places.
    pub(super) damage: Vec<Damage>,
    /// What the batches since the damage account for, while none of them had its mark.
    unmarked: Option<Accounted>,
    /// Where the writer was stopped within a record.
    pub(super) torn: Option<u64>,
    /// End of the last whole batch, or of the header: where writing may go on.
    pub(super) sound_end: u64,
}

impl Scan {
    /// Reads a whole segment; `watched` is the batch number for [`Scan::sums_at`].
    pub(super) fn of(bytes: &[u8], watched: u64, sealing: Option<&Sealing>) -> Self {
        let mut scan = Self::default();
        let mut mark: Option<(u64, u64, Accounted)> = None;
        let mut open_damage = 0;
        for step in walk(bytes, sealing) {
            match step {
                Step::Header(header) => {
                    scan.header = scan.header.or(Some(header));
                    scan.sound_end = scan.sound_end.max(first_record_len(bytes));
                }
                Step::Mark { offset, seq, sums } => mark = Some((offset, seq, sums)),
                Step::Batch { offset, end, header, body } => {
                    let own = mark.take().filter(|(_, seq, _)| *seq == header.id.seq);
                    let start = own.map_or(offset, |(at, _, _)| at);
                    let accounted = || body.read().map(|b| Accounted::of(&b)).unwrap_or_default();
                    let marked = own.map(|(_, _, sums)| sums);
                    if scan.batch(&header, start, marked, &accounted, watched) {
                        scan.sealed += u64::from(body.is_sealed());
                    }
                    scan.sound_end = end;
                    scan.close_damage(&mut open_damage, &header, marked.is_some(), &accounted);
                }
                Step::Sealed { end, seq, key, .. } => {
                    let closed = Closed { first_seq: seq, last_seq: seq, batches: 0, key };
                    let closed = scan.closed.get_or_insert(closed);
                    closed.last_seq = closed.last_seq.max(seq);
                    closed.batches += 1;
                    scan.sound_end = end;
                }
                Step::Damage { offset, len, problem } => {
                    let before = scan.last.as_ref().map(|header| Edge {
                        seq: header.id.seq,
                        sums: scan.known_sums(),
                        range: header.range,
                    });
                    if scan.unmarked.take().is_some() {
                        // No mark between two damaged places: what each cost is not known.
                        open_damage = scan.damage.len();
                    }
                    scan.damage.push(Damage { offset, len, problem, before, after: None });
                    mark = None;
                }
                Step::Torn { offset } => scan.torn = Some(offset),
            }
        }
        scan
    }

    /// Sums after the last batch; `None` when damage took every mark that says it.
    pub(super) fn known_sums(&self) -> Option<Accounted> {
        Some(self.sums).filter(|_| self.unmarked.is_none())
    }

    /// Takes in a batch; false when it stands there a second time.
    fn batch(
        &mut self,
        header: &BatchHeader,
        start: u64,
        marked: Option<Accounted>,
        accounted: &dyn Fn() -> Accounted,
        watched: u64,
    ) -> bool {
        if self.last.as_ref().is_some_and(|last| header.id.seq <= last.id.seq) {
            // Written twice: the first try was not durable, so the two are the same.
            return false;
        }
        let after = marked.unwrap_or_else(|| self.sums.plus(&accounted()));
        if self.first.is_none() {
            self.first = Some(header.clone());
            self.sums_before = less(&after, &accounted());
            self.sums_at = self.sums_before;
        }
        self.sums = after;
        if header.id.seq <= watched {
            self.sums_at = after;
        } else {
            self.range_after = union(self.range_after, header.range);
        }
        self.batches += 1;
        self.observations += u64::from(header.observations);
        self.range = union(self.range, header.range);
        if self.places.last().is_none_or(|(_, at)| start >= at + PLACE_STEP) {
            self.places.push((header.id.seq, start));
        }
        self.last = Some(header.clone());
        true
    }

    /// Gives the damaged places before this batch their edge after. Where the damage took the mark of
    /// the first batch behind it, the next mark says what was lost.
    fn close_damage(
        &mut self,
        open: &mut usize,
        header: &BatchHeader,
        marked: bool,
        accounted: &dyn Fn() -> Accounted,
    ) {
        if *open == self.damage.len() {
            return;
        }
        let own = accounted().plus(&self.unmarked.take().unwrap_or_default());
        let sums = marked.then(|| less(&self.sums, &own));
        for damage in self.damage.iter_mut().skip(*open) {
            let first = Edge { seq: header.id.seq, sums: None, range: header.range };
            damage.after.get_or_insert(first).sums = sums;
        }
        if marked {
            *open = self.damage.len();
        } else {
            self.unmarked = Some(own);
        }
    }
}

/// `sums` less what one batch added.
pub(super) fn less(sums: &Accounted, one: &Accounted) -> Accounted {
    let mut rest = *sums;
    for (to, from) in rest.by_radio.iter_mut().zip(one.by_radio) {
        *to = to.saturating_sub(from);
    }
    rest.restated = rest.restated.saturating_sub(one.restated);
    rest
}

fn first_record_len(bytes: &[u8]) -> u64 {
    Envelope::read(bytes).map_or(0, |envelope| envelope.len as u64)
}

fn union(one: Option<TimeRange>, other: Option<TimeRange>) -> Option<TimeRange> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.union(&other)),
        (one, other) => one.or(other),
    }
}
