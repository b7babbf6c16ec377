//! Targets that take whole files or messages.

use pw_dissect::capture::CaptureReader;
use pw_dissect::parse_with_fcs;
use pw_wire::{
    EncodedBatch, Envelope, FrameReader, LevelsReceived, MAX_LEVELS, Message, ScanItem,
    SegmentScanner, SignalLevels,
};

/// A capture file of any format; bounded in time and memory.
pub(crate) fn capture(data: &[u8]) {
    let Ok(mut reader) = CaptureReader::open(data) else { return };
    let mut packets = 0;
    while packets < 10_000 {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                packets += 1;
                assert_eq!(frame.number, packets, "packets are numbered without a gap");
                let parsed =
                    parse_with_fcs(frame.link_type, frame.data, frame.original_len, frame.fcs_len);
                assert!(parsed.mac.len() <= frame.data.len(), "a view is part of its packet");
            }
            Ok(None) | Err(_) => break,
        }
    }
    // A record that comes after an error would be taken for one that was not damaged.
    if packets < 10_000 {
        assert!(matches!(reader.next_frame(), Ok(None)), "after its end a capture stays ended");
    }
}

/// The records of a segment as it may lie on a damaged disk.
pub(crate) fn segment(data: &[u8]) {
    let mut at = 0;
    for item in SegmentScanner::new(data) {
        let (offset, length) = match item {
            ScanItem::Record { offset, envelope } => (offset, envelope.len),
            ScanItem::Damage { offset, len, .. } | ScanItem::TornTail { offset, len } => {
                (offset, len)
            }
        };
        assert_eq!(offset, at, "no byte of a segment is passed over in silence");
        assert!(length > 0, "a step that goes nowhere never ends");
        at += length;
    }
    assert_eq!(at, data.len(), "a segment is walked to its end");
}

/// What a peer may send: frames of a stream in two pieces, then the bytes as a message and as a batch
/// whose checksum is right.
pub(crate) fn link(data: &[u8]) {
    let (first, second) = data.split_at(data.len() / 2);
    for mut reader in [FrameReader::for_messages(), FrameReader::for_batches()] {
        for piece in [first, second] {
            reader.push(piece);
            while let Ok(Some(_frame)) = reader.pop() {}
        }
    }
    if let Ok(Some(message)) = Message::decode(data) {
        let again = message.encode().expect("what was read can be written");
        let envelope = Envelope::read(&again).expect("what was written can be read");
        let message = Message::decode(envelope.payload).expect("what was written can be read");
        let message = message.expect("a message of this release");
        // As bytes: a temperature that is no number is not equal to itself.
        assert_eq!(message.encode().expect("written before"), again);
    }
    let batch = sealed(2, data);
    if let Ok(batch) = EncodedBatch::from_bytes(batch)
        && let Ok(batch) = batch.decode()
    {
        batch.encode().expect("a batch that was read can be written");
    }
}

/// A datagram of signal levels that a peer may send, once and again.
pub(crate) fn levels(data: &[u8]) {
    let mut received = LevelsReceived::default();
    let decoded = SignalLevels::decode(data);
    if let Ok(levels) = &decoded {
        assert!(!levels.levels.is_empty() && levels.levels.len() <= MAX_LEVELS);
        assert_eq!(levels.encode(), data, "what was read is written as it was");
    }
    assert_eq!(received.receive(data), decoded.clone().ok(), "the first is the newest");
    assert_eq!(received.receive(data), None, "nothing is taken twice");
    let counted = received.taken + received.late + received.duplicates + received.garbage;
    assert_eq!(counted, 2, "every datagram is counted");
    assert_eq!(received.duplicates, u64::from(decoded.is_ok()));
}

/// An envelope of this kind round `payload`, as its format is written down.
fn sealed(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut checked = 1u16.to_le_bytes().to_vec();
    checked.extend(kind.to_le_bytes());
    checked.extend(u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&checked), payload);
    [b"PWDv", &checked[..], &checksum.to_le_bytes(), payload].concat()
}
