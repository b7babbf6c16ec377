//! The survey folder: segments, index, ingest, tracker, snapshots.
//!
//! Segments hold the facts; everything else is derived from them and can be rebuilt.

mod directory;
mod error;
mod filter;
#[cfg(test)]
mod fixture;
mod losses;
mod reader;
mod received;
mod replay;
mod snapshot;
mod store;
mod survey;
mod tracker;
mod upkeep;

pub use error::SurveyError;
pub use filter::{Filter, FilterError};
pub use losses::Loss;
pub use reader::{Batches, SurveyReader};
pub use received::Hole;
pub use snapshot::{
    AccessPoint, ChannelUse, Client, Drive, GapRow, HeardCell, LossTotals, Protection, SensorState,
    SignalPoint, SignalStats, Snapshot, SurveyInfo, Totals, TrackPoint,
};
pub use survey::{Ingested, OpenReport, Survey};
pub use tracker::Tracker;
pub use tracker::guard::Guard;
pub use upkeep::{
    FolderInfo, Progress, RebuildReport, VerifyReport, info, rebuild, remove_unused, verify,
};
