//! Segments: append-only runs of envelopes, the file format of the sensor's journal and the
//! desktop's survey. Pure: bytes in, records out; file work is done at each end.

use crate::envelope::{Envelope, EnvelopeError, EnvelopeKind, MAGIC, seal_parts, seal_value};
use pw_model::{MacAddr, SensorId, TimeRange, Timestamp};
use serde::{Deserialize, Serialize};

/// First record of a segment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentHeader {
    /// Number of the segment in its folder, counting up.
    pub number: u64,
    /// When it was begun, by the writer's clock.
    pub created: Timestamp,
    /// Program and release that wrote it, like `piwardrive-sensor 0.1.0`.
    pub writer: String,
}

/// What a person wrote into a survey. Grows at the end; a shipped variant never changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum UserRecord {
    /// A note on a device. An empty text removes it.
    Note {
        /// When it was written.
        time: Timestamp,
        /// The device.
        device: MacAddr,
        /// The text.
        text: String,
    },
    /// Known to the owner of the survey, or no longer.
    Known {
        /// When it was said.
        time: Timestamp,
        /// The device.
        device: MacAddr,
        /// True when known.
        known: bool,
    },
}

impl UserRecord {
    /// The record in its envelope.
    ///
    /// # Errors
    /// The text is above the envelope's limit.
    pub fn encode(&self) -> Result<Vec<u8>, EnvelopeError> {
        seal_value(EnvelopeKind::User, self)
    }
}

/// Batches of one stream that a survey had stored and acknowledged, and whose bytes are gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LostBatches {
    /// Whose batches.
    pub sensor: SensorId,
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

/// States in a survey's segments that batches were lost from them after they had been acknowledged.
/// A batch that comes again makes the statement void for itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LossRecord {
    /// What was lost.
    pub batches: Vec<LostBatches>,
    /// Names of their streams, as far as known: nothing else may be left of them.
    pub names: Vec<(SensorId, String)>,
}

impl LossRecord {
    /// The record in its envelope.
    ///
    /// # Errors
    /// The record is above the envelope's limit.
    pub fn encode(&self) -> Result<Vec<u8>, EnvelopeError> {
        seal_value(EnvelopeKind::Loss, self)
    }
}

/// What the sensor's journal notes beside its batches. Never leaves the sensor. Grows at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JournalRecord {
    /// Stands before a batch: the sums of this journal up to and with that batch.
    Mark {
        /// Number of the batch.
        seq: u64,
        /// Frames accounted for, by radio number: stored as observations or stated as lost.
        accounted: Vec<u64>,
        /// Frames stated as lost that had been accounted for before: deleted or damaged batches.
        restated: u64,
    },
}

impl JournalRecord {
    /// The record in its envelope.
    ///
    /// # Errors
    /// The record is above the envelope's limit.
    pub fn encode(&self) -> Result<Vec<u8>, EnvelopeError> {
        seal_value(EnvelopeKind::Journal, self)
    }
}

/// What stands in the clear before a sealed batch of a journal:
///
/// ```text
/// offset  bytes  what
///      0      1  scheme, 1
///      1      8  name of the key
///      9      8  number of the batch, little-endian
///     17      n  salt, then sealed: the batch's mark and the batch, each in its envelope
/// ```
/// The head is the sealed part's place: it does not open under another head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SealedHead {
    /// Name of the key that it was sealed with.
    pub key: [u8; 8],
    /// Number of the batch.
    pub seq: u64,
}

impl SealedHead {
    /// Length in bytes.
    pub const LEN: usize = 17;
    /// The only way of sealing there is yet.
    const SCHEME: u8 = 1;

    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [Self::SCHEME; Self::LEN];
        let (key, seq) = bytes[1..].split_at_mut(self.key.len());
        key.copy_from_slice(&self.key);
        seq.copy_from_slice(&self.seq.to_le_bytes());
        bytes
    }

    /// Reads the head of a sealed record's payload; the rest of the payload is the sealed part.
    ///
    /// # Errors
    /// It is cut, or sealed in a way that a later release added.
    pub fn read(payload: &[u8]) -> Result<(Self, &[u8]), EnvelopeError> {
        let need = Self::LEN;
        let cut = || EnvelopeError::Incomplete { have: payload.len(), need };
        let (head, sealed) = payload.split_first_chunk::<{ Self::LEN }>().ok_or_else(cut)?;
        let [scheme, k0, k1, k2, k3, k4, k5, k6, k7, s0, s1, s2, s3, s4, s5, s6, s7] = *head;
        if scheme != Self::SCHEME {
            return Err(EnvelopeError::Payload(format!(
                "sealed in way {scheme}; this release knows {}; update PiWardrive",
                Self::SCHEME
            )));
        }
        let key = [k0, k1, k2, k3, k4, k5, k6, k7];
        let seq = u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]);
        Ok((Self { key, seq }, sealed))
    }

    /// The record in its envelope.
    ///
    /// # Errors
    /// The sealed part is above the envelope's limit.
    pub fn encode(&self, sealed: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        seal_parts(EnvelopeKind::Sealed, &[&self.to_bytes(), sealed])
    }
}

/// The bytes that begin a segment.
///
/// # Errors
/// The writer's name is above the envelope's limit.
pub fn segment_start(header: &SegmentHeader) -> Result<Vec<u8>, EnvelopeError> {
    seal_value(EnvelopeKind::SegmentHeader, header)
}

/// One step through a segment.
#[derive(Debug, PartialEq, Eq)]
pub enum ScanItem<'a> {
    /// A sound record.
    Record {
        /// Where it begins.
        offset: usize,
        /// The record.
        envelope: Envelope<'a>,
    },
    /// Bytes that are no sound record, followed by one that is or by the end.
    Damage {
        /// Where it begins.
        offset: usize,
        /// How many bytes were skipped.
        len: usize,
        /// What is wrong with the first of them.
        error: EnvelopeError,
    },
    /// The last record is not whole: the writer was stopped in the middle of it.
    TornTail {
        /// Where it begins.
        offset: usize,
        /// Bytes of it that are there.
        len: usize,
    },
}

/// Walks the records of a segment, past damage.
#[derive(Debug)]
pub struct SegmentScanner<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> SegmentScanner<'a> {
    /// Starts at the first byte of a segment.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Starts at `offset`, which must be where a record begins.
    #[must_use]
    pub const fn at(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// Finds the next place after `from` where a sound record begins.
    fn resynchronise(&self, from: usize) -> Option<usize> {
        let mut at = from;
        while let Some(rest) = self.bytes.get(at..) {
            let step = rest.windows(MAGIC.len()).position(|window| window == MAGIC)?;
            at += step;
            if self.bytes.get(at..).is_some_and(|candidate| Envelope::read(candidate).is_ok()) {
                return Some(at);
            }
            at += 1;
        }
        None
    }
}

impl<'a> Iterator for SegmentScanner<'a> {
    type Item = ScanItem<'a>;

    fn next(&mut self) -> Option<ScanItem<'a>> {
        let offset = self.offset;
        let rest = self.bytes.get(offset..).filter(|rest| !rest.is_empty())?;
        let error = match Envelope::read(rest) {
            Ok(envelope) => {
                self.offset += envelope.len;
                return Some(ScanItem::Record { offset, envelope });
            }
            Err(error) => error,
        };
        let end = self.bytes.len();
        self.offset = self.resynchronise(offset + 1).unwrap_or(end);
        let len = self.offset - offset;
        // A record that runs past the end was being written; anything else is damage. A damaged
        // length can look like it, which is why sound records after it are looked for first.
        let torn = self.offset == end && matches!(error, EnvelopeError::Incomplete { .. });
        Some(if torn {
            ScanItem::TornTail { offset, len }
        } else {
            ScanItem::Damage { offset, len, error }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment() -> (Vec<u8>, Vec<usize>) {
        let header = SegmentHeader {
            number: 1,
            created: Timestamp::from_unix_secs(5),
            writer: "test".to_owned(),
        };
        let mut bytes = segment_start(&header).expect("small");
        let mut starts = vec![0];
        for n in 0..5 {
            starts.push(bytes.len());
            let note = UserRecord::Note {
                time: Timestamp::from_unix_secs(n),
                device: MacAddr::ZERO,
                text: format!("note {n}"),
            };
            bytes.extend(note.encode().expect("small"));
        }
        (bytes, starts)
    }

    #[test]
    fn a_loss_comes_back_as_it_was_written() {
        let lost = LostBatches {
            sensor: SensorId([7; 16]),
            epoch: u64::MAX,
            first: 3,
            last: 9,
            range: Some(TimeRange::new(Timestamp::from_unix_secs(1), Timestamp::from_unix_secs(2))),
            observations: None,
        };
        let record = LossRecord {
            batches: vec![lost, LostBatches { range: None, ..lost }],
            names: vec![(lost.sensor, "car".to_owned())],
        };
        let bytes = record.encode().expect("small");
        let envelope = Envelope::read(&bytes).expect("sound");
        assert_eq!(envelope.kind, Some(EnvelopeKind::Loss));
        assert_eq!(envelope.decode::<LossRecord>(), Ok(record));
    }

    #[test]
    fn a_sealed_record_says_its_key_and_number() {
        let head = SealedHead { key: *b"12345678", seq: 0x0102_0304_0506_0708 };
        let bytes = head.encode(b"closed").expect("small");
        let envelope = Envelope::read(&bytes).expect("sound");
        assert_eq!(envelope.kind, Some(EnvelopeKind::Sealed));
        assert_eq!(SealedHead::read(envelope.payload), Ok((head, &b"closed"[..])));
        let (kind, begun) = Envelope::peek(&bytes[..35]).expect("a head");
        assert_eq!(
            (kind, SealedHead::read(begun).map(|(h, _)| h)),
            (EnvelopeKind::Sealed, Ok(head))
        );
        assert_eq!(envelope.payload[9..17], [8, 7, 6, 5, 4, 3, 2, 1], "little-endian for ever");
        let cut = SealedHead::read(&envelope.payload[..16]);
        assert!(matches!(cut, Err(EnvelopeError::Incomplete { .. })));
        let mut later = envelope.payload.to_vec();
        later[0] = 2;
        let words = SealedHead::read(&later).expect_err("later").to_string();
        assert!(words.contains("update PiWardrive"), "{words}");
        assert_eq!(Envelope::peek(&bytes[1..]), None);
    }

    fn records(bytes: &[u8]) -> usize {
        SegmentScanner::new(bytes).filter(|item| matches!(item, ScanItem::Record { .. })).count()
    }

    #[test]
    fn a_cut_at_any_byte_keeps_every_whole_record() {
        let (bytes, starts) = segment();
        for cut in 0..bytes.len() {
            let whole = starts.iter().skip(1).filter(|start| **start <= cut).count();
            assert_eq!(records(&bytes[..cut]), whole, "cut at {cut}");
            let torn = SegmentScanner::new(&bytes[..cut])
                .any(|item| matches!(item, ScanItem::TornTail { .. }));
            assert_eq!(torn, cut > 0 && !starts.contains(&cut), "cut at {cut}");
        }
    }

    #[test]
    fn damage_to_one_record_costs_that_record_only() {
        let (bytes, starts) = segment();
        for at in starts[2]..starts[3] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            assert_eq!(records(&damaged), starts.len() - 1, "byte {at}");
            let lost: usize = SegmentScanner::new(&damaged)
                .map(|item| match item {
                    ScanItem::Damage { len, .. } => len,
                    _ => 0,
                })
                .sum();
            assert_eq!(lost, starts[3] - starts[2], "byte {at}");
        }
    }
}
