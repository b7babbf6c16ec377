//! The PDF report as a job.

use std::path::PathBuf;

/// What goes into a report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReportSettings {
    /// Title on the cover; `None` takes the survey's name.
    pub title: Option<String>,
    /// Who made it; `None` leaves the line out.
    pub author: Option<String>,
    /// For whom; `None` leaves the line out.
    pub recipient: Option<String>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportFailure {
    /// It cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
