//! Other programs' files, in and out: one file per format.

mod export;
mod geojson;
mod gpx;
mod import;
mod kml;
mod output;
mod table;
mod wigle;
mod xml;

pub use export::{ExportFormat, ExportInput, ExportSource, ExportSummary, export};
pub use geojson::write as write_geojson;
pub use import::{ImportContext, ImportProgress, ImportResults, ImportedFile, import, recognise};
pub(crate) use output::NewFile;
pub use table::{harmless, write_rows};

use std::io;
use std::path::PathBuf;

/// Why a file of another format is not read or written.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// It cannot be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder stands where a file was expected.
    #[error("{}: this is a folder; name a file", path.display())]
    IsAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// Nothing is in it.
    #[error("{}: the file is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No format that is known.
    #[error("{}: {found}; known are pcap, pcapng, WiGLE CSV and, beside a capture, NMEA 0183 logs, also packed with gzip or zstd", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What it is, as far as that can be told.
        found: String,
    },
    /// It begins like a known format and then is not.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and at which byte or line.
        reason: String,
    },
    /// It was imported before in another way, and would be counted twice.
    #[error("{}: {reason}", path.display())]
    Conflict {
        /// The file.
        path: PathBuf,
        /// What stands against it, and what to do.
        reason: String,
    },
    /// The result is too large for one file.
    #[error("{}: {reason}", path.display())]
    TooLarge {
        /// The file that was to be written.
        path: PathBuf,
        /// What to do.
        reason: String,
    },
    /// The survey cannot be read or written.
    #[error(transparent)]
    Survey(#[from] pw_survey::SurveyError),
    /// The survey was closed meanwhile, or refused what was handed in.
    #[error(transparent)]
    Store(#[from] crate::ingest::StoreError),
    /// Stopped because the caller asked for it.
    #[error("cancelled")]
    Cancelled,
}

#[cfg(test)]
mod tests;
