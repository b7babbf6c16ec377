//! Between the window and the engine: pulls what is new, passes on what is asked. Never waits.

use crate::command::Order;
use crate::feed::{Feed, JobRow, LinkKind, LinkRow, Notice};
use crate::views::timeline::{self, Histogram};
use pw_engine::exchange::ExportSource;
use pw_engine::{
    Command, Engine, EngineSettings, Event, JobId, JobState, JobStatus, LinkState, ReportPreview,
    ReportSettings,
};
use pw_model::Timestamp;
use pw_survey::Snapshot;
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

/// Where the window's data comes from.
pub(crate) trait Backend {
    /// Brings `feed` up to date and returns what the person should be told.
    fn pull(&mut self, feed: &mut Feed) -> Vec<Notice>;

    /// Passes an order on; the error is one sentence for the person.
    fn order(&mut self, order: Order) -> Result<(), String>;
}

/// An engine that is being opened on its own thread.
struct Opening {
    path: PathBuf,
    result: Receiver<Result<Engine, String>>,
}

/// A histogram that is being made on its own thread.
struct Counting {
    revision: u64,
    result: Receiver<Histogram>,
}

/// The real thing: one engine at a time.
pub(crate) struct EngineBackend {
    ctx: egui::Context,
    read_only: bool,
    engine: Option<Arc<Engine>>,
    preview: Option<Receiver<ReportPreview>>,
    opening: Option<Opening>,
    counting: Option<Counting>,
    /// Survey and revision of the histogram in the feed.
    counted: Option<(PathBuf, u64)>,
    rate: Rate,
    /// Links are made again for these when a survey is opened.
    reconnect: bool,
    /// Sensors that were paired when this was last looked at; a new one is connected at once.
    known: BTreeSet<String>,
}

impl EngineBackend {
    pub(crate) fn new(ctx: egui::Context, read_only: bool) -> Self {
        Self {
            ctx,
            read_only,
            engine: None,
            preview: None,
            opening: None,
            counting: None,
            counted: None,
            rate: Rate::default(),
            reconnect: false,
            known: BTreeSet::new(),
        }
    }

    fn open(&mut self, path: PathBuf, new_name: Option<String>) {
        // The survey that is open stays open until the other one is: a wrong path must not end a
        // recording. Only the same survey has to be closed first, since it is locked.
        if self.engine.as_ref().is_some_and(|engine| engine.snapshot().survey.path == path) {
            self.close();
        }
        let (send, result) = channel();
        let settings = EngineSettings { read_only: self.read_only, ..EngineSettings::default() };
        let (ctx, at) = (self.ctx.clone(), path.clone());
        std::thread::spawn(move || {
            let opened = match new_name {
                Some(name) => Engine::create(&at, &name, settings),
                None => Engine::open(&at, settings),
            };
            // When the window is gone nobody waits for the answer, and the engine closes by itself.
            if send.send(opened.map_err(|error| error.to_string())).is_ok() {
                ctx.request_repaint();
            }
        });
        self.opening = Some(Opening { path, result });
    }

    /// Gives the engine to a thread, where closing may take as long as the disk needs.
    fn close(&mut self) {
        self.opening = None;
        self.counting = None;
        self.counted = None;
        self.preview = None;
        self.rate = Rate::default();
        if let Some(engine) = self.engine.take() {
            std::thread::spawn(move || {
                // A preview that is still being made holds it too, and closes it when done.
                if let Some(engine) = Arc::into_inner(engine)
                    && let Err(error) = engine.close()
                {
                    tracing::error!("{error}");
                }
            });
        }
    }

    fn finish_opening(&mut self, feed: &mut Feed, notices: &mut Vec<Notice>) {
        let Some(opening) = &self.opening else {
            feed.opening = None;
            return;
        };
        match opening.result.try_recv() {
            Err(TryRecvError::Empty) => {
                feed.opening = Some(format!("Opening {}…", opening.path.display()));
                return;
            }
            Err(TryRecvError::Disconnected) => {
                notices.push(Notice::Failed("The survey could not be opened.".to_owned()));
            }
            Ok(Err(words)) => notices.push(Notice::Failed(words)),
            Ok(Ok(engine)) => {
                self.close();
                let ctx = self.ctx.clone();
                engine.set_wake(Box::new(move || ctx.request_repaint()));
                self.reconnect = !self.read_only;
                self.engine = Some(Arc::new(engine));
            }
        }
        self.opening = None;
        feed.opening = None;
    }

    fn work_out_preview(&mut self, settings: ReportSettings) {
        let Some(engine) = self.engine.clone() else { return };
        let (send, result) = channel();
        let ctx = self.ctx.clone();
        std::thread::spawn(move || {
            // Only the latest question is waited for.
            if send.send(engine.report_preview(&settings)).is_ok() {
                ctx.request_repaint();
            }
        });
        self.preview = Some(result);
    }

    fn count(&mut self, snapshot: &Arc<Snapshot>, feed: &mut Feed) {
        if let Some(counting) = &self.counting {
            match counting.result.try_recv() {
                Ok(histogram) => {
                    feed.histogram = Arc::new(histogram);
                    self.counted = Some((snapshot.survey.path.clone(), counting.revision));
                    self.counting = None;
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.counting = None,
            }
        }
        let now = (snapshot.survey.path.clone(), snapshot.revision);
        if self.counted.as_ref() == Some(&now) {
            return;
        }
        let (send, result) = channel();
        let (snapshot, ctx) = (Arc::clone(snapshot), self.ctx.clone());
        let revision = snapshot.revision;
        let live = feed.is_live();
        std::thread::spawn(move || {
            let histogram = timeline::histogram(&snapshot);
            // While data streams in, the strip follows at a walking pace.
            if live {
                std::thread::sleep(Duration::from_secs(1));
            }
            if send.send(histogram).is_ok() {
                ctx.request_repaint();
            }
        });
        self.counting = Some(Counting { revision, result });
    }
}

impl Backend for EngineBackend {
    fn pull(&mut self, feed: &mut Feed) -> Vec<Notice> {
        let mut notices = Vec::new();
        self.finish_opening(feed, &mut notices);
        feed.now = pw_engine::now();
        feed.vendor = pw_engine::vendor;
        let Some(engine) = &self.engine else {
            let opening = feed.opening.take();
            *feed = Feed { opening, vendor: pw_engine::vendor, ..Feed::empty(feed.now) };
            return notices;
        };
        if std::mem::take(&mut self.reconnect) {
            self.known = engine.sensors().into_iter().map(|sensor| sensor.name).collect();
            // An empty survey was made to record into; another one goes on with its own sensors only.
            let snapshot = engine.snapshot();
            let own =
                |id| snapshot.sensors.is_empty() || snapshot.sensors.iter().any(|s| s.id == id);
            for sensor in engine.sensors().into_iter().filter(|sensor| own(sensor.id)) {
                let connect = Command::Connect { sensor: sensor.name };
                if let Err(error) = engine.send(connect) {
                    notices.push(Notice::Failed(error.to_string()));
                }
            }
        }
        let snapshot = engine.snapshot();
        let wanted = engine.selection();
        let selected = engine.selected_snapshot();
        feed.selecting =
            wanted.is_some() && selected.as_ref().map(|shown| shown.selected) != Some(wanted);
        feed.shown = Some(selected.unwrap_or_else(|| Arc::clone(&snapshot)));
        feed.located = engine.located();
        feed.read_only = engine.settings().read_only;
        feed.links = links(engine);
        feed.jobs =
            engine.jobs().into_iter().filter(|job| !job.status.is_over()).map(job).collect();
        feed.frames_per_sec = self.rate.of(&snapshot, feed.now);
        if let Some(preview) = self.preview.as_ref().and_then(|preview| preview.try_recv().ok()) {
            feed.preview = Some(Arc::new(preview));
            self.preview = None;
        }
        for event in engine.events() {
            if event == Event::SensorsChanged {
                connect_new(engine, &mut self.known, self.read_only, &mut notices);
            }
            notices.extend(notice(&event, engine));
        }
        feed.survey = Some(Arc::clone(&snapshot));
        self.count(&snapshot, feed);
        notices
    }

    fn order(&mut self, order: Order) -> Result<(), String> {
        let command = match order {
            Order::Open { path } => {
                self.open(path, None);
                return Ok(());
            }
            Order::New { path, name } => {
                self.open(path, Some(name));
                return Ok(());
            }
            Order::Close => {
                self.close();
                return Ok(());
            }
            Order::Preview(settings) => {
                self.work_out_preview(settings);
                return Ok(());
            }
            order => command(order),
        };
        let Some(engine) = &self.engine else {
            return Err("Open or make a survey first (File menu).".to_owned());
        };
        let Some(command) = command else { return Ok(()) };
        engine.send(command).map(|_| ()).map_err(|error| error.to_string())
    }
}

/// The engine's command for an order; `None` for what is done here.
fn command(order: Order) -> Option<Command> {
    Some(match order {
        Order::Open { .. } | Order::New { .. } | Order::Close | Order::Preview(_) => return None,
        Order::Select(range) => Command::Select(range),
        Order::Note { bssid, text } => Command::Note { device: bssid, text },
        Order::Known { bssid, known } => Command::Known { device: bssid, known },
        Order::Import { paths } => Command::Import { paths },
        Order::Export { format, path, filter } => {
            Command::Export { format, path, source: ExportSource::Selection, filter }
        }
        Order::Report { path, settings } => Command::Report { settings, path },
        Order::Pair { address, code } => Command::Pair { address, code, name: None },
        Order::Connect { sensor } => Command::Connect { sensor },
        Order::Disconnect { sensor } => Command::Disconnect { sensor },
        Order::Cancel { job } => Command::CancelJob(JobId(job)),
    })
}

fn links(engine: &Engine) -> Vec<LinkRow> {
    let links = engine.links();
    let row = |sensor: pw_engine::PairedSensor| {
        let link = links.iter().find(|link| link.sensor == sensor.name);
        LinkRow {
            id: sensor.id,
            address: sensor.address,
            kind: link.map_or(LinkKind::Off, |link| match link.state {
                LinkState::Off => LinkKind::Off,
                LinkState::Connecting => LinkKind::Connecting,
                LinkState::Connected => LinkKind::Connected,
                LinkState::Refused => LinkKind::Refused,
            }),
            words: link
                .map_or_else(|| LinkState::Off.words().to_owned(), |link| link.words.clone()),
            last_heard: link.and_then(|link| link.last_heard),
            gps: link.and_then(|link| link.gps.clone()),
            backlog_batches: link.and_then(|link| link.backlog_batches),
            backlog_bytes: link.and_then(|link| link.backlog_bytes),
            frames_per_sec: link.and_then(|link| link.frames_per_second),
            frames_lost: link.and_then(|link| link.frames_lost),
            round_trip: link.and_then(|link| link.round_trip),
            warnings: link.map(|link| link.warnings.clone()).unwrap_or_default(),
            name: sensor.name,
        }
    };
    engine.sensors().into_iter().map(row).collect()
}

fn job(job: JobState) -> JobRow {
    JobRow {
        id: job.id.0,
        title: job.title,
        words: job.words,
        share: job.progress,
        can_cancel: !job.status.is_over(),
    }
}

/// Connects sensors that were paired just now: whoever pairs wants to record.
fn connect_new(
    engine: &Engine,
    known: &mut BTreeSet<String>,
    read_only: bool,
    notices: &mut Vec<Notice>,
) {
    for sensor in engine.sensors() {
        let new = known.insert(sensor.name.clone());
        if new
            && !read_only
            && let Err(error) = engine.send(Command::Connect { sensor: sensor.name })
        {
            notices.push(Notice::Failed(error.to_string()));
        }
    }
}

fn notice(event: &Event, engine: &Engine) -> Option<Notice> {
    match event {
        Event::JobOver(id) => {
            let job = engine.jobs().into_iter().find(|job| job.id == *id)?;
            let text = format!("{}: {}", job.title, job.words);
            Some(match job.status {
                JobStatus::Failed => Notice::Failed(text),
                JobStatus::Cancelled => Notice::Info(text),
                _ => Notice::Done { text, open: job.output },
            })
        }
        Event::Notice(words) => Some(Notice::Info(words.clone())),
        Event::Trouble(words) => Some(Notice::Failed(words.clone())),
        Event::SelectionReady | Event::LinkChanged { .. } | Event::SensorsChanged => None,
    }
}

/// Frames per second over the last seconds, from the counts of successive snapshots.
#[derive(Debug, Default)]
struct Rate {
    /// Moments and counts; the oldest is dropped after [`Rate::WINDOW`].
    seen: VecDeque<(Timestamp, u64)>,
}

impl Rate {
    const WINDOW: Duration = Duration::from_secs(5);

    fn of(&mut self, snapshot: &Snapshot, now: Timestamp) -> Option<f64> {
        self.add(now, snapshot.totals.observations)
    }

    fn add(&mut self, now: Timestamp, count: u64) -> Option<f64> {
        if self.seen.back().is_none_or(|(_, last)| *last != count) {
            self.seen.push_back((now, count));
        }
        while self.seen.len() > 2
            && self.seen.front().is_some_and(|(time, _)| now.since(*time) > Self::WINDOW)
        {
            self.seen.pop_front();
        }
        let (first, last) = (self.seen.front()?, self.seen.back()?);
        // Nothing new for a while is no rate, and neither is a single count.
        let secs = last.0.since(first.0).as_secs_f64();
        let fresh = now.since(last.0) <= Self::WINDOW;
        (fresh && secs > 0.2).then(|| last.1.saturating_sub(first.1) as f64 / secs)
    }
}

/// Opens a file with the program that the system has for it.
pub(crate) fn open_with_system(path: &Path) -> Result<(), String> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    std::process::Command::new(program)
        .arg(path)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .map(|mut child| {
            // Somebody has to wait for it, or it stays in the process table.
            std::thread::spawn(move || child.wait());
        })
        .map_err(|error| format!("{}: cannot be opened with {program}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_two_counts_and_ends_with_silence() {
        let at = |secs: i64| Timestamp::from_unix_secs(secs);
        let mut rate = Rate::default();
        assert_eq!(rate.add(at(0), 100), None);
        assert_eq!(rate.add(at(1), 300), Some(200.0));
        assert_eq!(rate.add(at(2), 300), Some(200.0));
        assert_eq!(rate.add(at(20), 300), None);
    }
}
