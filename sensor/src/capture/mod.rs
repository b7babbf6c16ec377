//! Where frames come from: each source on its own thread, into one bounded channel.

mod chunk;
mod file;
mod live;
mod pace;
mod simulated;
mod spec;

pub use chunk::{Feed, FrameChunk, FrameMeta, Gone};
pub use live::{Dwelling, FrameSource, Heard, LiveSettings, check_filter, supported_link_type};
pub(crate) use live::{Open, hardware};
pub use pace::Pace;
pub use simulated::load_scenario;
pub use spec::SourceSpec;

use crate::clock;
use crate::journal::Journal;
use crate::pipeline::Event;
use crate::radio::{Limits, LocalAdapter, NumberBook, Plans, RadioSource, SYS};
use pw_model::{Origin, RadioEvent, RadioEventKind, RadioId, Timestamp};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::Duration;

/// Why a source cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file cannot be opened or read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file is no capture, or damaged.
    #[error("{}: {error}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: pw_dissect::capture::CaptureError,
    },
    /// A file is no scenario.
    #[error("{}: {error}", path.display())]
    Scenario {
        /// The file, or the name of a built-in scenario.
        path: PathBuf,
        /// What is wrong with it.
        error: pw_simulate::ScenarioError,
    },
    /// Frames that are not Wi-Fi.
    #[error("{name} delivers {found} frames, not 802.11; {advice}")]
    LinkType {
        /// Interface or file.
        name: String,
        /// The link type's name.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// libpcap says no.
    #[error("{interface}: {message}")]
    Interface {
        /// The interface.
        interface: String,
        /// What it said, and what to do.
        message: String,
    },
    /// More radios than a sensor can have.
    #[error("more than {} radios", crate::journal::RADIOS_MAX)]
    TooManyRadios,
    /// No thread.
    #[error("cannot start a thread for {name}: {source}")]
    Thread {
        /// Interface or file.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

/// A source that is open and ready to deliver: everything that can be wrong at the start has been
/// found. Not yet running.
pub struct Prepared {
    /// What it is called: interface or file.
    pub name: String,
    /// What its frames are.
    pub origin: Origin,
    /// Names of its radios.
    pub radios: Vec<String>,
    kind: PreparedKind,
}

enum PreparedKind {
    File(Box<file::FileSource>),
    Radio { source: RadioSource, tuned: bool },
    Simulated(simulated::SimulatedSource),
}

impl PreparedKind {
    /// Why its radios cannot be tuned; `None` when they can.
    fn why_fixed(&self) -> Option<&'static str> {
        match self {
            Self::Radio { tuned: true, .. } => None,
            Self::Radio { tuned: false, .. } => Some(
                "it is given as live:, so somebody else tunes it; give it as wifi: to have the \
                 sensor do it",
            ),
            Self::File(_) => Some("a capture file holds what was heard when it was made"),
            Self::Simulated(_) => Some("a simulated radio listens as its scenario says"),
        }
    }
}

/// Opens what `spec` names.
///
/// # Errors
/// It is not there, is something else, or may not be used.
pub fn prepare(spec: &SourceSpec, settings: &LiveSettings) -> Result<Prepared, SourceError> {
    let one = |name: &str, kind| (name.to_owned(), vec![name.to_owned()], kind);
    let (name, radios, kind) = match spec {
        SourceSpec::File { path, pace } => {
            let source = file::FileSource::open(path, *pace)?;
            one(&path.display().to_string(), PreparedKind::File(Box::new(source)))
        }
        SourceSpec::Live { interface } | SourceSpec::Wifi { interface } => {
            let tuned = matches!(spec, SourceSpec::Wifi { .. });
            let adapter = Arc::new(LocalAdapter::new(interface, settings, tuned));
            let source = RadioSource::open(interface, adapter, Limits::default())?;
            one(interface, PreparedKind::Radio { source, tuned })
        }
        SourceSpec::Simulated { scenario, pace } => {
            let source = simulated::SimulatedSource::open(scenario, *pace)?;
            (source.name(), source.radios(), PreparedKind::Simulated(source))
        }
    };
    Ok(Prepared { name, origin: spec.origin(), radios, kind })
}

/// A radio that is not there yet, to be listened to once it comes. `None` for what is no radio, or
/// is there and cannot be used for another reason.
#[must_use]
pub fn await_radio(spec: &SourceSpec, settings: &LiveSettings) -> Option<Prepared> {
    let tuned = matches!(spec, SourceSpec::Wifi { .. });
    let (SourceSpec::Live { interface } | SourceSpec::Wifi { interface }) = spec else {
        return None;
    };
    if Path::new(SYS).join("class/net").join(interface).exists() {
        return None;
    }
    let adapter = Arc::new(LocalAdapter::new(interface, settings, tuned));
    let source = RadioSource::awaited(interface, adapter, Limits::default());
    Some(Prepared {
        name: interface.clone(),
        origin: spec.origin(),
        radios: vec![interface.clone()],
        kind: PreparedKind::Radio { source, tuned },
    })
}

/// What a running source needs.
#[derive(Clone)]
pub struct SourceContext {
    /// Number of its first radio.
    pub first_radio: u8,
    /// To the pipeline.
    pub events: SyncSender<Event>,
    /// Set when it is to end.
    pub stop: Arc<AtomicBool>,
    /// What radios are to listen to.
    pub plans: Plans,
    /// Which adapter has which number.
    pub numbers: NumberBook,
}

impl SourceContext {
    /// True when the source is to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tells the pipeline; waits while its queue is full.
    ///
    /// # Errors
    /// The pipeline is gone.
    pub fn send(&self, event: Event) -> Result<(), Gone> {
        self.events.send(event).map_err(|_unsent| Gone)
    }

    /// Tells of a change of a radio.
    ///
    /// # Errors
    /// The pipeline is gone.
    pub fn radio(&self, radio: RadioId, time: Timestamp, kind: RadioEventKind) -> Result<(), Gone> {
        self.send(Event::Radio(RadioEvent { time, radio, kind }))
    }

    /// Waits until `duration` has passed or the source is to end.
    pub fn sleep(&self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() && !self.is_stopped() {
            let step = left.min(Duration::from_millis(100));
            std::thread::sleep(step);
            left -= step;
        }
    }
}

impl Prepared {
    /// Gives the source its radios' counters and its way to the pipeline.
    ///
    /// # Errors
    /// More radios than a sensor can have.
    pub fn ready(self, context: SourceContext, journal: &Journal) -> Result<Ready, SourceError> {
        let live = self.origin == Origin::Live;
        let mut feeds = Vec::new();
        for at in 0..self.radios.len() {
            let number = u8::try_from(at).ok().and_then(|at| context.first_radio.checked_add(at));
            let counter = number.and_then(|number| Some((number, journal.radio_counter(number)?)));
            let (number, counter) = counter.ok_or(SourceError::TooManyRadios)?;
            let name = self.radios.get(at).map_or("", String::as_str);
            context.plans.add(RadioId(number), name, self.kind.why_fixed());
            feeds.push(Feed::new(RadioId(number), context.events.clone(), counter, live));
        }
        Ok(Ready { source: self, context, feeds })
    }
}

/// A source that only has to be started.
pub struct Ready {
    source: Prepared,
    context: SourceContext,
    feeds: Vec<Feed>,
}

impl Ready {
    /// Runs the source on its own thread until its end or [`SourceContext::stop`]. The last thing it
    /// sends is [`Event::Ended`].
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(self) -> Result<JoinHandle<()>, SourceError> {
        let Self { source, context, mut feeds } = self;
        let name = source.name;
        let own_name = name.clone();
        let run = move || {
            let result = match (source.kind, feeds.pop()) {
                (PreparedKind::File(source), Some(feed)) => source.run(&context, feed),
                (PreparedKind::Radio { source, .. }, Some(feed)) => source.run(&context, feed),
                (PreparedKind::Simulated(source), Some(last)) => {
                    feeds.push(last);
                    source.run(&context, feeds)
                }
                (_, None) => Ok(()),
            };
            // Both fail only when the pipeline is gone, and then nobody is left to be told.
            if result.and_then(|()| context.send(Event::Ended)).is_err() {
                tracing::debug!("{own_name}: the pipeline went first");
            }
        };
        std::thread::Builder::new()
            .name(format!("radio {}", name.chars().take(9).collect::<String>()))
            .spawn(run)
            .map_err(|source| SourceError::Thread { name, source })
    }
}

/// The system's time, for events of live sources.
fn now() -> Timestamp {
    clock::now()
}
