//! What the views are given to paint one frame: shared snapshots and plain rows, gathered by the app.

use crate::command::Order;
use crate::views::timeline::Histogram;
use pw_analysis::locate::Located;
use pw_engine::{DiscoveredSensor, Engine, LiveLevel, RadioRow, ReportPreview};
use pw_model::{MacAddr, SensorId, Timestamp};
use pw_survey::Snapshot;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a link to a sensor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LinkKind {
    Connected,
    /// Being made, or made again after it broke.
    Connecting,
    /// Known, and not asked to connect.
    Off,
    /// Will not work without the person.
    Refused,
    /// Another sensor was paired later at the same address and answers there now.
    Replaced,
}

/// What is known of sensors on the local network.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Discovery {
    NotAsked,
    /// Being listened for.
    Asking,
    Found(Vec<DiscoveredSensor>),
    /// Why the network could not be asked.
    Failed(String),
}

/// A paired sensor and the link to it. `None` is "not known".
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct LinkRow {
    pub(crate) id: SensorId,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) kind: LinkKind,
    /// The state in words, with the reason when it does not work.
    pub(crate) words: String,
    /// When anything came from it last, by this computer's clock.
    pub(crate) last_heard: Option<Timestamp>,
    /// Its radios, as it last said.
    pub(crate) radios: Option<Vec<RadioRow>>,
    /// It plays a recording or a scenario, as its data says.
    pub(crate) is_played: bool,
    /// Its own clock when it last said how it is.
    pub(crate) sensor_time: Option<Timestamp>,
    /// True while its receiver knows the position.
    pub(crate) has_position: Option<bool>,
    /// The position receiver, in words.
    pub(crate) gps: Option<String>,
    pub(crate) backlog_batches: Option<u64>,
    pub(crate) backlog_bytes: Option<u64>,
    /// Frames that it hears, by its own count, whatever has arrived here of them.
    pub(crate) frames_per_sec: Option<f32>,
    pub(crate) frames_lost: Option<u64>,
    pub(crate) round_trip: Option<Duration>,
    pub(crate) warnings: Vec<String>,
}

impl LinkRow {
    /// True while it is connected and says that none of its radios listens, which they should.
    pub(crate) fn is_deaf(&self) -> bool {
        self.is_silent() && !self.has_ended()
    }

    /// True while it is connected and has played to its end what it was to play: that is no trouble.
    pub(crate) fn has_ended(&self) -> bool {
        let mut radios = self.radios.iter().flatten().peekable();
        self.is_played
            && self.is_silent()
            && radios.peek().is_some()
            && radios.all(|radio| radio.trouble.is_none())
    }

    fn is_silent(&self) -> bool {
        self.kind == LinkKind::Connected
            && self.radios.as_ref().is_some_and(|radios| !radios.iter().any(|r| r.listening))
    }
}

/// Long work under way, or just done.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct JobRow {
    pub(crate) id: u64,
    pub(crate) title: String,
    /// What it is at, in words.
    pub(crate) words: String,
    /// 0 to 1; `None` when it cannot be said.
    pub(crate) share: Option<f32>,
    pub(crate) can_cancel: bool,
}

/// Something to tell the person.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Notice {
    /// Good news. It ends the trouble about the same thing.
    Done { about: String, text: String, open: Option<PathBuf> },
    /// One sentence: what failed and what to do. `about` names what was tried, where it can be tried
    /// again.
    Failed { about: Option<String>, text: String },
    /// Not worth a word; it ends the trouble about the same thing.
    Settled { about: String },
    /// Worth knowing.
    Info(String),
    /// Done, and this order takes it back.
    Undo { text: String, order: Order },
}

impl Notice {
    /// Trouble that nothing in particular ends.
    pub(crate) const fn failed(text: String) -> Self {
        Self::Failed { about: None, text }
    }
}

/// Signal levels of this moment, of the transmitters that are watched. They are shown and not stored.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct LevelsFeed {
    /// This moment by the steady clock, from which ages are counted.
    pub(crate) now: Instant,
    /// By transmitter: an entry for each sensor and radio that heard it.
    pub(crate) of: BTreeMap<MacAddr, Vec<LiveLevel>>,
    /// Connected sensors of an older release, which send no levels.
    pub(crate) silent: Vec<SensorId>,
}

impl LevelsFeed {
    /// Nothing heard.
    pub(crate) const fn none(now: Instant) -> Self {
        Self { now, of: BTreeMap::new(), silent: Vec::new() }
    }

    pub(crate) fn of(engine: &Engine, watched: &[MacAddr], links: &[LinkRow]) -> Self {
        let silent = |link: &&LinkRow| engine.sends_levels(link.id) == Some(false);
        Self {
            of: watched.iter().map(|address| (*address, engine.live_levels(*address))).collect(),
            silent: links.iter().filter(silent).map(|link| link.id).collect(),
            now: Instant::now(),
        }
    }
}

/// Everything that views read.
#[derive(Clone)]
pub(crate) struct Feed {
    /// The whole survey.
    pub(crate) survey: Option<Arc<Snapshot>>,
    /// The stretch of time that is shown; the whole survey when none is selected.
    pub(crate) shown: Option<Arc<Snapshot>>,
    /// True while a stretch was selected and its snapshot is not there yet.
    pub(crate) selecting: bool,
    /// Estimated places of the access points shown.
    pub(crate) located: Arc<BTreeMap<MacAddr, Located>>,
    /// Frames over time of the whole survey.
    pub(crate) histogram: Arc<Histogram>,
    pub(crate) links: Vec<LinkRow>,
    pub(crate) jobs: Vec<JobRow>,
    /// Wall clock of this computer.
    pub(crate) now: Timestamp,
    /// What time it is for each stream that sends: the newest time heard from it, plus the time since
    /// that arrived, measured here. Ages of what it heard are counted from this moment. A sensor
    /// without a clock, a recording or the simulator may live in another year than this computer.
    /// While a backlog is fetched, it is that of the newest batches, which come ahead of it.
    pub(crate) stream_now: BTreeMap<SensorId, Timestamp>,
    /// Opened for reading only: notes cannot be written.
    pub(crate) read_only: bool,
    /// Opening, in words, when a survey is being opened.
    pub(crate) opening: Option<String>,
    /// What a report would hold, for the settings last asked for.
    pub(crate) preview: Option<Arc<ReportPreview>>,
    /// Sensors that say on the local network that they are there.
    pub(crate) discovery: Discovery,
    /// Signal levels of this moment.
    pub(crate) levels: LevelsFeed,
    /// Maker's name of an address.
    pub(crate) vendor: fn(MacAddr) -> Option<&'static str>,
}

impl Feed {
    /// Nothing at all.
    pub(crate) fn empty(now: Timestamp) -> Self {
        Self {
            survey: None,
            shown: None,
            selecting: false,
            located: Arc::new(BTreeMap::new()),
            histogram: Arc::new(Histogram::default()),
            links: Vec::new(),
            jobs: Vec::new(),
            now,
            stream_now: BTreeMap::new(),
            read_only: false,
            opening: None,
            preview: None,
            discovery: Discovery::NotAsked,
            levels: LevelsFeed::none(Instant::now()),
            vendor: |_| None,
        }
    }

    /// Frames per second that the connected sensors hear, by their own count; `None` when none says.
    pub(crate) fn heard_per_sec(&self) -> Option<f32> {
        let connected = self.links.iter().filter(|link| link.kind == LinkKind::Connected);
        connected.filter_map(|link| link.frames_per_sec).reduce(|sum, rate| sum + rate)
    }

    /// True while at least one sensor is connected.
    pub(crate) fn is_live(&self) -> bool {
        self.links.iter().any(|link| link.kind == LinkKind::Connected)
    }
}
