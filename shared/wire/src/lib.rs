//! Bytes on the link and in the journal: envelope, segments, batches, messages, sessions.
//!
//! No socket, file, thread or clock. Whatever is written here outlives releases: a shipped
//! structure never changes, a new version is added beside it.

mod batch;
mod columns;
mod envelope;
mod segment;

pub use batch::{Batch, BatchError, BatchHeader, BatchId, EncodedBatch, StreamInfo};
pub use envelope::{Envelope, EnvelopeError, EnvelopeKind, HEADER_LEN, MAX_PAYLOAD};
pub use segment::{ScanItem, SegmentHeader, SegmentScanner, UserRecord, segment_start};
