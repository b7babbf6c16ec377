//! Batches: the unit that is journaled, sent, acknowledged and stored.
//!
//! The bytes of a batch in the journal are its bytes on the link and in the survey.

use crate::columns::{ColumnError, ColumnsEncoder, ColumnsV1, ColumnsV2};
use crate::envelope::{
    Envelope, EnvelopeError, EnvelopeKind, MAX_PAYLOAD, decode_payload, encode_payload,
    encode_payload_into, seal_parts,
};
use crate::pack::Packer;
use pw_model::{
    Advertisement, ClockEvent, ClockState, DoubtfulFix, Fix, Gap, GapCause, Health, HealthDetails,
    MotionSample, Observation, Origin, PrivacyDeclaration, RadioEvent, SensorId, TimeRange,
    Timestamp, Transmitted, TuneInterval, Withheld,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a batch for ever. `epoch` is drawn anew whenever a journal is created, so that a sensor
/// whose card was replaced cannot give an old number to new data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct BatchId {
    /// Whose batch.
    pub sensor: SensorId,
    /// Which journal of it.
    pub epoch: u64,
    /// Counts from 1 without holes within the epoch.
    pub seq: u64,
}

/// What every batch says of the stream it belongs to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StreamInfo {
    /// Name the owner gave the sensor, or the name of an imported file.
    pub name: String,
    /// Where the frames come from.
    pub origin: Origin,
}

/// The part of a batch that can be read without unpacking it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchHeader {
    /// Name of the batch.
    pub id: BatchId,
    /// Stream it belongs to.
    pub stream: StreamInfo,
    /// Earliest and latest time of anything in it; `None` for an empty batch.
    pub range: Option<TimeRange>,
    /// Number of observations.
    pub observations: u32,
    /// Layout of the packed body.
    body_version: u16,
    /// Length of the body before packing.
    body_len: u32,
}

/// Everything that one sensor has to say about a short stretch of time.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// Name of the batch.
    pub id: BatchId,
    /// Stream it belongs to.
    pub stream: StreamInfo,
    /// Frames as heard, in the order they were heard.
    pub observations: Vec<Observation>,
    /// Advertisements that these observations are the first to refer to.
    pub advertisements: Vec<Advertisement>,
    /// Reports of the position receiver.
    pub fixes: Vec<Fix>,
    /// The listening ledger.
    pub tunes: Vec<TuneInterval>,
    /// Stated losses.
    pub gaps: Vec<Gap>,
    /// State of the sensor.
    pub health: Vec<Health>,
    /// State of its clock.
    pub clocks: Vec<ClockState>,
    /// Changes of its radios.
    pub radio_events: Vec<RadioEvent>,
    /// How clients were treated in everything above; `None` when nothing says so.
    pub privacy: Option<PrivacyDeclaration>,
    /// What was not passed on.
    pub withheld: Vec<Withheld>,
    /// More of the state of the sensor's machine.
    pub health_details: Vec<HealthDetails>,
    /// Frames that its radios sent.
    pub transmitted: Vec<Transmitted>,
    /// Findings of its clock.
    pub clock_events: Vec<ClockEvent>,
    /// Reports of the receiver that are not believed.
    pub doubtful_fixes: Vec<DoubtfulFix>,
    /// How the sensor moved, where something says so.
    pub motion: Vec<MotionSample>,
}

/// Newest layout of the body that this release reads. It writes it only for a batch that holds what no
/// earlier one can, so that a sensor without such records serves desktops of before. One of those stops
/// at the first batch of this layout, because batches are taken in order.
const NEWEST_BODY: u16 = 3;
/// The layout of all other batches.
const USUAL_BODY: u16 = 2;

/// The packed body of version 1, with [`ColumnsV1`], and what that of version 2 begins with, with
/// [`ColumnsV2`]. Never changed; a later one is a new structure.
#[derive(Deserialize)]
struct Body<Columns> {
    observations: Columns,
    advertisements: Vec<Advertisement>,
    fixes: Vec<Fix>,
    tunes: Vec<TuneInterval>,
    gaps: Vec<Gap>,
    health: Vec<Health>,
    clocks: Vec<ClockState>,
    radio_events: Vec<RadioEvent>,
}

/// Version 2: what version 1 holds with other columns, then this. Never changed; a later one is a new
/// structure.
#[derive(Deserialize)]
struct BodyV2 {
    first: Body<ColumnsV2>,
    privacy: Option<PrivacyDeclaration>,
    withheld: Vec<Withheld>,
    health_details: Vec<HealthDetails>,
    transmitted: Vec<Transmitted>,
    clock_events: Vec<ClockEvent>,
    doubtful_fixes: Vec<DoubtfulFix>,
}

/// Version 3: what version 2 holds, then this. Never changed; a later one is a new structure.
#[derive(Deserialize)]
struct BodyV3 {
    first: BodyV2,
    motion: Vec<MotionSample>,
}

/// [`BodyV2`] behind its columns, for writing: the same fields in the same order, borrowed.
#[derive(Serialize)]
struct BodyV2Rest<'a> {
    advertisements: &'a [Advertisement],
    fixes: &'a [Fix],
    tunes: &'a [TuneInterval],
    gaps: &'a [Gap],
    health: &'a [Health],
    clocks: &'a [ClockState],
    radio_events: &'a [RadioEvent],
    privacy: Option<&'a PrivacyDeclaration>,
    withheld: &'a [Withheld],
    health_details: &'a [HealthDetails],
    transmitted: &'a [Transmitted],
    clock_events: &'a [ClockEvent],
    doubtful_fixes: &'a [DoubtfulFix],
}

/// Why bytes are not a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The envelope is not sound.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// A sound envelope with something else in it.
    #[error("a record of another kind where a batch was expected")]
    NotABatch,
    /// Packed by a later release.
    #[error("batch layout {found}; this release reads up to {NEWEST_BODY}; update PiWardrive")]
    BodyVersion {
        /// Layout that was found.
        found: u16,
    },
    /// The packed body does not unpack.
    #[error("body does not unpack: {0}")]
    Unpack(String),
    /// A column is damaged.
    #[error("{0}")]
    Columns(String),
}

impl From<ColumnError> for BatchError {
    fn from(error: ColumnError) -> Self {
        Self::Columns(error.to_string())
    }
}

impl Batch {
    /// A batch with nothing in it yet.
    #[must_use]
    pub fn new(id: BatchId, stream: StreamInfo) -> Self {
        Self {
            id,
            stream,
            observations: Vec::new(),
            advertisements: Vec::new(),
            fixes: Vec::new(),
            tunes: Vec::new(),
            gaps: Vec::new(),
            health: Vec::new(),
            clocks: Vec::new(),
            radio_events: Vec::new(),
            privacy: None,
            withheld: Vec::new(),
            health_details: Vec::new(),
            transmitted: Vec::new(),
            clock_events: Vec::new(),
            doubtful_fixes: Vec::new(),
            motion: Vec::new(),
        }
    }

    /// True when nothing is in it. How clients are treated is nothing without a record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.observations.is_empty()
            && self.advertisements.is_empty()
            && self.fixes.is_empty()
            && self.tunes.is_empty()
            && self.gaps.is_empty()
            && self.health.is_empty()
            && self.clocks.is_empty()
            && self.radio_events.is_empty()
            && self.withheld.is_empty()
            && self.health_details.is_empty()
            && self.transmitted.is_empty()
            && self.clock_events.is_empty()
            && self.doubtful_fixes.is_empty()
            && self.motion.is_empty()
    }

    /// Earliest and latest time of anything in it.
    #[must_use]
    pub fn range(&self) -> Option<TimeRange> {
        let mut range: Option<TimeRange> = None;
        let mut include = |time: Timestamp| {
            let point = TimeRange { start: time, end: time };
            range = Some(range.map_or(point, |r| r.union(&point)));
        };
        self.observations.iter().for_each(|o| include(o.time));
        self.advertisements.iter().for_each(|a| include(a.time));
        self.fixes.iter().for_each(|f| include(f.time));
        self.tunes.iter().for_each(|t| {
            include(t.start);
            include(t.end);
        });
        self.gaps.iter().for_each(|g| {
            include(g.start);
            include(g.end);
        });
        self.health.iter().for_each(|h| include(h.time));
        self.clocks.iter().for_each(|c| include(c.time));
        self.radio_events.iter().for_each(|e| include(e.time));
        self.withheld.iter().for_each(|w| {
            include(w.start);
            include(w.end);
        });
        self.health_details.iter().for_each(|h| include(h.time));
        self.transmitted.iter().for_each(|t| include(t.time));
        self.clock_events.iter().for_each(|c| include(c.time));
        self.doubtful_fixes.iter().for_each(|d| include(d.fix.time));
        self.motion.iter().for_each(|m| include(m.time));
        range
    }

    /// Packs the batch into its envelope. Who packs many uses one [`BatchEncoder`] for all.
    ///
    /// # Errors
    /// The batch is above the envelope's limit: it should have been closed earlier.
    pub fn encode(&self) -> Result<EncodedBatch, BatchError> {
        BatchEncoder::new()?.encode(self)
    }
}

/// Packs batches one after the other, in memory that is allocated once.
pub struct BatchEncoder {
    columns: ColumnsEncoder,
    packer: Packer,
    body: Vec<u8>,
    /// Ends of the columns in `body`.
    ends: Vec<usize>,
    packed: Vec<u8>,
}

impl fmt::Debug for BatchEncoder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BatchEncoder")
    }
}

impl BatchEncoder {
    /// Before the first batch.
    ///
    /// # Errors
    /// There is no memory for the compressor.
    pub fn new() -> Result<Self, BatchError> {
        let packer = Packer::new().map_err(|error| BatchError::Unpack(error.to_string()))?;
        Ok(Self {
            columns: ColumnsEncoder::default(),
            packer,
            body: Vec::new(),
            ends: Vec::new(),
            packed: Vec::new(),
        })
    }

    /// Packs a batch into its envelope. Equal batches give equal bytes, whatever came before.
    ///
    /// # Errors
    /// The batch is above the envelope's limit: it should have been closed earlier.
    pub fn encode(&mut self, batch: &Batch) -> Result<EncodedBatch, BatchError> {
        self.body.clear();
        // The fields of a body, one behind the other, are the body.
        let columns = self.columns.encode(&batch.observations);
        encode_payload_into(columns, &mut self.body)?;
        self.ends.clear();
        let mut end = self.body.len();
        for length in columns.lengths().rev() {
            self.ends.push(end);
            end = end.saturating_sub(encoded_len(length));
        }
        self.ends.reverse();
        let rest = BodyV2Rest {
            advertisements: &batch.advertisements,
            fixes: &batch.fixes,
            tunes: &batch.tunes,
            gaps: &batch.gaps,
            health: &batch.health,
            clocks: &batch.clocks,
            radio_events: &batch.radio_events,
            privacy: batch.privacy.as_ref(),
            withheld: &batch.withheld,
            health_details: &batch.health_details,
            transmitted: &batch.transmitted,
            clock_events: &batch.clock_events,
            doubtful_fixes: &batch.doubtful_fixes,
        };
        encode_payload_into(&rest, &mut self.body)?;
        // A desktop of before would take a cause that it does not know for damage; a layout it names.
        let thinned = batch.gaps.iter().any(|gap| gap.cause == GapCause::Thinned);
        let body_version = if batch.motion.is_empty() && !thinned {
            USUAL_BODY
        } else {
            encode_payload_into(&batch.motion, &mut self.body)?;
            NEWEST_BODY
        };
        if self.body.len() > MAX_PAYLOAD {
            return Err(EnvelopeError::TooLong { length: self.body.len() }.into());
        }
        let header = BatchHeader {
            id: batch.id,
            stream: batch.stream.clone(),
            range: batch.range(),
            observations: batch.observations.len() as u32,
            body_version,
            // At most MAX_PAYLOAD, far below u32::MAX.
            body_len: self.body.len() as u32,
        };
        self.packer
            .pack(&self.body, &self.ends, &mut self.packed)
            .map_err(|error| BatchError::Unpack(error.to_string()))?;
        let head = encode_payload(&header)?;
        // A header is some tens of bytes and a name; a longer one would not decode below.
        let head_len = u16::try_from(head.len())
            .map_err(|_too_long| BatchError::Unpack("the stream's name is too long".to_owned()))?;
        let head_len = head_len.to_le_bytes();
        let parts = [head_len.as_slice(), &head, &self.packed];
        Ok(EncodedBatch { bytes: seal_parts(EnvelopeKind::Batch, &parts)?, header })
    }
}

/// A batch as it is journaled, sent and stored, with its header read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncodedBatch {
    bytes: Vec<u8>,
    header: BatchHeader,
}

impl EncodedBatch {
    /// Checks the envelope and reads the header. The body is not unpacked.
    ///
    /// # Errors
    /// The bytes are not exactly one sound batch.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, BatchError> {
        let envelope = Envelope::read(&bytes)?;
        if envelope.len != bytes.len() {
            return Err(BatchError::Unpack("bytes left over after the batch".to_owned()));
        }
        let header = BatchHeader::read(&envelope)?;
        Ok(Self { bytes, header })
    }

    /// The whole envelope.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// Unpacks the body.
    ///
    /// # Errors
    /// The body is damaged or of a later release.
    pub fn decode(&self) -> Result<Batch, BatchError> {
        let envelope = Envelope::read(&self.bytes)?;
        Batch::read(&envelope)
    }
}

impl BatchHeader {
    /// Reads the header of the batch in `envelope`, without unpacking the body.
    ///
    /// # Errors
    /// The envelope holds something else, or the header is damaged.
    pub fn read(envelope: &Envelope<'_>) -> Result<Self, BatchError> {
        split(envelope).map(|(header, _)| header)
    }
}

impl Batch {
    /// Unpacks the batch in `envelope`.
    ///
    /// # Errors
    /// The envelope holds something else, or the batch is damaged or of a later release.
    pub fn read(envelope: &Envelope<'_>) -> Result<Self, BatchError> {
        let (header, packed) = split(envelope)?;
        let body_len = header.body_len as usize;
        if body_len > MAX_PAYLOAD {
            return Err(EnvelopeError::TooLong { length: body_len }.into());
        }
        let body = zstd::bulk::decompress(packed, body_len)
            .map_err(|error| BatchError::Unpack(error.to_string()))?;
        let nothing_heard = Self::new(header.id, header.stream);
        match header.body_version {
            1 => {
                let body: Body<ColumnsV1> = decode_payload(&body)?;
                let observations = body.observations.decode()?;
                Ok(nothing_heard.with(body, observations))
            }
            2 => {
                let body: BodyV2 = decode_payload(&body)?;
                nothing_heard.with_second(body)
            }
            3 => {
                let body: BodyV3 = decode_payload(&body)?;
                Ok(Self { motion: body.motion, ..nothing_heard.with_second(body.first)? })
            }
            found => Err(BatchError::BodyVersion { found }),
        }
    }

    fn with_second(self, body: BodyV2) -> Result<Self, BatchError> {
        let observations = body.first.observations.decode()?;
        Ok(Self {
            privacy: body.privacy,
            withheld: body.withheld,
            health_details: body.health_details,
            transmitted: body.transmitted,
            clock_events: body.clock_events,
            doubtful_fixes: body.doubtful_fixes,
            ..self.with(body.first, observations)
        })
    }

    fn with<Columns>(self, body: Body<Columns>, observations: Vec<Observation>) -> Self {
        Self {
            observations,
            advertisements: body.advertisements,
            fixes: body.fixes,
            tunes: body.tunes,
            gaps: body.gaps,
            health: body.health,
            clocks: body.clocks,
            radio_events: body.radio_events,
            ..self
        }
    }
}

/// Bytes of a column of this length with the number before it (bincode's variable encoding).
const fn encoded_len(length: usize) -> usize {
    length
        + match length {
            0..=250 => 1,
            251..=0xffff => 3,
            _ => 5,
        }
}

fn split<'a>(envelope: &Envelope<'a>) -> Result<(BatchHeader, &'a [u8]), BatchError> {
    if envelope.kind != Some(EnvelopeKind::Batch) {
        return Err(BatchError::NotABatch);
    }
    let cut = || BatchError::Unpack("the batch ends within its header".to_owned());
    let (head_len, rest) = envelope.payload.split_first_chunk::<2>().ok_or_else(cut)?;
    let (head, packed) =
        rest.split_at_checked(usize::from(u16::from_le_bytes(*head_len))).ok_or_else(cut)?;
    Ok((decode_payload(head)?, packed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::samples::street;
    use crate::envelope::seal;
    use pw_model::{ClientAddresses, MotionSource, RadioId, WithheldKind};

    fn batch() -> Batch {
        let id = BatchId { sensor: SensorId([7; 16]), epoch: 9, seq: 1 };
        let mut batch = Batch::new(id, StreamInfo { name: "car".to_owned(), origin: Origin::Live });
        batch.gaps.push(Gap {
            radio: Some(RadioId(0)),
            start: Timestamp::from_unix_secs(10),
            end: Timestamp::from_unix_secs(12),
            cause: GapCause::KernelDrop,
            frames: Some(3),
        });
        batch
    }

    #[test]
    fn round_trip() {
        let encoded = batch().encode().expect("small");
        let read = EncodedBatch::from_bytes(encoded.bytes().to_vec()).expect("sound");
        assert_eq!(read, encoded);
        assert_eq!(read.header().range, batch().range());
        assert_eq!(read.decode(), Ok(batch()));
    }

    /// With what only the second layout holds.
    fn second() -> Batch {
        let mut batch = batch();
        batch.privacy = Some(PrivacyDeclaration {
            clients: ClientAddresses::Pseudonyms,
            rotation_secs: Some(86_400),
            probe_names: false,
            audit: Some("test of the office's coverage".to_owned()),
            home_zones: 1,
        });
        batch.withheld.push(Withheld {
            kind: WithheldKind::PayloadBytes,
            start: Timestamp::from_unix_secs(9),
            end: Timestamp::from_unix_secs(13),
            count: 4711,
        });
        batch
    }

    /// With what only the third layout holds.
    fn third() -> Batch {
        let mut batch = second();
        batch.motion.push(MotionSample {
            time: Timestamp::from_unix_secs(14),
            source: MotionSource::Inertial,
            speed_mps: None,
            acceleration_mps2: Some([0.1, -0.2, 9.8]),
            angular_velocity_rps: None,
        });
        batch
    }

    #[test]
    fn every_record_comes_back_and_a_later_layout_is_refused() {
        for (batch, layout) in [(batch(), 2), (second(), 2), (third(), 3)] {
            let encoded = batch.encode().expect("small");
            assert_eq!(encoded.header().body_version, layout);
            assert_eq!(encoded.header().range, batch.range());
            assert_eq!(encoded.decode(), Ok(batch));
        }
        let mut later = second().encode().expect("small");
        later.header.body_version = 4;
        let head = encode_payload(&later.header).expect("small");
        let head_len = (head.len() as u16).to_le_bytes();
        let sealed = seal_parts(EnvelopeKind::Batch, &[&head_len, &head]).expect("small");
        let later = EncodedBatch::from_bytes(sealed).expect("its header is sound");
        let error = later.decode().expect_err("of a later release");
        assert_eq!(error, BatchError::BodyVersion { found: 4 });
        assert!(error.to_string().contains("up to 3"), "{error}");
    }

    #[test]
    fn columns_end_where_they_are_said_to() {
        let observations: Vec<Observation> = street(2000);
        let mut encoder = BatchEncoder::new().expect("memory");
        let mut batch = batch();
        batch.observations = observations;
        encoder.encode(&batch).expect("small");
        let columns = ColumnsEncoder::default().encode(&batch.observations).clone();
        let whole = encode_payload(&columns).expect("small");
        assert_eq!(encoder.ends.last(), Some(&whole.len()));
        let (mut at, mut lengths) = (encoder.ends[0], columns.lengths().skip(1));
        for end in &encoder.ends[1..] {
            let length = lengths.next().expect("as many");
            let number = encode_payload(&length).expect("small");
            assert_eq!(encoder.body[at..at + number.len()], number);
            assert_eq!(at + number.len() + length, *end);
            at = *end;
        }
    }

    #[test]
    fn every_cut_is_an_error() {
        for batch in [batch(), second(), third()] {
            every_cut_of(&batch);
        }
    }

    fn every_cut_of(batch: &Batch) {
        let encoded = batch.encode().expect("small");
        for cut in 0..encoded.bytes().len() {
            assert!(EncodedBatch::from_bytes(encoded.bytes()[..cut].to_vec()).is_err());
        }
        let mut longer = encoded.bytes().to_vec();
        longer.push(0);
        assert!(EncodedBatch::from_bytes(longer).is_err());
    }

    #[test]
    fn damage_behind_a_right_checksum_is_an_error() {
        let encoded = third().encode().expect("small");
        let payload = &encoded.bytes()[crate::HEADER_LEN..];
        for at in 0..payload.len() {
            let mut damaged = payload.to_vec();
            damaged[at] ^= 0xff;
            let sealed = seal(EnvelopeKind::Batch, &damaged).expect("small");
            // Either refused or read as some other batch; never a panic.
            if let Ok(read) = EncodedBatch::from_bytes(sealed) {
                drop(read.decode());
            }
        }
    }

    #[test]
    fn one_encoder_for_many_batches_gives_the_bytes_of_one_for_each() {
        let mut encoder = BatchEncoder::new().expect("memory");
        let mut long = batch();
        long.gaps.extend((0..3000).map(|n| Gap { frames: Some(n * n), ..batch().gaps[0] }));
        for batch in [batch(), long.clone(), batch(), long] {
            let encoded = encoder.encode(&batch).expect("small");
            assert_eq!(encoded, batch.encode().expect("small"));
            assert_eq!(encoded.decode().as_ref(), Ok(&batch));
        }
    }
}
