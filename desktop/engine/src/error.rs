//! What can go wrong in the engine, in one line each.

use crate::exchange::ExchangeError;
use crate::report::ReportFailure;
use pw_survey::SurveyError;
use std::io;
use std::path::PathBuf;

/// Why the engine cannot start or a command not be taken.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The survey.
    #[error(transparent)]
    Survey(#[from] SurveyError),
    /// A file of another format.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The report.
    #[error(transparent)]
    Report(#[from] ReportFailure),
    /// The operating system gave no thread or no runtime.
    #[error("cannot start {what}: {source}")]
    Start {
        /// Which part.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Too many jobs wait already.
    #[error("{waiting} jobs wait already; let some finish or cancel them")]
    Busy {
        /// How many.
        waiting: usize,
    },
    /// A change to a survey that is open for reading only.
    #[error("{}: open for reading only; another PiWardrive is writing to it", path.display())]
    ReadOnly {
        /// The survey.
        path: PathBuf,
    },
    /// The ingest thread has ended.
    #[error("the survey was closed")]
    Closed,
    /// No sensor of this name is paired.
    #[error("no paired sensor is named '{name}'; see them with: piwardrive sensors")]
    UnknownSensor {
        /// The name.
        name: String,
    },
    /// The link.
    #[error("{0}")]
    Link(String),
    /// What was given as a pairing code is none: nothing was tried with it.
    #[error("'{text}': a pairing code is eight digits, like 1234 5678")]
    NoPairingCode {
        /// What was given.
        text: String,
    },
}
