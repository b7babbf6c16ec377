//! The engine: threads, and the handful of calls that the window makes.

use crate::command::{Command, Event, JobId, JobState, LinkRow, PairedSensor};
use crate::error::EngineError;
use crate::exchange::ExportSource;
use crate::ingest::{Ingest, IngestQueue};
use crate::jobs::Jobs;
use crate::settings::EngineSettings;
use crate::shared::{Places, Shared};
use crate::{now, shown};
use pw_model::TimeRange;
use pw_survey::{OpenReport, Snapshot, Survey, SurveyReader};
use pw_wire::UserRecord;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Threads of the runtime: links wait for the network, they do not compute.
const RUNTIME_THREADS: usize = 1;

/// A survey, open, with everything that works on it. All calls return at once unless they say
/// otherwise, and may come from any thread.
#[derive(Debug)]
pub struct Engine {
    settings: EngineSettings,
    reader: SurveyReader,
    report: OpenReport,
    shared: Arc<Shared>,
    ingest: Option<Ingest>,
    jobs: Jobs,
    shown: Option<JoinHandle<()>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Engine {
    /// Opens a survey. Reads its index, and the segments that the index does not know yet: seconds
    /// for a large survey that was not closed in order.
    ///
    /// # Errors
    /// No survey, in use elsewhere, unreadable, or the system gives no threads.
    pub fn open(path: &Path, settings: EngineSettings) -> Result<Self, EngineError> {
        let (survey, report) =
            if settings.read_only { Survey::open_read_only(path)? } else { Survey::open(path)? };
        Self::start(survey, report, settings)
    }

    /// Makes a new survey at `path` and opens it.
    ///
    /// # Errors
    /// Something is there already, the folder cannot be made, or the system gives no threads.
    pub fn create(path: &Path, name: &str, settings: EngineSettings) -> Result<Self, EngineError> {
        let survey = Survey::create(path, name, now())?;
        Self::start(survey, OpenReport::default(), settings)
    }

    fn start(
        mut survey: Survey,
        report: OpenReport,
        settings: EngineSettings,
    ) -> Result<Self, EngineError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(RUNTIME_THREADS)
            .thread_name("link")
            .enable_all()
            .build()
            .map_err(|source| EngineError::Start { what: "the network runtime", source })?;
        let shared = Arc::new(Shared::new(survey.snapshot()));
        let reader = survey.reader();
        let ingest = if settings.read_only {
            None
        } else {
            Some(Ingest::start(survey, Arc::clone(&shared), runtime.handle().clone())?)
        };
        let jobs = Jobs::start(Arc::clone(&shared))?;
        let shown = {
            let (shared, reader) = (Arc::clone(&shared), reader.clone());
            std::thread::Builder::new()
                .name("shown".to_owned())
                .spawn(move || shown::run(&shared, &reader))
                .map_err(|source| EngineError::Start { what: "a worker thread", source })?
        };
        for repair in &report.repairs {
            shared.tell(Event::Notice(repair.clone()));
        }
        Ok(Self {
            settings,
            reader,
            report,
            shared,
            ingest,
            jobs,
            shown: Some(shown),
            runtime: Some(runtime),
        })
    }

    /// What was mended while the survey was opened.
    #[must_use]
    pub fn open_report(&self) -> &OpenReport {
        &self.report
    }

    /// The whole survey, as it is now; at most ten new ones per second.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }

    /// The selected stretch of time; `None` when nothing is selected or it is not computed yet.
    #[must_use]
    pub fn selected_snapshot(&self) -> Option<Arc<Snapshot>> {
        self.shared.selection().snapshot.clone()
    }

    /// What views show: the selected stretch of time where one is ready, else the whole survey.
    #[must_use]
    pub fn shown_snapshot(&self) -> Arc<Snapshot> {
        self.selected_snapshot().unwrap_or_else(|| self.snapshot())
    }

    /// The stretch of time that was asked for.
    #[must_use]
    pub fn selection(&self) -> Option<TimeRange> {
        self.shared.selection().wanted
    }

    /// Where the access points of [`Self::shown_snapshot`] are. Computed on another thread; while
    /// data comes in, up to a second older than the snapshot.
    #[must_use]
    pub fn located(&self) -> Arc<Places> {
        self.shared.located()
    }

    /// A reader of the facts, for whoever needs more than a snapshot. Reading takes time: not for
    /// the window's thread.
    #[must_use]
    pub fn reader(&self) -> SurveyReader {
        self.reader.clone()
    }

    /// Does something, or begins it. The answer names the job, where the command is one.
    ///
    /// # Errors
    /// The command cannot be taken: too many wait, the survey is open for reading only, or the
    /// sensor is not known.
    pub fn send(&self, command: Command) -> Result<Option<JobId>, EngineError> {
        match command {
            Command::Select(range) => {
                self.shared.select(range);
                Ok(None)
            }
            Command::CancelJob(id) => {
                self.jobs.cancel(id);
                Ok(None)
            }
            Command::Note { device, text } => {
                self.write_user(UserRecord::Note { time: now(), device, text })
            }
            Command::Known { device, known } => {
                self.write_user(UserRecord::Known { time: now(), device, known })
            }
            Command::Connect { .. }
            | Command::Disconnect { .. }
            | Command::Pair { .. }
            | Command::Import { .. }
            | Command::Export { .. }
            | Command::Report { .. } => Err(EngineError::Link("not joined yet".to_owned())),
        }
    }

    fn write_user(&self, record: UserRecord) -> Result<Option<JobId>, EngineError> {
        self.queue()?.write_user(record)?;
        Ok(None)
    }

    /// What happened since the last call.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.shared.take_events()
    }

    /// Calls `wake` from other threads whenever there is something new to show.
    pub fn set_wake(&self, wake: Box<dyn Fn() + Send + Sync>) {
        self.shared.set_wake(wake);
    }

    /// Jobs that wait or run, and the last ones that are over; the oldest first.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobState> {
        self.jobs.list()
    }

    /// Links that were asked for, by name of the sensor.
    #[must_use]
    pub fn links(&self) -> Vec<LinkRow> {
        self.shared.links()
    }

    /// Sensors that this desktop is paired with, by name.
    #[must_use]
    pub fn sensors(&self) -> Vec<PairedSensor> {
        Vec::new()
    }

    /// Settings it runs with.
    #[must_use]
    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    pub(crate) fn queue(&self) -> Result<IngestQueue, EngineError> {
        let ingest = self
            .ingest
            .as_ref()
            .ok_or_else(|| EngineError::ReadOnly { path: self.reader.info().path.clone() })?;
        Ok(ingest.queue())
    }

    /// Ends links and jobs, stores what waits and closes the survey. Takes as long as the disk needs.
    ///
    /// # Errors
    /// What waited could not be written.
    pub fn close(mut self) -> Result<(), EngineError> {
        self.shut_down()
    }

    fn shut_down(&mut self) -> Result<(), EngineError> {
        self.shared.close();
        self.jobs.close();
        let result = self.ingest.take().map_or(Ok(()), |mut ingest| ingest.close());
        if let Some(shown) = self.shown.take()
            && let Err(panic) = shown.join()
        {
            std::panic::resume_unwind(panic);
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
        Ok(result?)
    }

    pub(crate) fn snapshot_of(&self, source: ExportSource) -> Arc<Snapshot> {
        match source {
            ExportSource::Everything => self.snapshot(),
            ExportSource::Selection => self.shown_snapshot(),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!("{error}");
        }
    }
}
