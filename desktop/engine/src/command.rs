//! What the window and the command line ask of the engine, and what it tells them.

use crate::exchange::{ExportFormat, ExportSource};
use crate::report::ReportSettings;
use pw_model::{ChannelPlan, MacAddr, Position, SensorId, TimeRange, Timestamp};
use pw_survey::Filter;
use std::path::PathBuf;
use std::time::Duration;

/// A thing to do. Sent with [`crate::Engine::send`], which returns at once.
#[derive(Clone, Debug)]
pub enum Command {
    /// Connect to a paired sensor and stay connected: a broken link is made again.
    Connect {
        /// Its name, as [`crate::Engine::sensors`] lists it.
        sensor: String,
    },
    /// End the link to a sensor and do not try again.
    Disconnect {
        /// Its name.
        sensor: String,
    },
    /// Pair with a sensor that shows a code.
    Pair {
        /// Where it listens, `host:port`.
        address: String,
        /// The code it shows.
        code: String,
        /// Name to give it; `None` takes the one it states.
        name: Option<String>,
    },
    /// Forget a paired sensor: its link ends, and it can record only after pairing again. What was
    /// recorded from it stays.
    Forget {
        /// Its name.
        sensor: String,
    },
    /// Take the last [`Command::Forget`] of this sensor back.
    Remember {
        /// The name it had.
        sensor: String,
    },
    /// Tell a paired sensor what to listen to.
    SetPlan {
        /// Its name.
        sensor: String,
        /// Number of one radio; all that can when `None`.
        radio: Option<u8>,
        /// Which channels.
        plan: ChannelPlan,
    },
    /// Show only this stretch of time, or everything again.
    Select(Option<TimeRange>),
    /// Bring files into the survey.
    Import {
        /// The files; what each is, is told from its content.
        paths: Vec<PathBuf>,
    },
    /// Write a file in another program's format.
    Export {
        /// The format.
        format: ExportFormat,
        /// Where to. An existing file is replaced when the new one is complete.
        path: PathBuf,
        /// What: everything or what the selection shows.
        source: ExportSource,
        /// Which access points; the default passes all.
        filter: Filter,
    },
    /// Write the PDF report.
    Report {
        /// What goes in.
        settings: ReportSettings,
        /// Where to.
        path: PathBuf,
    },
    /// Write a note on a device; an empty text removes it.
    Note {
        /// The device.
        device: MacAddr,
        /// The text.
        text: String,
    },
    /// Mark a device as known, or no longer.
    Known {
        /// The device.
        device: MacAddr,
        /// True when known.
        known: bool,
    },
    /// Stop a job as soon as it can be.
    CancelJob(JobId),
}

/// Names a job within one engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct JobId(pub u64);

/// How a job stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobStatus {
    /// Waits for a worker.
    Queued,
    /// Is being done.
    Running,
    /// Done.
    Done,
    /// Not done; the words say why.
    Failed,
    /// Stopped by the person.
    Cancelled,
}

impl JobStatus {
    /// True when nothing more will happen.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A long piece of work: an import, export, report or pairing.
#[derive(Clone, PartialEq, Debug)]
pub struct JobState {
    /// Which.
    pub id: JobId,
    /// What it does, for people.
    pub title: String,
    /// How far, 0 to 1; `None` when nobody can say.
    pub progress: Option<f32>,
    /// How it stands.
    pub status: JobStatus,
    /// What it is at, what it did, or why it failed.
    pub words: String,
    /// The file it wrote, once done.
    pub output: Option<PathBuf>,
}

/// Something that happened, to be shown once. See [`crate::Engine::events`].
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// A job is over; [`crate::Engine::jobs`] says how.
    JobOver(JobId),
    /// The selected stretch of time is ready; [`crate::Engine::selected_snapshot`] has it.
    SelectionReady,
    /// A link changed its state; [`crate::Engine::links`] has it.
    LinkChanged {
        /// Name of the sensor.
        sensor: String,
    },
    /// The list of paired sensors changed.
    SensorsChanged,
    /// A sensor was paired, for the first time or again.
    Paired {
        /// Its name on this desktop.
        sensor: String,
    },
    /// To be read by the person, nothing to be done.
    Notice(String),
    /// To be read by the person: something is wrong, and what to do.
    Trouble(String),
}

/// How the link to a sensor stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkState {
    /// Nobody asked for it.
    Off,
    /// Being made, or made again after it broke.
    Connecting,
    /// The sensor answered and its batches are taken in.
    Connected,
    /// It cannot be made, and trying again will not help (wrong key, not paired any more).
    Refused,
}

impl LinkState {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Off => "not connected",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Refused => "refused",
        }
    }
}

/// The link to one sensor, with what the sensor last said of itself. `None` is "not known".
#[derive(Clone, PartialEq, Debug)]
pub struct LinkRow {
    /// Name of the sensor.
    pub sensor: String,
    /// Its identifier.
    pub id: SensorId,
    /// How the link stands.
    pub state: LinkState,
    /// The state in words, with the reason when it is not connected.
    pub words: String,
    /// Since when it stands so.
    pub since: Timestamp,
    /// Last time anything came from it.
    pub last_heard: Option<Timestamp>,
    /// The position receiver, in words, like "3-D fix, 4 m".
    pub gps: Option<String>,
    /// True while the receiver knows the position; `None` when nothing is said of it.
    pub has_position: Option<bool>,
    /// Latest position of the sensor.
    pub position: Option<Position>,
    /// Batches in its journal that some paired desktop does not have yet.
    pub backlog_batches: Option<u64>,
    /// Bytes of them.
    pub backlog_bytes: Option<u64>,
    /// Its radios, in the order of their numbers.
    pub radios: Option<Vec<RadioRow>>,
    /// The time by its own clock when it last said how it is.
    pub sensor_time: Option<Timestamp>,
    /// Frames it hears per second, over the last seconds, by its own count.
    pub frames_per_second: Option<f32>,
    /// Frames it lost since it started.
    pub frames_lost: Option<u64>,
    /// Round trip of the link.
    pub round_trip: Option<Duration>,
    /// What the sensor says is wrong, one sentence each.
    pub warnings: Vec<String>,
}

/// A radio of a sensor, as the sensor last stated it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RadioRow {
    /// Its number.
    pub number: u8,
    /// Interface, file or scenario.
    pub source: String,
    /// True while it listens.
    pub listening: bool,
    /// Centre of the primary channel it listens to in MHz.
    pub frequency_mhz: Option<u16>,
    /// Its channel plan as it is written; `None` when it cannot be tuned or the sensor does not say.
    pub plan: Option<String>,
    /// The plan in words, or why there is none; `None` when the sensor does not say.
    pub plan_words: Option<String>,
    /// What is wrong with it, in words; `None` when nothing is.
    pub trouble: Option<String>,
}

/// A sensor that this desktop is paired with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PairedSensor {
    /// Name, unique on this desktop.
    pub name: String,
    /// Its identifier.
    pub id: SensorId,
    /// Where it was last reached, `host:port`.
    pub address: String,
    /// First eight hex digits of its key's fingerprint.
    pub key: String,
    /// When it was paired, where known.
    pub paired: Option<Timestamp>,
    /// Name of the sensor that was paired later at the same address and answers there now.
    pub replaced_by: Option<String>,
}
