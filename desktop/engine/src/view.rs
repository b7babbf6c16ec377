//! A survey opened for reading only, for work that begins and ends: lists, exports, reports.

use crate::error::EngineError;
use crate::report::{self, ReportSettings};
use crate::shared::Places;
use pw_analysis::locate::locate_all;
use pw_survey::{Snapshot, Survey, SurveyReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Everything that is known of a survey at the moment of opening. Works while another program writes.
#[derive(Debug)]
pub struct SurveyView {
    /// The state of the survey.
    pub snapshot: Arc<Snapshot>,
    /// Where its access points are.
    pub places: Arc<Places>,
    /// The facts behind it.
    pub reader: SurveyReader,
}

impl SurveyView {
    /// Opens the survey at `path`.
    ///
    /// # Errors
    /// No survey, of a later release, or unreadable.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        Ok(Self::of(Survey::open_read_only(path)?.0))
    }

    /// Opens the survey at `path` and reads every byte of its files, so that damage to them is among
    /// the losses; see [`Survey::check_segments`].
    ///
    /// # Errors
    /// No survey, of a later release, or unreadable.
    pub fn open_checked(path: &Path) -> Result<Self, EngineError> {
        let (mut survey, _report) = Survey::open_read_only(path)?;
        survey.check_segments()?;
        Ok(Self::of(survey))
    }

    fn of(mut survey: Survey) -> Self {
        let (snapshot, reader) = (survey.snapshot(), survey.reader());
        let places = Arc::new(locate_all(&snapshot));
        Self { snapshot, places, reader }
    }

    /// Writes the report to `path`. `progress` is told how far it is, 0 to 1 or not known, and at what.
    ///
    /// # Errors
    /// It cannot be typeset or written; then nothing is left behind.
    pub fn report(
        &self,
        settings: &ReportSettings,
        path: &Path,
        progress: &mut dyn FnMut(Option<f32>, &str),
    ) -> Result<(), EngineError> {
        let cancel = AtomicBool::new(false);
        Ok(report::write(&self.snapshot, &self.places, settings, path, progress, &cancel)?)
    }
}
