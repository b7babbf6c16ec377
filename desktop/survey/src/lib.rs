//! The survey folder: segments, index, ingest, tracker, snapshots.
//!
//! Segments hold the facts; everything else is derived from them and can be rebuilt.

mod snapshot;

pub use snapshot::{
    AccessPoint, ChannelUse, Client, Drive, GapRow, HeardCell, LossTotals, Protection, SensorState,
    SignalPoint, SignalStats, Snapshot, SurveyInfo, Totals, TrackPoint,
};
