//! Reads envelopes out of a byte stream as it arrives, with bounded memory.

use crate::envelope::{Envelope, EnvelopeError, EnvelopeKind, HEADER_LEN, MAX_PAYLOAD};
use crate::{BatchError, EncodedBatch, MAX_MESSAGE, Message};

/// What stood in an envelope on the link.
#[derive(Debug, PartialEq)]
pub enum LinkFrame {
    /// A message.
    Message(Message),
    /// A batch, checked, not unpacked.
    Batch(EncodedBatch),
    /// Something that a later release added; to be ignored.
    Later,
}

/// Why a stream cannot be read on. There is no way to go on after it but a new connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// An envelope above the limit of this stream.
    #[error("a record of {length} bytes is above this stream's limit of {limit}")]
    TooLong {
        /// Stated length, envelope included.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// Not an envelope, or damaged.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Not a batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A kind of record that does not belong on the link.
    #[error("a record of a kind that does not belong on the link")]
    Kind,
}

/// Collects bytes and gives whole envelopes.
///
/// Holds at most one envelope of the limit and what was pushed last: whoever pushes must take all
/// frames before pushing again.
#[derive(Debug)]
pub struct FrameReader {
    bytes: Vec<u8>,
    start: usize,
    limit: usize,
}

impl FrameReader {
    /// For a stream of messages.
    #[must_use]
    pub const fn for_messages() -> Self {
        Self { bytes: Vec::new(), start: 0, limit: MAX_MESSAGE }
    }

    /// For a stream of batches.
    #[must_use]
    pub const fn for_batches() -> Self {
        Self { bytes: Vec::new(), start: 0, limit: HEADER_LEN + MAX_PAYLOAD }
    }

    /// Takes in bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// True when the stream may end here: no envelope is half read.
    #[must_use]
    pub fn is_between_frames(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// The next whole frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// The stream is not what it should be; it cannot be read on.
    pub fn pop(&mut self) -> Result<Option<LinkFrame>, FrameError> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let envelope = match Envelope::read(rest) {
            Err(EnvelopeError::Incomplete { need, .. }) if need <= self.limit => {
                return Ok(None);
            }
            Err(EnvelopeError::Incomplete { need, .. }) => {
                return Err(FrameError::TooLong { length: need, limit: self.limit });
            }
            read => read?,
        };
        let length = envelope.len;
        if length > self.limit {
            return Err(FrameError::TooLong { length, limit: self.limit });
        }
        let frame = match envelope.kind {
            Some(EnvelopeKind::Message) => {
                Message::decode(envelope.payload)?.map_or(LinkFrame::Later, LinkFrame::Message)
            }
            Some(EnvelopeKind::Batch) => {
                let whole = rest.get(..length).unwrap_or_default().to_vec();
                LinkFrame::Batch(EncodedBatch::from_bytes(whole)?)
            }
            None => LinkFrame::Later,
            Some(
                EnvelopeKind::SegmentHeader
                | EnvelopeKind::User
                | EnvelopeKind::Journal
                | EnvelopeKind::Loss
                | EnvelopeKind::Sealed,
            ) => {
                return Err(FrameError::Kind);
            }
        };
        self.start += length;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::seal;
    use crate::{Batch, BatchId, StreamInfo};
    use pw_model::{Origin, SensorId};

    fn batch() -> EncodedBatch {
        let id = BatchId { sensor: SensorId([1; 16]), epoch: 2, seq: 3 };
        let stream = StreamInfo { name: "car".to_owned(), origin: Origin::Simulated };
        Batch::new(id, stream).encode().expect("small")
    }

    #[test]
    fn frames_come_out_whole_however_the_bytes_arrive() {
        let ack = Message::Ack { epoch: 1, seq: 2 };
        let mut stream = ack.encode().expect("small");
        stream.extend_from_slice(batch().bytes());
        stream.extend_from_slice(&ack.encode().expect("small"));
        for step in [1, 2, 7, 64, stream.len()] {
            let mut reader = FrameReader::for_batches();
            let mut frames = Vec::new();
            for chunk in stream.chunks(step) {
                reader.push(chunk);
                while let Some(frame) = reader.pop().expect("sound") {
                    frames.push(frame);
                }
            }
            assert!(reader.is_between_frames());
            let expected = [
                LinkFrame::Message(ack.clone()),
                LinkFrame::Batch(batch()),
                LinkFrame::Message(ack.clone()),
            ];
            assert_eq!(frames, expected, "in steps of {step}");
        }
    }

    #[test]
    fn a_long_record_is_refused_before_it_is_collected() {
        let long = seal(EnvelopeKind::Message, &vec![0; MAX_MESSAGE]).expect("below the limit");
        let mut reader = FrameReader::for_messages();
        reader.push(&long[..HEADER_LEN]);
        assert!(matches!(reader.pop(), Err(FrameError::TooLong { .. })));
    }

    #[test]
    fn other_records_and_garbage_are_errors() {
        let mut reader = FrameReader::for_messages();
        reader.push(&seal(EnvelopeKind::User, b"").expect("small"));
        assert_eq!(reader.pop(), Err(FrameError::Kind));
        let mut reader = FrameReader::for_messages();
        reader.push(b"GET / HTTP/1.1\r\n");
        assert_eq!(reader.pop(), Err(FrameError::Envelope(EnvelopeError::Magic)));
    }
}
