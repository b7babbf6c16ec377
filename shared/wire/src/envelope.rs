//! The envelope round every record in a journal, in a survey and on the link.
//!
//! ```text
//! offset  bytes  what
//!      0      4  magic "PWDv"
//!      4      2  format version, little-endian
//!      6      2  kind, little-endian
//!      8      4  payload length, little-endian
//!     12      4  CRC32C of bytes 4..12 and the payload, little-endian
//!     16      n  payload
//! ```
//! The checksum finds damage; it does not authenticate.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::{Serialize, de::DeserializeOwned};

/// Bytes before the payload.
pub const HEADER_LEN: usize = 16;

/// Largest payload that is written or accepted. A batch is far smaller; the limit keeps a damaged
/// or hostile length from reserving memory.
pub const MAX_PAYLOAD: usize = 16 << 20;

/// First bytes of every envelope.
pub(crate) const MAGIC: [u8; 4] = *b"PWDv";

/// The format version this release writes. Older ones stay readable.
const FORMAT_VERSION: u16 = 1;

const CODEC: Configuration<LittleEndian, Varint, Limit<MAX_PAYLOAD>> =
    bincode::config::standard().with_limit::<MAX_PAYLOAD>();

/// What an envelope holds. Numbers are never used again for something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum EnvelopeKind {
    /// First record of a segment: [`crate::SegmentHeader`].
    SegmentHeader = 1,
    /// A batch: [`crate::EncodedBatch`].
    Batch = 2,
    /// Something a person wrote: [`crate::UserRecord`].
    User = 3,
    /// A link message.
    Message = 4,
    /// The journal's own bookkeeping.
    Journal = 5,
    /// What a survey once held and holds no more: [`crate::LossRecord`].
    Loss = 6,
    /// A batch of a journal that only its key opens: [`crate::SealedHead`].
    Sealed = 7,
}

impl EnvelopeKind {
    fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::SegmentHeader),
            2 => Some(Self::Batch),
            3 => Some(Self::User),
            4 => Some(Self::Message),
            5 => Some(Self::Journal),
            6 => Some(Self::Loss),
            7 => Some(Self::Sealed),
            _ => None,
        }
    }
}

/// Why bytes are not a sound envelope, or its payload not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Fewer bytes than the header or the stated payload: a torn write, or more is to come.
    #[error("{have} bytes where {need} are needed")]
    Incomplete {
        /// Bytes there are.
        have: usize,
        /// Bytes that are needed, as far as is known.
        need: usize,
    },
    /// The first bytes are not an envelope's.
    #[error("not a PiWardrive record (magic bytes differ)")]
    Magic,
    /// Written by a release with another format.
    #[error("record format {found}; this release reads up to {FORMAT_VERSION}; update PiWardrive")]
    Version {
        /// The version that was found.
        found: u16,
    },
    /// A length above the limit.
    #[error("a record of {length} bytes is above the limit of {MAX_PAYLOAD}")]
    TooLong {
        /// Stated length.
        length: usize,
    },
    /// The checksum does not fit: damage.
    #[error("checksum differs: the record is damaged")]
    Checksum,
    /// The payload does not decode.
    #[error("payload does not decode: {0}")]
    Payload(String),
}

/// A checked envelope whose payload is borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Envelope<'a> {
    /// What it holds; `None` for a kind that a later release added, to be skipped.
    pub kind: Option<EnvelopeKind>,
    /// The checked payload.
    pub payload: &'a [u8],
    /// Length of the whole envelope in bytes.
    pub len: usize,
}

impl<'a> Envelope<'a> {
    /// What the envelope at the start of `bytes` says it holds, and where its payload begins: not
    /// checked, and of an envelope that may not be whole. `None` when there is none.
    #[must_use]
    pub fn peek(bytes: &'a [u8]) -> Option<(EnvelopeKind, &'a [u8])> {
        let (header, payload) = bytes.split_first_chunk::<HEADER_LEN>()?;
        let [m0, m1, m2, m3, _, _, k0, k1, ..] = *header;
        let kind = EnvelopeKind::from_number(u16::from_le_bytes([k0, k1]))?;
        ([m0, m1, m2, m3] == MAGIC).then_some((kind, payload))
    }

    /// Reads and checks the envelope at the start of `bytes`.
    ///
    /// # Errors
    /// [`EnvelopeError::Incomplete`] when more bytes are needed, else what is wrong with it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let incomplete = |need| EnvelopeError::Incomplete { have: bytes.len(), need };
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return Err(incomplete(HEADER_LEN));
        };
        let [m0, m1, m2, m3, v0, v1, k0, k1, l0, l1, l2, l3, c0, c1, c2, c3] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(EnvelopeError::Magic);
        }
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if length > MAX_PAYLOAD {
            return Err(EnvelopeError::TooLong { length });
        }
        let payload = rest.get(..length).ok_or_else(|| incomplete(HEADER_LEN + length))?;
        if checksum(&[v0, v1, k0, k1, l0, l1, l2, l3], payload)
            != u32::from_le_bytes([c0, c1, c2, c3])
        {
            return Err(EnvelopeError::Checksum);
        }
        let found = u16::from_le_bytes([v0, v1]);
        if found != FORMAT_VERSION {
            return Err(EnvelopeError::Version { found });
        }
        let kind = EnvelopeKind::from_number(u16::from_le_bytes([k0, k1]));
        Ok(Self { kind, payload, len: HEADER_LEN + length })
    }

    /// Decodes the payload, which must be used up.
    ///
    /// # Errors
    /// The payload is not a `T`, or bytes are left over.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, EnvelopeError> {
        decode_payload(self.payload)
    }
}

/// Puts `payload` into an envelope.
///
/// # Errors
/// The payload is above [`MAX_PAYLOAD`].
pub(crate) fn seal(kind: EnvelopeKind, payload: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    seal_parts(kind, &[payload])
}

/// Puts a payload that lies in several places into an envelope.
///
/// # Errors
/// The payload is above [`MAX_PAYLOAD`].
pub(crate) fn seal_parts(kind: EnvelopeKind, parts: &[&[u8]]) -> Result<Vec<u8>, EnvelopeError> {
    let length = parts.iter().map(|part| part.len()).sum();
    if length > MAX_PAYLOAD {
        return Err(EnvelopeError::TooLong { length });
    }
    let [v0, v1] = FORMAT_VERSION.to_le_bytes();
    let [k0, k1] = (kind as u16).to_le_bytes();
    // `length` is at most MAX_PAYLOAD, far below u32::MAX.
    let [l0, l1, l2, l3] = (length as u32).to_le_bytes();
    let head = [v0, v1, k0, k1, l0, l1, l2, l3];
    let checksum =
        parts.iter().fold(crc32c::crc32c(&head), |sum, part| crc32c::crc32c_append(sum, part));
    let mut bytes = Vec::with_capacity(HEADER_LEN + length);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    Ok(bytes)
}

/// Encodes `value` and puts it into an envelope.
///
/// # Errors
/// The value is too large or cannot be encoded.
pub(crate) fn seal_value<T: Serialize>(
    kind: EnvelopeKind,
    value: &T,
) -> Result<Vec<u8>, EnvelopeError> {
    seal(kind, &encode_payload(value)?)
}

/// bincode, the link's and the journal's byte format; only this file names it.
pub(crate) fn encode_payload<T: Serialize>(value: &T) -> Result<Vec<u8>, EnvelopeError> {
    bincode::serde::encode_to_vec(value, CODEC)
        .map_err(|error| EnvelopeError::Payload(error.to_string()))
}

/// Like [`encode_payload`], at the end of bytes that are there already.
pub(crate) fn encode_payload_into<T: Serialize>(
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<(), EnvelopeError> {
    bincode::serde::encode_into_std_write(value, bytes, CODEC)
        .map(|_written| ())
        .map_err(|error| EnvelopeError::Payload(error.to_string()))
}

/// The inverse of [`encode_payload`]; left-over bytes are an error.
pub(crate) fn decode_payload<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, EnvelopeError> {
    let (value, used) = bincode::serde::decode_from_slice(bytes, CODEC)
        .map_err(|error| EnvelopeError::Payload(error.to_string()))?;
    if used == bytes.len() {
        Ok(value)
    } else {
        Err(EnvelopeError::Payload(format!("{} bytes left over", bytes.len() - used)))
    }
}

fn checksum(head: &[u8], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(head), payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_every_damage_is_found() {
        let sealed = seal(EnvelopeKind::User, b"a note").expect("small");
        let read = Envelope::read(&sealed).expect("sound");
        assert_eq!(
            (read.kind, read.payload, read.len),
            (Some(EnvelopeKind::User), &b"a note"[..], sealed.len())
        );
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut damaged = sealed.clone();
                damaged[at] ^= 1 << bit;
                assert!(Envelope::read(&damaged).is_err(), "byte {at} bit {bit}");
            }
            let cut = Envelope::read(&sealed[..at]);
            assert!(matches!(cut, Err(EnvelopeError::Incomplete { .. })), "cut at {at}");
        }
    }

    #[test]
    fn hostile_lengths_reserve_nothing() {
        let mut bytes = seal(EnvelopeKind::Batch, b"").expect("small");
        bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(
            Envelope::read(&bytes),
            Err(EnvelopeError::TooLong { length: u32::MAX as usize })
        );
        // bincode's own length prefix of a vector, larger than any memory.
        assert!(decode_payload::<Vec<u8>>(&[253, 255, 255, 255, 255, 255, 255, 255, 127]).is_err());
    }

    #[test]
    fn left_over_bytes_are_an_error() {
        let mut bytes = encode_payload(&7u8).expect("small");
        bytes.push(0);
        assert!(decode_payload::<u8>(&bytes).is_err());
    }
}
