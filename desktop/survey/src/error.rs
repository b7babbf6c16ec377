//! What can go wrong with a survey folder, in one line each.

use pw_wire::{BatchError, EnvelopeError};
use std::io;
use std::path::PathBuf;

/// Why a survey cannot be made, opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// Nothing is there.
    #[error("{}: no such folder; make it with: piwardrive survey new", path.display())]
    Missing {
        /// What was asked for.
        path: PathBuf,
    },
    /// A file stands where a survey folder was expected.
    #[error("{}: this is a file; a PiWardrive survey is a folder (to bring a file into one: piwardrive import SURVEY FILE)", path.display())]
    NotAFolder {
        /// What was asked for.
        path: PathBuf,
    },
    /// A folder without `survey.toml`.
    #[error("{}: not a PiWardrive survey (there is no survey.toml in it)", path.display())]
    NotASurvey {
        /// The folder.
        path: PathBuf,
    },
    /// A `survey.toml` that is not ours, or is damaged.
    #[error("{}: not a PiWardrive survey description: {reason}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by a later release.
    #[error("{}: survey format {found}; this release reads up to {supported}; update PiWardrive", path.display())]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this release reads.
        supported: u32,
    },
    /// A survey cannot be made where something already is.
    #[error("{}: already exists; choose another name or open it", path.display())]
    Exists {
        /// What was asked for.
        path: PathBuf,
    },
    /// Another program holds the survey open for writing.
    #[error("{}: in use by another PiWardrive{}; close it there first", path.display(), holder.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Its process number, where known.
        holder: Option<u32>,
    },
    /// A change to a survey that was opened for reading.
    #[error("the survey was opened for reading only")]
    ReadOnly,
    /// The disk is full. What was stored before stays; what waits is written at the next try.
    #[error("{}: the disk is full; nothing stored is lost; free some space and go on", path.display())]
    DiskFull {
        /// The file that was being written.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: {action}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A batch that does not decode: refused, nothing of it is stored.
    #[error("damaged batch refused: {0}")]
    Batch(#[from] BatchError),
    /// A record that cannot be put into an envelope.
    #[error("record refused: {0}")]
    Record(#[from] EnvelopeError),
    /// A stored batch that no longer decodes.
    #[error("{}, byte {offset}: {source}; run: piwardrive survey verify", path.display())]
    Stored {
        /// The segment.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        source: BatchError,
    },
    /// The index failed. It is derived: nothing is lost.
    #[error("index: {0}; nothing is lost, it can be made anew: piwardrive survey rebuild")]
    Index(String),
    /// Stopped because the caller asked for it.
    #[error("cancelled")]
    Cancelled,
}

impl SurveyError {
    /// Wraps an error of the operating system, telling a full disk from the rest.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            Self::DiskFull { path }
        } else {
            Self::Io { action, path, source }
        }
    }
}
