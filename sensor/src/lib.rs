//! The headless sensor: listens, dissects, journals, streams.

pub mod clock;
pub mod gps;
pub mod journal;
pub mod link;
