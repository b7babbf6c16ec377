//! Between the window and the engine: pulls what is new, passes on what is asked. Never waits.

use crate::command::Order;
use crate::feed::{Discovery, Feed, JobRow, LevelsFeed, LinkKind, LinkRow, Notice};
use crate::views::timeline::{self, Histogram};
use pw_engine::exchange::ExportSource;
use pw_engine::{
    Command, Engine, EngineSettings, Event, JobId, JobState, JobStatus, LinkState, PairedSensor,
    ReportPreview, ReportSettings,
};
use pw_model::{MacAddr, Origin, SensorId, Timestamp};
use pw_survey::{SensorState, Snapshot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// How long it is listened for sensors on the local network.
const DISCOVER: Duration = Duration::from_secs(3);

/// What opening a survey is called among notices.
const OPENING: &str = "Open";

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
    discovering: Option<Receiver<Discovery>>,
    opening: Option<Opening>,
    counting: Option<Counting>,
    /// Survey and revision of the histogram in the feed.
    counted: Option<(PathBuf, u64)>,
    clocks: StreamClocks,
    /// Links are made again for these when a survey is opened.
    reconnect: bool,
    /// Transmitters whose levels of this moment are shown.
    watched: Vec<MacAddr>,
}

impl EngineBackend {
    pub(crate) fn new(ctx: egui::Context, read_only: bool) -> Self {
        Self {
            ctx,
            read_only,
            engine: None,
            preview: None,
            discovering: None,
            opening: None,
            counting: None,
            counted: None,
            clocks: StreamClocks::default(),
            reconnect: false,
            watched: Vec::new(),
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
        self.clocks = StreamClocks::default();
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
                notices.push(trouble_opening("The survey could not be opened.".to_owned()));
            }
            Ok(Err(words)) => notices.push(trouble_opening(words)),
            Ok(Ok(engine)) => {
                self.close();
                let ctx = self.ctx.clone();
                engine.set_wake(Box::new(move || ctx.request_repaint()));
                engine.watch_levels(&self.watched);
                self.reconnect = !self.read_only;
                notices.push(Notice::Settled { about: OPENING.to_owned() });
                self.engine = Some(Arc::new(engine));
            }
        }
        self.opening = None;
        feed.opening = None;
    }

    /// Listens for sensors for a few seconds, unless that is under way.
    fn discover(&mut self) {
        if self.discovering.is_some() {
            return;
        }
        let (send, result) = channel();
        let ctx = self.ctx.clone();
        std::thread::spawn(move || {
            let found = match pw_engine::discover(DISCOVER) {
                Ok(found) => Discovery::Found(found),
                Err(error) => Discovery::Failed(error.to_string()),
            };
            if send.send(found).is_ok() {
                ctx.request_repaint();
            }
        });
        self.discovering = Some(result);
    }

    fn discovered(&mut self, feed: &mut Feed) {
        let Some(discovering) = &self.discovering else { return };
        feed.discovery = match discovering.try_recv() {
            Err(TryRecvError::Empty) => Discovery::Asking,
            Ok(found) => {
                self.discovering = None;
                found
            }
            Err(TryRecvError::Disconnected) => {
                self.discovering = None;
                Discovery::Failed("the search ended by a defect".to_owned())
            }
        };
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
        self.discovered(feed);
        let Some(engine) = &self.engine else {
            let opening = feed.opening.take();
            let discovery = feed.discovery.clone();
            let vendor = pw_engine::vendor;
            *feed = Feed { opening, discovery, vendor, ..Feed::empty(feed.now) };
            return notices;
        };
        if std::mem::take(&mut self.reconnect) {
            // An empty survey was made to record into; another one goes on with its own sensors only.
            let snapshot = engine.snapshot();
            let own =
                |id| snapshot.sensors.is_empty() || snapshot.sensors.iter().any(|s| s.id == id);
            let here = |sensor: &PairedSensor| sensor.replaced_by.is_none() && own(sensor.id);
            for sensor in engine.sensors().into_iter().filter(here) {
                connect(engine, sensor.name, &mut notices);
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
        feed.levels = LevelsFeed::of(engine, &self.watched, &feed.links);
        feed.jobs =
            engine.jobs().into_iter().filter(|job| !job.status.is_over()).map(job).collect();
        feed.stream_now = self.clocks.follow(&snapshot.sensors, Instant::now());
        if let Some(preview) = self.preview.as_ref().and_then(|preview| preview.try_recv().ok()) {
            feed.preview = Some(Arc::new(preview));
            self.preview = None;
        }
        for event in engine.events() {
            // Whoever pairs wants to record.
            if let Event::Paired { sensor } = &event
                && !self.read_only
            {
                connect(engine, sensor.clone(), &mut notices);
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
            Order::Discover => {
                self.discover();
                return Ok(());
            }
            Order::Preview(settings) => {
                self.work_out_preview(settings);
                return Ok(());
            }
            Order::Watch(addresses) => {
                self.watched = addresses;
                if let Some(engine) = &self.engine {
                    engine.watch_levels(&self.watched);
                }
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
        Order::Open { .. } | Order::New { .. } | Order::Close => return None,
        Order::Preview(_) | Order::Discover | Order::Watch(_) => return None,
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
        Order::SetPlan { sensor, radio, plan } => Command::SetPlan { sensor, radio, plan },
        Order::Forget { sensor } => Command::Forget { sensor },
        Order::Remember { sensor } => Command::Remember { sensor },
        Order::Cancel { job } => Command::CancelJob(JobId(job)),
    })
}

fn links(engine: &Engine) -> Vec<LinkRow> {
    let (links, snapshot) = (engine.links(), engine.snapshot());
    let row = |sensor: PairedSensor| {
        let link = links.iter().find(|link| link.id == sensor.id);
        let words =
            link.map_or_else(|| LinkState::Off.words().to_owned(), |link| link.words.clone());
        let (kind, words) = kind_of(link.map(|link| link.state), words, &sensor);
        LinkRow {
            id: sensor.id,
            address: sensor.address,
            kind,
            words,
            last_heard: link.and_then(|link| link.last_heard),
            radios: link.and_then(|link| link.radios.clone()),
            is_played: snapshot.sensors.iter().any(|state| {
                state.id == sensor.id && matches!(state.origin, Origin::Replay | Origin::Simulated)
            }),
            sensor_time: link.and_then(|link| link.sensor_time),
            has_position: link.and_then(|link| link.has_position),
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

/// How a link is shown. A pairing that another one replaced is not in trouble: it is over.
fn kind_of(state: Option<LinkState>, words: String, sensor: &PairedSensor) -> (LinkKind, String) {
    match (state, &sensor.replaced_by) {
        (None | Some(LinkState::Off | LinkState::Refused), Some(by)) => {
            let words = format!(
                "replaced: {by} was paired later at this address; forget this pairing, or pair \
                 again if this sensor is somewhere else now"
            );
            (LinkKind::Replaced, words)
        }
        (None | Some(LinkState::Off), None) => (LinkKind::Off, words),
        (Some(LinkState::Refused), None) => (LinkKind::Refused, words),
        (Some(LinkState::Connecting), _) => (LinkKind::Connecting, words),
        (Some(LinkState::Connected), _) => (LinkKind::Connected, words),
    }
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

fn connect(engine: &Engine, sensor: String, notices: &mut Vec<Notice>) {
    if let Err(error) = engine.send(Command::Connect { sensor }) {
        notices.push(Notice::failed(error.to_string()));
    }
}

/// A survey that opens later ends the trouble with one that did not.
fn trouble_opening(text: String) -> Notice {
    Notice::Failed { about: Some(OPENING.to_owned()), text }
}

fn notice(event: &Event, engine: &Engine) -> Option<Notice> {
    match event {
        Event::JobOver(id) => {
            let job = engine.jobs().into_iter().find(|job| job.id == *id)?;
            let text = format!("{}: {}", job.title, job.words);
            let about = subject(&job.title);
            Some(match job.status {
                JobStatus::Failed => Notice::Failed { about: Some(about), text },
                JobStatus::Cancelled => Notice::Info(text),
                _ => Notice::Done { about, text, open: job.output },
            })
        }
        Event::Notice(words) => Some(Notice::Info(words.clone())),
        Event::Trouble(words) => Some(Notice::failed(words.clone())),
        Event::SelectionReady
        | Event::LinkChanged { .. }
        | Event::SensorsChanged
        | Event::Paired { .. } => None,
    }
}

/// What a job is about, so that a later one that succeeds ends the trouble of an earlier one. An
/// address or code that was corrected is still the same pairing; another file is another matter.
fn subject(title: &str) -> String {
    if title.starts_with("Pair ") { "Pair".to_owned() } else { title.to_owned() }
}

/// What time it is for each stream, as [`Feed::stream_now`] tells.
#[derive(Debug, Default)]
struct StreamClocks {
    /// The newest time of each stream and when it came; `None` for what was here at the opening.
    heard: BTreeMap<SensorId, (Timestamp, Option<Instant>)>,
    primed: bool,
}

impl StreamClocks {
    /// Takes in the newest times; `now` is this computer's steady clock.
    fn follow(&mut self, streams: &[SensorState], now: Instant) -> BTreeMap<SensorId, Timestamp> {
        let arrived = std::mem::replace(&mut self.primed, true).then_some(now);
        for (id, latest) in streams.iter().filter_map(|s| Some((s.id, s.latest?))) {
            match self.heard.get_mut(&id) {
                Some((known, _)) if *known == latest => {}
                Some(heard) => *heard = (latest, Some(now)),
                None => {
                    self.heard.insert(id, (latest, arrived));
                }
            }
        }
        let moment = |(id, (latest, at)): (&SensorId, &(Timestamp, Option<Instant>))| {
            let since = now.saturating_duration_since((*at)?);
            Some((*id, latest.saturating_add(since)))
        };
        self.heard.iter().filter_map(moment).collect()
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
    let mut command = std::process::Command::new(program);
    crate::runtime_folder::keep_from(&mut command);
    command
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
    use crate::fixture;

    #[test]
    fn a_streams_time_goes_on_from_what_was_heard_last() {
        let at = |secs: i64| Timestamp::from_unix_secs(secs);
        let mut streams = fixture::snapshot().sensors.clone();
        let id = streams[0].id;
        let mut clocks = StreamClocks::default();
        let start = Instant::now();
        let after = |secs| start + Duration::from_secs(secs);
        let mut follow = |latest: Option<i64>, secs: u64| {
            streams[0].latest = latest.map(at);
            clocks.follow(&streams, after(secs)).get(&id).copied()
        };
        assert_eq!(follow(None, 0), None, "nothing came since the opening");
        // The sensor has no clock: it believes it is 1970. So be it.
        assert_eq!(follow(Some(100), 1), Some(at(100)));
        assert_eq!(follow(Some(100), 4), Some(at(103)));
        assert_eq!(follow(Some(102), 5), Some(at(102)), "heard, not guessed");
        // Then its receiver sets the clock, and later somebody sets it back.
        assert_eq!(follow(Some(1_777_000_000), 6), Some(at(1_777_000_000)));
        assert_eq!(follow(Some(50), 7), Some(at(50)));
    }

    #[test]
    fn what_a_survey_held_already_is_not_now() {
        let mut streams = fixture::snapshot().sensors.clone();
        streams[0].latest = Some(Timestamp::from_unix_secs(100));
        let mut clocks = StreamClocks::default();
        assert!(clocks.follow(&streams, Instant::now()).is_empty());
        streams[0].latest = Some(Timestamp::from_unix_secs(101));
        assert_eq!(clocks.follow(&streams, Instant::now()).len(), 1);
    }

    #[test]
    fn a_replaced_pairing_is_said_to_be_so_unless_it_works() {
        let mut sensor = PairedSensor {
            name: "car 01010101".to_owned(),
            id: SensorId([1; 16]),
            address: "192.0.2.1:47147".to_owned(),
            key: "01010101".to_owned(),
            paired: None,
            replaced_by: Some("car".to_owned()),
        };
        let kind = |state, sensor: &PairedSensor| kind_of(state, "words".to_owned(), sensor);
        for state in [None, Some(LinkState::Off), Some(LinkState::Refused)] {
            let (kind, words) = kind(state, &sensor);
            assert_eq!(kind, LinkKind::Replaced);
            assert!(words.contains("car was paired later"), "{words}");
        }
        assert_eq!(kind(Some(LinkState::Connected), &sensor).0, LinkKind::Connected);
        sensor.replaced_by = None;
        assert_eq!(kind(Some(LinkState::Refused), &sensor).0, LinkKind::Refused);
        assert_eq!(kind(None, &sensor).0, LinkKind::Off);
    }

    #[test]
    fn a_pairing_that_works_ends_the_trouble_of_one_with_a_wrong_address() {
        assert_eq!(subject("Pair with a:1"), subject("Pair with b:2"));
        assert_ne!(subject("Import a.pcap"), subject("Import b.pcap"));
    }
}
