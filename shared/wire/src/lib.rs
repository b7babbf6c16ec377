//! Bytes on the link and in the journal: envelope, segments, batches, messages, sessions.
//!
//! No socket, file, thread or clock. Whatever is written here outlives releases: a shipped
//! structure never changes, a new version is added beside it.

mod batch;
mod columns;
mod command;
mod envelope;
mod frames;
mod levels;
mod message;
mod pack;
mod segment;
mod session;

pub use batch::{Batch, BatchEncoder, BatchError, BatchHeader, BatchId, EncodedBatch, StreamInfo};
pub use command::{CommandOutcome, MAX_COMMAND, RadioTuning, SensorCommand};
pub use envelope::{Envelope, EnvelopeError, EnvelopeKind, HEADER_LEN, MAX_PAYLOAD};
pub use frames::{FrameError, FrameReader, LinkFrame};
pub use levels::{
    LEVEL_BYTES, LEVELS_HEAD_BYTES, LevelsError, LevelsReceived, MAX_LEVELS, MAX_LEVELS_BYTES,
    MAX_WATCHED, SignalLevel, SignalLevels, levels_within,
};
pub use message::{
    DEFAULT_PORT, GoodbyeReason, GpsStatus, Hello, MAX_MESSAGE, MAX_NAME, Message, PROTOCOL_MAX,
    PROTOCOL_MIN, RadioStatus, RefusedReason, Role, SERVICE, SERVICE_ID, Status, Welcome,
    plain_name, plain_text,
};
pub use segment::{
    JournalRecord, LossRecord, LostBatches, ScanItem, SealedHead, SegmentHeader, SegmentScanner,
    UserRecord, segment_start,
};
pub use session::{
    DesktopEvent, DesktopSession, GREETING_TIMEOUT, JournalRange, LIVE_FROM_BEHIND,
    LIVE_UNTIL_BEHIND, MAX_IN_FLIGHT_BYTES, MAX_LIVE_BATCHES, MAX_READ_BATCHES, STATUS_INTERVAL,
    SensorEvent, SensorIntroduction, SensorSession, SessionEnd,
};
