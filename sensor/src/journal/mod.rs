//! The journal: every batch on this sensor's disk before it leaves, until every desktop has it.
//!
//! ```text
//! <state>/journal/                0700
//!   lock                          held by the one process that writes
//!   epoch                         16 hex digits, drawn when the journal is created
//!   counters                      memory-mapped: frames that came in, by radio (survives a kill)
//!   state.json                    how far each desktop has acknowledged; damage already stated
//!   journal-0000000001.pws        segments: a header, then for each batch a mark and the batch, or
//!                                 both in one sealed record (see `sealing`)
//!   journal-0000000001.thinned.pws   the same segment after it was thinned out (see `thin`)
//! ```
//! One thread writes, fed by a bounded channel; whoever gives it a batch waits while the channel is
//! full. A batch counts only after its fsync (at most ten a second), and only then may it be sent,
//! so that no number is ever given to two batches that anyone has seen.

mod accounting;
mod counters;
mod damage;
mod desktops;
mod directory;
mod index;
mod inspect;
mod machine;
mod reader;
mod recover;
mod sealing;
mod segment;
mod thin;
mod writer;

#[cfg(test)]
mod tests;

pub use accounting::{Accounted, RADIOS_MAX};
pub use counters::RadioCounter;
pub use inspect::{DamagedPlace, SegmentReport, each_batch, inspect};
pub use reader::JournalReader;
pub use sealing::{Sealing, new_key};

use counters::Counters;
use machine::{Machine, RealMachine};
use pw_model::SensorId;
use pw_wire::{Batch, StreamInfo};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Batches that may wait for the writer. When it is full, [`Journal::submit`] waits, and with it the
/// pipeline; live frames that then find the pipeline's queue full are counted there.
const QUEUE_BATCHES: usize = 16;

/// How a journal is kept.
#[derive(Clone, Debug)]
pub struct JournalSettings {
    /// Its folder.
    pub directory: PathBuf,
    /// Whose journal it is.
    pub sensor: SensorId,
    /// What its own batches (stated losses) say of the stream.
    pub stream: StreamInfo,
    /// Bytes on disk; above it the oldest batches are thinned or deleted and the loss is stated. While
    /// a segment is being thinned, up to two segments more are on the disk.
    pub quota_bytes: u64,
    /// Thin the oldest segments out before any is deleted whole.
    pub thin: bool,
    /// Bytes after which a new segment is begun.
    pub segment_bytes: u64,
    /// Shortest time between two fsyncs.
    pub sync_interval: Duration,
    /// The key that opens what is sealed, and seals what is new; `None` for a plain journal.
    pub sealing: Option<Arc<Sealing>>,
}

impl JournalSettings {
    /// The usual sizes: 8 GiB in segments of 64 MB, at most ten fsyncs a second.
    #[must_use]
    pub const fn new(directory: PathBuf, sensor: SensorId, stream: StreamInfo) -> Self {
        Self {
            directory,
            sensor,
            stream,
            quota_bytes: 8 << 30,
            thin: true,
            segment_bytes: 64_000_000,
            sync_interval: Duration::from_millis(100),
            sealing: None,
        }
    }
}

impl JournalSettings {
    /// Sets the quota, with segments of which at least sixteen go into it: they are thinned and deleted
    /// one by one.
    pub fn set_quota(&mut self, bytes: u64) {
        self.quota_bytes = bytes;
        self.segment_bytes = self.segment_bytes.min(bytes / 16);
    }
}

/// What a journal holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JournalState {
    /// Oldest batch it holds; one above `durable_seq` when it holds none.
    pub oldest_seq: u64,
    /// Newest batch that is on disk for good; 0 when there was none yet.
    pub durable_seq: u64,
    /// Batches that some paired desktop has not acknowledged; all of them when none is paired.
    pub backlog_batches: u64,
    /// Bytes of them, to within one index step (64 KiB).
    pub backlog_bytes: u64,
    /// Bytes of all segments.
    pub disk_bytes: u64,
    /// True when new batches are sealed.
    pub seals: bool,
    /// Segments with batches that only the key opens.
    pub sealed_segments: u64,
    /// Segments with batches in the clear.
    pub plain_segments: u64,
    /// Segments that were thinned out.
    pub thinned_segments: u64,
    /// Frames that thinning left out since the start.
    pub thinned_frames: u64,
    /// How long the last thinning took in milliseconds, rests included; `None` before the first.
    pub last_thinning_ms: Option<u64>,
    /// Why it cannot be written at present, in words.
    pub trouble: Option<String>,
    /// Frames whose batches were lost since the start because the journal could not be written.
    pub write_loss_frames: u64,
    /// How often batches were lost since the start: who sends advertisements once must send them
    /// again when this changes.
    pub losses: u64,
}

/// Why the journal cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file or folder does not obey.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Written by a sensor with another key.
    #[error(
        "the journal in {} belongs to sensor {found}, this is {own}; move that folder away to begin a new one",
        path.display()
    )]
    Foreign {
        /// The journal's folder.
        path: PathBuf,
        /// Whose it is.
        found: SensorId,
        /// Who we are.
        own: SensorId,
    },
    /// Another process writes it.
    #[error("the journal in {} is in use by another piwardrive-sensor; stop that one first", path.display())]
    Locked {
        /// The journal's folder.
        path: PathBuf,
    },
    /// A file of the journal holds something else.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The key that is named cannot be used.
    #[error("the journal's key {}: {problem}", path.display())]
    Key {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// What is stored needs a key that is not at hand.
    #[error(
        "{}: {problem}; nothing was changed: give that key in journal.key_file, or move the journal's \
         folder away to begin a new one",
        path.display()
    )]
    Sealed {
        /// A sealed file.
        path: PathBuf,
        /// Which key it needs, and which is there.
        problem: String,
    },
    /// What is stored cannot be looked into without its key.
    #[error("{}: {problem}; name the key's file with --key-file", path.display())]
    Closed {
        /// A sealed file.
        path: PathBuf,
        /// Which key it needs, and which is there.
        problem: String,
    },
    /// No random number to be had.
    #[error("no random number for the journal: {0}")]
    Random(String),
    /// A batch cannot be written down.
    #[error("a batch cannot be encoded: {0}")]
    Encode(String),
    /// The writer has ended.
    #[error("the journal's writer has stopped")]
    Stopped,
}

impl JournalError {
    fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_path_buf(), source }
    }
}

/// What thinning did, for the log.
fn thin_words(path: &Path, before: u64, after: u64, frames: u64, took: Duration) -> String {
    format!(
        "the journal is near its quota: thinned {} from {before} to {after} bytes in {:.1} s; {frames} \
         frames are left out and stated",
        path.display(),
        took.as_secs_f64()
    )
}

/// The writing end of a journal.
#[derive(Debug)]
pub struct Journal {
    queue: Option<SyncSender<Batch>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
    reader: JournalReader,
}

impl Journal {
    /// Opens the journal, creating it where there is none; cuts off a torn end, and states what the
    /// last run left unwritten as the first batch of this one.
    ///
    /// # Errors
    /// The folder cannot be used, belongs to another sensor or is in use.
    pub fn open(settings: JournalSettings) -> Result<Self, JournalError> {
        Self::open_on(settings, &(Arc::new(RealMachine) as Arc<dyn Machine>))
    }

    /// Opens the journal on `machine`.
    fn open_on(
        settings: JournalSettings,
        machine: &Arc<dyn Machine>,
    ) -> Result<Self, JournalError> {
        let recovered = recover::recover(&settings, machine)?;
        let (queue, drafts) = sync_channel(QUEUE_BATCHES);
        let counters = Arc::clone(&recovered.counters);
        let shared = Arc::clone(&recovered.shared);
        let mut writer = writer::Writer::new(settings, recovered);
        writer.begin();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&drafts))
            .map_err(|error| {
                JournalError::io(
                    "cannot start the journal's thread for",
                    Path::new("journal"),
                    error,
                )
            })?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            counters,
            reader: JournalReader::new(shared),
        })
    }

    /// Hands a batch over; its identity is given to it by the journal. Waits while the queue is full.
    ///
    /// # Errors
    /// The writer has stopped.
    pub fn submit(&self, batch: Batch) -> Result<(), JournalError> {
        let queue = self.queue.as_ref().ok_or(JournalError::Stopped)?;
        queue.send(batch).map_err(|_unsent| JournalError::Stopped)
    }

    /// The reading end.
    #[must_use]
    pub fn reader(&self) -> JournalReader {
        self.reader.clone()
    }

    /// The counter of frames that came in by that radio; `None` above [`RADIOS_MAX`].
    #[must_use]
    pub fn radio_counter(&self, radio: u8) -> Option<RadioCounter> {
        RadioCounter::new(Arc::clone(&self.counters), radio)
    }

    /// Writes everything that was handed over, and notes that the sensor left in order.
    ///
    /// # Errors
    /// The writer had stopped before, by a defect.
    pub fn close(mut self) -> Result<(), JournalError> {
        drop(self.queue.take());
        match self.thread.take() {
            Some(thread) => thread.join().map_err(|_panic| JournalError::Stopped),
            None => Ok(()),
        }
    }
}
