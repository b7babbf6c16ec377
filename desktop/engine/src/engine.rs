//! The engine: threads, and the handful of calls that the window makes.

use crate::command::{Command, Event, JobId, JobState, LinkRow, PairedSensor};
use crate::error::EngineError;
use crate::exchange::{
    self, ExchangeError, ExportInput, ExportSource, ImportContext, ImportProgress, ImportResults,
};
use crate::ingest::{Ingest, IngestQueue};
use crate::jobs::{JobContext, JobError, Jobs, Outcome};
use crate::levels::LiveLevel;
use crate::links::{self, Links};
use crate::report::{ReportFailure, ReportPreview, ReportSettings};
use crate::settings::EngineSettings;
use crate::shared::{Places, Shared};
use crate::{now, shown};
use pw_model::{ChannelPlan, MacAddr, SensorId, TimeRange};
use pw_survey::{OpenReport, Snapshot, Survey, SurveyReader};
use pw_wire::{LevelsReceived, UserRecord};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    links: Arc<Links>,
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
            Some(Ingest::start(
                survey,
                Arc::clone(&shared),
                runtime.handle().clone(),
                settings.wait_for_disk,
            )?)
        };
        let jobs = Jobs::start(Arc::clone(&shared))?;
        let links = Arc::new(Links::new(runtime.handle().clone(), Arc::clone(&shared)));
        let shown = {
            let (shared, reader) = (Arc::clone(&shared), reader.clone());
            std::thread::Builder::new()
                .name("shown".to_owned())
                .spawn(move || shown::run(&shared, &reader))
                .map_err(|source| EngineError::Start { what: "a worker thread", source })?
        };
        match links::sensors(&settings.state_dir) {
            Ok(sensors) => shared.set_sensors(sensors),
            Err(error) => shared.tell(Event::Trouble(error.to_string())),
        }
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
            links,
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
            Command::Connect { sensor } => {
                self.links.connect(&self.settings.state_dir, &sensor, self.queue()?)?;
                Ok(None)
            }
            Command::Disconnect { sensor } => {
                self.links.disconnect(&self.settings.state_dir, &sensor)?;
                Ok(None)
            }
            Command::Forget { sensor } => {
                self.links.forget(&self.settings.state_dir, &sensor)?;
                Ok(None)
            }
            Command::Remember { sensor } => {
                if let Some(name) = self.links.remember(&self.settings.state_dir, &sensor)? {
                    self.links.connect(&self.settings.state_dir, &name, self.queue()?)?;
                }
                Ok(None)
            }
            Command::SetPlan { sensor, radio, plan } => {
                self.set_plan(sensor, radio, plan).map(Some)
            }
            Command::Pair { address, code, name } => self.pair(address, code, name).map(Some),
            Command::Import { paths } => self.import(paths).map(Some),
            Command::Export { format, path, source, filter } => {
                let (snapshot, reader) = (self.snapshot_of(source), self.reader.clone());
                let title = format!("Export {} to {}", format.title(), path.display());
                let job = move |job: &JobContext| {
                    let places = pw_analysis::locate::locate_all(&snapshot);
                    let input = ExportInput {
                        snapshot: &snapshot,
                        places: &places,
                        reader: &reader,
                        filter: &filter,
                    };
                    let mut progress = |share| job.progress(Some(share), "writing");
                    let summary =
                        exchange::export(format, &path, &input, &mut progress, &job.cancel);
                    let words = summary.map_err(failed)?.words();
                    Ok(Outcome { words, output: Some(path) })
                };
                self.jobs.submit(title, job).map(Some)
            }
            Command::Report { settings, path } => {
                let title = format!("Report to {}", path.display());
                let shown = self.shown_snapshot();
                let job = move |job: &JobContext| {
                    let mut progress = |share, words: &str| job.progress(share, words);
                    let places = Arc::new(pw_analysis::locate::locate_all(&shown));
                    crate::report::write(
                        &shown,
                        &places,
                        &settings,
                        &path,
                        &mut progress,
                        &job.cancel,
                    )
                    .map_err(|error| match error {
                        ReportFailure::Cancelled => JobError::Cancelled,
                        error => JobError::Failed(error.to_string()),
                    })?;
                    Ok(Outcome { words: "report written".to_owned(), output: Some(path) })
                };
                self.jobs.submit(title, job).map(Some)
            }
        }
    }

    fn pair(
        &self,
        address: String,
        code: String,
        name: Option<String>,
    ) -> Result<JobId, EngineError> {
        let title = format!("Pair with {address}");
        let (state_dir, shared) = (self.settings.state_dir.clone(), Arc::clone(&self.shared));
        let (runtime, links) = (self.runtime_handle()?, Arc::clone(&self.links));
        self.jobs.submit(title, move |_job| {
            let sensor = links::pair(&state_dir, &address, &code, name.as_deref(), &runtime)
                .map_err(|error| JobError::Failed(error.to_string()))?;
            links.list_changed(&state_dir);
            // Another one that was paired at this address before can only be refused from now on.
            links.end_replaced();
            shared.tell(Event::Paired { sensor: sensor.name.clone() });
            let words = format!("paired with {} (key {})", sensor.name, sensor.key);
            Ok(Outcome { words, output: None })
        })
    }

    fn set_plan(
        &self,
        sensor: String,
        radio: Option<u8>,
        plan: ChannelPlan,
    ) -> Result<JobId, EngineError> {
        let title = format!("Channel plan of {sensor}");
        let state_dir = self.settings.state_dir.clone();
        let runtime = self.runtime_handle()?;
        self.jobs.submit(title, move |_job| {
            let words = links::set_plan_on(&state_dir, &sensor, radio, &plan, &runtime)
                .map_err(|error| JobError::Failed(error.to_string()))?;
            Ok(Outcome { words, output: None })
        })
    }

    fn import(&self, paths: Vec<PathBuf>) -> Result<JobId, EngineError> {
        let title = match paths.as_slice() {
            [one] => format!("Import {}", one.display()),
            several => format!("Import {} files", several.len()),
        };
        let (queue, shared) = (self.queue()?, Arc::clone(&self.shared));
        self.jobs.submit(title, move |job| {
            let mut progress = |at: &ImportProgress| {
                let share = at.done_bytes as f32 / at.total_bytes.max(1) as f32;
                job.progress(Some(share), &at.path.display().to_string());
            };
            let mut context =
                ImportContext { queue: &queue, progress: &mut progress, cancel: &job.cancel };
            let results = exchange::import(&paths, &mut context);
            import_outcome(&results, &shared)
        })
    }

    /// Imports files and waits for the end; what [`Command::Import`] does, for programs that want
    /// the result of each file.
    ///
    /// # Errors
    /// The survey is open for reading only. What fails with a file is told in its result.
    pub fn import_and_wait(
        &self,
        paths: &[PathBuf],
        progress: &mut dyn FnMut(&ImportProgress),
        cancel: &AtomicBool,
    ) -> Result<ImportResults, EngineError> {
        let queue = self.queue()?;
        let mut context = ImportContext { queue: &queue, progress, cancel };
        Ok(exchange::import(paths, &mut context))
    }

    fn runtime_handle(&self) -> Result<tokio::runtime::Handle, EngineError> {
        let runtime = self.runtime.as_ref().ok_or(EngineError::Closed)?;
        Ok(runtime.handle().clone())
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

    /// Sensors that this desktop is paired with, as of the opening and of pairings since.
    #[must_use]
    pub fn sensors(&self) -> Vec<PairedSensor> {
        self.shared.sensors()
    }

    /// A flag that is set when the person interrupts the program (Ctrl-C, or the system's request to
    /// end), so that work can stop in order. From then on interrupting does nothing else.
    #[must_use]
    pub fn cancel_on_interrupt(&self) -> Arc<AtomicBool> {
        let flag = Arc::new(AtomicBool::new(false));
        if let Some(runtime) = &self.runtime {
            runtime.spawn(crate::interrupt::wait(Arc::clone(&flag)));
        }
        flag
    }

    /// What a report of what is shown would hold, section by section. Reads the snapshot once.
    #[must_use]
    pub fn report_preview(&self, settings: &ReportSettings) -> ReportPreview {
        crate::report::preview(&self.shown_snapshot(), &self.located(), settings)
    }

    /// Asks all connected sensors, now and later, for the signal levels of this moment, of these
    /// transmitters first (at most [`pw_wire::MAX_WATCHED`]), beside the stream and ahead of any
    /// backlog; for none any more when there are no addresses. What comes is shown and never stored.
    pub fn watch_levels(&self, transmitters: &[MacAddr]) {
        self.links.watch_levels(transmitters);
    }

    /// How strongly a transmitter is heard right now: one entry for each sensor and radio that heard
    /// it while levels are wanted. A trace is there for those watched with [`Self::watch_levels`].
    #[must_use]
    pub fn live_levels(&self, transmitter: MacAddr) -> Vec<LiveLevel> {
        self.shared.levels().of(transmitter, Instant::now())
    }

    /// Whether this sensor sends levels where they are wanted, which older releases do not; `None`
    /// while it is not connected.
    #[must_use]
    pub fn sends_levels(&self, sensor: SensorId) -> Option<bool> {
        self.shared.levels().sends(sensor)
    }

    /// What became of the datagrams with levels that the sensor sent over the connection that stands.
    #[must_use]
    pub fn levels_received(&self, sensor: SensorId) -> LevelsReceived {
        self.shared.levels().received(sensor)
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
        if self.runtime.is_some() {
            self.links.close();
        }
        if let Some(ingest) = &self.ingest {
            ingest.begin_close();
        }
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

fn failed(error: ExchangeError) -> JobError {
    match error {
        ExchangeError::Cancelled => JobError::Cancelled,
        error => JobError::Failed(error.to_string()),
    }
}

/// One sentence for several files; what failed and every warning is told beside it.
fn import_outcome(results: &ImportResults, shared: &Shared) -> Result<Outcome, JobError> {
    let mut words = Vec::new();
    let mut wrong = Vec::new();
    for (path, result) in results {
        match result {
            Ok(file) => {
                words.push(file.words());
                for warning in &file.warnings {
                    shared.tell(Event::Trouble(format!("{}: {warning}", path.display())));
                }
            }
            Err(ExchangeError::Cancelled) => return Err(JobError::Cancelled),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if wrong.is_empty() {
        return Ok(Outcome { words: words.join("; "), output: None });
    }
    if !words.is_empty() {
        shared.tell(Event::Notice(words.join("; ")));
    }
    Err(JobError::Failed(wrong.join("; ")))
}

#[cfg(test)]
mod tests;
