//! The report, as PDF or HTML: what goes in, what comes out, and where to.

use crate::exchange::{ExchangeError, NewFile};
use crate::shared::Places;
use pw_model::MacAddr;
use pw_report::{Progress, ReportError, ReportInput};
use pw_survey::Snapshot;
use std::cell::RefCell;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use pw_report::{AddressStyle, Include, PreviewSection, ReportPreview, ReportSettings};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportFailure {
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] ExchangeError),
    /// It cannot be made.
    #[error("{}: {source}", path.display())]
    Make {
        /// The file that was to be written.
        path: PathBuf,
        /// Why.
        source: ReportError,
    },
    /// Stopped because the caller asked for it.
    #[error("cancelled")]
    Cancelled,
}

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportForm {
    /// PDF, for handing over.
    Pdf,
    /// One HTML page without script or outside resources.
    Html,
}

impl ReportForm {
    /// By the ending of the file; `None` for another one.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "pdf" => Some(Self::Pdf),
            "html" | "htm" => Some(Self::Html),
            _ => None,
        }
    }
}

fn input(snapshot: &Arc<Snapshot>, places: &Arc<Places>, settings: &ReportSettings) -> ReportInput {
    ReportInput {
        snapshot: Arc::clone(snapshot),
        located: Arc::clone(places),
        settings: settings.clone(),
        generated_at: crate::now(),
        software: concat!("PiWardrive ", env!("CARGO_PKG_VERSION")).to_owned(),
        vendor: |address: MacAddr| crate::vendor(address).map(str::to_owned),
        vendor_lists: crate::vendor_lists(),
    }
}

/// What a report would hold.
pub(crate) fn preview(
    snapshot: &Arc<Snapshot>,
    places: &Arc<Places>,
    settings: &ReportSettings,
) -> ReportPreview {
    pw_report::preview(&input(snapshot, places, settings))
}

/// Makes the report, as HTML where the ending says so and else as PDF, and puts it at `path` once it is
/// complete.
pub(crate) fn write(
    snapshot: &Arc<Snapshot>,
    places: &Arc<Places>,
    settings: &ReportSettings,
    path: &Path,
    progress: &mut dyn FnMut(Option<f32>, &str),
    cancel: &AtomicBool,
) -> Result<(), ReportFailure> {
    // First, so that a place that cannot be written is told before the work.
    let mut file = NewFile::create(path)?;
    let told = RefCell::new(progress);
    let follow = |at: Progress| {
        if cancel.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        let share = (at.step.saturating_sub(1)) as f32 / at.steps.max(1) as f32;
        (told.borrow_mut())(Some(share), at.stage.words());
        ControlFlow::Continue(())
    };
    if ReportForm::of(path) == Some(ReportForm::Html) {
        let page = pw_report::render_html(&input(snapshot, places, settings));
        file.write_all(page.as_bytes())
            .map_err(|source| ExchangeError::Write { path: path.to_owned(), source })?;
        return Ok(file.finish()?);
    }
    let pdf =
        pw_report::render_pdf(&input(snapshot, places, settings), &follow).map_err(|error| {
            match error {
                ReportError::Stopped => ReportFailure::Cancelled,
                source => ReportFailure::Make { path: path.to_owned(), source },
            }
        })?;
    file.write_all(&pdf)
        .map_err(|source| ExchangeError::Write { path: path.to_owned(), source })?;
    Ok(file.finish()?)
}
