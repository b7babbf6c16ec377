//! The desktop without a window: ingest thread, links, workers, exchange formats.
//!
//! ```text
//! links, imports ── batches ──> ingest thread (sole writer) ──> survey, tracker ──> Snapshot
//!                                                                                     │
//! window, command line <── snapshot(), located(), jobs(), links(), events() <──────────┘
//!          └── send(Command) ──> jobs (workers), selection (shown thread), links (runtime)
//! ```
//!
//! Threads: `ingest` (writes the survey, makes snapshots), `shown` (selection and places),
//! `worker-N` (imports, exports, reports, pairing), `link` (the network runtime).
//! Bounds: see `QUEUE_LEN` in ingest.rs, `WAITING` in jobs.rs, `EVENTS_LEN` in shared.rs.

pub mod capture_file;
mod capture_input;
mod command;
mod discover;
pub mod dissect;
mod engine;
mod error;
pub mod exchange;
mod ingest;
mod interrupt;
mod jobs;
mod levels;
pub mod link;
mod links;
pub mod packets;
mod report;
pub mod rows;
mod settings;
mod shared;
mod shown;
pub mod simulate;
mod simulated;
mod vendor;
mod view;

pub use capture_input::CaptureInputError;
pub use command::{
    Command, Event, JobId, JobState, JobStatus, LinkRow, LinkState, PairedSensor, RadioRow,
};
pub use discover::{DiscoveredSensor, discover};
pub use engine::Engine;
pub use error::EngineError;
pub use ingest::{IngestQueue, StoreError, Stored};
pub use interrupt::flag as cancel_on_interrupt;
pub use levels::{LevelPoint, LiveLevel, TRACE as LEVEL_TRACE};
pub use links::{forget as forget_sensor, pair_and_wait, sensors as paired_sensors, set_plan};
pub use report::{
    AddressStyle, Include, PreviewSection, ReportFailure, ReportForm, ReportPreview, ReportSettings,
};
pub use settings::{EngineSettings, default_state_dir};
pub use shared::Places;
pub use simulated::is_simulated;
pub use vendor::{vendor, vendor_lists};
pub use view::SurveyView;

use pw_model::Timestamp;

/// The time by this computer's clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ns = since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
    Timestamp::from_unix_ns(ns)
}
